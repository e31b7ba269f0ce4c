//! F6: a new firmware changed timing, rates or correlations.
//!
//! A new firmware id starts a canary: key release is held until enough tests were recorded with it and compared with
//! those before. Compared are the share of wins at each pair of settings, the marginals of both sides, the share of
//! clicks in each bin of the slot and the click rate, each with a declared tolerance, by evidence that is exact at any
//! size (`two_sample`). The canary is looked at four times, after an eighth, a quarter, a half and all of its tests;
//! the false-alarm probability is shared among looks and comparisons. A regression is then seen early, and key release
//! opens by itself if nothing is.

use diqkd_core::Epsilon;

use crate::two_sample::{Observed, ln_rates_differ, ln_shares_differ};
use crate::{Alarm, Cause, HealthError, Signal};

/// Bins of a slot in which click times are counted.
pub const TIMING_BINS: usize = 16;

/// What a firmware may change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirmwareLimits {
    /// Tests that a new firmware has to pass before key is released.
    pub canary_tests: u64,
    /// How far a share may move, of wins, outcomes or clicks in a bin.
    pub share_tolerance: f64,
    /// How far the click rate may move, relatively.
    pub rate_tolerance: f64,
    /// False-alarm probability of a change of firmware.
    pub alpha: Epsilon,
}

/// What one window recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirmwareWindow {
    /// Tests by `x + 2 y + 4 a + 8 b`.
    pub trials: [u64; 16],
    /// Clicks by bin of their slot.
    pub timing: [u64; TIMING_BINS],
    /// Clicks.
    pub clicks: u64,
    /// Length of the window, in any unit.
    pub exposure: f64,
}

/// May key be released?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyRelease {
    /// Yes.
    Open,
    /// Not yet: a new firmware has this many tests to go.
    Canary {
        /// Tests that are left.
        tests_left: u64,
    },
    /// No: the new firmware behaves differently. Go back to the former one or approve it.
    Held,
}

/// Watches changes of firmware.
#[derive(Clone, Debug)]
pub struct FirmwareWatch {
    limits: FirmwareLimits,
    approved: u64,
    before: Totals,
    trial: Option<Trial>,
}

/// A firmware on trial.
#[derive(Clone, Debug)]
struct Trial {
    id: u64,
    since: u64,
    after: Totals,
    looks: u32,
    failed: bool,
}

impl FirmwareWatch {
    /// A watch over the firmware `id`, which is approved.
    pub fn new(limits: FirmwareLimits, id: u64) -> Self {
        Self { limits, approved: id, before: Totals::default(), trial: None }
    }

    /// Takes one window that ends at position `at`, recorded with firmware `id`.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the exposure is finite and not negative.
    pub fn push(&mut self, at: u64, id: u64, window: &FirmwareWindow) -> Result<Option<Alarm>, HealthError> {
        if !(window.exposure >= 0.0 && window.exposure.is_finite()) {
            return Err(diqkd_core::OutOfRange {
                quantity: "exposure of a window",
                value: window.exposure,
                low: 0.0,
                high: f64::MAX,
            }
            .into());
        }
        if id == self.approved {
            self.trial = None;
            self.before.add(window);
            return Ok(None);
        }
        let fresh = Trial { id, since: at, after: Totals::default(), looks: 0, failed: false };
        let trial = self.trial.take().filter(|trial| trial.id == id).unwrap_or(fresh);
        let trial = self.trial.insert(trial);
        trial.after.add(window);
        if trial.failed {
            return Ok(None);
        }
        let tests = trial.after.tests();
        if tests < self.limits.canary_tests >> (LOOKS - 1 - trial.looks) {
            return Ok(None);
        }
        // One look, however many were due.
        while trial.looks < LOOKS && tests >= self.limits.canary_tests >> (LOOKS - 1 - trial.looks) {
            trial.looks += 1;
        }
        let evidence = self.before.greatest_evidence(&trial.after, &self.limits);
        let needed = -self.limits.alpha.log2() + libm::log2(f64::from(LOOKS) * COMPARISONS as f64);
        if evidence >= needed {
            trial.failed = true;
            return Ok(Some(Alarm {
                signal: Signal::FirmwareShift,
                observed: evidence,
                threshold: needed,
                since: trial.since,
                raised: at,
                cause: Cause::Firmware,
                false_alarm: Some(self.limits.alpha),
            }));
        }
        if trial.looks == LOOKS {
            self.approve();
        }
        Ok(None)
    }

