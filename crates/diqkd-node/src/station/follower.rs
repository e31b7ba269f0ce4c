//! Bob's station: its tags are put on Alice's clock, sample by sample.

use std::collections::VecDeque;

use diqkd_core::{Channel, LocalTable};
use diqkd_hal::{StationLayout, TimeTagger};
use diqkd_timetag::slot::Slotter;
use diqkd_timetag::sync::{AcquireOptions, ClockFit, Lock, Tracker, acquire};

use super::{ACQUISITION_EVENTS, Recording, StationError, Tags, common_channel, slotter};

/// Records rounds on a free-running clock.
pub struct FollowerStation<T> {
    tags: Tags<T>,
    slotter: Slotter,
    table: LocalTable,
    common: Channel,
    layout: StationLayout,
    /// Tags that no sample covers yet.
    pending: VecDeque<(i64, u16)>,
    /// Local times of common events that a later sample may need.
    events: VecDeque<i64>,
    tracker: Option<Tracker>,
    fit: Option<ClockFit>,
    /// Time of the last tag that was placed, on Alice's clock.
    placed_ps: i64,
}

impl<T: TimeTagger> FollowerStation<T> {
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
            layout: *layout,
            pending: VecDeque::new(),
            events: VecDeque::new(),
            tracker: None,
            fit: None,
            placed_ps: i64::MIN,
        })
    }

    /// Times of common events on Alice's clock have arrived: reads as many tags as they cover and makes trials of them.
    ///
    /// # Errors
    /// [`StationError`]; the recording is then of no use.
    pub fn sample(&mut self, reference_ps: &[i64]) -> Result<(), StationError> {
        let (Some(&first), Some(&last)) = (reference_ps.first(), reference_ps.last()) else { return Ok(()) };
        let margin = self.layout.slot_period_ps;
        match &self.tracker {
            None => {
                self.read_until(|station| {
                    station.events.len() >= ACQUISITION_EVENTS + ACQUISITION_EVENTS / 4
                })?;
                let local: Vec<i64> = self.events.iter().copied().collect();
                let fit = acquire(reference_ps, &local, &self.acquire_options())?;
                self.tracker = Some(Tracker::new(&fit));
                self.fit = Some(fit);
            }
            Some(tracker) => {
                let tracker = tracker.clone();
                self.read_until(|station| {
                    station.events.back().is_some_and(|&local| tracker.to_reference_ps(local) > last + margin)
                })?;
                let local: Vec<i64> = self
                    .events
                    .iter()
                    .copied()
                    .filter(|&local| {
                        (first - margin..=last + margin).contains(&tracker.to_reference_ps(local))
                    })
                    .collect();
                if let Some(tracker) = &mut self.tracker
                    && tracker.update(reference_ps, &local).lock == Lock::Lost
                {
                    return Err(StationError::LockLost { reference_ps: first });
                }
            }
        }
        self.place_until(last)
    }

    /// Rounds recorded so far.
    pub fn rounds(&self) -> u64 {
        self.table.len() as u64
    }

    /// How Bob's clock runs against Alice's, once known: offset and drift at acquisition.
    pub fn clock(&self) -> Option<&ClockFit> {
        self.fit.as_ref()
    }

    /// The recording; reads what is left of it.
    ///
    /// # Errors
    /// [`StationError`].
    pub fn finish(mut self) -> Result<Recording, StationError> {
        if self.tracker.is_none() {
            return Err(StationError::NeverLocked);
        }
        loop {
            self.place_until(i64::MAX)?;
            if self.tags.ended {
                break;
            }
            self.read_block()?;
        }
        let report = self.slotter.finish(&mut self.table)?.clone();
        Ok(Recording { table: self.table, report, tags: self.tags.read })
    }

    fn acquire_options(&self) -> AcquireOptions {
        AcquireOptions {
            max_offset_ps: self.layout.clock_bounds.max_offset_ps,
            max_drift_ppb: self.layout.clock_bounds.max_drift_ppb,
            ..AcquireOptions::default()
        }
    }

    fn read_until(&mut self, enough: impl Fn(&Self) -> bool) -> Result<(), StationError> {
        while !self.tags.ended && !enough(self) {
            self.read_block()?;
        }
        Ok(())
    }

    fn read_block(&mut self) -> Result<(), StationError> {
        let (time_ps, channel) = self.tags.next()?;
        for (&time, &channel) in time_ps.iter().zip(channel) {
            self.pending.push_back((time, channel));
            if Channel(channel) == self.common {
                self.events.push_back(time);
            }
        }
        Ok(())
    }

    /// Makes trials of all tags up to a time on Alice's clock.
    fn place_until(&mut self, reference_ps: i64) -> Result<(), StationError> {
        let Some(tracker) = &self.tracker else { return Ok(()) };
        let mut times = Vec::new();
        let mut channels = Vec::new();
        while let Some(&(local, channel)) = self.pending.front() {
            let time = tracker.to_reference_ps(local);
            if time > reference_ps {
                break;
            }
            self.pending.pop_front();
            // A correction of the clock, nanoseconds at most, must not turn the order of two tags around.
            self.placed_ps = self.placed_ps.max(time);
            times.push(self.placed_ps);
            channels.push(channel);
        }
        if let Some(&(oldest, _)) = self.pending.front() {
            while self.events.front().is_some_and(|&event| event < oldest) {
                self.events.pop_front();
            }
        } else {
            self.events.clear();
        }
        Ok(self.slotter.push(&times, &channels, &mut self.table)?)
    }
}
