//! The rule by which tags become trials.

use core::ops::Range;

use diqkd_core::{Channel, Outcome};

/// What makes a slot a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StationKind {
    /// A herald, seen at both sites, announces that this slot is a round.
    EventReady {
        /// The herald's channel.
        herald: Channel,
    },
    /// Every slot with a setting marker is a round.
    Clocked,
}

/// How the tags of one station become trials. Fixed before the data, equal at both sites but for the channels.
///
/// # Heralds
/// A herald closer to the edge of its slot than [`SlotRule::edge_guard_ps`] is discarded: the other site might see it
/// in the neighbouring slot. Of two heralds in one slot whose windows do not overlap the first makes the trial, the
/// second is discarded; heralds whose windows overlap are all discarded. These rules look at herald times alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotRule {
    /// What makes a slot a round.
    pub station: StationKind,
    /// Start of slot 0, ps of reference time.
    pub epoch_ps: i64,
    /// Length of a slot, ps.
    pub slot_period_ps: i64,
    /// The marker channels that announce setting 0, 1, 2, 3.
    pub settings: [Channel; 4],
    /// The detectors whose click means outcome plus and minus.
    pub detectors: [Channel; 2],
    /// Where a setting marker counts, ps after the herald (event-ready) or the start of the slot (clocked).
    pub setting_window_ps: Range<i64>,
    /// Where clicks count, ps after the herald or the start of the slot; not before the end of the setting window.
    pub detection_window_ps: Range<i64>,
    /// A click this soon after the last one of the same detector that counted does not count, wherever either lies: the
    /// detector's own dead time, or longer to leave out afterpulses. 0 for none. No trial is dropped by it.
    pub dead_time_ps: i64,
    /// The outcome of a trial without a click.
    pub no_click: Outcome,
    /// The outcome of a trial with clicks on both detectors.
    pub multi_click: Outcome,
}

impl SlotRule {
    /// A herald closer than this to the start or the end of its slot is discarded: 1/64 of the slot.
    pub fn edge_guard_ps(&self) -> i64 {
        self.slot_period_ps / 64
    }

    /// Checks the rule against itself.
    ///
    /// # Errors
    /// The first [`RuleError`] found.
    pub fn check(&self) -> Result<(), RuleError> {
        if self.slot_period_ps <= 0 {
            return Err(RuleError::SlotPeriod { slot_period_ps: self.slot_period_ps });
        }
        let (setting, detection) = (&self.setting_window_ps, &self.detection_window_ps);
        for (window, range) in [("setting", setting), ("detection", detection)] {
            if range.is_empty() || range.start < 0 || range.end > self.slot_period_ps {
                return Err(RuleError::Window {
                    window,
                    start_ps: range.start,
                    end_ps: range.end,
                    slot_period_ps: self.slot_period_ps,
                });
            }
        }
        if self.dead_time_ps < 0 {
            return Err(RuleError::DeadTime { dead_time_ps: self.dead_time_ps });
        }
        if setting.end > detection.start {
            return Err(RuleError::SettingAfterDetection {
                setting_end_ps: setting.end,
                detection_start_ps: detection.start,
            });
        }
        let herald = match self.station {
            StationKind::EventReady { herald } => Some(herald),
            StationKind::Clocked => None,
        };
        let channels = || self.settings.iter().chain(&self.detectors).copied().chain(herald);
        for (i, channel) in channels().enumerate() {
            if channels().skip(i + 1).any(|other| other == channel) {
                return Err(RuleError::SharedChannel { channel });
            }
        }
        Ok(())
    }
}

/// Why a rule can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A slot has no length.
    #[error("the slot period is {slot_period_ps} ps; give a positive one")]
    SlotPeriod {
        /// The period, ps.
        slot_period_ps: i64,
    },
    /// A window is empty, begins before its origin or does not fit into a slot.
    #[error(
        "the {window} window {start_ps}..{end_ps} ps is empty or outside 0..{slot_period_ps} ps; \
         windows count from the herald or the start of the slot"
    )]
    Window {
        /// Which window.
        window: &'static str,
        /// Its start, ps.
        start_ps: i64,
        /// Its end, ps.
        end_ps: i64,
        /// The slot period, ps.
        slot_period_ps: i64,
    },
    /// A dead time can't be negative.
    #[error("the dead time is {dead_time_ps} ps; give 0 or more")]
    DeadTime {
        /// The dead time, ps.
        dead_time_ps: i64,
    },
    /// A setting that could be chosen after a click is no setting.
    #[error(
        "the setting window ends at {setting_end_ps} ps, after the detection window starts at {detection_start_ps} ps; \
         settings must be fixed before detection"
    )]
    SettingAfterDetection {
        /// End of the setting window, ps.
        setting_end_ps: i64,
        /// Start of the detection window, ps.
        detection_start_ps: i64,
    },
    /// One channel has two meanings.
    #[error("channel {channel} has two meanings; give every setting, detector and herald its own channel")]
    SharedChannel {
        /// The channel.
        channel: Channel,
    },
    /// A trial table holds two bits for the kind of herald, and a clocked station has none.
    #[error("{given} kinds of heralds are too many; an event-ready station has 1 to 4, a clocked one none")]
    Heralds {
        /// How many were given.
        given: usize,
    },
}
