//! Offset and drift when neither is known.

use std::vec::Vec;

use super::correlate::{self, Peak, Search};
use super::fit::ClockFit;
use super::line::Line;
use super::poisson::ln_tail;
use super::refine::{Estimate, refine};

/// How far to search, and how finely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcquireOptions {
    /// Greatest absolute offset, ps.
    pub max_offset_ps: i64,
    /// Greatest absolute drift in parts per billion.
    pub max_drift_ppb: f64,
    /// Width of the finest bins of the search, ps: about the joint jitter of both sites. The final fit is not binned.
    pub resolution_ps: f64,
}

impl Default for AcquireOptions {
    /// 1 s, 122 ppm, 250 ps.
    fn default() -> Self {
        Self { max_offset_ps: 1_000_000_000_000, max_drift_ppb: 122_000.0, resolution_ps: 250.0 }
    }
}

/// Why no clock relation was found.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoPeak {
    /// A stream has too few events.
    #[error(
        "{reference} reference and {local} local events were given, at least {needed} of each are needed; record longer"
    )]
    TooFewEvents {
        /// Reference events.
        reference: usize,
        /// Local events.
        local: usize,
        /// Events needed.
        needed: usize,
    },
    /// A stream is not in time order.
    #[error("the {stream} stream is not sorted at index {index}; sort the events by time")]
    Unsorted {
        /// Which stream.
        stream: &'static str,
        /// Index of the event that lies before its predecessor.
        index: usize,
    },
    /// A time is so large that differences of times overflow.
    #[error("the {stream} stream reaches beyond +-2^61 ps (26 days); subtract the start of the recording")]
    TimeOutOfRange {
        /// Which stream.
        stream: &'static str,
    },
    /// The options are impossible.
    #[error(
        "the search options are impossible: offset {max_offset_ps} ps, drift {max_drift_ppb} ppb, resolution \
         {resolution_ps} ps; expected offset >= 0, 0 <= drift <= 1e6, resolution >= 1"
    )]
    Options {
        /// Greatest offset, ps.
        max_offset_ps: i64,
        /// Greatest drift, ppb.
        max_drift_ppb: f64,
        /// Resolution, ps.
        resolution_ps: f64,
    },
    /// No lag stands out.
    #[error(
        "no lag stands out: the best has significance {best_significance:.1}; {needed} is needed, and more pairs than at \
         any other lag (regular pulses match at many); widen the search, record longer or check that both streams hold \
         events that both sites saw"
    )]
    NotFound {
        /// The best lag's significance, as [`ClockFit::peak_significance`].
        best_significance: f64,
        /// What is needed.
        needed: f64,
    },
}

const LEAST_EVENTS: usize = 16;
/// Minus the decimal logarithm of the probability of a false peak.
const LEAST_SIGNIFICANCE: f64 = 7.0;
/// `ln` of the probability that a place with the mean of the runner-up has as many pairs as the peak: what keeps two
/// unrelated streams with the same pulse period from matching.
const RUNNER_UP_LN_P: f64 = -14.0;
const MAX_LAG_BINS: f64 = (1u64 << 26) as f64;

/// One round of the search. The signal-to-noise ratio does not depend on the length of the segment, but on the width of
/// a bin as a fraction `w` of it: `p / sqrt(2 w)` for a fraction `p` of events with a partner.
struct Round {
    /// Events of the segment.
    events: usize,
    /// Bins of the segment at most. More need a finer bank of drifts, so that a peak stays within a bin.
    bins: f64,
}

const ROUNDS: [Round; 3] = [
    Round { events: 2048, bins: 16_384.0 },
    Round { events: 8192, bins: 65_536.0 },
    Round { events: 16_384, bins: 262_144.0 },
];
/// Where in the reference stream segments are taken.
const PLACES: [f64; 3] = [0.5, 0.2, 0.8];
/// Bins to transform beyond which a later round is not tried (about 10 s).
const MAX_WORK: f64 = 3e8;

/// Finds offset and drift of the local clock from events that both sites saw, both in time order on their own clocks.
///
/// Searches all offsets and drifts within the options, refines the best one over the whole of the streams, and fits a
/// line. Where the clock is not straight over the whole recording the fit covers the part around the middle in which it
/// is; follow it from there with a [`Tracker`](super::Tracker).
///
/// Scratch memory is at most about 50 MiB, whatever the range of offsets, and a few MiB where the first round succeeds. Streams that repeat themselves (equal pulses at a fixed
/// period) have no single peak and are refused.
///
/// ```
/// use diqkd_timetag::sync::{AcquireOptions, acquire};
///
/// // Events at irregular times; the local clock is 3 us ahead and 5 ppm fast.
/// let reference: Vec<i64> = (0..4000i64).map(|i| i * 1_000_000 + i * i % 7919 * 100).collect();
/// let local: Vec<i64> = reference.iter().map(|t| t + 3_000_000 + t / 200_000).collect();
/// let fit = acquire(&reference, &local, &AcquireOptions::default())?;
/// assert!((fit.offset_ps - 3_000_000).abs() <= 2);
/// assert!((fit.drift_ppb - 5000.0).abs() < 1.0);
/// # Ok::<(), diqkd_timetag::sync::NoPeak>(())
/// ```
///
/// # Errors
/// [`NoPeak`] when the streams are too short or not sorted, and when no lag stands out. Unrelated Poisson streams are
/// matched with a probability below 1e-6: each of at most seven searches asks for 1e-7, over all lags and drifts that it
/// tries, by an upper bound of the Poisson tail.
pub fn acquire(reference_ps: &[i64], local_ps: &[i64], options: &AcquireOptions) -> Result<ClockFit, NoPeak> {
    check(reference_ps, local_ps, options)?;
    let mut best_significance = 0.0f64;
    for (i, round) in ROUNDS.iter().enumerate() {
        let last_round = i + 1 == ROUNDS.len();
        let places = if last_round { &PLACES[..1] } else { &PLACES[..] };
        for &place in places {
            let segment = segment(reference_ps, round.events, place);
            let Some(search) = plan(segment, local_ps, round, options) else { continue };
            if i > 0 && search.work(round.bins) > MAX_WORK {
                continue;
            }
            let Some(peak) = correlate::search(segment, local_ps, &search) else { continue };
            let significance = -(peak.ln_p + search.tests().ln()) / core::f64::consts::LN_10;
            best_significance = best_significance.max(significance);
            if significance < LEAST_SIGNIFICANCE || ln_tail(peak.count, peak.runner_up) > RUNNER_UP_LN_P {
                continue;
            }
            if let Some(fit) = settle(reference_ps, local_ps, segment, &search, &peak, significance, options)
            {
                return Ok(fit);
            }
        }
    }
    Err(NoPeak::NotFound { best_significance, needed: LEAST_SIGNIFICANCE })
}

