//! `reat` and `reat-basic`: `K <= 1` by branch and bound, then `kappa - leak - alpha/(alpha-1) log2(1/eps_pa) + 2`.

mod both_settings;
mod one_basis;
mod two_bases;

use self::one_basis::OneBasis;
use self::two_bases::TwoBases;
use super::{CheckError, EnclosedTerm, in_range, prove, term};
use crate::certificate::{Certificate, ReatWitness};
use crate::enclosure::RenyiFunctional;
use crate::interval::Interval;
use crate::params::SingleRound;
use crate::theorem::Theorem;

pub(super) fn evaluate(
    certificate: &Certificate,
    witness: &ReatWitness,
) -> Result<Vec<EnclosedTerm>, CheckError> {
    in_range("alpha", witness.alpha, 1.0f64.next_up()..=2.0)?;
    in_range("q_win", witness.q_win, f64::MIN_POSITIVE..=1.0f64.next_down())?;
    for (field, score) in [("s_none", witness.s_none), ("s_win", witness.s_win), ("s_lose", witness.s_lose)] {
        in_range(field, score, -LARGEST_SCORE..=LARGEST_SCORE)?;
    }
    let weights = Weights::new(certificate, witness);
    prove("a win scores at least as much as a loss", witness.s_win >= witness.s_lose)?;
    prove("u_win is at least u_lose", weights.premium.lo() >= 0.0)?;
    if certificate.theorem == Theorem::ReatBasic {
        prove("reat-basic weighs wins and losses equally", witness.q_win == 0.5)?;
    }

    let omega = Interval::point(certificate.omega_threshold.get());
    let test_score = omega * witness.s_win + (1.0 - omega) * witness.s_lose;
    prove("test rounds at the threshold score at least s_none", test_score.lo() >= witness.s_none)?;
    let accepted_score = Interval::count(certificate.rounds) * witness.s_none;
    prove("an accepted run has a total score of kappa", accepted_score.lo() >= witness.kappa)?;
    let admissible = match (certificate.bound, certificate.theorem) {
        (SingleRound::TwoBases | SingleRound::NoisyTwoBases { .. }, Theorem::Reat) => {
            TwoBases::new(weights).never_exceeds_one()
        }
        (bound, theorem) => OneBasis::new(weights, bound, theorem).never_exceeds_one(),
    };
    prove("the weighted functional K is at most 1", admissible)?;

    let order = Interval::point(witness.alpha) - 1.0;
    let hashing = Interval::point(witness.alpha) / order * certificate.epsilons.pa.log2();
    Ok(vec![
        term("accepted score kappa", Interval::point(witness.kappa)),
        term("leak", -Interval::count(certificate.leak_bits.0)),
        term("privacy amplification", hashing),
        term("linear hashing", Interval::point(2.0)),
    ])
}

/// `K - 1 = base + key (G_key - 1) + test (G_test - 1) + premium w`, summed so that its terms, of the order of
/// `alpha - 1`, keep their relative accuracy.
#[derive(Clone, Copy)]
struct Weights {
    /// `(1-gamma) (u_none - 1) + gamma (u_lose - 1)`, and what biased settings add.
    base: Interval,
    /// `(1-gamma) u_none`.
    key: Interval,
    /// `gamma u_lose`.
    test: Interval,
    /// `gamma (u_win - u_lose) (1 - 2 tau)^2`.
    premium: Interval,
    key_functional: RenyiFunctional,
    test_functional: RenyiFunctional,
}

impl Weights {
    fn new(certificate: &Certificate, witness: &ReatWitness) -> Self {
        // Exact: alpha lies within a factor 2 of 1.
        let order = witness.alpha - 1.0;
        let gamma = certificate.test_probability();
        let q_win = Interval::point(witness.q_win);
        let excess =
            |score: f64, weight: Interval| (order * (score * Interval::ln_2() - weight.ln())).exp_m1();
        let none = excess(witness.s_none, Interval::point(1.0));
        let (win, lose) = (excess(witness.s_win, q_win), excess(witness.s_lose, 1.0 - q_win));
        // Settings with bias tau win at most 1 - k (1 - w) with k = (1 - 2 tau)^2.
        let tau = Interval::point(certificate.bound.setting_bias());
        let premium = gamma * (win - lose);
        Self {
            base: (1.0 - gamma) * none + gamma * lose + premium * (4.0 * tau * (1.0 - tau)),
            key: (1.0 - gamma) * (1.0 + none),
            test: gamma * (1.0 + lose),
            premium: premium * (1.0 - 2.0 * tau).square(),
            key_functional: RenyiFunctional { order, q: certificate.bound.flip_probability() },
            test_functional: RenyiFunctional { order, q: 0.0 },
        }
    }

    /// The weighted functionals, with a share of the test rounds; one where both are the same.
    fn terms(&self, tests: Interval) -> Vec<(Interval, RenyiFunctional)> {
        if self.key_functional.q == 0.0 {
            vec![(self.key + tests, self.test_functional)]
        } else {
            vec![(self.key, self.key_functional), (tests, self.test_functional)]
        }
    }
}

/// Scores beyond this many bits have no use and only lose accuracy.
const LARGEST_SCORE: f64 = 1e12;
