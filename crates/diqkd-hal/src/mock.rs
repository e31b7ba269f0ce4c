//! A station that plays a script: every expected call with its answer, in order, with errors where the test wants
//! them.
//!
//! ```
//! use diqkd_core::{Channel, TimeTag};
//! use diqkd_hal::mock::{Mock, MockError, Transaction};
//! use diqkd_hal::{Error, ErrorKind, Status, TagBlock, TimeTagger};
//!
//! let tag = TimeTag { time_ps: 5, channel: Channel(1) };
//! let mut mock = Mock::new([
//!     Transaction::Start,
//!     Transaction::Fail(ErrorKind::Timeout),
//!     Transaction::Fill { tags: vec![tag], status: Status::EndOfData },
//! ]);
//! let (mut time_ps, mut channel) = ([0; 4], [0; 4]);
//! mock.start()?;
//! let mut fill = || mock.fill(TagBlock { time_ps: &mut time_ps, channel: &mut channel });
//! assert_eq!(fill().unwrap_err().kind(), ErrorKind::Timeout);
//! assert_eq!(fill()?.len, 1);
//! mock.done()?;
//! assert_eq!(time_ps[0], 5);
//! # Ok::<(), MockError>(())
//! ```

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;

use diqkd_core::{Channel, Setting, TimeTag};
use rand_core::TryRng;

use crate::detector::{Detector, DetectorReading};
use crate::entanglement_source::{EntanglementSource, SourceState};
use crate::error::{Error, ErrorKind, ErrorType};
use crate::filter::{Filter, Passband};
use crate::herald::{Herald, HeraldEvent};
use crate::identity::{Identity, StationIdentity};
use crate::modulator::{Applied, Modulator};
use crate::reference_clock::{ClockState, ReferenceClock};
use crate::safety::{Interlock, InterlockState, Tamper, TamperEvent};
use crate::setting_rng::{RngHealth, SettingRng};
use crate::time_tagger::{Capabilities, Filled, Restart, Status, TagBlock, TimeTagger};

mod playback;
mod source_log;

pub use playback::Playback;
pub use source_log::{SourceLog, SourceLogError};

/// One expected call and its answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Transaction {
    /// Whatever call comes next fails with this kind.
    Fail(ErrorKind),
    /// [`TimeTagger::start`].
    Start,
    /// [`TimeTagger::stop`].
    Stop,
    /// [`TimeTagger::fill`]: these tags, in as many calls as the blocks need, the last one with this status.
    Fill {
        /// The tags.
        tags: Vec<TimeTag>,
        /// What happens after them.
        status: Status,
    },
    /// [`Modulator::apply`] with these arguments.
    Apply {
        /// The expected setting.
        setting: Setting,
        /// The expected time.
        at_ps: i64,
        /// The answer.
        applied: Applied,
    },
    /// [`Herald::poll`].
    Herald(Option<HeraldEvent>),
    /// [`ReferenceClock::state`].
    Clock(ClockState),
    /// [`Detector::read`] of this channel.
    ReadDetector(Channel, DetectorReading),
    /// [`Detector::set_bias`] with these arguments.
    SetBias(Channel, i64),
    /// [`Detector::blank`] with these arguments.
    Blank {
        /// The expected channel.
        channel: Channel,
        /// The expected start.
        from_ps: i64,
        /// The expected end.
        to_ps: i64,
        /// The blind time that results.
        applied: (i64, i64),
    },
    /// [`Filter::passband`] of this channel.
    ReadFilter(Channel, Passband),
    /// [`Filter::tune`] with these arguments.
    Tune {
        /// The expected channel.
        channel: Channel,
        /// The expected passband.
        wanted: Passband,
        /// The passband that results.
        applied: Passband,
    },
    /// [`EntanglementSource::state`].
    Source(SourceState),
    /// [`EntanglementSource::align`].
    Align(SourceState),
    /// [`Tamper::poll`].
    Tamper(Option<TamperEvent>),
    /// [`Interlock::state`].
    Interlock(InterlockState),
    /// [`Interlock::trip`].
    Trip,
    /// A random word for [`SettingRng`].
    Word(u64),
}

