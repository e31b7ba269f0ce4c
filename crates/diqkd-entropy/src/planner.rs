//! Planning: the best test probability and threshold for a setup, and the least number of rounds that gives a key.

mod search;
mod threshold;

use diqkd_core::{Chsh, Epsilon, LeakBits, Qber, WinProbability};

use self::search::{FEWEST_ROUNDS, Planner};
use crate::error::Error;
use crate::optimise::scalar::argmax;
use crate::params::{MOST_NOISE_OF_TWO_BASES, SingleRound};
use crate::theorem::Theorem;

/// What a setup reaches and what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanRequest {
    /// Expected CHSH value of the test rounds.
    pub chsh: Chsh,
    /// Expected error rate of the key rounds.
    pub qber: Qber,
    /// Total soundness budget.
    pub eps_sound: Epsilon,
    /// Probability with which honest devices may miss the threshold.
    pub eps_complete: Epsilon,
    /// Number of rounds; `None` plans for ten times the least number.
    pub rounds: Option<u64>,
    /// Efficiency of reconciliation: leaked bits over the conditional entropy, at least 1.
    pub f_ec: f64,
}

/// A protocol run that suits a setup.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Number of rounds planned for.
    pub rounds: u64,
    /// Certified key length with the values below; 0 when these rounds give no key.
    pub key_bits: u64,
    /// Best test probability, a multiple of 2^-16.
    pub gamma: f64,
    /// Highest threshold that honest devices reach with the requested probability.
    pub omega_threshold: WinProbability,
    /// Probability, rounded up, that honest devices miss it.
    pub honest_abort: f64,
    /// Leak that was assumed: `f_ec` times the conditional entropy of Alice's string, and a 128-bit tag.
    pub leak_bits: LeakBits,
    /// Flip probability of noisy preprocessing, 0 without.
    pub noise: f64,
    /// Least number of rounds with a key, to three digits rounded up; `None` when no number below 10^14 has one.
    pub min_rounds: Option<u64>,
    /// `key_bits / rounds`.
    pub key_rate_per_round: f64,
}

/// Plans a run of the plain protocol under `reat`; for other theorems see [`plan_under`].
///
/// Deterministic; about a second. The thresholds are exact (see [`Acceptance::honest_abort`](crate::Acceptance::honest_abort)), the key length is
/// certified, the least number of rounds is confirmed by a certificate.
///
/// # Errors
/// [`Error`] naming a field that no run can have.
///
/// # Examples
/// ```
/// use diqkd_core::{Chsh, Epsilon, Qber};
/// use diqkd_entropy::{PlanRequest, plan};
///
/// let plan = plan(&PlanRequest {
///     chsh: Chsh::new(2.677)?,
///     qber: Qber::new(0.0144)?,
///     eps_sound: Epsilon::new(1e-10)?,
///     eps_complete: Epsilon::new(1e-2)?,
///     rounds: Some(1_500_000),
///     f_ec: 1.2,
/// })?;
/// assert!(plan.key_bits > 500_000 && plan.honest_abort <= 1e-2);
/// assert!(plan.min_rounds.is_some_and(|rounds| rounds < 150_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(request: &PlanRequest) -> Result<Plan, Error> {
    plan_with_noise(request, 0.0)
}

/// Plans a run with noisy preprocessing: Alice flips her key-round bits with probability `q`.
///
/// # Errors
/// As for [`plan`].
pub fn plan_with_noise(request: &PlanRequest, q: f64) -> Result<Plan, Error> {
    plan_with_bound(request, SingleRound::Chsh.with_flips(q))
}

/// Plans a run whose certificate rests on any single-round bound. With two key bases `qber` is the mean error rate of
/// both.
///
/// # Errors
/// As for [`plan`].
pub fn plan_with_bound(request: &PlanRequest, bound: SingleRound) -> Result<Plan, Error> {
    plan_under(request, Theorem::Reat, bound)
}

/// Plans a run whose certificate rests on any theorem that takes the bound. Under theorems whose acceptance counts rounds
/// without test, thresholds leave room for the fluctuation of the number of tests. Up to some seconds.
///
/// # Errors
/// As for [`plan`]; [`Error::BoundNotAvailable`].
///
/// # Examples
/// ```
/// use diqkd_core::{Chsh, Epsilon, Qber};
/// use diqkd_entropy::{PlanRequest, SingleRound, Theorem, plan_under};
///
/// let request = PlanRequest {
///     chsh: Chsh::new(2.677)?,
///     qber: Qber::new(0.0144)?,
///     eps_sound: Epsilon::new(1e-10)?,
///     eps_complete: Epsilon::new(1e-2)?,
///     rounds: None,
///     f_ec: 1.1,
/// };
/// let least = |theorem| plan_under(&request, theorem, SingleRound::Chsh).map(|plan| plan.min_rounds);
/// assert!(least(Theorem::ReatBasic)? > least(Theorem::Reat)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan_under(request: &PlanRequest, theorem: Theorem, bound: SingleRound) -> Result<Plan, Error> {
    let planner = Planner::new(request, theorem, bound)?;
    let min_rounds = planner.least_rounds(0.0)?;
    let rounds = match (request.rounds, min_rounds) {
        (Some(0), _) => return Err(Error::NoRounds),
        (Some(rounds), _) => rounds,
        (None, Some(least)) => least.saturating_mul(10),
        (None, None) => FEWEST_ROUNDS,
    };
    planner.plan(rounds, min_rounds)
}

