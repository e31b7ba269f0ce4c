//! `df19`, `df19-fixed` and `geat`: second-order accumulation of the entropy of both outcomes, minus Bob's test
//! outcomes.

use super::tangent::entropy_per_round;
use super::{CheckError, EnclosedTerm, in_range, prove, term};
use crate::certificate::{Accumulation, Certificate, SecondOrderWitness};
use crate::enclosure::OMEGA_MAX_UP;
use crate::interval::Interval;
use crate::theorem::Theorem;

pub(super) fn evaluate(
    certificate: &Certificate,
    witness: &SecondOrderWitness,
) -> Result<Vec<EnclosedTerm>, CheckError> {
    let generalised = certificate.theorem == Theorem::Geat;
    in_range("tangent_at", witness.tangent_at, 0.75f64.next_up()..=LAST_TANGENT)?;
    in_range("none_position", witness.none_position, 0.0..=1.0)?;
    if certificate.theorem == Theorem::Df19FixedCPerp {
        prove("a round without test scores like a win", witness.none_position == 1.0)?;
    }
    in_range(
        "order_entropy",
        witness.order_entropy,
        f64::MIN_POSITIVE..=if generalised { 0.49 } else { 0.99 },
    )?;
    // The bound on the outcomes holds for orders below 1 + 1/log2(5).
    in_range("order_outcomes", witness.order_outcomes, f64::MIN_POSITIVE..=0.43)?;
    in_range("smoothing_entropy", witness.smoothing_entropy, f64::MIN_POSITIVE..=1.0)?;
    in_range("smoothing_outcomes", witness.smoothing_outcomes, f64::MIN_POSITIVE..=1.0)?;
    let smoothing = Interval::point(certificate.epsilons.smoothing.map_or(f64::NAN, |eps| eps.log2()));
    let Some(Accumulation::Alternative(unlikely)) = certificate.epsilons.accumulation else {
        return Err(CheckError::NotProved {
            condition: "the probability of acceptance has an alternative share",
        });
    };
    let unlikely = Interval::point(unlikely.log2());
    let rest =
        1.0 - Interval::point(witness.smoothing_entropy) - 2.0 * Interval::point(witness.smoothing_outcomes);
    prove("the parts of the smoothing fit into it", rest.lo() > 0.0)?;
    let part = |fraction: Interval| smoothing + fraction.log2();

    let n = Interval::count(certificate.rounds);
    let gamma = Interval::point(certificate.gamma);
    let tangent = entropy_per_round(certificate.bound, gamma, witness.tangent_at)?;
    let tradeoff = MinTradeoff::at(tangent, witness.none_position, gamma);
    let rate = tradeoff.value
        + tradeoff.slope * (certificate.omega_threshold.get() - Interval::point(witness.tangent_at));

    let order = Interval::point(witness.order_entropy);
    let step = if generalised { order / (1.0 - order) } else { order };
    let second =
        Interval::ln_2() / 2.0 * (Interval::point(33.0).log2() + (2.0 + tradeoff.variance).sqrt()).square();
    let cost = |order: Interval, smoothing: Interval| (theta(smoothing) - (1.0 + order) * unlikely) / order;
    let order_outcomes = Interval::point(witness.order_outcomes);
    let five = Interval::point(5.0).log2().square();
    Ok(vec![
        term("entropy at the threshold", n * rate),
        term("second order", -(n * step * second)),
        term("third order", -(n * step.square() * third_order(order, tradeoff.range, generalised))),
        term("Bob's test outcomes", -(gamma * n)),
        term("Bob's test outcomes, second order", -(n * order_outcomes * five)),
        term("smoothing of the entropy", -cost(order, part(Interval::point(witness.smoothing_entropy)))),
        term(
            "smoothing of Bob's outcomes",
            -cost(order_outcomes, part(Interval::point(witness.smoothing_outcomes))),
        ),
        term("chain rule", -(3.0 * theta(part(rest)))),
        term("privacy amplification", 2.0 * Interval::point(certificate.epsilons.pa.log2())),
        term("leak", -Interval::count(certificate.leak_bits.0)),
    ])
}

/// `log2(2/eps^2)`, at least `-log2(1 - sqrt(1 - eps^2))`, from `log2 eps`.
pub(super) fn theta(eps_log2: Interval) -> Interval {
    1.0 - 2.0 * eps_log2
}

/// The coefficient `K` of the third-order term; `range` encloses `Max - Min` of the min-tradeoff function.
fn third_order(order: Interval, range: Interval, generalised: bool) -> Interval {
    // log2 of the four values of (a, score): once for classical outputs, twice where the theorem covers quantum ones.
    let range = range + if generalised { 4.0 } else { 2.0 };
    let ln_of_sum = range * Interval::ln_2() + (2.0 - range * Interval::ln_2()).exp().ln_1p();
    let cubed = ln_of_sum.square() * ln_of_sum;
    if generalised {
        let ratio = (1.0 - order) / (1.0 - 2.0 * order);
        ratio.square() * ratio * (order / (1.0 - order) * range).exp2() * cubed / (6.0 * Interval::ln_2())
    } else {
        let below_two = 1.0 - order;
        (order * range).exp2() * cubed / (6.0 * below_two.square() * below_two * Interval::ln_2())
    }
}

/// The tangent of the single-round entropy at a winning probability, spread over scores of tested and untested rounds.
struct MinTradeoff {
    value: Interval,
    slope: Interval,
    /// Least upper bound of the variance over quantum behaviours.
    variance: Interval,
    /// Greatest score minus the least expected score of a quantum behaviour.
    range: Interval,
}

impl MinTradeoff {
    fn at((value, slope): (Interval, Interval), none_position: f64, gamma: Interval) -> Self {
        let none = Interval::point(none_position);
        let tilt = 1.0 - 2.0 * none;
        let (least, most) = (1.0 - Interval::point(OMEGA_MAX_UP), Interval::point(OMEGA_MAX_UP));
        let variance_at = |w: Interval| (w * tilt + none.square()) / gamma - (w - none).square();
        let vertex = none + tilt / (2.0 * gamma);
        let variance = if vertex.lo() >= most.hi() {
            variance_at(most)
        } else if vertex.hi() <= least.lo() {
            variance_at(least)
        } else {
            variance_at(none) + (tilt / (2.0 * gamma)).square()
        };
        // A position from 0 to 1 makes a win the greatest score.
        let greatest = none + (1.0 - none) / gamma;
        Self { value, slope, variance: variance * slope.square(), range: (greatest - least) * slope }
    }
}

/// Beyond this winning probability the slope of the entropy is too steep to be of use.
const LAST_TANGENT: f64 = diqkd_core::WinProbability::QUANTUM_MAX - 1e-6;