/// A station that expects the calls of a script, one after the other, and gives the scripted answers.
///
/// A call that the script does not expect fails with [`MockError::Unexpected`] and is remembered for [`Mock::done`].
#[derive(Clone, Debug)]
pub struct Mock {
    /// What [`TimeTagger::capabilities`] answers.
    pub capabilities: Capabilities,
    /// What [`SettingRng::health`] answers.
    pub rng_health: RngHealth,
    /// What [`StationIdentity::identity`] answers.
    pub identity: Identity<'static>,
    script: VecDeque<Transaction>,
    played: usize,
    mismatch: Option<MockError>,
}

impl Mock {
    /// A station with this script.
    pub fn new(script: impl IntoIterator<Item = Transaction>) -> Self {
        Self {
            capabilities: Capabilities {
                resolution_ps: 1,
                channels: 16,
                max_tag_rate_hz: 0,
                dead_time_ps: 0,
                restart: Restart::Continues,
            },
            rng_health: RngHealth::Healthy,
            identity: Identity {
                serial: "mock",
                firmware_version: "0",
                firmware_hash: [0; 32],
                calibration_id: "none",
            },
            script: script.into_iter().collect(),
            played: 0,
            mismatch: None,
        }
    }

    /// Ends the test: the script must have been played to its end without an unexpected call.
    ///
    /// # Errors
    /// The first unexpected call, or [`MockError::Unplayed`].
    pub fn done(self) -> Result<(), MockError> {
        match self.mismatch {
            Some(error) => Err(error),
            None if self.script.is_empty() => Ok(()),
            None => Err(MockError::Unplayed { left: self.script.len() }),
        }
    }

    /// Plays the next transaction if `answer` accepts it as this `call`.
    fn play<T>(
        &mut self,
        call: &'static str,
        answer: impl FnOnce(Transaction) -> Option<T>,
    ) -> Result<T, MockError> {
        let position = self.played;
        let played = self.script.pop_front();
        self.played += 1;
        if let Some(Transaction::Fail(kind)) = played {
            return Err(MockError::Injected { kind });
        }
        played.and_then(answer).ok_or_else(|| {
            let error = MockError::Unexpected { call, position };
            self.mismatch.get_or_insert(error);
            error
        })
    }
}

/// What a mock fails with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MockError {
    /// The script says that this call fails.
    Injected {
        /// How.
        kind: ErrorKind,
    },
    /// The script expects another call, other arguments, or none.
    Unexpected {
        /// The call that came.
        call: &'static str,
        /// Index of the transaction that should have been played.
        position: usize,
    },
    /// The script was not played to its end.
    Unplayed {
        /// Transactions left.
        left: usize,
    },
}

impl fmt::Display for MockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Injected { kind } => write!(f, "injected by the script: {kind}"),
            Self::Unexpected { call, position } => {
                write!(f, "the call of {call} does not match transaction {position} of the script")
            }
            Self::Unplayed { left } => write!(f, "{left} transactions of the script were not played"),
        }
    }
}

impl core::error::Error for MockError {}

impl Error for MockError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Injected { kind } => *kind,
            Self::Unexpected { .. } | Self::Unplayed { .. } => ErrorKind::Other,
        }
    }
}

impl ErrorType for Mock {
    type Error = MockError;
}

impl TimeTagger for Mock {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn start(&mut self) -> Result<(), MockError> {
        self.play("TimeTagger::start", |t| (t == Transaction::Start).then_some(()))
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, MockError> {
        let (tags, status) = self.play("TimeTagger::fill", |t| match t {
            Transaction::Fill { tags, status } => Some((tags, status)),
            _ => None,
        })?;
        let len = tags.len().min(block.capacity());
        for (tag, (time_ps, channel)) in
            tags.iter().zip(block.time_ps.iter_mut().zip(block.channel)).take(len)
        {
            *time_ps = tag.time_ps;
            *channel = tag.channel.0;
        }
        if len < tags.len() {
            self.played -= 1;
            self.script.push_front(Transaction::Fill { tags: tags[len..].to_vec(), status });
            return Ok(Filled { len, status: Status::Streaming });
        }
        Ok(Filled { len, status })
    }

