//! A tagger that stops when a tamper sensor fires.

use alloc::vec::Vec;
use core::fmt;

use crate::error::{Error, ErrorKind, ErrorType};
use crate::safety::{Tamper, TamperEvent};
use crate::time_tagger::{Capabilities, Filled, TagBlock, TimeTagger};

/// A tagger and the tamper sensors of its station: the sensors are asked before every block, and once one has fired, no
/// more tags come. A session that records with it ends without a key.
#[derive(Clone, Debug)]
pub struct Guarded<T, M> {
    tagger: T,
    tamper: M,
    events: Vec<TamperEvent>,
}

impl<T: TimeTagger, M: Tamper> Guarded<T, M> {
    /// Both parts of one station.
    pub fn new(tagger: T, tamper: M) -> Self {
        Self { tagger, tamper, events: Vec::new() }
    }

    /// The events seen, at most [`Guarded::MAX_EVENTS`]; asks the sensors once more, also about the time since the last
    /// block.
    ///
    /// # Errors
    /// The error of the sensors.
    pub fn events(&mut self) -> Result<&[TamperEvent], M::Error> {
        self.ask()?;
        Ok(&self.events)
    }

    /// Events kept; a sensor that goes on firing says nothing new.
    pub const MAX_EVENTS: usize = 256;

    fn ask(&mut self) -> Result<(), M::Error> {
        while self.events.len() < Self::MAX_EVENTS
            && let Some(event) = self.tamper.poll()?
        {
            self.events.push(event);
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), GuardError<T::Error>> {
        self.ask().map_err(|error| GuardError::Sensors(error.kind()))?;
        self.events.first().map_or(Ok(()), |&event| Err(GuardError::Tampered(event)))
    }
}

impl<T: TimeTagger, M: Tamper> ErrorType for Guarded<T, M> {
    type Error = GuardError<T::Error>;
}

impl<T: TimeTagger, M: Tamper> TimeTagger for Guarded<T, M> {
    fn capabilities(&self) -> Capabilities {
        self.tagger.capabilities()
    }

    fn start(&mut self) -> Result<(), Self::Error> {
        self.check()?;
        self.tagger.start().map_err(GuardError::Tagger)
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Self::Error> {
        self.check()?;
        self.tagger.fill(block).map_err(GuardError::Tagger)
    }

    fn stop(&mut self) -> Result<(), Self::Error> {
        self.tagger.stop().map_err(GuardError::Tagger)
    }
}

/// Why a guarded tagger delivers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuardError<E> {
    /// A tamper sensor fired.
    Tampered(TamperEvent),
    /// The sensors can't be read, which is itself a reason to stop.
    Sensors(ErrorKind),
    /// The tagger failed.
    Tagger(E),
}

impl<E: Error> Error for GuardError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Tampered(_) | Self::Sensors(_) => ErrorKind::Tamper,
            Self::Tagger(error) => error.kind(),
        }
    }
}

impl<E: fmt::Debug> fmt::Display for GuardError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tampered(event) => {
                write!(
                    f,
                    "tamper sensor {} fired ({}); inspect the station",
                    event.sensor,
                    event.cause.name()
                )
            }
            Self::Sensors(kind) => write!(f, "the tamper sensors failed ({kind}); inspect the station"),
            Self::Tagger(error) => write!(f, "the tagger failed: {error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for GuardError<E> {}
