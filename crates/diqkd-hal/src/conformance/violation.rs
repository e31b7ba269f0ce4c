//! What a driver did that its contract forbids.

use core::fmt;

use crate::error::{Error, ErrorKind};

/// A broken promise, with the place where it broke.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// The driver failed where it must not.
    Driver {
        /// The call.
        call: &'static str,
        /// How it failed.
        kind: ErrorKind,
    },
    /// The declared capabilities are impossible.
    Capabilities,
    /// A time lies before the one before it.
    TimeDecreased {
        /// Index of the later tag.
        index: u64,
        /// Its time.
        time_ps: i64,
        /// The time before it.
        before_ps: i64,
    },
    /// A channel that the tagger does not have.
    Channel {
        /// Index of the tag.
        index: u64,
        /// Its channel.
        channel: u16,
        /// Number of channels declared.
        channels: u16,
    },
    /// A length greater than the block.
    Length {
        /// The length reported.
        len: usize,
        /// The capacity of the block.
        capacity: usize,
    },
    /// Memory beyond the reported length was changed.
    Tail {
        /// First changed place.
        place: usize,
        /// The length reported.
        len: usize,
    },
    /// A gap that ends before it starts.
    Gap {
        /// Start.
        from_ps: i64,
        /// End.
        to_ps: i64,
    },
    /// Tags disappeared without being counted, or appeared from nowhere.
    Loss {
        /// Tags that the inputs made.
        injected: u64,
        /// Tags delivered.
        delivered: u64,
        /// Tags reported as missed.
        missed: u64,
    },
    /// Two readings of one recording differ.
    Different {
        /// Block size of the reading that differs from the reference.
        block: usize,
        /// Index of the first tag or event that differs.
        index: u64,
    },
    /// Tags came from a stopped tagger.
    WhileStopped {
        /// How many.
        len: usize,
    },
    /// Something came after the end of the data.
    AfterEnd,
    /// Neither tags nor an end for too many calls.
    NoProgress {
        /// Calls without a tag.
        calls: u64,
    },
    /// A second start did not do what the capabilities declare.
    Restart,
    /// `fill` allocated memory.
    Allocation {
        /// Number of allocations.
        count: u64,
    },
    /// A generator is not healthy although it delivers, or delivers although it is not.
    Health,
    /// Random bits that are too unlikely for a good generator.
    Randomness {
        /// The test.
        test: &'static str,
        /// Its statistic.
        statistic: f64,
        /// The limit.
        limit: f64,
    },
    /// The modulator applied another setting or applied it too early.
    Modulator {
        /// Index of the request.
        index: usize,
    },
    /// A signal of a slot is missing, doubled or at a forbidden place.
    Slot {
        /// The slot.
        slot: u64,
        /// What is wrong.
        rule: &'static str,
    },
}

impl Violation {
    pub(crate) fn driver<E: Error>(call: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Driver { call, kind: error.kind() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Driver { call, kind } => write!(f, "{call} failed: {kind}"),
            Self::Capabilities => f.write_str("the capabilities declare no channel or a resolution of 0 ps"),
            Self::TimeDecreased { index, time_ps, before_ps } => {
                write!(f, "tag {index} is at {time_ps} ps, before its predecessor at {before_ps} ps")
            }
            Self::Channel { index, channel, channels } => {
                write!(
                    f,
                    "tag {index} is on channel {channel}, but the capabilities declare {channels} channels"
                )
            }
            Self::Length { len, capacity } => write!(f, "fill reported {len} tags for a block of {capacity}"),
            Self::Tail { place, len } => {
                write!(f, "fill changed place {place} of a block although it reported {len} tags")
            }
            Self::Gap { from_ps, to_ps } => {
                write!(f, "a gap from {from_ps} ps ends before its start, at {to_ps} ps")
            }
            Self::Loss { injected, delivered, missed } => write!(
                f,
                "{injected} events were injected, but {delivered} tags delivered and {missed} reported as missed"
            ),
            Self::Different { block, index } => {
                write!(
                    f,
                    "read in blocks of {block}, the recording differs from the reference at entry {index}"
                )
            }
            Self::WhileStopped { len } => write!(f, "a stopped tagger delivered {len} tags"),
            Self::AfterEnd => {
                f.write_str("fill delivered something else than the end after the end of the data")
            }
            Self::NoProgress { calls } => write!(f, "neither a tag nor the end of the data in {calls} calls"),
            Self::Restart => f.write_str("a second start did not do what the capabilities declare"),
            Self::Allocation { count } => write!(f, "fill allocated memory {count} times"),
            Self::Health => f.write_str("the health of the generator contradicts what it delivers"),
            Self::Randomness { test, statistic, limit } => {
                write!(f, "the {test} test of the random bits gives {statistic}, beyond {limit}")
            }
            Self::Modulator { index } => {
                write!(f, "request {index} to the modulator was applied too early or with another setting")
            }
            Self::Slot { slot, rule } => write!(f, "slot {slot}: {rule}"),
        }
    }
}

impl core::error::Error for Violation {}
