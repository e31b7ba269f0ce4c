//! Alice's station: its clock is the reference, by definition.

use std::collections::VecDeque;

use diqkd_core::{Channel, LocalTable};
use diqkd_hal::{StationLayout, TimeTagger};
use diqkd_timetag::slot::Slotter;

use super::{
    ACQUISITION_EVENTS, Recording, SEGMENT_EVENTS, StationError, TRACKING_EVENTS, Tags, common_channel,
    slotter,
};

/// Records rounds and samples the common events for the other site.
pub struct ReferenceStation<T> {
    tags: Tags<T>,
    slotter: Slotter,
    table: LocalTable,
    common: Channel,
    events_seen: usize,
    sample: Vec<i64>,
    /// The last common events since a sample: what the other site has to cover when the recording ends with them.
    unsampled: VecDeque<i64>,
}

/// What one step brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Samples that are complete; the last one reaches to the last common event.
    pub samples: Vec<Vec<i64>>,
    /// Whether the recording has ended.
    pub ended: bool,
}

impl<T: TimeTagger> ReferenceStation<T> {
    /// Starts the tagger.
    ///
    /// # Errors
    /// [`StationError`] when the layout makes no slot rule or the tagger does not start.
    pub fn start(tagger: T, layout: &StationLayout) -> Result<Self, StationError> {
        Ok(Self {
            slotter: slotter(layout, &tagger)?,
            common: common_channel(layout)?,
            tags: Tags::start(tagger)?,
            table: LocalTable::new(),
            events_seen: 0,
            sample: Vec::new(),
            unsampled: VecDeque::new(),
        })
    }

    /// Reads one block of tags.
    ///
    /// # Errors
    /// [`StationError`]; the recording is then of no use.
    pub fn step(&mut self) -> Result<Step, StationError> {
        let (time_ps, channel) = self.tags.next()?;
        self.slotter.push(time_ps, channel, &mut self.table)?;
        let mut samples = Vec::new();
        for (&time, _) in time_ps.iter().zip(channel).filter(|&(_, &channel)| Channel(channel) == self.common)
        {
            let place = self.events_seen % SEGMENT_EVENTS;
            let wanted = if self.events_seen < SEGMENT_EVENTS { ACQUISITION_EVENTS } else { TRACKING_EVENTS };
            self.events_seen += 1;
            if place < wanted {
                self.sample.push(time);
                if place + 1 == wanted {
                    samples.push(std::mem::take(&mut self.sample));
                    self.unsampled.clear();
                }
            } else {
                self.unsampled.push_back(time);
                if self.unsampled.len() > TRACKING_EVENTS {
                    self.unsampled.pop_front();
                }
            }
        }
        if self.tags.ended {
            let last = std::mem::take(&mut self.sample);
            let last = if last.is_empty() { self.unsampled.drain(..).collect() } else { last };
            samples.extend(Some(last).filter(|last| !last.is_empty()));
        }
        Ok(Step { samples, ended: self.tags.ended })
    }

    /// Rounds recorded so far.
    pub fn rounds(&self) -> u64 {
        self.table.len() as u64
    }

    /// The recording, once it has ended.
    ///
    /// # Errors
    /// [`StationError::Slot`] when the tags left a round unsettled that the rule does not allow.
    pub fn finish(mut self) -> Result<Recording, StationError> {
        let report = self.slotter.finish(&mut self.table)?.clone();
        Ok(Recording { table: self.table, report, tags: self.tags.read })
    }
}
