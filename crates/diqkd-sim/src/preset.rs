//! Experiments with published parameters.

use core::fmt;
use core::str::FromStr;

use diqkd_core::{Outcome, TestProbability};
use diqkd_hal::Window;

use crate::behaviour::Behaviour;
use crate::click_table::{ClickTable, Readout};
use crate::clock::ClockModel;
use crate::error::Error;
use crate::measurement::Measurement;
use crate::model::{Model, Timing, TriggerModel};
use crate::state::TwoQubitState;

/// A named experiment.
///
/// What is published is the CHSH value S, the error rate Q and, where given, the test probability. The states are
/// chosen to show exactly these: independent bit and phase flips on `|Phi+>` with `t_z = 1 - 2 Q` and
/// `2 sqrt(t_z^2 + t_x^2) = S`, Alice measuring Z and X, Bob `cos(theta) Z +- sin(theta) X` with
/// `tan(theta) = t_x / t_z` and Z for the key. Everything about time is compressed: attempts come every microsecond
/// and succeed often, where the real stations wait milliseconds to seconds for a herald.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Two strontium ions 2 m apart: S = 2.677, Q = 1.44 %, gamma = 13/256 (Nadlinger et al., Nature 607, 682 (2022)).
    Oxford2022,
    /// Two rubidium atoms 400 m apart: S = 2.578, Q = 7.8 % (Zhang et al., Nature 607, 687 (2022)). The published
    /// protocol uses two key bases; the test probability 1/8 of a one-basis protocol is ours.
    Munich2022,
    /// Two rubidium atoms at up to 100 km of fibre (Lu et al., Science 391, 592 (2026), arXiv 2602.09596; 1.2 million
    /// events in 624 h at 11 km). **Assumed, not published:** S = 2.60, Q = 3 %, test probability 1/16.
    Ustc2026,
    /// A clocked source of photon pairs with visibility 0.99 and total efficiency 0.96 on each side, one pair in every
    /// slot but for 0.1 % double pairs; rounds without a click count as `Minus`. **No experiment has reached these
    /// values**; test probability 1/16.
    Photonic,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 4] = [Self::Oxford2022, Self::Munich2022, Self::Ustc2026, Self::Photonic];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Oxford2022 => "oxford-2022",
            Self::Munich2022 => "munich-2022",
            Self::Ustc2026 => "ustc-2026",
            Self::Photonic => "photonic",
        }
    }

    /// The published test-round probability, or the recommended one where none is published for a one-basis
    /// protocol.
    pub fn test_probability(self) -> TestProbability {
        let threshold = match self {
            Self::Oxford2022 => 3328,
            Self::Munich2022 => 8192,
            Self::Ustc2026 | Self::Photonic => 4096,
        };
        TestProbability::from_threshold(threshold).expect("every threshold above is positive")
    }

    /// The stations.
    pub fn model(self) -> Model {
        let model = match self {
            Self::Oxford2022 => event_ready(2.677, 0.0144, 0.25, 3700.0),
            Self::Munich2022 => event_ready(2.578, 0.078, 0.2, -1300.0),
            Self::Ustc2026 => event_ready(2.60, 0.03, 0.15, 5200.0),
            Self::Photonic => photonic(),
        };
        model.expect("the parameters above describe states")
    }
}

/// Stations with heralds and fluorescence readout, showing `chsh_s` and `qber`.
fn event_ready(chsh_s: f64, qber: f64, herald_probability: f64, drift_ppb: f64) -> Result<Model, Error> {
    let t_z = 1.0 - 2.0 * qber;
    let t_x = (chsh_s * chsh_s / 4.0 - t_z * t_z).sqrt();
    let behaviour = spot_checking(&TwoQubitState::flipped(t_x, t_z)?, t_x / t_z)?;
    let readout = Readout::Fluorescence { bright_lost: 0.0, dark_clicks: 0.0 };
    Ok(Model {
        clicks: ClickTable::new(&behaviour, readout, readout),
        readout,
        no_click: Outcome::Minus,
        multi_click: Outcome::Plus,
        trigger: TriggerModel::EventReady { probability: herald_probability, lost: 2e-3, extra: 5e-4 },
        timing: Timing {
            epoch_ps: EPOCH_PS,
            slot_period_ps: SLOT_PERIOD_PS,
            herald_ps: 50_000,
            setting_window: Window { start_ps: 150_000, end_ps: 350_000 },
            detection_window: Window { start_ps: 450_000, end_ps: 950_000 },
            click_spread: true,
            second_tag: 0.3,
            afterpulse: 0.005,
            dead_time_ps: 50_000,
            stray_click: 0.005,
            jitter_ps: 100.0,
        },
        clock: clock(drift_ppb),
    })
}

