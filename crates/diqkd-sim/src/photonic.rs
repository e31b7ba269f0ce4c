//! A clocked source of photon pairs with parameters of one's own.

use diqkd_core::OutOfRange;

use crate::click_table::{ClickTable, Readout};
use crate::error::Error;
use crate::model::Model;
use crate::preset::{clocked, spot_checking};
use crate::state::TwoQubitState;

/// What a clocked source of photon pairs and its stations can do: one pair in every slot, sometimes two, and two detectors
/// a side.
///
/// ```
/// use diqkd_sim::Photonic;
///
/// let worse = Photonic { efficiency: 0.9, ..Photonic::PRESET }.model()?;
/// assert!(worse.behaviour().chsh_s() < Photonic::PRESET.model()?.behaviour().chsh_s());
/// # Ok::<(), diqkd_sim::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Photonic {
    /// Visibility of the Werner state of a pair, from 0 to 1.
    pub visibility: f64,
    /// Probability that a photon is collected and detected, the same at both sides, from 0 to 1.
    pub efficiency: f64,
    /// Probability that a slot has two independent pairs, from 0 to 1.
    pub double_pairs: f64,
    /// Probability of a dark count a detector and slot, from 0 to 1.
    pub dark_counts: f64,
}

impl Photonic {
    /// The parameters of [`Preset::Photonic`](crate::Preset::Photonic).
    pub const PRESET: Self =
        Self { visibility: 0.99, efficiency: 0.96, double_pairs: 1e-3, dark_counts: 1e-6 };

    /// The stations.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a parameter that is not between 0 and 1.
    pub fn model(self) -> Result<Model, Error> {
        let named = [
            ("the visibility", self.visibility),
            ("the efficiency of detection", self.efficiency),
            ("the probability of two pairs in a slot", self.double_pairs),
            ("the probability of a dark count", self.dark_counts),
        ];
        for (quantity, value) in named {
            if !(0.0..=1.0).contains(&value) {
                return Err(OutOfRange { quantity, value, low: 0.0, high: 1.0 }.into());
            }
        }
        let behaviour = spot_checking(&TwoQubitState::werner(self.visibility)?, 1.0)?;
        let readout = Readout::TwoDetectors { efficiency: self.efficiency, dark_counts: self.dark_counts };
        let single = ClickTable::new(&behaviour, readout, readout);
        Ok(clocked(single.mixed(&single.overlaid(&single), self.double_pairs), readout, DRIFT_PPB))
    }
}

const DRIFT_PPB: f64 = 2100.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn efficiency_visibility_and_double_pairs_do_what_they_say() {
        let of = |photonic: Photonic| photonic.model().unwrap().behaviour();
        let tsirelson = 8f64.sqrt();
        let ideal = Photonic { visibility: 1.0, efficiency: 1.0, double_pairs: 0.0, dark_counts: 0.0 };
        assert!((of(ideal).chsh_s() - tsirelson).abs() < 1e-12 && of(ideal).qber() < 1e-12);
        let noisy = of(Photonic { visibility: 0.9, ..ideal });
        assert!((noisy.chsh_s() - 0.9 * tsirelson).abs() < 1e-12 && (noisy.qber() - 0.05).abs() < 1e-12);
        // Lost photons count as Minus: eta^2 2 sqrt 2 + 2 (1 - eta)^2.
        let lossy = of(Photonic { efficiency: 0.8, ..ideal });
        assert!((lossy.chsh_s() - (0.64 * tsirelson + 2.0 * 0.04)).abs() < 1e-12, "{}", lossy.chsh_s());
        // One slot in ten with a second pair of its own costs violation, in proportion.
        let fall = |double_pairs| tsirelson - of(Photonic { double_pairs, ..ideal }).chsh_s();
        assert!(fall(0.1) > 0.01 && (fall(0.2) - 2.0 * fall(0.1)).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_probability_is_named() {
        let refusal = |photonic: Photonic| photonic.model().unwrap_err().to_string();
        let bad = refusal(Photonic { efficiency: 1.2, ..Photonic::PRESET });
        assert!(bad.contains("efficiency") && bad.contains("1.2"), "{bad}");
        assert!(refusal(Photonic { double_pairs: f64::NAN, ..Photonic::PRESET }).contains("two pairs"));
        assert!(refusal(Photonic { visibility: -0.1, ..Photonic::PRESET }).contains("visibility"));
    }
}
