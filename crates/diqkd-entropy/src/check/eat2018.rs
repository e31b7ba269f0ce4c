//! `eat2018`: the first accumulation theorem.

use super::second_order::theta;
use super::tangent::entropy_per_round;
use super::{CheckError, EnclosedTerm, in_range, term};
use crate::certificate::{Accumulation, Certificate, Eat2018Witness};
use crate::enclosure::OMEGA_MAX_UP;
use crate::interval::Interval;

pub(super) fn evaluate(
    certificate: &Certificate,
    witness: &Eat2018Witness,
) -> Result<Vec<EnclosedTerm>, CheckError> {
    in_range("tangent_at", witness.tangent_at, 0.75f64.next_up()..=OMEGA_MAX_UP - 1e-6)?;
    let Some(Accumulation::Added(accumulation) | Accumulation::AlternativeWithVerification(accumulation)) =
        certificate.epsilons.accumulation
    else {
        return Err(CheckError::NotProved {
            condition: "the probability of acceptance has a share of its own",
        });
    };
    let quarter = Interval::point(certificate.epsilons.smoothing.map_or(f64::NAN, |eps| eps.log2())) - 2.0;
    let unlikely = log2_of_sum(accumulation.log2(), certificate.epsilons.ev.log2());
    let root = (1.0 - 2.0 * (quarter + unlikely)).sqrt();

    let n = Interval::count(certificate.rounds);
    let gamma = Interval::point(certificate.gamma);
    let at = Interval::point(witness.tangent_at);
    let (value, slope) = entropy_per_round(certificate.bound, gamma, witness.tangent_at)?;
    let entropy = value + slope * (certificate.omega_threshold.get() - at);
    let deviation = 2.0 * n.sqrt() * (Interval::point(13.0).log2() + slope / gamma) * root;
    Ok(vec![
        term("entropy at the threshold", n * entropy),
        term("finite-size deviation", -deviation),
        term("Bob's test outcomes", -(gamma * n)),
        term("Bob's test outcomes, deviation", -(2.0 * n.sqrt() * Interval::point(7.0).log2() * root)),
        term("chain rule", -(3.0 * theta(quarter))),
        term("privacy amplification", 2.0 * Interval::point(certificate.epsilons.pa.log2())),
        term("leak", -Interval::count(certificate.leak_bits.0)),
    ])
}

/// `log2(2^a + 2^b)`.
fn log2_of_sum(a: f64, b: f64) -> Interval {
    let (high, low) = (Interval::point(a.max(b)), Interval::point(a.min(b)));
    high + (low - high).exp2().ln_1p() / Interval::ln_2()
}
