//! How predictable the setting bits are, and what local models gain from it.

use diqkd_core::{Epsilon, OutOfRange};

use crate::confidence;
use crate::counts::Counts;
use crate::tail::Bernoulli;

/// An upper bound on the predictability of the settings: given everything that could influence the devices, Alice's
/// setting bit takes either value with probability at most `1/2 + tau_a`, Bob's, given hers too, `1/2 + tau_b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SettingBias {
    tau_a: f64,
    tau_b: f64,
}

impl SettingBias {
    /// Uniform and independent settings.
    pub const UNBIASED: Self = Self { tau_a: 0.0, tau_b: 0.0 };

    /// # Errors
    /// [`OutOfRange`] unless both are from 0 to 1/2.
    pub fn new(tau_a: f64, tau_b: f64) -> Result<Self, OutOfRange> {
        for value in [tau_a, tau_b] {
            if !(0.0..=0.5).contains(&value) {
                return Err(OutOfRange { quantity: "the setting bias tau", value, low: 0.0, high: 0.5 });
            }
        }
        Ok(Self { tau_a, tau_b })
    }

    /// The bound on Alice's bias.
    pub fn tau_a(self) -> f64 {
        self.tau_a
    }

    /// The bound on Bob's bias.
    pub fn tau_b(self) -> f64 {
        self.tau_b
    }

    /// The most that a local model wins of the CHSH game: `1 - (1/2 - tau_a)(1/2 - tau_b)`, which for equal biases is
    /// `3/4 + tau - tau^2`. Each of its deterministic strategies loses at one of the four settings at least.
    pub fn chsh_local_bound(self) -> Bernoulli {
        Bernoulli::from_failure((0.5 - self.tau_a) * (0.5 - self.tau_b))
            .expect("a product of two probabilities")
    }

    /// The most that a local model wins of the trials that count in the Clauser-Horne game ([`crate::ChTest`]): a
    /// strategy that wins at settings (0,0) loses at one of the other three.
    pub fn ch_local_bound(self) -> Bernoulli {
        let win = (0.5 + self.tau_a) * (0.5 + self.tau_b);
        let lose = (0.5 - self.tau_a) * (0.5 - self.tau_b);
        Bernoulli::from_failure(lose / (win + lose)).expect("a share of two probabilities")
    }
}

impl Counts {
    /// Confidence bounds on the setting biases: except with probability `eps`, the mean frequencies of the settings
    /// that the devices were given deviate from 1/2 by at most these (Clopper-Pearson, `eps/4` for each of four
    /// sides).
    ///
    /// This certifies constant bias, not predictability: a generator whose bits are balanced but known in advance
    /// passes. It assumes independent bits; settings above 1 are ignored.
    ///
    /// # Errors
    /// [`OutOfRange`] when there is no trial with settings 0 and 1.
    pub fn setting_bias_bound(&self, eps: Epsilon) -> Result<SettingBias, OutOfRange> {
        let [[n00, n01], [n10, n11]] = [
            [self.setting_total(0, 0), self.setting_total(0, 1)],
            [self.setting_total(1, 0), self.setting_total(1, 1)],
        ];
        let n = n00 + n01 + n10 + n11;
        if n == 0 {
            return Err(OutOfRange {
                quantity: "the number of trials",
                value: 0.0,
                low: 1.0,
                high: f64::MAX,
            });
        }
        let ln_side = eps.log2() * core::f64::consts::LN_2 - 2.0 * core::f64::consts::LN_2;
        let bias = |ones: u64| {
            let upper = confidence::clopper_pearson_upper(n, ones, ln_side);
            let lower = confidence::clopper_pearson_lower(n, ones, ln_side);
            (upper - 0.5).max(0.5 - lower).clamp(0.0, 0.5)
        };
        SettingBias::new(bias(n10 + n11), bias(n01 + n11))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_local_models() {
        let equal = SettingBias::new(0.01, 0.01).unwrap();
        assert!((equal.chsh_local_bound().success() - (0.75 + 0.01 - 0.0001)).abs() < 1e-15);
        assert_eq!(SettingBias::UNBIASED.chsh_local_bound().success(), 0.75);
        assert_eq!(SettingBias::UNBIASED.ch_local_bound().success(), 0.5);
        assert_eq!(SettingBias::new(0.5, 0.0).unwrap().chsh_local_bound().success(), 1.0);
        assert!(SettingBias::new(-0.1, 0.0).is_err());
        assert!(SettingBias::new(f64::NAN, 0.0).is_err());
    }

    #[test]
    fn no_deterministic_strategy_beats_the_bounds() {
        let (tau_a, tau_b) = (0.07, 0.02);
        let bias = SettingBias::new(tau_a, tau_b).unwrap();
        let (mut best_chsh, mut best_ch) = (0.0f64, 0.0f64);
        for corner in 0..4 {
            let p_x1 = 0.5 + if corner & 1 == 0 { tau_a } else { -tau_a };
            let p_y1 = 0.5 + if corner & 2 == 0 { tau_b } else { -tau_b };
            for strategy in 0..16usize {
                let (a, b) = ([strategy & 1, strategy >> 1 & 1], [strategy >> 2 & 1, strategy >> 3 & 1]);
                let (mut wins, mut ch_wins, mut ch_losses) = (0.0, 0.0, 0.0);
                for x in 0..2 {
                    for y in 0..2 {
                        let p = [1.0 - p_x1, p_x1][x] * [1.0 - p_y1, p_y1][y];
                        if a[x] ^ b[y] == x & y {
                            wins += p;
                        }
                        match (x, y, a[x], b[y]) {
                            (0, 0, 0, 0) => ch_wins += p,
                            (0, 1, 0, 1) | (1, 0, 1, 0) | (1, 1, 0, 0) => ch_losses += p,
                            _ => {}
                        }
                    }
                }
                best_chsh = best_chsh.max(wins);
                if ch_wins > 0.0 {
                    best_ch = best_ch.max(ch_wins / (ch_wins + ch_losses));
                }
            }
        }
        assert!((best_chsh - bias.chsh_local_bound().success()).abs() < 1e-15);
        assert!((best_ch - bias.ch_local_bound().success()).abs() < 1e-15);
    }
}
