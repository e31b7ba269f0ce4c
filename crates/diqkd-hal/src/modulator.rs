//! The modulator that applies a setting.

use diqkd_core::Setting;

use crate::error::ErrorType;

/// Switches the measurement to a setting.
///
/// ```text
///   apply(setting, at)                       answer: applied.time_ps
///        |------------------|========================|----------->
///        now             at_ps (not before)       settled: light measured from here on sees the setting
/// ```
///
/// The contract: the setting is not present at the analyser before `at_ps`; the answer carries the time, on the
/// tagger's clock, from which on it is settled, never earlier than `at_ps`; and it carries the setting that the
/// modulator read back, not the one it was asked for.
pub trait Modulator: ErrorType {
    /// Applies `setting` no earlier than `at_ps` on the tagger's clock.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`](crate::ErrorKind::OutOfRange) for a setting that the hardware does not have or a time
    /// that has passed; otherwise the driver's error.
    fn apply(&mut self, setting: Setting, at_ps: i64) -> Result<Applied, Self::Error>;
}

/// What a modulator did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The setting read back.
    pub setting: Setting,
    /// From when on it holds, in picoseconds on the tagger's clock.
    pub time_ps: i64,
}

impl<T: Modulator + ?Sized> Modulator for &mut T {
    fn apply(&mut self, setting: Setting, at_ps: i64) -> Result<Applied, Self::Error> {
        (**self).apply(setting, at_ps)
    }
}