    /// Whether key may be released.
    pub fn key_release(&self) -> KeyRelease {
        match &self.trial {
            None => KeyRelease::Open,
            Some(trial) if trial.failed => KeyRelease::Held,
            Some(trial) => KeyRelease::Canary {
                tests_left: self.limits.canary_tests.saturating_sub(trial.after.tests()),
            },
        }
    }

    /// Approves the firmware on trial, by the canary or by an operator: its data are the comparison from now on.
    pub fn approve(&mut self) {
        if let Some(trial) = self.trial.take() {
            self.approved = trial.id;
            self.before = trial.after;
        }
    }
}

#[derive(Clone, Debug)]
struct Totals {
    trials: [u64; 16],
    timing: [u64; TIMING_BINS],
    clicks: f64,
    exposure: f64,
}

impl Default for Totals {
    fn default() -> Self {
        Self { trials: [0; 16], timing: [0; TIMING_BINS], clicks: 0.0, exposure: 0.0 }
    }
}

impl Totals {
    fn add(&mut self, window: &FirmwareWindow) {
        for (sum, n) in
            self.trials.iter_mut().zip(window.trials).chain(self.timing.iter_mut().zip(window.timing))
        {
            *sum = sum.saturating_add(n);
        }
        self.clicks += window.clicks as f64;
        self.exposure += window.exposure;
    }

    fn tests(&self) -> u64 {
        self.trials.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Successes and trials among the tests that `counts` picks.
    fn share(&self, counts: impl Fn(usize) -> Option<bool>) -> Observed {
        let (mut successes, mut trials) = (0u64, 0u64);
        for (pattern, &n) in self.trials.iter().enumerate() {
            if let Some(success) = counts(pattern) {
                trials = trials.saturating_add(n);
                if success {
                    successes = successes.saturating_add(n);
                }
            }
        }
        Observed::new(successes, trials)
    }

    /// The greatest evidence of all comparisons, in bits.
    fn greatest_evidence(&self, after: &Self, limits: &FirmwareLimits) -> f64 {
        let bit = |pattern: usize, place: usize| pattern >> place & 1;
        let compare = |counts: &dyn Fn(usize) -> Option<bool>| {
            ln_shares_differ(self.share(counts), after.share(counts), limits.share_tolerance)
        };
        let pairs = (0..4).map(|pair| {
            compare(&|p| (p & 3 == pair).then(|| bit(p, 2) ^ bit(p, 3) == bit(p, 0) & bit(p, 1)))
        });
        // Alice's outcome at each of her settings, then Bob's.
        let marginals = (0..4).map(|marginal| {
            let (side, setting) = (marginal / 2, marginal % 2);
            compare(&|p| (bit(p, side) == setting).then(|| bit(p, 2 + side) == 0))
        });
        let sum = |timing: &[u64]| timing.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        let (all_before, all_after) = (sum(&self.timing), sum(&after.timing));
        let bins = (0..TIMING_BINS).map(|bin| {
            let before = Observed::new(self.timing[bin], all_before);
            ln_shares_differ(before, Observed::new(after.timing[bin], all_after), limits.share_tolerance)
        });
        let rate = ln_rates_differ(
            (self.clicks, self.exposure),
            (after.clicks, after.exposure),
            limits.rate_tolerance,
        );
        let greatest = pairs.chain(marginals).chain(bins).fold(rate, f64::max);
        greatest * core::f64::consts::LOG2_E
    }
}

const LOOKS: u32 = 4;
const COMPARISONS: usize = 4 + 4 + TIMING_BINS + 1;
