//! From tags to one-sided trials.
//!
//! A [`SlotRule`] is fixed before the data. A [`Slotter`] applies it to the tags of one station, in reference time, and
//! appends one trial per herald (event-ready station) or per slot with a setting marker (clocked station) to the
//! [`LocalTable`](diqkd_core::LocalTable) of the station:
//!
//! ```text
//! event-ready   herald -- setting marker in setting_window -- clicks in detection_window   (both after the herald)
//! clocked       slot start -- setting marker in setting_window -- clicks in detection_window
//! round         floor((time of the herald - epoch) / slot_period), or the slot
//! outcome       one detector clicked: its outcome; none: no_click; both: multi_click
//! ```
//! A click within the dead time of the rule after the last click of its detector does not count, whatever its window.
//! Several clicks of one detector in a window count as one (afterpulses, fluorescence) and are counted in the report.
//!
//! Nothing is dropped because of an outcome. A herald without a trial is counted by reason, and every reason depends
//! on herald times alone or makes the recording invalid: `heralds = trials + discards`. Setting markers that are
//! missing, double, outside their window or without a herald make the recording invalid, which [`Slotter::finish`]
//! returns as an error: a device that could make trials vanish after it knows its outcome would open the detection
//! loophole again.

mod report;
mod rule;
mod slotter;

pub use report::{Discards, InvalidRecording, SettingFault, SlotReport, Violations};
pub use rule::{RuleError, SlotRule, StationKind};
pub use slotter::{SlotError, Slotter};
