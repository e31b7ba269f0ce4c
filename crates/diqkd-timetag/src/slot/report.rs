//! How a recording became trials.

/// How a recording became trials, so far. `heralds = trials + discards.total()` once the recording has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlotReport {
    /// Heralds, or slots with a setting marker at a clocked station.
    pub heralds: u64,
    /// Trials appended to the table.
    pub trials: u64,
    /// Trials by setting.
    pub settings: [u64; 4],
    /// Trials without a click, which got the outcome `no_click`.
    pub no_click: u64,
    /// Trials with clicks on both detectors, which got the outcome `multi_click`.
    pub multi_click: u64,
    /// Clicks after the first one of the same detector in the same window.
    pub repeated_clicks: u64,
    /// Clicks that the dead time of the rule left out.
    pub clicks_in_dead_time: u64,
    /// Clicks outside the window of any trial: the noise of the detectors.
    pub clicks_outside_windows: u64,
    /// The length of the detection windows of all trials together, ps.
    pub windows_ps: u64,
    /// From the first to the last tag, ps.
    pub span_ps: u64,
    /// Tags on channels that the rule does not name.
    pub other_tags: u64,
    /// Setting markers before the first herald: the recording began between the two.
    pub settings_before_first_herald: u64,
    /// Slots of a clocked station between its first and its last trial that have no setting marker.
    pub slots_without_setting: u64,
    /// Heralds that made no trial.
    pub discards: Discards,
    /// Setting markers that make the recording invalid.
    pub violations: Violations,
}

impl SlotReport {
    /// Clicks a second outside the windows of trials, of both detectors together: dark counts and stray light. `None`
    /// while nothing but windows was seen.
    pub fn noise_hz(&self) -> Option<f64> {
        let outside_ps = self.span_ps.checked_sub(self.windows_ps).filter(|&outside| outside > 0)?;
        Some(self.clicks_outside_windows as f64 / (outside_ps as f64 * 1e-12))
    }

    /// Whether trials may be taken from this recording.
    ///
    /// # Errors
    /// [`InvalidRecording`] when setting markers are missing, double, misplaced or stray.
    pub fn validity(&self) -> Result<(), InvalidRecording> {
        match self.violations.first {
            None => Ok(()),
            Some((fault, time_ps)) => Err(InvalidRecording { violations: self.violations, fault, time_ps }),
        }
    }
}

/// Heralds that made no trial, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discards {
    /// Before the epoch.
    pub before_epoch: u64,
    /// Within the guard at the edge of a slot.
    pub near_edge: u64,
    /// Not the first herald of its slot.
    pub second_in_slot: u64,
    /// The windows of two or more heralds overlap; all of them are discarded.
    pub overlapping: u64,
    /// The recording ended before the windows had passed.
    pub open_at_end: u64,
    /// No valid setting marker; the recording is invalid.
    pub invalid_setting: u64,
}

impl Discards {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.before_epoch
            + self.near_edge
            + self.second_in_slot
            + self.overlapping
            + self.open_at_end
            + self.invalid_setting
    }
}

/// What is wrong with a setting marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingFault {
    /// A herald has no setting marker.
    Missing,
    /// A herald has two setting markers in its window.
    Double,
    /// A setting marker lies between the herald and the end of the detection window, but not in the setting window.
    Misplaced,
    /// A setting marker belongs to no herald, or at a clocked station lies outside the setting window.
    Stray,
}

impl core::fmt::Display for SettingFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Double => "double",
            Self::Misplaced => "misplaced",
            Self::Stray => "stray",
        })
    }
}

/// Setting markers that make a recording invalid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// Heralds without a setting marker.
    pub missing: u64,
    /// Setting markers after the first one in a window.
    pub double: u64,
    /// Setting markers between the herald and the end of the detection window, outside the setting window.
    pub misplaced: u64,
    /// Setting markers without a herald.
    pub stray: u64,
    /// The first of them: what, and the time of the herald (missing) or of the marker, ps.
    pub first: Option<(SettingFault, i64)>,
}

impl Violations {
    pub(super) fn add(&mut self, fault: SettingFault, time_ps: i64) {
        match fault {
            SettingFault::Missing => self.missing += 1,
            SettingFault::Double => self.double += 1,
            SettingFault::Misplaced => self.misplaced += 1,
            SettingFault::Stray => self.stray += 1,
        }
        self.first.get_or_insert((fault, time_ps));
    }
}

/// A recording whose setting markers do not fit its heralds; no trial of it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a setting marker is {fault} at {time_ps} ps, the first of {} missing, {} double, {} misplaced, {} stray; \
     check the marker channels and windows, then record again: dropping rounds afterwards could depend on outcomes",
    violations.missing, violations.double, violations.misplaced, violations.stray
)]
pub struct InvalidRecording {
    /// All of them.
    pub violations: Violations,
    /// The first one.
    pub fault: SettingFault,
    /// Where, ps of reference time.
    pub time_ps: i64,
}
