//! The time tagger: blocks of tags into the caller's memory, with everything that went wrong in band.

use alloc::boxed::Box;

use crate::error::ErrorType;

/// Memory for tags in columns, owned by the caller. Both slices have the same length; a driver uses the first
/// [`TagBlock::capacity`] places of each.
#[derive(Debug)]
pub struct TagBlock<'a> {
    /// Picoseconds since the tagger's epoch, on the tagger's clock.
    pub time_ps: &'a mut [i64],
    /// Channel numbers, below [`Capabilities::channels`].
    pub channel: &'a mut [u16],
}

impl TagBlock<'_> {
    /// The number of tags that fit: the lesser of the two lengths.
    pub fn capacity(&self) -> usize {
        self.time_ps.len().min(self.channel.len())
    }

    /// The same memory for a shorter time, to hand it on.
    pub fn reborrow(&mut self) -> TagBlock<'_> {
        TagBlock { time_ps: self.time_ps, channel: self.channel }
    }
}

/// What happened *after* the last tag of a block and before the first tag of the next one.
///
/// A driver ends the block early where something happened, so that each status has its exact place:
///
/// ```text
///   tags:    | t0 t1 t2 |        | t3 t4 ... |
///   lost:               x x x x x
///   fill() ->  len 3, Overflow { missed: 5 }   fill() -> len 2.., Streaming
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Nothing was lost. Fewer tags than fit (also none) mean that no more were ready.
    Streaming,
    /// Exactly `missed` tags were lost; no tag was lost without being counted in some `missed`.
    Overflow {
        /// The number of lost tags.
        missed: u64,
    },
    /// The tagger was blind from `from_ps` to `to_ps` (its own clock); an unknown number of events fell in between.
    Gap {
        /// Start of the blind time.
        from_ps: i64,
        /// End of the blind time, not before its start.
        to_ps: i64,
    },
    /// The reference clock lost its lock: times after this status may not belong to the time base before it.
    SyncLost,
    /// The recording has ended; each further call returns no tag and this status.
    EndOfData,
}

/// What one call of [`TimeTagger::fill`] delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a block without its length and status loses tags silently"]
pub struct Filled {
    /// Number of tags written, from index 0; the rest of the block is untouched.
    pub len: usize,
    /// What happened after them.
    pub status: Status,
}

/// What a driver can do; constant between `start` and `stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Time resolution in picoseconds, at least 1: two tags closer than this may carry the same time.
    pub resolution_ps: u32,
    /// Number of channels; every tag has a channel below it.
    pub channels: u16,
    /// The highest sustained rate in tags per second; 0 when unknown.
    pub max_tag_rate_hz: u64,
    /// Dead time of a channel after a tag in picoseconds; 0 when unknown.
    pub dead_time_ps: u64,
    /// What [`TimeTagger::start`] does after [`TimeTagger::stop`].
    pub restart: Restart,
}

/// What a second `start` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Restart {
    /// Goes on with the same time base: no tag is earlier than those of the time before.
    Continues,
    /// Begins again at the first tag of the same recording.
    Rewinds,
    /// Fails with [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported).
    Unsupported,
}

/// A source of time tags: hardware, a file, an archive or a simulation.
///
/// ```text
///   start()          fill() ... fill()                stop()
///     |---------------|------------|---------------------|
///     epoch fixed     times never decrease, across all blocks
/// ```
///
/// The contract, checked by the conformance kit (feature `conformance`):
/// 1. Times never decrease from one tag to the next, within and across blocks, unless [`Status::SyncLost`] lies
///    between them. Equal times are allowed.
/// 2. Nothing is lost silently: tags delivered plus tags in [`Status::Overflow`] are all tags that the inputs made,
///    outside of reported gaps.
/// 3. `fill` writes only the first `len` places, does not allocate, and returns within a bounded time: when no tag is
///    ready it returns `len` 0 with [`Status::Streaming`].
/// 4. The sequence of tags does not depend on the sizes of the blocks. A block of capacity 0 delivers nothing and
///    loses nothing.
/// 5. Before `start` and after `stop`, `fill` delivers no tag: it fails or returns `len` 0.
/// 6. After [`Status::EndOfData`] every further `fill` returns `len` 0 and [`Status::EndOfData`].
/// 7. When `fill` fails, no tag has been delivered by that call and none of the tags before it is invalid.
pub trait TimeTagger: ErrorType {
    /// What this driver can do.
    fn capabilities(&self) -> Capabilities;

    /// Starts a recording. Starting a running tagger changes nothing.
    ///
    /// # Errors
    /// The driver's error.
    fn start(&mut self) -> Result<(), Self::Error>;

    /// Writes the next tags to the caller's block.
    ///
    /// # Errors
    /// The driver's error; see contract 7.
    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Self::Error>;

    /// Stops the recording. Stopping a stopped tagger changes nothing.
    ///
    /// # Errors
    /// The driver's error.
    fn stop(&mut self) -> Result<(), Self::Error>;
}

macro_rules! forward {
    ($pointer:ty) => {
        impl<T: TimeTagger + ?Sized> TimeTagger for $pointer {
            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }

            fn start(&mut self) -> Result<(), Self::Error> {
                (**self).start()
            }

            fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Self::Error> {
                (**self).fill(block)
            }

            fn stop(&mut self) -> Result<(), Self::Error> {
                (**self).stop()
            }
        }
    };
}

forward!(&mut T);
forward!(Box<T>);