/// The flip probability that needs the fewest rounds under a theorem, and the plan that uses it; `bound` says what is counted,
/// its own flip probability is not used. Ten to twenty times the cost of [`plan_under`].
///
/// # Errors
/// As for [`plan_under`].
pub fn plan_with_best_noise(
    request: &PlanRequest,
    theorem: Theorem,
    bound: SingleRound,
) -> Result<Plan, Error> {
    let most = match bound {
        SingleRound::TwoBases | SingleRound::NoisyTwoBases { .. } => MOST_NOISE_OF_TWO_BASES,
        _ => MOST_NOISE,
    };
    Planner::new(request, theorem, bound.with_flips(most))?;
    let least = |q: f64| {
        Planner::new(request, theorem, bound.with_flips(q))
            .map_or(f64::INFINITY, |planner| planner.estimated_least_rounds(0.0).unwrap_or(f64::MAX))
    };
    // A step of an estimate without a closed form takes a certificate; the optimum is flat.
    let steps = if matches!(theorem, Theorem::Reat | Theorem::ReatBasic) { 16 } else { 9 };
    let q = argmax(0.0, most, steps, |q| -least(q));
    plan_under(request, theorem, bound.with_flips(if least(0.0) <= least(q) { 0.0 } else { q }))
}

/// The least number of rounds, to three digits rounded up, whose certified key is at least `key_rate_per_round` bits a
/// round under a theorem; `None` when no number below 10^14 gives that. The number of rounds in `request` is not used.
///
/// # Errors
/// As for [`plan_under`].
pub fn rounds_for_rate(
    request: &PlanRequest,
    theorem: Theorem,
    bound: SingleRound,
    key_rate_per_round: f64,
) -> Result<Option<u64>, Error> {
    Planner::new(request, theorem, bound)?.least_rounds(key_rate_per_round)
}

