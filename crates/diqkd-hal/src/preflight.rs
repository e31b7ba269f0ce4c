//! The generic check before a run: may this station make key now?

use core::fmt;

use crate::error::{Error, ErrorKind};
use crate::identity::StationIdentity;
use crate::reference_clock::{ClockSource, Lock, ReferenceClock};
use crate::safety::{Interlock, InterlockState, Tamper, TamperEvent};

/// What a run demands of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// Digest of the qualified firmware.
    pub firmware_hash: [u8; 32],
    /// What the time base must be.
    pub clock: ClockRequirement,
}

/// What the time base must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockRequirement {
    /// Any hardware clock: the sites' clocks are matched from data.
    Hardware,
    /// A clock locked to a reference within this standard deviation.
    Disciplined {
        /// Greatest uncertainty in picoseconds.
        max_uncertainty_ps: u64,
    },
}

/// Asks a station everything that can forbid a run. Tamper events that this call takes from the station are reported
/// here and nowhere else.
///
/// # Errors
/// The first reason not to start.
pub fn preflight<S>(station: &mut S, requirements: &Requirements) -> Result<(), NotReady>
where
    S: StationIdentity + ReferenceClock + Interlock + Tamper,
{
    let reported = station.identity().map_err(failed("identity"))?.firmware_hash;
    if reported != requirements.firmware_hash {
        return Err(NotReady::Firmware { reported });
    }
    if let Some(event) = Tamper::poll(station).map_err(failed("tamper sensors"))? {
        return Err(NotReady::Tampered(event));
    }
    match Interlock::state(station).map_err(failed("interlock"))? {
        InterlockState::Closed => {}
        state => return Err(NotReady::Interlock(state)),
    }
    let clock = ReferenceClock::state(station).map_err(failed("reference clock"))?;
    let holds = match requirements.clock {
        ClockRequirement::Hardware => clock.source != ClockSource::Ntp && clock.lock != Lock::Unlocked,
        ClockRequirement::Disciplined { max_uncertainty_ps } => {
            clock.lock == Lock::Locked && clock.uncertainty_ps.is_some_and(|ps| ps <= max_uncertainty_ps)
        }
    };
    if holds {
        Ok(())
    } else {
        Err(NotReady::Clock { lock: clock.lock, uncertainty_ps: clock.uncertainty_ps })
    }
}

fn failed<E: Error>(part: &'static str) -> impl FnOnce(E) -> NotReady {
    move |error| NotReady::Failed { part, kind: error.kind() }
}

/// Why a station must not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotReady {
    /// A part does not answer.
    Failed {
        /// The part.
        part: &'static str,
        /// How it fails.
        kind: ErrorKind,
    },
    /// The firmware is not the qualified one.
    Firmware {
        /// The digest that the station reports.
        reported: [u8; 32],
    },
    /// Somebody tampered.
    Tampered(TamperEvent),
    /// The interlock is not closed.
    Interlock(InterlockState),
    /// The time base does not meet the requirement.
    Clock {
        /// Its lock.
        lock: Lock,
        /// Its uncertainty in picoseconds.
        uncertainty_ps: Option<u64>,
    },
}

impl NotReady {
    /// The kind that generic code decides on.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Failed { kind, .. } => *kind,
            Self::Firmware { .. } => ErrorKind::FirmwareMismatch,
            Self::Tampered(_) => ErrorKind::Tamper,
            Self::Interlock(_) => ErrorKind::Unsupported,
            Self::Clock { .. } => ErrorKind::SyncLost,
        }
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { part, kind } => write!(f, "the {part} of the station failed: {kind}"),
            Self::Firmware { reported } => {
                f.write_str("the station runs firmware ")?;
                for byte in &reported[..4] {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str(
                    "..., which is not the qualified one; requalify the station or restore its firmware",
                )
            }
            Self::Tampered(event) => {
                write!(f, "tamper sensor {} reports {:?}; inspect the station", event.sensor, event.cause)
            }
            Self::Interlock(state) => {
                write!(f, "the interlock is {state:?}, expected Closed; reset it on site")
            }
            Self::Clock { lock, uncertainty_ps } => write!(
                f,
                "the reference clock ({lock:?}, uncertainty {uncertainty_ps:?} ps) does not meet the requirement"
            ),
        }
    }
}

impl core::error::Error for NotReady {}
