//! Were the settings chosen independently and without bias?

use alloc::vec::Vec;

use crate::contingency::independence;
use crate::counts::Counts;
use crate::no_signalling::ChiSquared;

/// Bias of the two setting bits in standard errors, positive where setting 1 is the more frequent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettingBalance {
    /// `(N(x=1) - N(x=0)) / sqrt(N)`.
    pub z_x: f64,
    /// `(N(y=1) - N(y=0)) / sqrt(N)`.
    pub z_y: f64,
    /// Deviation of the four pairs from equal frequencies, three degrees of freedom.
    pub uniform: ChiSquared,
}

impl Counts {
    /// Pearson's test of independence of the two settings, over the first `settings_a` and `settings_b` of them that
    /// occur (a key setting that is used with one partner only belongs outside); no degrees of freedom with a single
    /// row or column.
    ///
    /// For two settings a side `chi2 = N (n00 n11 - n01 n10)^2 / (row and column sums)`, without continuity
    /// correction.
    pub fn settings_independence(&self, settings_a: usize, settings_b: usize) -> ChiSquared {
        let row = |x| (0..settings_b).map(|y| self.setting_total(x, y)).collect();
        independence(&(0..settings_a).map(row).collect::<Vec<_>>())
    }

    /// How far the two settings a side are from a fair coin, over the trials with settings 0 and 1; `None` without
    /// such trials.
    pub fn setting_balance(&self) -> Option<SettingBalance> {
        let pairs = crate::chsh::FOUR_SETTINGS.map(|(x, y)| self.setting_total(x, y) as f64);
        let [n00, n01, n10, n11] = pairs;
        let n = n00 + n01 + n10 + n11;
        if n == 0.0 {
            return None;
        }
        let root = libm::sqrt(n);
        let chi2 = pairs.iter().map(|m| (m - 0.25 * n) * (m - 0.25 * n)).sum::<f64>() / (0.25 * n);
        Some(SettingBalance {
            z_x: ((n10 + n11) - (n00 + n01)) / root,
            z_y: ((n01 + n11) - (n00 + n10)) / root,
            uniform: ChiSquared::new(chi2, 3),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Cell;

    #[test]
    fn a_table_by_hand() {
        let mut counts = Counts::new();
        for (x, y, n) in [(0, 0, 30), (0, 1, 20), (1, 0, 10), (1, 1, 40)] {
            counts.add(Cell { x, y, a: 0, b: 0 }, n).unwrap();
        }
        let independence = counts.settings_independence(2, 2);
        assert!((independence.chi2 - 50.0 / 3.0).abs() < 1e-12);
        assert_eq!(independence.dof, 1);
        let balance = counts.setting_balance().unwrap();
        assert_eq!((balance.z_x, balance.z_y, balance.uniform.chi2), (0.0, 2.0, 20.0));
        assert_eq!(Counts::new().setting_balance(), None);
        assert_eq!(Counts::new().settings_independence(2, 2).dof, 0);
    }
}
