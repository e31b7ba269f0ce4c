//! Planning: the best test probability and threshold for a setup, and the least number of rounds that gives a key.

use diqkd_core::{Chsh, Epsilon, LeakBits, Qber, TestProbability, WinProbability, binary_entropy};

use crate::acceptance::Acceptance;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::key_length::certify;
use crate::optimise::reat;
use crate::optimise::scalar::{argmax, argmax_of_peaks, entropy_per_round};
use crate::params::{EpsilonSplit, Params, SingleRound};
use crate::shares::{self, Shares};
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
/// Deterministic; about a second. The thresholds are exact (see [`Acceptance::honest_abort`]), the key length is
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
    plan_with_bound(request, noisy(q))
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

/// The flip probability that needs the fewest rounds, and the plan that uses it. About twenty times the cost of
/// [`plan`].
///
/// # Errors
/// As for [`plan`].
pub fn plan_with_best_noise(request: &PlanRequest) -> Result<Plan, Error> {
    let least = |q: f64| {
        Planner::new(request, Theorem::Reat, noisy(q))
            .map_or(f64::INFINITY, |planner| planner.estimated_least_rounds(0.0).unwrap_or(f64::MAX))
    };
    let q = argmax(0.0, 0.45, 16, |q| -least(q));
    plan_with_noise(request, if least(0.0) <= least(q) { 0.0 } else { q })
}

/// The least number of rounds, to three digits rounded up, whose certified key is at least `key_rate_per_round` bits a
/// round; `None` when no number below 10^14 gives that. The number of rounds in `request` is not used.
///
/// # Errors
/// [`Error`] naming a field that no run can have.
pub fn rounds_for_rate(
    request: &PlanRequest,
    bound: SingleRound,
    key_rate_per_round: f64,
) -> Result<Option<u64>, Error> {
    Planner::new(request, Theorem::Reat, bound)?.least_rounds(key_rate_per_round)
}

struct Planner<'a> {
    request: &'a PlanRequest,
    theorem: Theorem,
    bound: SingleRound,
    omega: f64,
    /// One-sided normal quantile of the honest-abort probability.
    deviations: f64,
    shares: Shares,
}

impl<'a> Planner<'a> {
    fn new(request: &'a PlanRequest, theorem: Theorem, bound: SingleRound) -> Result<Self, Error> {
        bound.validate()?;
        if !(request.f_ec >= 1.0 && request.f_ec.is_finite()) {
            return Err(Error::ReconciliationEfficiency { f_ec: request.f_ec });
        }
        let planner = Self {
            request,
            theorem,
            bound,
            omega: WinProbability::from_chsh(request.chsh)?.get().min(WinProbability::QUANTUM_MAX),
            deviations: normal_quantile(request.eps_complete),
            shares: shares::divide(request.eps_sound, EpsilonSplit::Optimised)?,
        };
        planner.params(FEWEST_ROUNDS, 0.5, WinProbability::new(planner.omega)?).validate()?;
        Ok(planner)
    }

    fn entropy_per_round(&self, gamma: f64) -> f64 {
        let (error, q) = (self.request.qber.get(), self.bound.flip_probability());
        (1.0 - gamma) * binary_entropy(error + q - 2.0 * q * error) + gamma * binary_entropy(self.omega)
    }

    fn leak(&self, rounds: f64, gamma: f64) -> f64 {
        (self.request.f_ec * rounds * self.entropy_per_round(gamma)).ceil() + TAG_BITS
    }

    fn params(&self, rounds: u64, gamma: f64, omega_threshold: WinProbability) -> Params {
        Params {
            rounds,
            gamma,
            omega_threshold,
            leak_bits: LeakBits(self.leak(rounds as f64, gamma) as u64),
            eps_sound: self.request.eps_sound,
            split: EpsilonSplit::Optimised,
            theorem: self.theorem,
            bound: self.bound,
            assumptions: Vec::new(),
        }
    }

    /// Where a round without test scores between a loss (0) and a win (1), about; `None` where it is the threshold.
    fn none_position(&self) -> Option<f64> {
        match self.theorem {
            Theorem::Reat | Theorem::ReatBasic => None,
            Theorem::Df19 | Theorem::Geat => Some(0.5),
            Theorem::Df19FixedCPerp => Some(1.0),
            Theorem::Eat2018 => Some(0.0),
        }
    }

    /// Standard deviation of the winning frequency on the scale of the threshold: of a round's score, with a round
    /// without test at the position, over `gamma sqrt n`.
    fn deviation(&self, rounds: f64, gamma: f64, none_position: Option<f64>) -> f64 {
        let (omega, none) = (self.omega, none_position.unwrap_or(self.omega));
        let square = omega * (1.0 - none) * (1.0 - none) + (1.0 - omega) * none * none;
        ((square / gamma - (omega - none) * (omega - none)) / rounds).max(0.0).sqrt()
    }

