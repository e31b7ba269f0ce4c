//! F2: are the rounds of the two sites paired rightly?
//!
//! Misaligned rounds have independent outcomes: the correlators collapse, and the game is won at another offset. The
//! scan plays the game at every offset, 64 rounds at a time. At a wrong offset a healthy link wins with probability at
//! most 3/4, since nothing but the past connects the rounds; by Hoeffding's inequality a share of wins above
//! `3/4 + sqrt(ln(2 D / alpha) / 2 n)` at any of `2 D` other offsets has probability at most `alpha`.

use diqkd_core::Epsilon;

use crate::{Alarm, Cause, HealthError, Signal};

/// Packed rounds of both sites, LSB first, round `i` of one paired with round `i` of the other.
#[derive(Clone, Copy, Debug)]
pub struct PairedColumns<'a> {
    /// Alice's settings.
    pub x: &'a [u64],
    /// Alice's outcomes.
    pub a: &'a [u64],
    /// Bob's settings.
    pub y: &'a [u64],
    /// Bob's outcomes.
    pub b: &'a [u64],
    /// Number of rounds.
    pub rounds: usize,
}

/// A better offset was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Misaligned {
    /// Bob's round `i + offset` belongs to Alice's round `i`.
    pub offset: i64,
    /// The share of wins at the offset in use.
    pub in_use: f64,
    /// The alarm.
    pub alarm: Alarm,
}

/// Looks for an offset up to `reach` rounds either way at which the game is won more often than local models can.
///
/// # Errors
/// [`HealthError::ImpossibleCount`] if a column holds fewer bits than there are rounds.
pub fn find_misalignment(
    columns: &PairedColumns<'_>,
    reach: u32,
    alpha: Epsilon,
) -> Result<Option<Misaligned>, HealthError> {
    let rounds = columns.rounds;
    for column in [columns.x, columns.a, columns.y, columns.b] {
        if column.len() < rounds.div_ceil(64) {
            return Err(HealthError::ImpossibleCount { ones: rounds as u64, bits: 64 * column.len() as u64 });
        }
    }
    let reach = i64::from(reach);
    let offsets = (-reach..=reach).filter(|&offset| offset != 0 && offset.unsigned_abs() < rounds as u64);
    let mut best: Option<(i64, f64, u64)> = None;
    for offset in offsets {
        let overlap = rounds as u64 - offset.unsigned_abs();
        let share = wins(columns, offset) as f64 / overlap as f64;
        if best.is_none_or(|(_, highest, _)| share > highest) {
            best = Some((offset, share, overlap));
        }
    }
    let Some((offset, share, overlap)) = best else { return Ok(None) };
    let x = libm::log((2 * reach) as f64) - alpha.log2() * core::f64::consts::LN_2;
    // The shortest overlap has the widest margin; it serves for all.
    let fewest = (rounds as u64 - reach.unsigned_abs().min(rounds as u64 - 1)).min(overlap);
    let threshold = 0.75 + libm::sqrt(x / (2.0 * fewest as f64));
    Ok((share > threshold).then(|| Misaligned {
        offset,
        in_use: wins(columns, 0) as f64 / rounds as f64,
        alarm: Alarm {
            signal: Signal::Misalignment,
            observed: share,
            threshold,
            since: 0,
            raised: rounds as u64,
            cause: Cause::WrongPairing,
            false_alarm: Some(alpha),
        },
    }))
}

/// Wins with Bob's round `i + offset` paired with Alice's round `i`.
fn wins(columns: &PairedColumns<'_>, offset: i64) -> u64 {
    let overlap = columns.rounds - offset.unsigned_abs() as usize;
    let (skip_a, skip_b) =
        if offset < 0 { (offset.unsigned_abs() as usize, 0) } else { (0, offset.unsigned_abs() as usize) };
    let mut total = 0;
    for start in (0..overlap).step_by(64) {
        let (from_a, from_b) = (start + skip_a, start + skip_b);
        let won = !(bits(columns.a, from_a)
            ^ bits(columns.b, from_b)
            ^ (bits(columns.x, from_a) & bits(columns.y, from_b)));
        let kept = if overlap - start < 64 { (1 << (overlap - start)) - 1 } else { u64::MAX };
        total += u64::from((won & kept).count_ones());
    }
    total
}

/// 64 bits from bit `from` on, zeros beyond the end.
fn bits(column: &[u64], from: usize) -> u64 {
    let (word, shift) = (from / 64, from % 64);
    let low = column.get(word).map_or(0, |w| w >> shift);
    let high = if shift == 0 { 0 } else { column.get(word + 1).map_or(0, |w| w << (64 - shift)) };
    low | high
}
