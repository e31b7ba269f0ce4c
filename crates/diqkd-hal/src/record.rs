//! The generic driver: from `start` to the end of the data, block by block, for any tagger.

use core::ops::ControlFlow;

use crate::time_tagger::{Filled, Status, TagBlock, TimeTagger};

/// What a recording contained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tags delivered.
    pub tags: u64,
    /// Tags lost and counted by the driver.
    pub missed: u64,
    /// Number of blind intervals.
    pub gaps: u64,
    /// Their total length in picoseconds.
    pub gap_ps: u64,
    /// How often the reference clock lost its lock.
    pub sync_losses: u64,
}

impl Tally {
    /// Counts one block.
    pub fn count(&mut self, filled: Filled) {
        self.tags += filled.len as u64;
        match filled.status {
            Status::Overflow { missed } => self.missed = self.missed.saturating_add(missed),
            Status::Gap { from_ps, to_ps } => {
                self.gaps += 1;
                self.gap_ps = self.gap_ps.saturating_add(to_ps.abs_diff(from_ps));
            }
            Status::SyncLost => self.sync_losses += 1,
            Status::Streaming | Status::EndOfData => {}
        }
    }
}

/// Starts a tagger and hands every block to `sink` until the data end or the sink breaks, then stops the tagger.
///
/// The sink sees empty blocks too: where a tagger has nothing to say it can wait, count or break. `block` is the
/// memory used for all calls; with capacity 0 nothing is recorded.
///
/// # Errors
/// The driver's first error. The tagger has then been asked to stop, and an error of stopping is dropped in favour of
/// the first one.
pub fn record<T: TimeTagger>(
    tagger: &mut T,
    mut block: TagBlock<'_>,
    mut sink: impl FnMut(&[i64], &[u16], Status) -> ControlFlow<()>,
) -> Result<Tally, T::Error> {
    let mut tally = Tally::default();
    if block.capacity() == 0 {
        return Ok(tally);
    }
    tagger.start()?;
    let outcome = loop {
        match tagger.fill(block.reborrow()) {
            Err(error) => break Err(error),
            Ok(filled) => {
                let len = filled.len.min(block.capacity());
                tally.count(Filled { len, ..filled });
                let flow = sink(&block.time_ps[..len], &block.channel[..len], filled.status);
                if flow.is_break() || filled.status == Status::EndOfData {
                    break Ok(tally);
                }
            }
        }
    };
    let stopped = tagger.stop();
    let tally = outcome?;
    stopped.map(|()| tally)
}
