//! Everything a slot rule needs to know about a station, fixed before the run.

use core::fmt;

use diqkd_core::Outcome;

use crate::channel_map::{ChannelMap, ChannelMapError};

/// How the tags of a station become trials: what starts a round, where in a slot its signals lie, what they mean.
///
/// ```text
///   slot k of Alice starts at epoch_ps + k * slot_period_ps
///   |----h--------------[ setting window )------[ detection window )-----|
///        herald_ps       exactly one marker      clicks -> outcome
/// ```
///
/// Windows are half-open intervals relative to the start of the slot. The rule is data-independent: it is fixed before
/// the run and is the same for every slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StationLayout {
    /// What makes a slot a round.
    pub trigger: Trigger,
    /// Start of slot 0 on Alice's clock in picoseconds. Bob's clock is related to it by clock recovery.
    pub epoch_ps: i64,
    /// Length of a slot in picoseconds.
    pub slot_period_ps: i64,
    /// Meaning of the channels.
    pub channels: ChannelMap,
    /// Nominal place of the herald or synchronisation pulse within its slot.
    pub herald_ps: i64,
    /// Where the setting marker lies.
    pub setting_window: Window,
    /// Where clicks count.
    pub detection_window: Window,
    /// The outcome of a round without a click.
    pub no_click: Outcome,
    /// The outcome of a round with clicks on both detectors.
    pub multi_click: Outcome,
    /// Bounds within which clock recovery searches.
    pub clock_bounds: ClockBounds,
    /// Standard deviation of a tag's time in picoseconds.
    pub jitter_ps: f64,
}

/// What makes a slot a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// A herald in the slot.
    EventReady,
    /// The clock: every slot is a round. Tags on the herald channel are synchronisation pulses and select nothing.
    Clocked,
}

/// A half-open interval `[start_ps, end_ps)` relative to the start of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First picosecond inside.
    pub start_ps: i64,
    /// First picosecond after.
    pub end_ps: i64,
}

impl Window {
    /// Whether a time relative to the start of the slot lies inside.
    pub fn contains(self, time_ps: i64) -> bool {
        self.start_ps <= time_ps && time_ps < self.end_ps
    }

    /// Its length.
    pub fn length_ps(self) -> i64 {
        self.end_ps - self.start_ps
    }
}

/// How far the two sites' clocks may be apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockBounds {
    /// Greatest absolute offset in picoseconds.
    pub max_offset_ps: i64,
    /// Greatest absolute relative frequency difference in parts per billion.
    pub max_drift_ppb: f64,
}

impl StationLayout {
    /// Checks the layout against itself and a tagger with `channels` channels: windows in order, inside the slot, and
    /// settings before clicks.
    ///
    /// # Errors
    /// [`LayoutError`] naming what is wrong.
    pub fn check(&self, channels: u16) -> Result<(), LayoutError> {
        self.channels.check(channels).map_err(LayoutError::Channels)?;
        if self.trigger == Trigger::EventReady && self.channels.herald.is_none() {
            return Err(LayoutError::NoHerald);
        }
        let places = [
            self.herald_ps,
            self.setting_window.start_ps,
            self.setting_window.end_ps,
            self.detection_window.start_ps,
            self.detection_window.end_ps,
            self.slot_period_ps,
        ];
        let ordered = places.is_sorted()
            && self.herald_ps >= 0
            && self.setting_window.length_ps() > 0
            && self.detection_window.length_ps() > 0;
        if ordered { Ok(()) } else { Err(LayoutError::Order) }
    }

    /// The slot in which a time on Alice's clock lies and the place within it; `None` before slot 0.
    pub fn slot_of(&self, alice_ps: i64) -> Option<(u64, i64)> {
        let since = alice_ps.checked_sub(self.epoch_ps)?;
        if since < 0 || self.slot_period_ps <= 0 {
            return None;
        }
        Some(((since / self.slot_period_ps) as u64, since % self.slot_period_ps))
    }
}

/// Why a layout cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayoutError {
    /// The channel map is wrong.
    Channels(ChannelMapError),
    /// An event-ready station without a herald channel.
    NoHerald,
    /// Herald, setting window, detection window and end of slot do not follow each other.
    Order,
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channels(_) => "the channel map of the station layout cannot be used",
            Self::NoHerald => "an event-ready station needs a herald channel",
            Self::Order => {
                "within a slot, the herald, the setting window and the detection window must follow each other, each \
                 window non-empty, before the slot ends"
            }
        })
    }
}

impl core::error::Error for LayoutError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Channels(error) => Some(error),
            Self::NoHerald | Self::Order => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diqkd_core::Channel;

    const LAYOUT: StationLayout = StationLayout {
        trigger: Trigger::EventReady,
        epoch_ps: 1000,
        slot_period_ps: 100,
        channels: ChannelMap {
            herald: Some(Channel(0)),
            settings: [Channel(1), Channel(2), Channel(3), Channel(4)],
            detectors: [Channel(5), Channel(6)],
        },
        herald_ps: 10,
        setting_window: Window { start_ps: 20, end_ps: 40 },
        detection_window: Window { start_ps: 50, end_ps: 90 },
        no_click: Outcome::Minus,
        multi_click: Outcome::Plus,
        clock_bounds: ClockBounds { max_offset_ps: 0, max_drift_ppb: 0.0 },
        jitter_ps: 1.0,
    };

    #[test]
    fn settings_must_come_before_clicks() {
        assert_eq!(LAYOUT.check(7), Ok(()));
        let swapped = StationLayout {
            setting_window: LAYOUT.detection_window,
            detection_window: LAYOUT.setting_window,
            ..LAYOUT
        };
        assert_eq!(swapped.check(7), Err(LayoutError::Order));
        let blind = StationLayout { channels: ChannelMap { herald: None, ..LAYOUT.channels }, ..LAYOUT };
        assert_eq!(blind.check(7), Err(LayoutError::NoHerald));
    }

    #[test]
    fn times_fall_into_slots() {
        assert_eq!(LAYOUT.slot_of(999), None);
        assert_eq!(LAYOUT.slot_of(1000), Some((0, 0)));
        assert_eq!(LAYOUT.slot_of(1299), Some((2, 99)));
        assert_eq!(LAYOUT.slot_of(i64::MIN), None);
        assert!(LAYOUT.setting_window.contains(20) && !LAYOUT.setting_window.contains(40));
    }
}