/// Stations with a clocked pair source and two detectors each.
fn photonic() -> Result<Model, Error> {
    let behaviour = spot_checking(&TwoQubitState::werner(0.99)?, 1.0)?;
    let readout = Readout::TwoDetectors { efficiency: 0.96, dark_counts: 1e-6 };
    let single = ClickTable::new(&behaviour, readout, readout);
    Ok(Model {
        clicks: single.mixed(&single.overlaid(&single), 1e-3),
        readout,
        no_click: Outcome::Minus,
        multi_click: Outcome::Plus,
        trigger: TriggerModel::Clocked { sync_every: 64, lost: 2e-3, extra: 1e-5 },
        timing: Timing {
            epoch_ps: EPOCH_PS,
            slot_period_ps: SLOT_PERIOD_PS,
            herald_ps: 50_000,
            setting_window: Window { start_ps: 150_000, end_ps: 350_000 },
            detection_window: Window { start_ps: 600_000, end_ps: 700_000 },
            click_spread: false,
            second_tag: 0.0,
            afterpulse: 0.005,
            dead_time_ps: 50_000,
            stray_click: 0.001,
            jitter_ps: 100.0,
        },
        clock: clock(2100.0),
    })
}

/// Alice measures Z and X; Bob `Z cos(theta) +- X sin(theta)` and, for the key, Z.
fn spot_checking(state: &TwoQubitState, tan_theta: f64) -> Result<Behaviour, Error> {
    let at = Measurement::in_xz_plane;
    let theta = tan_theta.atan();
    let alice = [at(0.0)?, at(core::f64::consts::FRAC_PI_2)?];
    Behaviour::born(state, &alice, &[at(theta)?, at(-theta)?, at(0.0)?])
}

fn clock(drift_ppb: f64) -> ClockModel {
    ClockModel { offset_range_ps: 2_500_000_000_000, drift_ppb, white_fm: 1e-10, random_walk_fm: 1e-10 }
}

/// Late enough that Bob's times are positive at any offset that the model draws.
const EPOCH_PS: i64 = 3_000_000_000_000;
const SLOT_PERIOD_PS: i64 = 1_000_000;

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = ParsePresetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|preset| preset.name() == text).ok_or(ParsePresetError)
    }
}

/// A text that names no preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such preset; the names are oxford-2022, munich-2022, ustc-2026, photonic")]
pub struct ParsePresetError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_show_the_published_values() {
        let published = [
            (Preset::Oxford2022, 2.677, 0.0144),
            (Preset::Munich2022, 2.578, 0.078),
            (Preset::Ustc2026, 2.6, 0.03),
        ];
        for (preset, s, q) in published {
            let behaviour = preset.model().behaviour();
            assert!((behaviour.chsh_s() - s).abs() < 1e-12, "{preset}");
            assert!((behaviour.qber() - q).abs() < 1e-12, "{preset}");
        }
    }

    #[test]
    fn the_photonic_model_follows_its_losses() {
        // eta^2 V 2 sqrt 2 + 2 (1 - eta)^2 and eta^2 (1 - V) / 2 + eta (1 - eta), up to double pairs and dark counts.
        let behaviour = Preset::Photonic.model().behaviour();
        assert!((behaviour.chsh_s() - 2.5838).abs() < 3e-3, "{}", behaviour.chsh_s());
        assert!((behaviour.qber() - 0.0430).abs() < 1e-3, "{}", behaviour.qber());
    }

    #[test]
    fn layouts_are_consistent_and_names_round_trip() {
        for preset in Preset::ALL {
            assert_eq!(preset.model().layout().check(7), Ok(()));
            assert_eq!(preset.name().parse(), Ok(preset));
            assert!(ParsePresetError.to_string().contains(preset.name()));
            assert!(preset.model().clock.drift_ppb.abs() >= 1000.0);
        }
        assert_eq!(Preset::Oxford2022.test_probability().to_string(), "13/256");
    }
}
