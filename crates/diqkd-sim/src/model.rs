//! The honest stations: what their devices do, when a round happens, when each tag comes.

use diqkd_core::{Channel, Outcome};
use diqkd_hal::{ChannelMap, ClockBounds, StationLayout, Trigger, Window};

use crate::behaviour::Behaviour;
use crate::click_table::{ClickTable, Readout};
use crate::clock::ClockModel;

/// A pair of stations without adversary.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Clicks for each pair of settings.
    pub clicks: ClickTable,
    /// The detectors of each station.
    pub readout: Readout,
    /// The outcome of a round without a click.
    pub no_click: Outcome,
    /// The outcome of a round with clicks on both detectors.
    pub multi_click: Outcome,
    /// What makes a slot a round.
    pub trigger: TriggerModel,
    /// When the tags of a slot come.
    pub timing: Timing,
    /// Bob's clock.
    pub clock: ClockModel,
}

/// What makes a slot a round. Probabilities are clamped to 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TriggerModel {
    /// Each slot is an attempt that succeeds at random.
    EventReady {
        /// Probability that an attempt succeeds.
        probability: f64,
        /// Probability that a site does not see a herald; independent at the two sites.
        lost: f64,
        /// Probability, per slot without success, that a site sees a herald by mistake.
        extra: f64,
    },
    /// Every slot is a round. In each frame of `sync_every` slots one slot, at a random place, carries a
    /// synchronisation pulse that both sites see.
    Clocked {
        /// Length of a frame in slots, at least 1.
        sync_every: u32,
        /// Probability that a site does not see a pulse.
        lost: f64,
        /// Probability, per slot without pulse, that a site sees one by mistake.
        extra: f64,
    },
}

impl TriggerModel {
    /// Probability that a slot is a round at both sites.
    pub fn round_probability(self) -> f64 {
        match self {
            Self::EventReady { probability, lost, .. } => {
                let seen = 1.0 - lost.clamp(0.0, 1.0);
                probability.clamp(0.0, 1.0) * seen * seen
            }
            Self::Clocked { .. } => 1.0,
        }
    }
}

/// When the tags of a slot come. All times but `epoch_ps` are relative to the start of the slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Start of slot 0 on Alice's clock.
    pub epoch_ps: i64,
    /// Length of a slot.
    pub slot_period_ps: i64,
    /// The herald or synchronisation pulse.
    pub herald_ps: i64,
    /// Where a setting marker counts; it comes in the middle.
    pub setting_window: Window,
    /// Where clicks count.
    pub detection_window: Window,
    /// Whether clicks come all over the detection window (fluorescence), but for a tenth of it at each end, or in its
    /// middle (a pulse).
    pub click_spread: bool,
    /// Probability of a second tag of the same detector in a window with a click.
    pub second_tag: f64,
    /// Probability that a click is followed by another one of the same detector, up to 200 ns after its dead time.
    pub afterpulse: f64,
    /// A detector gives no tag within this time after its last one.
    pub dead_time_ps: i64,
    /// Probability per slot and station of a click before the setting window ends, where it must not count.
    pub stray_click: f64,
    /// Standard deviation of a tag's time.
    pub jitter_ps: f64,
}

impl Timing {
    /// Start of a slot on Alice's clock, saturating.
    pub fn start_ps(&self, slot: u64) -> i64 {
        self.epoch_ps.saturating_add_unsigned(slot.saturating_mul(self.slot_period_ps.unsigned_abs()))
    }
}

impl Model {
    /// `p(a, b | x, y)` of the trials: clicks turned into outcomes by the fixed rule.
    pub fn behaviour(&self) -> Behaviour {
        self.clicks.binned(self.no_click, self.multi_click)
    }

    /// What a slot rule needs to know.
    pub fn layout(&self) -> StationLayout {
        let trigger = match self.trigger {
            TriggerModel::EventReady { .. } => Trigger::EventReady,
            TriggerModel::Clocked { .. } => Trigger::Clocked,
        };
        StationLayout {
            trigger,
            epoch_ps: self.timing.epoch_ps,
            slot_period_ps: self.timing.slot_period_ps,
            channels: CHANNELS,
            herald_ps: self.timing.herald_ps,
            setting_window: self.timing.setting_window,
            detection_window: self.timing.detection_window,
            no_click: self.no_click,
            multi_click: self.multi_click,
            clock_bounds: ClockBounds {
                max_offset_ps: self.clock.offset_range_ps.saturating_mul(2),
                max_drift_ppb: MAX_DRIFT_PPB.max(self.clock.drift_ppb.abs() * 2.0),
            },
            jitter_ps: self.timing.jitter_ps,
        }
    }
}

/// Channels of every simulated tagger.
pub(crate) const CHANNELS: ChannelMap = ChannelMap {
    herald: Some(Channel(0)),
    settings: [Channel(1), Channel(2), Channel(3), Channel(4)],
    detectors: [Channel(5), Channel(6)],
};

const MAX_DRIFT_PPB: f64 = 20_000.0;
