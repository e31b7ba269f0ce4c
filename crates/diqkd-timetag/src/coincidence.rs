//! Coincidences between two streams of tags, for diagnostics only.
//!
//! Pairs of clicks that happen to be close have no conversion to trials, on purpose: which pairs count depends on
//! both sites' detection times, and a device that shifts its times with its setting could choose the sample and fake
//! a Bell violation (the coincidence-time loophole). Trials come from slots that are fixed beforehand; see
//! [`slot`](crate::slot).
//!
//! ```compile_fail
//! use diqkd_core::LocalTable;
//! use diqkd_timetag::coincidence::count_pairs;
//!
//! let pairs = count_pairs(&[0], &[0], 0, 1000).unwrap();
//! let table = LocalTable::from(pairs); // no such conversion
//! ```
//!
//! Times must be sorted; costs are linear in the number of tags and of pairs in range.

use alloc::vec::Vec;

/// Pairs of two streams within a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairCount {
    /// Number of pairs `(a, b)` with `-window <= b - a - delay <= window`; a tag may be in several.
    pub pairs: u64,
    /// Pairs that independent streams of the same rates would have in the common part of their spans.
    pub accidentals: f64,
}

/// Why coincidences can't be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoincidenceError {
    /// Tags are in time order.
    #[error("{stream} is not sorted at index {index}; sort the tags by time")]
    Unsorted {
        /// Which stream.
        stream: &'static str,
        /// Index of the tag that lies before its predecessor.
        index: usize,
    },
    /// A window can't be negative.
    #[error("the window is {window_ps} ps; give 0 or more")]
    Window {
        /// The window, ps.
        window_ps: i64,
    },
    /// The bins must divide the range into a reasonable number.
    #[error(
        "bins of {bin_ps} ps over +-{range_ps} ps are impossible; give 1 to {limit} bins of at least 1 ps"
    )]
    Bins {
        /// Width of a bin, ps.
        bin_ps: i64,
        /// Half of the range, ps.
        range_ps: i64,
        /// Greatest number of bins.
        limit: usize,
    },
}

/// Greatest number of bins of a histogram.
pub const MAX_BINS: usize = 1 << 26;

/// Counts all pairs `(a, b)` with `|b - a - delay| <= window`.
///
/// ```
/// use diqkd_timetag::coincidence::count_pairs;
///
/// let count = count_pairs(&[0, 1000, 5000], &[10, 1010, 1020], 0, 15)?;
/// assert_eq!(count.pairs, 2);
/// # Ok::<(), diqkd_timetag::coincidence::CoincidenceError>(())
/// ```
///
/// # Errors
/// [`CoincidenceError`] for a negative window or an unsorted stream.
pub fn count_pairs(
    a_ps: &[i64],
    b_ps: &[i64],
    delay_ps: i64,
    window_ps: i64,
) -> Result<PairCount, CoincidenceError> {
    if window_ps < 0 {
        return Err(CoincidenceError::Window { window_ps });
    }
    check_sorted("stream a", a_ps)?;
    check_sorted("stream b", b_ps)?;
    let (mut first, mut end, mut pairs) = (0, 0, 0u64);
    for &a in a_ps {
        let centre = i128::from(a) + i128::from(delay_ps);
        let low = clamp(centre - i128::from(window_ps));
        let high = clamp(centre + i128::from(window_ps));
        while first < b_ps.len() && b_ps[first] < low {
            first += 1;
        }
        end = end.max(first);
        while end < b_ps.len() && b_ps[end] <= high {
            end += 1;
        }
        pairs += (end - first) as u64;
    }
    let width_ps = 2.0 * window_ps as f64 + 1.0;
    Ok(PairCount { pairs, accidentals: accidentals(a_ps, b_ps, delay_ps, width_ps) })
}

/// The histogram of `b - a` over all pairs in `-range..range`: bin `i` holds `-range + i * bin <= b - a < -range +
/// (i + 1) * bin`. The last bin is shorter when the bins do not divide the range.
///
/// ```
/// use diqkd_timetag::coincidence::histogram;
///
/// assert_eq!(histogram(&[0, 100], &[7, 101], 5, 10)?, [0, 0, 1, 1]);
/// # Ok::<(), diqkd_timetag::coincidence::CoincidenceError>(())
/// ```
///
/// # Errors
/// [`CoincidenceError`] for impossible bins or an unsorted stream.
pub fn histogram(
    a_ps: &[i64],
    b_ps: &[i64],
    bin_ps: i64,
    range_ps: i64,
) -> Result<Vec<u64>, CoincidenceError> {
    let bins = (2 * i128::from(range_ps) + i128::from(bin_ps) - 1) / i128::from(bin_ps.max(1));
    if bin_ps < 1 || !(1..=i64::MAX / 4).contains(&range_ps) || bins > MAX_BINS as i128 {
        return Err(CoincidenceError::Bins { bin_ps, range_ps, limit: MAX_BINS });
    }
    check_sorted("stream a", a_ps)?;
    check_sorted("stream b", b_ps)?;
    let mut counts = alloc::vec![0; bins as usize];
    let mut first = 0;
    for &a in a_ps {
        let low = a.saturating_sub(range_ps);
        while first < b_ps.len() && b_ps[first] < low {
            first += 1;
        }
        for &b in b_ps[first..].iter().take_while(|&&b| b.saturating_sub(a) < range_ps) {
            let bin = ((b.saturating_sub(a) + range_ps) as u64 / bin_ps as u64) as usize;
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
    }
    Ok(counts)
}

/// `n_a * n_b * width / span`, with the numbers in the common span.
fn accidentals(a_ps: &[i64], b_ps: &[i64], delay_ps: i64, width_ps: f64) -> f64 {
    let (Some(&a0), Some(&a1), Some(&b0), Some(&b1)) = (a_ps.first(), a_ps.last(), b_ps.first(), b_ps.last())
    else {
        return 0.0;
    };
    let start = a0.max(b0.saturating_sub(delay_ps));
    let end = a1.min(b1.saturating_sub(delay_ps));
    if start >= end {
        return 0.0;
    }
    let inside = |times: &[i64], delay: i64| {
        let low = times.partition_point(|&t| t < start.saturating_add(delay));
        let high = times.partition_point(|&t| t <= end.saturating_add(delay));
        high.saturating_sub(low) as f64
    };
    inside(a_ps, 0) * inside(b_ps, delay_ps) * width_ps / (i128::from(end) - i128::from(start)) as f64
}

fn check_sorted(stream: &'static str, times: &[i64]) -> Result<(), CoincidenceError> {
    match times.windows(2).position(|pair| pair[1] < pair[0]) {
        Some(index) => Err(CoincidenceError::Unsorted { stream, index: index + 1 }),
        None => Ok(()),
    }
}

fn clamp(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}
