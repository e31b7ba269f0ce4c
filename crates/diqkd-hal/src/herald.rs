//! The signal that fixes a round before its settings are chosen.

use crate::error::ErrorType;

/// Reports heralds: that a pair of distant systems is entangled and a round begins.
///
/// The contract: an event is delivered before the setting of its round is chosen, at most once, with times that never
/// decrease. Whether a herald occurs does not depend on settings or outcomes of any round.
pub trait Herald: ErrorType {
    /// The next herald, or `None` when there is none yet.
    ///
    /// # Errors
    /// The driver's error.
    fn poll(&mut self) -> Result<Option<HeraldEvent>, Self::Error>;
}

/// One herald.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeraldEvent {
    /// Picoseconds on the tagger's clock.
    pub time_ps: i64,
    /// Which of the announced entangled states was prepared, as numbered in the station's documentation; 0 when only
    /// one is used.
    pub state: u8,
}

impl<T: Herald + ?Sized> Herald for &mut T {
    fn poll(&mut self) -> Result<Option<HeraldEvent>, Self::Error> {
        (**self).poll()
    }
}
