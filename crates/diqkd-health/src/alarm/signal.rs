//! What is watched, and which failure mode it belongs to.

use core::fmt;

/// The ways in which a link fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureMode {
    /// Low Bell violation.
    F1,
    /// Synchronisation drift.
    F2,
    /// Failure of the randomness.
    F3,
    /// Detector saturation, blanking or change.
    F4,
    /// Outage of the classical link.
    F5,
    /// Firmware regression: timing or rates changed with a new firmware id.
    F6,
    /// Finite-key shortage: too little key, or too few trials for one, in time.
    F7,
}

impl fmt::Display for FailureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a monitor watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// Share of Bell-test wins against the declared floor.
    BellMargin,
    /// Share of wins at one pair of settings against its declared band.
    BellStability,
    /// Share of unequal bits in key rounds.
    Qber,
    /// Mean of a sensor of the surroundings below its declared range.
    EnvironmentLow,
    /// Mean of a sensor of the surroundings above its declared range.
    EnvironmentHigh,
    /// Residual of the clock offset.
    ClockOffset,
    /// Share of rounds that a slot rule discarded.
    DiscardShare,
    /// Windows in a row without a clock fix.
    LostSync,
    /// Share of wins at the best offset of rounds other than the one in use.
    Misalignment,
    /// Equal samples in a row of a setting generator.
    Repetition,
    /// Samples of a window that equal its first one.
    Proportion,
    /// Share of ones of a setting generator.
    SettingBias,
    /// Bits drawn from a generator since it was last reseeded.
    Reseed,
    /// Clicks a window.
    ClickRate,
    /// Share of time in which a detector is dead.
    Saturation,
    /// Share of click intervals below the declared dead time, or just above it.
    DeadTime,
    /// Clicks a window while nothing should arrive.
    DarkCounts,
    /// Variance over mean of the clicks of short bins.
    Fano,
    /// Heartbeats of the peer missed in a row.
    LinkSilence,
    /// Evidence that data before and after a firmware change differ.
    FirmwareShift,
    /// Share of trials whose timing leaves the audited window.
    TimingWindow,
    /// Windows until the key store is empty.
    KeySupply,
    /// Share of attempts that gave a trial.
    TrialRate,
    /// Tests that the Bell test will have had at its deadline.
    Statistics,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::BellMargin,
        Self::BellStability,
        Self::Qber,
        Self::EnvironmentLow,
        Self::EnvironmentHigh,
        Self::ClockOffset,
        Self::DiscardShare,
        Self::LostSync,
        Self::Misalignment,
        Self::Repetition,
        Self::Proportion,
        Self::SettingBias,
        Self::Reseed,
        Self::ClickRate,
        Self::Saturation,
        Self::DeadTime,
        Self::DarkCounts,
        Self::Fano,
        Self::LinkSilence,
        Self::FirmwareShift,
        Self::TimingWindow,
        Self::KeySupply,
        Self::TrialRate,
        Self::Statistics,
    ];

    /// The failure mode it belongs to.
    pub fn mode(self) -> FailureMode {
        match self {
            Self::BellMargin
            | Self::BellStability
            | Self::Qber
            | Self::EnvironmentLow
            | Self::EnvironmentHigh => FailureMode::F1,
            Self::ClockOffset | Self::DiscardShare | Self::LostSync | Self::Misalignment => FailureMode::F2,
            Self::Repetition | Self::Proportion | Self::SettingBias | Self::Reseed => FailureMode::F3,
            Self::ClickRate | Self::Saturation | Self::DeadTime | Self::DarkCounts | Self::Fano => {
                FailureMode::F4
            }
            Self::LinkSilence => FailureMode::F5,
            Self::FirmwareShift | Self::TimingWindow => FailureMode::F6,
            Self::KeySupply | Self::TrialRate | Self::Statistics => FailureMode::F7,
        }
    }

    /// A short name in snake case, as metrics and reports use it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BellMargin => "bell_margin",
            Self::BellStability => "bell_stability",
            Self::Qber => "qber",
            Self::EnvironmentLow => "environment_low",
            Self::EnvironmentHigh => "environment_high",
            Self::ClockOffset => "clock_offset",
            Self::DiscardShare => "discard_share",
            Self::LostSync => "lost_sync",
            Self::Misalignment => "misalignment",
            Self::Repetition => "repetition",
            Self::Proportion => "proportion",
            Self::SettingBias => "setting_bias",
            Self::Reseed => "reseed",
            Self::ClickRate => "click_rate",
            Self::Saturation => "saturation",
            Self::DeadTime => "dead_time",
            Self::DarkCounts => "dark_counts",
            Self::Fano => "fano",
            Self::LinkSilence => "link_silence",
            Self::FirmwareShift => "firmware_shift",
            Self::TimingWindow => "timing_window",
            Self::KeySupply => "key_supply",
            Self::TrialRate => "trial_rate",
            Self::Statistics => "statistics",
        }
    }

    /// The unit of [`crate::Alarm::observed`] and [`crate::Alarm::threshold`].
    pub fn unit(self) -> &'static str {
        match self {
            Self::BellMargin
            | Self::BellStability
            | Self::Qber
            | Self::DiscardShare
            | Self::Misalignment
            | Self::SettingBias
            | Self::Saturation
            | Self::DeadTime
            | Self::TimingWindow
            | Self::TrialRate => "share",
            Self::EnvironmentLow | Self::EnvironmentHigh => "units of the sensor",
            Self::ClockOffset => "ps",
            Self::LostSync | Self::KeySupply => "windows",
            Self::Repetition | Self::Proportion => "samples",
            Self::Reseed => "bits",
            Self::ClickRate | Self::DarkCounts => "clicks a window",
            Self::Fano => "variance over mean",
            Self::LinkSilence => "heartbeats",
            Self::FirmwareShift => "bits of evidence",
            Self::Statistics => "tests",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
