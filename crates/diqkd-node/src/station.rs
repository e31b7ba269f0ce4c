//! From a station's tags to its trial table: the half of the way that runs while rounds are being recorded.
//!
//! Alice's clock is the reference. Bob's tags are put on it by clock recovery from events that both sites saw, sample
//! by sample; tags later than the last sample wait in a buffer that is bounded by the distance between samples.

mod follower;
mod reference;

pub use follower::FollowerStation;
pub use reference::ReferenceStation;

use diqkd_core::{Channel, LocalTable};
use diqkd_hal::{ErrorKind, StationLayout, Status, TagBlock, TimeTagger, Trigger, Window};
use diqkd_protocol::Abort;
use diqkd_timetag::slot::{RuleError, SlotError, SlotReport, SlotRule, Slotter, StationKind};
use diqkd_timetag::sync::NoPeak;

use crate::error::with_causes;

/// What a station recorded.
#[derive(Debug)]
pub struct Recording {
    /// One trial a round.
    pub table: LocalTable,
    /// How the tags became trials.
    pub report: SlotReport,
    /// Tags read from the tagger.
    pub tags: u64,
}

/// Why a recording can't become trials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StationError {
    /// The device failed.
    #[error("the time tagger failed ({kind:?}); check its connection and log")]
    Device {
        /// What kind of failure.
        kind: ErrorKind,
    },
    /// A tamper sensor fired, or the sensors can't be read.
    #[error("inspect the station before the next session: {report}")]
    Tampered {
        /// What the station reported.
        report: String,
    },
    /// Tags were lost: the rounds around them can't be trusted, and dropping them could depend on outcomes.
    #[error("the time tagger lost {missed} tags after tag {after_tag}; lower the rate and record again")]
    TagsLost {
        /// How many.
        missed: u64,
        /// Tags read before.
        after_tag: u64,
    },
    /// The tagger was blind or lost its clock for a while.
    #[error("the time tagger was interrupted after tag {after_tag}; record again")]
    Interrupted {
        /// Tags read before.
        after_tag: u64,
    },
    /// The station describes itself in a way that makes no slot rule.
    #[error("the station's layout makes no slot rule")]
    Rule(#[from] RuleError),
    /// The station has no channel of events that both sites see.
    #[error("the station names no herald or sync channel, so the clocks can't be matched")]
    NoCommonEvents,
    /// The tags contradict the slot rule.
    #[error("the tags contradict the slot rule")]
    Slot(#[from] SlotError),
    /// The clocks can't be matched.
    #[error("clock recovery found no common events")]
    NoPeak(#[from] NoPeak),
    /// The clocks drifted apart while recording.
    #[error("clock recovery lost the common events near {reference_ps} ps of alice's clock")]
    LockLost {
        /// Where, on Alice's clock.
        reference_ps: i64,
    },
    /// Alice's samples ended before Bob's recording could be placed.
    #[error("the recording ended before the clocks were matched")]
    NeverLocked,
}

impl StationError {
    /// How a session ends because of it.
    pub(crate) fn abort(&self) -> Abort {
        let what = with_causes(self);
        match self {
            Self::Tampered { .. } => Abort::StationTampered { what },
            _ => Abort::InvalidRecording { what },
        }
    }
}

/// Tags of a station in blocks.
struct Tags<T> {
    tagger: T,
    time_ps: Vec<i64>,
    channel: Vec<u16>,
    read: u64,
    ended: bool,
}

impl<T: TimeTagger> Tags<T> {
    fn start(mut tagger: T) -> Result<Self, StationError> {
        tagger.start().map_err(device)?;
        Ok(Self { tagger, time_ps: vec![0; BLOCK_TAGS], channel: vec![0; BLOCK_TAGS], read: 0, ended: false })
    }

    /// The next block; empty when none is ready or the recording has ended.
    fn next(&mut self) -> Result<(&[i64], &[u16]), StationError> {
        if self.ended {
            return Ok((&[], &[]));
        }
        let block = TagBlock { time_ps: &mut self.time_ps, channel: &mut self.channel };
        let filled = self.tagger.fill(block).map_err(device)?;
        self.read += filled.len as u64;
        match filled.status {
            Status::Streaming => {}
            Status::EndOfData => {
                self.ended = true;
                self.tagger.stop().map_err(device)?;
            }
            Status::Overflow { missed } => {
                return Err(StationError::TagsLost { missed, after_tag: self.read });
            }
            _ => return Err(StationError::Interrupted { after_tag: self.read }),
        }
        Ok((&self.time_ps[..filled.len], &self.channel[..filled.len]))
    }
}

/// What the error of a device means for the recording.
pub(crate) fn device(error: impl diqkd_hal::Error) -> StationError {
    match error.kind() {
        ErrorKind::Tamper => StationError::Tampered { report: format!("{error:?}") },
        kind => StationError::Device { kind },
    }
}

/// The slot rule that a station's layout describes. Windows of a layout count from the start of the slot, those of an
/// event-ready rule from the herald. A click that comes sooner after the last one of its detector than the tagger says it
/// can tell apart is a bounce or an afterpulse: it is counted and left out.
fn slotter(layout: &StationLayout, tagger: &impl TimeTagger) -> Result<Slotter, StationError> {
    let dead_time_ps = on_any_clock(tagger.capabilities().dead_time_ps, layout);
    let (station, origin_ps) = match layout.trigger {
        Trigger::EventReady => {
            (StationKind::EventReady { herald: common_channel(layout)? }, layout.herald_ps)
        }
        Trigger::Clocked => (StationKind::Clocked, 0),
    };
    let window = |window: Window| window.start_ps - origin_ps..window.end_ps - origin_ps;
    Ok(Slotter::new(SlotRule {
        station,
        epoch_ps: layout.epoch_ps,
        slot_period_ps: layout.slot_period_ps,
        settings: layout.channels.settings,
        detectors: layout.channels.detectors,
        setting_window_ps: window(layout.setting_window),
        detection_window_ps: window(layout.detection_window),
        dead_time_ps,
        no_click: layout.no_click,
        multi_click: layout.multi_click,
    })?)
}

/// A shortest distance of tags, as another clock within the layout's bounds sees it at the least, rounding included.
fn on_any_clock(distance_ps: u64, layout: &StationLayout) -> i64 {
    let distance_ps = i64::try_from(distance_ps).unwrap_or(i64::MAX);
    let drift = layout.clock_bounds.max_drift_ppb * 1e-9;
    let slack_ps = 1.0 + (distance_ps as f64 * drift).ceil();
    distance_ps.saturating_sub(slack_ps as i64).max(0)
}

/// The channel of events that both sites see: heralds or synchronisation pulses.
fn common_channel(layout: &StationLayout) -> Result<Channel, StationError> {
    layout.channels.herald.ok_or(StationError::NoCommonEvents)
}

const BLOCK_TAGS: usize = 1 << 14;

/// Common events in the first sample, for acquisition.
const ACQUISITION_EVENTS: usize = 8192;
/// Common events in a later sample, for tracking.
const TRACKING_EVENTS: usize = 512;
/// One sample in so many common events.
const SEGMENT_EVENTS: usize = 1 << 15;
