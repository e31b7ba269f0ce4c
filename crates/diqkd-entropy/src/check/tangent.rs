//! Tangents of the entropy per round, key and test rounds in their proportion.

use super::CheckError;
use crate::enclosure::{Correlation, VonNeumann, chsh_tangent};
use crate::interval::Interval;
use crate::params::SingleRound;
use crate::single_round::{SingleRoundBound, TwoBases};

/// Value and slope at a winning probability of an affine lower bound on `(1-gamma) H(key) + gamma H(test)`: Alice's bit
/// of a key round after flips, of a test round without.
pub(super) fn entropy_per_round(
    bound: SingleRound,
    gamma: Interval,
    omega: f64,
) -> Result<(Interval, Interval), CheckError> {
    let mixed = |key: (Interval, Interval), test: (Interval, Interval)| {
        ((1.0 - gamma) * key.0 + gamma * test.0, (1.0 - gamma) * key.1 + gamma * test.1)
    };
    let plain = || chsh_tangent(Interval::point(omega));
    Ok(match bound {
        SingleRound::Chsh => plain(),
        SingleRound::NoisyPreprocessing { q } | SingleRound::BiasedSettings { q, .. } => {
            mixed(flipped(q, omega), plain())
        }
        SingleRound::ChshTwoBasisTests => mixed(plain(), two_bases(0.0, omega)?),
        SingleRound::NoisyTwoBasisTests { q } => mixed(flipped(q, omega), two_bases(0.0, omega)?),
        SingleRound::TwoBases => two_bases(0.0, omega)?,
        SingleRound::NoisyTwoBases { q } => mixed(two_bases(q, omega)?, two_bases(0.0, omega)?),
    })
}

fn flipped(q: f64, omega: f64) -> (Interval, Interval) {
    let omega = Interval::point(omega);
    let (bound, correlation) = (VonNeumann { q }, Correlation::at_omega(omega));
    (bound.value(correlation), bound.slope_in_v(correlation) * (32.0 * omega - 16.0))
}

/// The line is proved to lie below the two-basis curve where it is made.
fn two_bases(q: f64, omega: f64) -> Result<(Interval, Interval), CheckError> {
    let line = TwoBases { q }.minorant(8.0 * omega - 4.0)?;
    let slope = Interval::point(line.slope);
    let bell_value = 8.0 * Interval::point(omega) - 4.0;
    Ok((Interval::point(line.value_bits) + slope * (bell_value - line.at), 8.0 * slope))
}
