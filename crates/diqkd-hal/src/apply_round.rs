//! The generic controller: from a round that has begun to an applied setting.

use core::fmt;

use diqkd_core::Setting;

use crate::error::{Error, ErrorKind};
use crate::layout::StationLayout;
use crate::modulator::{Applied, Modulator};
use crate::setting_chooser::SettingChooser;

/// Chooses and applies the setting of a round that has been fixed by its herald or by the clock, and checks what the
/// modulator says it did.
///
/// `slot_start_ps` is the start of the round's slot on the tagger's clock. The modulator is asked for the start of the
/// setting window and must have settled before the window ends.
///
/// # Errors
/// [`ApplyError`]. The choice has then been made: leaving this round out and going on would be post-selection. Stop the
/// run, or keep the round with the outcome that the rule for silent rounds gives.
pub fn apply_round<C: SettingChooser, M: Modulator>(
    layout: &StationLayout,
    round: u64,
    slot_start_ps: i64,
    chooser: &mut C,
    modulator: &mut M,
) -> Result<Applied, ApplyError> {
    let chosen = chooser.choose(round);
    let at_ps = slot_start_ps.saturating_add(layout.setting_window.start_ps);
    let until_ps = slot_start_ps.saturating_add(layout.setting_window.end_ps);
    let applied =
        modulator.apply(chosen, at_ps).map_err(|error| ApplyError::Modulator { kind: error.kind() })?;
    if applied.setting != chosen {
        return Err(ApplyError::WrongSetting { round, chosen, applied: applied.setting });
    }
    if applied.time_ps < at_ps || applied.time_ps >= until_ps {
        return Err(ApplyError::WrongTime {
            round,
            window_ps: (at_ps, until_ps),
            applied_ps: applied.time_ps,
        });
    }
    Ok(applied)
}

/// Why a round has no trusted setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApplyError {
    /// The modulator failed.
    Modulator {
        /// How.
        kind: ErrorKind,
    },
    /// Another setting than the chosen one was applied.
    WrongSetting {
        /// The round.
        round: u64,
        /// The chosen setting.
        chosen: Setting,
        /// The applied setting.
        applied: Setting,
    },
    /// The setting settled outside of its window.
    WrongTime {
        /// The round.
        round: u64,
        /// The window on the tagger's clock, half open.
        window_ps: (i64, i64),
        /// When it settled.
        applied_ps: i64,
    },
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Modulator { kind } => write!(f, "the modulator failed: {kind}"),
            Self::WrongSetting { round, chosen, applied } => {
                let (chosen, applied) = (chosen.index(), applied.index());
                write!(
                    f,
                    "round {round}: setting {chosen} was chosen, but {applied} applied; check the modulator line"
                )
            }
            Self::WrongTime { round, window_ps: (from, to), applied_ps } => {
                write!(
                    f,
                    "round {round}: the setting settled at {applied_ps} ps, expected from {from} to {to} ps"
                )
            }
        }
    }
}

impl core::error::Error for ApplyError {}