fn check(reference: &[i64], local: &[i64], options: &AcquireOptions) -> Result<(), NoPeak> {
    let AcquireOptions { max_offset_ps, max_drift_ppb, resolution_ps } = *options;
    if max_offset_ps < 0 || !(0.0..=1e6).contains(&max_drift_ppb) || !(1.0..=1e9).contains(&resolution_ps) {
        return Err(NoPeak::Options { max_offset_ps, max_drift_ppb, resolution_ps });
    }
    if reference.len().min(local.len()) < LEAST_EVENTS {
        let (reference, local) = (reference.len(), local.len());
        return Err(NoPeak::TooFewEvents { reference, local, needed: LEAST_EVENTS });
    }
    for (stream, times) in [("reference", reference), ("local", local)] {
        if let Some(index) = times.windows(2).position(|pair| pair[1] < pair[0]) {
            return Err(NoPeak::Unsorted { stream, index: index + 1 });
        }
        if times.iter().any(|time| time.unsigned_abs() > 1 << 61) {
            return Err(NoPeak::TimeOutOfRange { stream });
        }
    }
    Ok(())
}

fn segment(reference: &[i64], events: usize, place: f64) -> &[i64] {
    let spare = reference.len() - events.min(reference.len());
    let start = (spare as f64 * place) as usize;
    &reference[start..start + events.min(reference.len())]
}

/// Lags that the options and the data allow; `None` if there is none.
fn plan(segment: &[i64], local: &[i64], round: &Round, options: &AcquireOptions) -> Option<Search> {
    let (&first, &last) = (segment.first()?, segment.last()?);
    let (&local_first, &local_last) = (local.first()?, local.last()?);
    let span = (last - first) as f64;
    let centre = first as f64 + span / 2.0;
    let max_drift = options.max_drift_ppb * 1e-9;
    // As many drifts as keep the spread over the segment within a bin.
    let drifts = (2.0 * max_drift * round.bins).ceil().max(1.0);
    let step = 2.0 * max_drift / drifts;
    let bank: Vec<f64> = (0..drifts as usize).map(|i| -max_drift + (i as f64 + 0.5) * step).collect();
    let reach = options.max_offset_ps as f64 + max_drift * centre.abs();
    let slack = span * (1.0 + max_drift);
    let low = (-reach).max(local_first as f64 - first as f64 - slack);
    let high = reach.min(local_last as f64 - last as f64 + slack);
    let bin_ps = (span / round.bins).max(4.0 * options.resolution_ps).max((high - low) / MAX_LAG_BINS);
    (high >= low).then_some(Search { lags_ps: low - bin_ps..high + bin_ps, drifts: bank, bin_ps })
}

fn settle(
    reference: &[i64],
    local: &[i64],
    segment: &[i64],
    search: &Search,
    peak: &Peak,
    significance: f64,
    options: &AcquireOptions,
) -> Option<ClockFit> {
    let (&first, &last) = (segment.first()?, segment.last()?);
    let centre_ps = first + (last - first) / 2;
    // Pairs that spread over two bins make the same peak: the drift is known to what moves the ends of the segment by
    // two bins, and the lag to as much.
    let drift_error = 2.0 * search.bin_ps / ((last - first) as f64).max(1.0);
    let estimate = Estimate {
        line: Line { centre_ps, lag_ps: peak.lag_ps, drift: peak.drift },
        lag_error_ps: 2.0 * search.bin_ps,
        drift_error,
    };
    let span_ps = ((last - first) as f64).max(1.0);
    let fitted = refine(reference, local, estimate, span_ps, options.resolution_ps)?;
    let (start_ps, end_ps) = fitted.span;
    let inside = |time_ps: i64| reference.partition_point(|&time| time < time_ps);
    let events = inside(end_ps.saturating_add(1)).saturating_sub(inside(start_ps));
    let lag_at_end = fitted.line.lag_at(end_ps);
    Some(ClockFit {
        offset_ps: fitted.line.lag_at(0).round() as i64,
        drift_ppb: fitted.line.drift * 1e9,
        peak_significance: significance,
        residual_rms_ps: fitted.rms_ps,
        pairs: fitted.pairs.round() as u64,
        share: (fitted.pairs / events.max(1) as f64).min(1.0),
        anchor_reference_ps: end_ps,
        anchor_local_ps: end_ps + lag_at_end.round() as i64,
        span_ps: end_ps - start_ps,
    })
}
