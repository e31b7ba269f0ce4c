//! Thresholds that honest devices reach with the probability asked for.

use diqkd_core::{Epsilon, WinProbability};

use super::search::Planner;
use crate::acceptance::Acceptance;
use crate::error::Error;
use crate::theorem::Theorem;

impl Planner<'_> {
    /// Where a round without test scores between a loss (0) and a win (1), about; `None` where it is the threshold.
    pub(super) fn none_position(&self) -> Option<f64> {
        match self.theorem {
            Theorem::Reat | Theorem::ReatBasic => None,
            Theorem::Df19 | Theorem::Geat => Some(0.5),
            Theorem::Df19FixedCPerp => Some(1.0),
            Theorem::Eat2018 => Some(0.0),
        }
    }

    /// Standard deviation of the winning frequency on the scale of the threshold: of a round's score, with a round
    /// without test at the position, over `gamma sqrt n`.
    pub(super) fn deviation(&self, rounds: f64, gamma: f64, none_position: Option<f64>) -> f64 {
        let (omega, none) = (self.omega, none_position.unwrap_or(self.omega));
        let square = omega * (1.0 - none) * (1.0 - none) + (1.0 - omega) * none * none;
        ((square / gamma - (omega - none) * (omega - none)) / rounds).max(0.0).sqrt()
    }

    /// In the normal approximation.
    pub(super) fn threshold(&self, rounds: f64, gamma: f64) -> f64 {
        let deviation = self.deviation(rounds, gamma, self.none_position());
        self.omega - self.deviations * deviation - 1.0 / (rounds * gamma)
    }

    /// The highest threshold, to a thousandth of a standard deviation, whose honest-abort probability fits.
    pub(super) fn exact_threshold(
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

/// The number of standard deviations that a normal variable exceeds with probability `epsilon`, at least 0; to about
/// 1e-3, a starting point for exact evaluation.
pub(super) fn normal_quantile(epsilon: Epsilon) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (epsilon, deviations) in
            [(0.5, 0.0), (0.158_655, 1.0), (1.349_898e-3, 3.0), (7.619_853e-24, 10.0)]
        {
            let got = normal_quantile(Epsilon::new(epsilon).unwrap());
            assert!((got - deviations).abs() < 1e-3, "{epsilon} {got}");
        }
    }
}
