//! Checks for [`Modulator`] implementers.

use diqkd_core::Setting;

use crate::conformance::violation::Violation;
use crate::modulator::Modulator;

/// Applies `settings` one after the other, the first no earlier than `first_ps`, each next one `spacing_ps` after the
/// one before has settled, and checks each answer: the setting that was asked for, not applied before its time.
///
/// # Errors
/// [`Violation::Modulator`] with the request and its answer.
pub fn check_modulator<M: Modulator>(
    modulator: &mut M,
    settings: &[Setting],
    first_ps: i64,
    spacing_ps: i64,
) -> Result<(), Violation> {
    let mut at_ps = first_ps;
    for (index, &setting) in settings.iter().enumerate() {
        let applied = modulator.apply(setting, at_ps).map_err(Violation::driver("apply"))?;
        if applied.setting != setting || applied.time_ps < at_ps {
            return Err(Violation::Modulator { index, setting, at_ps, applied });
        }
        at_ps = applied.time_ps.saturating_add(spacing_ps.max(0));
    }
    Ok(())
}
