//! F7: will the Bell test have enough tests in time?

use diqkd_core::{Epsilon, OutOfRange};

use crate::{Alarm, Cause, HealthError, Signal};

/// What a Bell test has to show, and until when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestPlan {
    /// The share of wins that has to be certified.
    pub threshold: f64,
    /// The failure probability of the certificate.
    pub eps: Epsilon,
    /// Windows until the deadline, from the start.
    pub windows: u64,
    /// False-alarm probability an update.
    pub alpha: Epsilon,
}

/// Predicts, while a block is being recorded, how many tests it takes and whether they come in time.
#[derive(Clone, Debug)]
pub struct TestForecast {
    plan: TestPlan,
    tests: u64,
    wins: u64,
    windows: u64,
    raised: bool,
}

impl TestForecast {
    /// A forecast for a block that has not begun.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the threshold lies between 0 and 1.
    pub fn new(plan: TestPlan) -> Result<Self, HealthError> {
        let value = plan.threshold;
        if !(value > 0.0 && value < 1.0) {
            return Err(OutOfRange { quantity: "threshold of wins", value, low: 0.0, high: 1.0 }.into());
        }
        Ok(Self { plan, tests: 0, wins: 0, windows: 0, raised: false })
    }

    /// Takes one window. The alarm comes once, when the rest of the block can't complete the certificate even with the
    /// greatest share of wins and the greatest rate of tests that the data leave plausible (at `alpha/2` each, by
    /// Chernoff's inequality): false, with a rest that would on average, with probability at most `alpha` an update.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`] for more wins than tests.
    pub fn push(&mut self, wins: u64, tests: u64) -> Result<Option<Alarm>, HealthError> {
        if wins > tests {
            return Err(HealthError::ImpossibleCount { ones: wins, bits: tests });
        }
        self.tests = self.tests.saturating_add(tests);
        self.wins = self.wins.saturating_add(wins);
        self.windows += 1;
        let x = (1.0 - self.plan.alpha.log2()) * core::f64::consts::LN_2;
        // A Poisson mean `m` gives `n <= m - sqrt(2 m x)` with probability at most `exp(-x)`.
        let root = libm::sqrt(0.5 * x) + libm::sqrt(0.5 * x + self.tests as f64);
        let windows_left = self.plan.windows.saturating_sub(self.windows) as f64;
        let tests_left = root * root * windows_left / self.windows as f64;
        let best_total = self.tests as f64 + tests_left;
        let best_wins = self.wins as f64 + tests_left * self.greatest_share(x);
        let needed = self.needed(best_wins / best_total.max(1.0));
        let hopeless = best_total < needed && windows_left > 0.0;
        let news = hopeless && !self.raised;
        self.raised |= hopeless;
        Ok(news.then(|| Alarm {
            signal: Signal::Statistics,
            observed: self.predicted_tests(),
            threshold: needed,
            since: 0,
            raised: self.windows,
            cause: Cause::TooFewTrials,
            false_alarm: Some(self.plan.alpha),
        }))
    }

    /// Tests after which the threshold is certified if the share of wins stays; `None` if it is not above the threshold.
    pub fn tests_needed(&self) -> Option<f64> {
        let needed = self.needed(self.share());
        needed.is_finite().then_some(needed)
    }

    /// Windows from now until then, at the present rate.
    pub fn windows_needed(&self) -> Option<f64> {
        let rate = self.tests as f64 / self.windows.max(1) as f64;
        let missing = (self.tests_needed()? - self.tests as f64).max(0.0);
        (rate > 0.0).then(|| missing / rate)
    }

    /// Tests at the deadline, at the present rate.
    pub fn predicted_tests(&self) -> f64 {
        self.tests as f64 * self.plan.windows as f64 / self.windows.max(1) as f64
    }

    fn share(&self) -> f64 {
        self.wins as f64 / self.tests.max(1) as f64
    }

    /// The greatest share `u` of wins with `tests * D(share || u) <= x`.
    fn greatest_share(&self, x: f64) -> f64 {
        let (share, tests) = (self.share(), self.tests as f64);
        let (mut low, mut high) = (share, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if tests * divergence(share, middle) <= x { low = middle } else { high = middle }
        }
        high
    }

    /// `ln(1/eps) / D(share || threshold)`, by Chernoff's bound.
    fn needed(&self, share: f64) -> f64 {
        let p = self.plan.threshold;
        if share <= p {
            return f64::INFINITY;
        }
        -self.plan.eps.log2() * core::f64::consts::LN_2 / divergence(share, p)
    }
}

/// The relative entropy `D(q || p)` of two coins, in nats.
fn divergence(q: f64, p: f64) -> f64 {
    let part = |q: f64, p: f64| if q > 0.0 { q * libm::log(q / p) } else { 0.0 };
    part(q, p) + part(1.0 - q, 1.0 - p)
}
