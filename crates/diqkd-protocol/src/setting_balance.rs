//! Whether a site's setting bits look fair: the last line of defence against a stuck or biased generator or modulator.
//!
//! Uniform settings are an assumption of every certificate. A key must not be granted where the site's own record shows
//! that they were not, so each site looks at its own setting bits before it says that it has recorded. Only settings
//! enter, never an outcome, so that the decision says nothing about the key.

use diqkd_core::Role;

use crate::abort::Abort;

/// Counts the setting bits of test rounds, over the block and over windows of it.
///
/// Fair independent bits: `|ones - n/2| > sqrt(n ln(2/alpha) / 2)` has probability at most `alpha` (Hoeffding). The
/// block and the windows together raise a false alarm in at most [`FALSE_ALARM`] of all blocks. A bias below
/// `sqrt(ln(4 / FALSE_ALARM) / (2 n))` of the whole block (0.012 for 76 000 tests) goes unnoticed: this is a monitor
/// and does not replace the assumption.
pub(crate) struct SettingBalance {
    role: Role,
    block: Tally,
    window: Tally,
    worst: Tally,
    windows: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    ones: u64,
    tests: u64,
}

impl Tally {
    fn add(&mut self, one: bool) {
        self.ones += u64::from(one);
        self.tests += 1;
    }

    /// Twice the distance from an even split.
    fn excess(self) -> u64 {
        (2 * self.ones).abs_diff(self.tests)
    }
}

impl SettingBalance {
    pub(crate) fn new(role: Role) -> Self {
        let none = Tally::default();
        Self { role, block: none, window: none, worst: none, windows: 0 }
    }

    /// The setting bit of the next test round.
    pub(crate) fn add(&mut self, one: bool) {
        self.block.add(one);
        self.window.add(one);
        if self.window.tests == WINDOW {
            self.windows += 1;
            if self.window.excess() > self.worst.excess() {
                self.worst = self.window;
            }
            self.window = Tally::default();
        }
    }

    /// # Errors
    /// [`Abort::SettingsBiased`] with the numbers of the block or of the window that is furthest from an even split.
    pub(crate) fn check(&self) -> Result<(), Abort> {
        self.judge(self.block, 1)?;
        self.judge(self.worst, self.windows)
    }

    fn judge(&self, tally: Tally, looks: u64) -> Result<(), Abort> {
        let alpha = 0.5 * FALSE_ALARM / looks.max(1) as f64;
        let limit = (tally.tests as f64 * (2.0 / alpha).ln() / 2.0).sqrt();
        if tally.excess() as f64 / 2.0 <= limit {
            return Ok(());
        }
        let Tally { ones, tests } = tally;
        Err(Abort::SettingsBiased { role: self.role, ones, tests, tolerated: limit as u64 })
    }
}

const WINDOW: u64 = 2048;
const FALSE_ALARM: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;
    use diqkd_sim::Noise;

    /// Bits that are 1 with probability `p(i)`.
    fn check(seed: u64, tests: u64, p: impl Fn(u64) -> f64) -> Result<(), Abort> {
        let noise = Noise::new(seed, "setting bits");
        let mut balance = SettingBalance::new(Role::Alice);
        (0..tests).for_each(|i| balance.add(noise.uniform(i) < p(i)));
        balance.check()
    }

    #[test]
    fn fair_bits_pass() {
        // 300 blocks, a false alarm of 1e-9 each.
        for seed in 0..300 {
            assert_eq!(check(seed, 1 + seed * 70, |_| 0.5), Ok(()), "{seed}");
        }
    }

    #[test]
    fn biased_and_stuck_bits_do_not() {
        for (tests, p) in [(76_000, 0.52), (10_000, 0.45), (2000, 0.35), (60, 0.0), (60, 1.0)] {
            let found = check(1, tests, |_| p);
            assert!(matches!(found, Err(Abort::SettingsBiased { .. })), "{tests} tests at {p}: {found:?}");
        }
    }

    #[test]
    fn a_line_that_is_stuck_for_a_while_is_found_where_the_whole_block_looks_fair() {
        let p = |i: u64| if (100_000..103_000).contains(&i) { 0.0 } else { 0.5 };
        let Err(Abort::SettingsBiased { ones, tests, tolerated, .. }) = check(2, 400_000, p) else {
            panic!("not found")
        };
        assert_eq!(tests, WINDOW);
        assert!(ones < 800 && tolerated < 200, "{ones} {tolerated}");
    }
}