    fn threshold(&self, rounds: f64, gamma: f64) -> f64 {
        let deviation = self.deviation(rounds, gamma, self.none_position());
        self.omega - self.deviations * deviation - 1.0 / (rounds * gamma)
    }

    /// Key bits, not certified, at the normal approximation of the threshold.
    fn estimate(&self, rounds: f64, gamma: f64) -> f64 {
        let omega = self.threshold(rounds, gamma).min(WinProbability::QUANTUM_MAX - 1e-6);
        if omega <= WinProbability::LOCAL_MAX + 1e-6 {
            // Worse the fewer tests there are, so that a search moves towards more.
            return f64::MIN * (1.0 - gamma) / 2.0;
        }
        if !matches!(self.theorem, Theorem::Reat | Theorem::ReatBasic) {
            let bits = WinProbability::new(omega)
                .map(|threshold| certify(&self.params(rounds as u64, gamma, threshold), &self.shares, None));
            return match bits {
                Ok(Ok(Ok(certificate))) => certificate.key_bits() as f64,
                Ok(Ok(Err(shortfall))) => shortfall.best_bits,
                _ => f64::MIN,
            };
        }
        let problem = reat::Problem {
            theorem: self.theorem,
            bound: self.bound,
            rounds,
            gamma,
            omega,
            eps_pa_log2: self.shares.secrecy.log2(),
        };
        problem.best().0 + 2.0 - self.leak(rounds, gamma)
    }

    /// The best test probability in multiples of 2^-16.
    fn best_gamma(&self, rounds: f64) -> Result<f64, Error> {
        Ok(TestProbability::nearest(self.best_ln_gamma(rounds, 18).exp())?.get())
    }

    /// Hardly any test costs hardly any key: beside the peak that matters there is one at the end.
    fn best_ln_gamma(&self, rounds: f64, steps: usize) -> f64 {
        argmax_of_peaks(LEAST_GAMMA.ln(), MOST_GAMMA.ln(), 14, steps, |ln_gamma| {
            self.estimate(rounds, ln_gamma.exp())
        })
    }

    /// Least rounds for at least one bit and at least `key_rate` bits a round, not certified.
    fn estimated_least_rounds(&self, key_rate: f64) -> Option<f64> {
        let (error, q) = (self.request.qber.get(), self.bound.flip_probability());
        let omega = self.omega.min(WinProbability::QUANTUM_MAX - 1e-9);
        // Test rounds cost more than they certify, so that ever fewer of them is the limit of many rounds.
        let (certified, _) = entropy_per_round(self.bound, 0.0, omega);
        let leaked = self.request.f_ec * binary_entropy(error + q - 2.0 * q * error);
        if omega <= WinProbability::LOCAL_MAX || certified - key_rate.max(0.0) <= leaked {
            return None;
        }
        let best = |rounds: f64| self.estimate(rounds, self.best_ln_gamma(rounds, 10).exp());
        let (mut low, mut high) = ((FEWEST_ROUNDS as f64).ln(), (MOST_ROUNDS as f64).ln());
        let suffices = |rounds: f64| best(rounds) >= (key_rate * rounds).max(1.0);
        if !suffices(high.exp()) {
            return None;
        }
        for _ in 0..18 {
            let middle = f64::midpoint(low, high);
            if suffices(middle.exp()) { high = middle } else { low = middle }
        }
        Some(high.exp())
    }

    /// The estimate, raised until a certificate confirms it.
    fn least_rounds(&self, key_rate: f64) -> Result<Option<u64>, Error> {
        let Some(estimate) = self.estimated_least_rounds(key_rate) else { return Ok(None) };
        let mut rounds = three_digits_up(estimate);
        while rounds <= MOST_ROUNDS {
            let plan = self.plan(rounds, None)?;
            if plan.key_bits > 0 && plan.key_rate_per_round >= key_rate {
                return Ok(Some(rounds));
            }
            rounds = three_digits_up(rounds as f64 * 1.002);
        }
        Ok(None)
    }

    fn plan(&self, rounds: u64, min_rounds: Option<u64>) -> Result<Plan, Error> {
        let gamma = self.best_gamma(rounds as f64)?;
        let mut none_position = self.none_position();
        if matches!(self.theorem, Theorem::Df19 | Theorem::Geat) {
            // The position that suits the threshold; the next certificate may move it a little.
            let threshold = WinProbability::new(self.threshold(rounds as f64, gamma).clamp(0.0, 1.0))?;
            let first = self.certified(rounds, gamma, threshold)?;
            none_position = first.map_or(none_position, |certificate| certificate.acceptance().none_position);
        }
        let (mut omega_threshold, mut honest_abort) = self.exact_threshold(rounds, gamma, none_position)?;
        let mut certificate = self.certified(rounds, gamma, omega_threshold)?;
        let deviation = self.deviation(rounds as f64, gamma, none_position);
        while let Some(made) = &certificate {
            honest_abort = made.acceptance().honest_abort(rounds, gamma, WinProbability::new(self.omega)?);
            if honest_abort <= self.request.eps_complete.probability() {
                break;
            }
            omega_threshold = WinProbability::new((omega_threshold.get() - 0.01 * deviation).max(0.0))?;
            certificate = self.certified(rounds, gamma, omega_threshold)?;
        }
        let key_bits = certificate.map_or(0, |certificate| certificate.key_bits());
        let leak_bits = self.params(rounds, gamma, omega_threshold).leak_bits;
        Ok(Plan {
            rounds,
            key_bits,
            gamma,
            omega_threshold,
            honest_abort,
            leak_bits,
            noise: self.bound.flip_probability(),
            min_rounds,
            key_rate_per_round: key_bits as f64 / rounds as f64,
        })
    }