/// More flips leave nothing to certify.
const MOST_NOISE: f64 = 0.45;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(s: f64, qber: f64) -> PlanRequest {
        PlanRequest {
            chsh: Chsh::new(s).unwrap(),
            qber: Qber::new(qber).unwrap(),
            eps_sound: Epsilon::new(1e-10).unwrap(),
            eps_complete: Epsilon::new(1e-2).unwrap(),
            rounds: Some(1_500_000),
            f_ec: 1.1,
        }
    }

    #[test]
    fn a_plan_keeps_its_promises() {
        let request = request(2.677, 0.0144);
        let made = plan(&request).unwrap();
        assert!(made.honest_abort <= 1e-2 && made.honest_abort > 5e-3, "{made:?}");
        assert!(made.key_bits > 549_000, "{made:?}");
        let least = made.min_rounds.unwrap();
        let at = |rounds| plan(&PlanRequest { rounds: Some(rounds), ..request }).unwrap().key_bits;
        assert!(at(least) > 0 && at(least * 97 / 100) == 0, "{least}");
        assert_eq!(plan(&PlanRequest { rounds: None, ..request }).unwrap().rounds, 10 * least);
    }

    /// Between these numbers a search from one side alone once ended at hardly any tests and no key.
    #[test]
    fn more_rounds_never_mean_a_lower_rate() {
        let mut before = 0.0;
        for thousands in (60..200).step_by(7) {
            let request = PlanRequest { rounds: Some(1000 * thousands), ..request(2.677, 0.0144) };
            let planner = Planner::new(&request, Theorem::Reat, SingleRound::Chsh).unwrap();
            let rate = planner.plan(1000 * thousands, None).unwrap().key_rate_per_round;
            assert!(rate > before, "{thousands} thousand rounds: {rate}, {before} before");
            before = rate;
        }
    }

    #[test]
    fn a_wanted_rate_needs_more_rounds_than_a_key() {
        let request = request(2.677, 0.0144);
        let rounds = rounds_for_rate(&request, Theorem::Reat, SingleRound::Chsh, 0.3).unwrap().unwrap();
        let at = |rounds| plan(&PlanRequest { rounds: Some(rounds), ..request }).unwrap().key_rate_per_round;
        assert!(at(rounds) >= 0.3 && at(rounds * 95 / 100) < 0.3, "{rounds}");
        assert_eq!(
            rounds_for_rate(&request, Theorem::Reat, SingleRound::Chsh, 0.0).unwrap(),
            plan(&request).unwrap().min_rounds
        );
        assert_eq!(rounds_for_rate(&request, Theorem::Reat, SingleRound::Chsh, 0.9).unwrap(), None);
    }

    #[test]
    fn every_theorem_has_a_plan_that_keeps_its_promises() {
        let request = PlanRequest { rounds: None, ..request(2.677, 0.0144) };
        let mut last = 0;
        for theorem in [
            Theorem::Reat,
            Theorem::ReatBasic,
            Theorem::Df19,
            Theorem::Geat,
            Theorem::Df19FixedCPerp,
            Theorem::Eat2018,
        ] {
            let made = plan_under(&request, theorem, SingleRound::Chsh).unwrap();
            let least = made.min_rounds.unwrap();
            assert!(made.key_bits > 0 && made.honest_abort <= 1e-2 && made.honest_abort > 2e-3, "{made:?}");
            assert!(least > last, "{theorem} {least} {last}");
            last = least;
        }
        assert!((25_000_000..32_000_000).contains(&last), "{last}");
        let bound = SingleRound::TwoBases;
        assert!(matches!(
            plan_under(&request, Theorem::ReatBasic, bound),
            Err(Error::BoundNotAvailable { .. })
        ));
    }

    #[test]
    fn wishes_are_met_under_other_theorems_too() {
        let request = PlanRequest { rounds: None, f_ec: 1.0, ..request(2.578, 0.078) };
        let (theorem, bound) = (Theorem::Eat2018, SingleRound::Chsh);
        let plain = plan_under(&request, theorem, bound).unwrap();
        let best = plan_with_best_noise(&request, theorem, bound).unwrap();
        assert!(
            best.noise > 0.01 && best.min_rounds.unwrap() < plain.min_rounds.unwrap(),
            "{best:?} {plain:?}"
        );
        // Under a theorem that has no flips the answer is an error, not a plan without them.
        let none = plan_with_best_noise(&request, Theorem::ReatBasic, bound);
        assert_eq!(none, Err(Error::BoundNotAvailable { theorem: Theorem::ReatBasic, bound: "npp" }));
        for theorem in [Theorem::ReatBasic, Theorem::Eat2018] {
            let request = PlanRequest { chsh: Chsh::new(2.75).unwrap(), ..request };
            let rounds = rounds_for_rate(&request, theorem, bound, 0.2).unwrap().unwrap();
            let at = |rounds| {
                plan_under(&PlanRequest { rounds: Some(rounds), ..request }, theorem, bound).unwrap()
            };
            assert!(at(rounds).key_rate_per_round >= 0.2, "{theorem} {rounds}");
            assert!(at(rounds * 95 / 100).key_rate_per_round < 0.2, "{theorem} {rounds}");
        }
    }

    #[test]
    fn a_hopeless_setup_has_no_least_number_of_rounds() {
        let made = plan(&request(2.4, 0.08)).unwrap();
        assert_eq!((made.key_bits, made.min_rounds), (0, None));
        let local = plan(&request(1.9, 0.0)).unwrap();
        assert_eq!((local.key_bits, local.min_rounds), (0, None));
    }

    #[test]
    fn nonsense_is_named() {
        let base = request(2.677, 0.0144);
        assert_eq!(plan(&PlanRequest { rounds: Some(0), ..base }), Err(Error::NoRounds));
        for f_ec in [0.9, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                plan(&PlanRequest { f_ec, ..base }),
                Err(Error::ReconciliationEfficiency { .. })
            ));
        }
    }

    #[test]
    fn two_key_bases_bear_more_errors() {
        // Q = 8.2 % of a depolarised state lies between the thresholds of one basis (7.15 %) and two (8.36 %).
        let request = PlanRequest { f_ec: 1.0, ..request(8f64.sqrt() * (1.0 - 2.0 * 0.075), 0.075) };
        assert_eq!(plan(&request).unwrap().min_rounds, None);
        let both = plan_with_bound(&PlanRequest { rounds: None, ..request }, SingleRound::TwoBases).unwrap();
        assert!(both.key_bits > 0, "{both:?}");
    }

    #[test]
    fn noise_saves_rounds_where_errors_are_many() {
        let request = PlanRequest { rounds: None, f_ec: 1.0, ..request(2.578, 0.078) };
        let (plain, noisy) = (plan(&request).unwrap(), plan_with_noise(&request, 0.1).unwrap());
        assert!(noisy.min_rounds.unwrap() < plain.min_rounds.unwrap(), "{plain:?} {noisy:?}");
    }
}
