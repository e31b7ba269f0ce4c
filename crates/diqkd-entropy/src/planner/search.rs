//! The best test probability and the least number of rounds for a setup.

use diqkd_core::{LeakBits, TestProbability, WinProbability, binary_entropy};

use super::threshold::normal_quantile;
use super::{Plan, PlanRequest};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::key_length::certify;
use crate::optimise::reat;
use crate::optimise::scalar::{argmax_of_peaks, entropy_per_round};
use crate::params::{EpsilonSplit, Params, SingleRound};
use crate::shares::{self, Shares};
use crate::theorem::Theorem;

pub(super) struct Planner<'a> {
    pub(super) request: &'a PlanRequest,
    pub(super) theorem: Theorem,
    bound: SingleRound,
    pub(super) omega: f64,
    /// One-sided normal quantile of the honest-abort probability.
    pub(super) deviations: f64,
    shares: Shares,
}

impl<'a> Planner<'a> {
    pub(super) fn new(request: &'a PlanRequest, theorem: Theorem, bound: SingleRound) -> Result<Self, Error> {
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
    pub(super) fn estimated_least_rounds(&self, key_rate: f64) -> Option<f64> {
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
    pub(super) fn least_rounds(&self, key_rate: f64) -> Result<Option<u64>, Error> {
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

    pub(super) fn plan(&self, rounds: u64, min_rounds: Option<u64>) -> Result<Plan, Error> {
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
}

fn three_digits_up(x: f64) -> u64 {
    let unit = libm::exp10((libm::log10(x).floor() - 2.0).max(0.0));
    ((x / unit).ceil() * unit) as u64
}

const TAG_BITS: f64 = 128.0;
pub(super) const FEWEST_ROUNDS: u64 = 1_000;
const MOST_ROUNDS: u64 = 100_000_000_000_000;
const LEAST_GAMMA: f64 = 1.0 / 65_536.0;
const MOST_GAMMA: f64 = 0.9;