    fn stop(&mut self) -> Result<(), MockError> {
        self.play("TimeTagger::stop", |t| (t == Transaction::Stop).then_some(()))
    }
}

impl Modulator for Mock {
    fn apply(&mut self, setting: Setting, at_ps: i64) -> Result<Applied, MockError> {
        self.play("Modulator::apply", |t| match t {
            Transaction::Apply { setting: s, at_ps: at, applied } if (s, at) == (setting, at_ps) => {
                Some(applied)
            }
            _ => None,
        })
    }
}

impl Herald for Mock {
    fn poll(&mut self) -> Result<Option<HeraldEvent>, MockError> {
        self.play("Herald::poll", |t| if let Transaction::Herald(event) = t { Some(event) } else { None })
    }
}

impl ReferenceClock for Mock {
    fn state(&mut self) -> Result<ClockState, MockError> {
        self.play(
            "ReferenceClock::state",
            |t| if let Transaction::Clock(state) = t { Some(state) } else { None },
        )
    }
}

impl Detector for Mock {
    fn read(&mut self, channel: Channel) -> Result<DetectorReading, MockError> {
        self.play("Detector::read", |t| match t {
            Transaction::ReadDetector(c, reading) if c == channel => Some(reading),
            _ => None,
        })
    }

    fn set_bias(&mut self, channel: Channel, bias_uv: i64) -> Result<(), MockError> {
        self.play("Detector::set_bias", |t| (t == Transaction::SetBias(channel, bias_uv)).then_some(()))
    }

    fn blank(&mut self, channel: Channel, from_ps: i64, to_ps: i64) -> Result<(i64, i64), MockError> {
        self.play("Detector::blank", |t| match t {
            Transaction::Blank { channel: c, from_ps: from, to_ps: to, applied }
                if (c, from, to) == (channel, from_ps, to_ps) =>
            {
                Some(applied)
            }
            _ => None,
        })
    }
}

impl Filter for Mock {
    fn passband(&mut self, channel: Channel) -> Result<Passband, MockError> {
        self.play("Filter::passband", |t| match t {
            Transaction::ReadFilter(c, passband) if c == channel => Some(passband),
            _ => None,
        })
    }

    fn tune(&mut self, channel: Channel, wanted: Passband) -> Result<Passband, MockError> {
        self.play("Filter::tune", |t| match t {
            Transaction::Tune { channel: c, wanted: w, applied } if (c, w) == (channel, wanted) => {
                Some(applied)
            }
            _ => None,
        })
    }
}

impl EntanglementSource for Mock {
    fn state(&mut self) -> Result<SourceState, MockError> {
        self.play("EntanglementSource::state", |t| {
            if let Transaction::Source(state) = t { Some(state) } else { None }
        })
    }

    fn align(&mut self) -> Result<SourceState, MockError> {
        self.play("EntanglementSource::align", |t| {
            if let Transaction::Align(state) = t { Some(state) } else { None }
        })
    }
}

impl Tamper for Mock {
    fn poll(&mut self) -> Result<Option<TamperEvent>, MockError> {
        self.play("Tamper::poll", |t| if let Transaction::Tamper(event) = t { Some(event) } else { None })
    }
}

impl Interlock for Mock {
    fn state(&mut self) -> Result<InterlockState, MockError> {
        self.play(
            "Interlock::state",
            |t| if let Transaction::Interlock(state) = t { Some(state) } else { None },
        )
    }

    fn trip(&mut self) -> Result<(), MockError> {
        self.play("Interlock::trip", |t| (t == Transaction::Trip).then_some(()))
    }
}

impl StationIdentity for Mock {
    fn identity(&mut self) -> Result<Identity<'_>, MockError> {
        Ok(self.identity)
    }
}

impl TryRng for Mock {
    type Error = MockError;

    fn try_next_u32(&mut self) -> Result<u32, MockError> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, MockError> {
        self.play("TryRng", |t| if let Transaction::Word(word) = t { Some(word) } else { None })
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), MockError> {
        for chunk in dst.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl SettingRng for Mock {
    fn health(&self) -> RngHealth {
        self.rng_health
    }
}
