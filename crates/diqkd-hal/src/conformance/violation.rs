//! What a driver did that its contract forbids.

use core::fmt;

use diqkd_core::Setting;

use crate::error::{Error, ErrorKind};
use crate::modulator::Applied;
use crate::time_tagger::Restart;

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
    /// A call that failed had written tags before: they are lost with it.
    FailedAfterTags {
        /// Places that had been written.
        written: usize,
    },
    /// A second start did not do what the capabilities declare.
    Restart {
        /// What they declare.
        declared: Restart,
    },
    /// A device that fails was reported with another kind of error, or not at all.
    ErrorKind {
        /// The kind that the failure is.
        expected: ErrorKind,
        /// The kind that was reported; `None` for an end of the data or silence.
        found: Option<ErrorKind>,
    },
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
        /// The setting that was asked for.
        setting: Setting,
        /// From when.
        at_ps: i64,
        /// The answer.
        applied: Applied,
    },
    /// A source said something impossible, or was not aligned after it said so.
    Source {
        /// Index of the reading.
        index: usize,
        /// What is wrong.
        rule: &'static str,
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
    /// What usually is behind it, and what to change.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Driver { .. } => {
                "only a timeout may be an error here: open a device that works for this check"
            }
            Self::Capabilities => "declare what the model really has; a resolution below 1 ps counts as 1",
            Self::TimeDecreased { .. } => {
                "extend the hardware's counter to 64 bits, sort tags of different channels, or report SyncLost first"
            }
            Self::Channel { .. } => {
                "number the channels from 0, or declare one channel more than the greatest number"
            }
            Self::Length { .. } => "stop at TagBlock::capacity() and keep the rest for the next call",
            Self::Tail { .. } => "write exactly the first `len` places of both columns",
            Self::Gap { .. } => "give the start of the blind time first, on the tagger's own clock",
            Self::Loss { delivered, injected, .. } if delivered > injected => {
                "tags are delivered twice or made up: check where a block goes on after the one before it"
            }
            Self::Loss { .. } => {
                "count what the ring buffer drops and report it as Overflow, also at the end and after a stop"
            }
            Self::Different { block: 0, .. } => {
                "a call with an empty block must leave everything for the next one"
            }
            Self::Different { .. } => {
                "the cut into blocks must change nothing: keep what did not fit, in order"
            }
            Self::WhileStopped { .. } => "return no tag before start and after stop; flush old ones on start",
            Self::AfterEnd => "once EndOfData was said, say it again without tags on every call",
            Self::NoProgress { .. } => {
                "let recordings end with EndOfData, or set max_tags below what live inputs make, and feed the inputs"
            }
            Self::FailedAfterTags { .. } => {
                "return the tags that are there, with Streaming, and fail in the next call"
            }
            Self::Restart { .. } => "declare Continues, Rewinds or Unsupported as the device really behaves",
            Self::ErrorKind { .. } => {
                "map the vendor's codes in kind(): the table is in the documentation of ErrorKind"
            }
            Self::Allocation { .. } => "allocate in start, not in fill",
            Self::Health => "deliver nothing unless the health is Healthy or Degraded",
            Self::Randomness { .. } => {
                "look for stuck lines and bits that are read twice; a good generator fails once in 10^11 runs"
            }
            Self::Modulator { .. } => {
                "answer with the setting that was read back and the time from which it is settled"
            }
            Self::Source { .. } => {
                "report in hertz, from 0 to 1 and on one clock; let align wait until the source has settled"
            }
            Self::Slot { .. } => "check windows and channels of the layout against the wiring and its delays",
        }
    }

    pub(crate) fn driver<E: Error>(call: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Driver { call, kind: error.kind() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Driver { call, kind } => write!(f, "{call} failed: {kind}")?,
            Self::Capabilities => {
                f.write_str("the capabilities declare no channel or a resolution of 0 ps")?
            }
            Self::TimeDecreased { index, time_ps, before_ps } => {
                write!(f, "tag {index} is at {time_ps} ps, before its predecessor at {before_ps} ps")?;
            }
            Self::Channel { index, channel, channels } => write!(
                f,
                "tag {index} is on channel {channel}, but the capabilities declare {channels} channels, from 0"
            )?,
            Self::Length { len, capacity } => {
                write!(f, "fill reported {len} tags for a block of {capacity}")?
            }
            Self::Tail { place, len } => {
                write!(
                    f,
                    "place {place} is wrong for a length of {len}: changed beyond it, or not filled within it"
                )?;
            }
            Self::Gap { from_ps, to_ps } => {
                write!(f, "a gap from {from_ps} ps ends before its start, at {to_ps} ps")?;
            }
            Self::Loss { injected, delivered, missed } => write!(
                f,
                "{injected} events were injected, but {delivered} tags delivered and {missed} reported as missed"
            )?,
            Self::Different { block, index } => write!(
                f,
                "read in blocks of {block}, the recording differs from the reference at entry {index}"
            )?,
            Self::WhileStopped { len } => write!(f, "a stopped tagger delivered {len} tags")?,
            Self::AfterEnd => {
                f.write_str("fill delivered something else than the end after the end of the data")?;
            }
            Self::NoProgress { calls } => {
                write!(f, "neither a tag nor the end of the data in {calls} calls")?
            }
            Self::FailedAfterTags { written } => {
                write!(f, "fill failed after it had written {written} tags, which are lost with the call")?;
            }
            Self::Restart { declared } => {
                write!(
                    f,
                    "the capabilities declare restart: {declared:?}, but a second start did otherwise"
                )?;
            }
            Self::ErrorKind { expected, found: Some(found) } => {
                write!(f, "a failure of kind {expected:?} was reported as {found:?}")?;
            }
            Self::ErrorKind { expected, found: None } => {
                write!(f, "a failure of kind {expected:?} was not reported as an error at all")?;
            }
            Self::Allocation { count } => write!(f, "fill allocated memory {count} times")?,
            Self::Health => f.write_str("the health of the generator contradicts what it delivers")?,
            Self::Randomness { test, statistic, limit } => {
                write!(f, "the {test} test of the random bits gives {statistic:.1}, beyond {limit}")?;
            }
            Self::Modulator { index, setting, at_ps, applied } => write!(
                f,
                "request {index} asked the modulator for setting {} from {at_ps} ps on, and it applied setting {} at {} ps",
                setting.index(),
                applied.setting.index(),
                applied.time_ps
            )?,
            Self::Source { index, rule } => write!(f, "reading {index} of the source: {rule}")?,
            Self::Slot { slot, rule } => write!(f, "slot {slot}: {rule}")?,
        }
        write!(f, "; {}", self.advice())
    }
}

impl core::error::Error for Violation {}