    /// The certificate at a threshold; `None` without a key. Needs no reason, so only thresholds above the local maximum
    /// are tried.
    fn certified(
        &self,
        rounds: u64,
        gamma: f64,
        threshold: WinProbability,
    ) -> Result<Option<Certificate>, Error> {
        if threshold.get() <= WinProbability::LOCAL_MAX {
            return Ok(None);
        }
        Ok(certify(&self.params(rounds, gamma, threshold), &self.shares, None)?.ok())
    }

    /// The highest threshold, to a thousandth of a standard deviation, whose honest-abort probability fits.
    fn exact_threshold(
        &self,
        rounds: u64,
        gamma: f64,
        none_position: Option<f64>,
    ) -> Result<(WinProbability, f64), Error> {
        let honest = WinProbability::new(self.omega)?;
        let deviation = self.deviation(rounds as f64, gamma, none_position);
        let at = |deviations: f64| -> Result<(WinProbability, f64), Error> {
            let threshold = WinProbability::new((self.omega - deviations * deviation).clamp(0.0, 1.0))?;
            let rule = Acceptance { rounds, gamma, omega_threshold: threshold, none_position };
            Ok((threshold, rule.honest_abort(rounds, gamma, honest)))
        };
        let fits = |abort: f64| abort <= self.request.eps_complete.probability();
        let (mut near, mut far) = (self.deviations - 0.5, self.deviations + 0.5);
        let mut best = at(far)?;
        while !fits(best.1) && best.0.get() > 0.0 {
            far += 1.0;
            best = at(far)?;
        }
        for _ in 0..11 {
            let middle = f64::midpoint(near, far);
            let tried = at(middle)?;
            if fits(tried.1) {
                (best, far) = (tried, middle);
            } else {
                near = middle;
            }
        }
        Ok(best)
    }
}

fn noisy(q: f64) -> SingleRound {
    if q == 0.0 { SingleRound::Chsh } else { SingleRound::NoisyPreprocessing { q } }
}

fn three_digits_up(x: f64) -> u64 {
    let unit = libm::exp10((libm::log10(x).floor() - 2.0).max(0.0));
    ((x / unit).ceil() * unit) as u64
}

/// The number of standard deviations that a normal variable exceeds with probability `epsilon`, at least 0; to about
/// 1e-3, a starting point for exact evaluation.
fn normal_quantile(epsilon: Epsilon) -> f64 {
    let ln_target = epsilon.log2() * core::f64::consts::LN_2;
    let ln_tail = |z: f64| {
        if z < 20.0 {
            libm::log(libm::erfc(z / core::f64::consts::SQRT_2) / 2.0)
        } else {
            -z * z / 2.0 - libm::log(z * (2.0 * core::f64::consts::PI).sqrt())
        }
    };
    let (mut low, mut high) = (0.0, 1e3);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if ln_tail(middle) > ln_target { low = middle } else { high = middle }
    }
    high
}

const TAG_BITS: f64 = 128.0;
const FEWEST_ROUNDS: u64 = 1_000;
const MOST_ROUNDS: u64 = 100_000_000_000_000;
const LEAST_GAMMA: f64 = 1.0 / 65_536.0;
const MOST_GAMMA: f64 = 0.9;

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
    fn quantiles_of_the_normal_distribution() {
        for (epsilon, deviations) in
            [(0.5, 0.0), (0.158_655, 1.0), (1.349_898e-3, 3.0), (7.619_853e-24, 10.0)]
        {
            let got = normal_quantile(Epsilon::new(epsilon).unwrap());
            assert!((got - deviations).abs() < 1e-3, "{epsilon} {got}");
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
        let rounds = rounds_for_rate(&request, SingleRound::Chsh, 0.3).unwrap().unwrap();
        let at = |rounds| plan(&PlanRequest { rounds: Some(rounds), ..request }).unwrap().key_rate_per_round;
        assert!(at(rounds) >= 0.3 && at(rounds * 95 / 100) < 0.3, "{rounds}");
        assert_eq!(
            rounds_for_rate(&request, SingleRound::Chsh, 0.0).unwrap(),
            plan(&request).unwrap().min_rounds
        );
        assert_eq!(rounds_for_rate(&request, SingleRound::Chsh, 0.9).unwrap(), None);
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
