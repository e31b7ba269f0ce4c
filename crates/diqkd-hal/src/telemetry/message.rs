//! What a controller says, and its payload.

use diqkd_core::Channel;

use super::fields::{FieldReader, FieldWriter};
use crate::{
    Alignment, ClockSource, ClockState, DetectorReading, EnvironmentReading, InterlockState, Lock, Quantity,
    RngFault, RngHealth, SourceState, TamperCause, TamperEvent,
};

/// What a controller says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Message {
    /// It is alive.
    Heartbeat {
        /// Milliseconds since it started.
        uptime_ms: u64,
        /// Frames that it could not send since then.
        dropped: u32,
    },
    /// A reading of the surroundings.
    Environment(EnvironmentReading),
    /// Operating values of the detector behind a channel.
    Detector {
        /// The tagger's channel.
        channel: Channel,
        /// The values.
        reading: DetectorReading,
    },
    /// The state of the reference clock.
    Clock(ClockState),
    /// The verdict of the setting generator's own tests.
    SettingRng(RngHealth),
    /// A tamper sensor has fired.
    Tamper(TamperEvent),
    /// The state of the interlock loop.
    Interlock(InterlockState),
    /// The state of the source of entangled pairs. The frame keeps the rate to a millihertz, the visibility to a
    /// millionth.
    Source(SourceState),
    /// Digest of the running firmware image.
    Firmware([u8; 32]),
}

impl Message {
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Heartbeat { .. } => 1,
            Self::Environment(_) => 2,
            Self::Detector { .. } => 3,
            Self::Clock(_) => 4,
            Self::SettingRng(_) => 5,
            Self::Tamper(_) => 6,
            Self::Interlock(_) => 7,
            Self::Source(_) => 8,
            Self::Firmware(_) => 9,
        }
    }

    pub(super) fn write(&self, w: &mut FieldWriter<'_>) {
        match *self {
            Self::Heartbeat { uptime_ms, dropped } => {
                w.put(uptime_ms.to_le_bytes());
                w.put(dropped.to_le_bytes());
            }
            Self::Environment(EnvironmentReading { sensor, quantity, value, time_ps }) => {
                w.put(sensor.to_le_bytes());
                w.put([code(&Quantity::ALL, quantity)]);
                w.put(value.to_le_bytes());
                w.put(time_ps.to_le_bytes());
            }
            Self::Detector { channel, reading } => {
                w.put(channel.0.to_le_bytes());
                w.put(reading.bias_uv.to_le_bytes());
                w.put(reading.temperature_mk.to_le_bytes());
                w.put(reading.count_rate_hz.to_le_bytes());
                w.put(reading.dead_time_ps.to_le_bytes());
                w.put([u8::from(reading.saturated)]);
            }
            Self::Clock(ClockState { source, lock, offset_ps, uncertainty_ps }) => {
                w.put([code(&CLOCK_SOURCES, source), code(&LOCKS, lock)]);
                w.put([u8::from(offset_ps.is_some()) | u8::from(uncertainty_ps.is_some()) << 1]);
                w.put(offset_ps.unwrap_or(0).to_le_bytes());
                w.put(uncertainty_ps.unwrap_or(0).to_le_bytes());
            }
            Self::SettingRng(health) => w.put(match health {
                RngHealth::Starting => [0, 0],
                RngHealth::Healthy => [1, 0],
                RngHealth::Degraded(fault) => [2, code(&RNG_FAULTS, fault)],
                RngHealth::Failed(fault) => [3, code(&RNG_FAULTS, fault)],
            }),
            Self::Tamper(TamperEvent { cause, sensor, time_ps }) => {
                w.put([code(&TAMPER_CAUSES, cause)]);
                w.put(sensor.to_le_bytes());
                w.put([u8::from(time_ps.is_some())]);
                w.put(time_ps.unwrap_or(0).to_le_bytes());
            }
            Self::Interlock(state) => w.put([code(&INTERLOCK_STATES, state)]),
            Self::Source(SourceState { time_ps, rate_hz, visibility, alignment }) => {
                w.put(time_ps.to_le_bytes());
                // A conversion to an integer saturates, and takes a NaN as 0.
                w.put(((rate_hz * MILLIHERTZ + 0.5) as u64).min(MAX_RATE_MHZ).to_le_bytes());
                let ppm = visibility.map(|share| (share.clamp(0.0, 1.0) * PPM + 0.5) as u32);
                w.put(ppm.unwrap_or(UNKNOWN_VISIBILITY).to_le_bytes());
                w.put([code(&ALIGNMENTS, alignment)]);
            }
            Self::Firmware(digest) => w.put(digest),
        }
    }

    /// The message of a kind that is known; `None` for another kind.
    pub(super) fn read(kind: u8, payload: &[u8]) -> Option<Result<Self, BadPayload>> {
        let mut r = FieldReader(payload);
        let message = match kind {
            1 => heartbeat(&mut r),
            2 => environment(&mut r),
            3 => detector(&mut r),
            4 => clock(&mut r),
            5 => setting_rng(&mut r),
            6 => tamper(&mut r),
            7 => r.code(&INTERLOCK_STATES).map(Self::Interlock),
            8 => source(&mut r),
            9 => r.take().map(Self::Firmware),
            _ => return None,
        };
        Some(message.filter(|_| r.0.is_empty()).ok_or(BadPayload))
    }
}

/// A payload that is no message of its kind.
#[derive(Debug)]
pub(super) struct BadPayload;

fn heartbeat(r: &mut FieldReader<'_>) -> Option<Message> {
    Some(Message::Heartbeat { uptime_ms: r.u64()?, dropped: r.u32()? })
}

fn environment(r: &mut FieldReader<'_>) -> Option<Message> {
    Some(Message::Environment(EnvironmentReading {
        sensor: r.u16()?,
        quantity: r.code(&Quantity::ALL)?,
        value: r.i64()?,
        time_ps: r.i64()?,
    }))
}

fn detector(r: &mut FieldReader<'_>) -> Option<Message> {
    Some(Message::Detector {
        channel: Channel(r.u16()?),
        reading: DetectorReading {
            bias_uv: r.i64()?,
            temperature_mk: r.u32()?,
            count_rate_hz: r.u64()?,
            dead_time_ps: r.u64()?,
            saturated: r.code(&[false, true])?,
        },
    })
}

fn clock(r: &mut FieldReader<'_>) -> Option<Message> {
    let (source, lock, known) = (r.code(&CLOCK_SOURCES)?, r.code(&LOCKS)?, r.u8()?);
    if known > 3 {
        return None;
    }
    Some(Message::Clock(ClockState {
        source,
        lock,
        offset_ps: FieldReader::optional(known & 1 == 1, r.i64())?,
        uncertainty_ps: FieldReader::optional(known & 2 == 2, r.u64())?,
    }))
}

fn setting_rng(r: &mut FieldReader<'_>) -> Option<Message> {
    let (health, fault) = (r.u8()?, r.code(&RNG_FAULTS)?);
    Some(Message::SettingRng(match health {
        0 => RngHealth::Starting,
        1 => RngHealth::Healthy,
        2 => RngHealth::Degraded(fault),
        3 => RngHealth::Failed(fault),
        _ => return None,
    }))
}

fn tamper(r: &mut FieldReader<'_>) -> Option<Message> {
    Some(Message::Tamper(TamperEvent {
        cause: r.code(&TAMPER_CAUSES)?,
        sensor: r.u16()?,
        time_ps: {
            let known = r.code(&[false, true])?;
            FieldReader::optional(known, r.i64())?
        },
    }))
}

fn source(r: &mut FieldReader<'_>) -> Option<Message> {
    Some(Message::Source(SourceState {
        time_ps: r.i64()?,
        rate_hz: r.u64().filter(|&rate_mhz| rate_mhz <= MAX_RATE_MHZ)? as f64 / MILLIHERTZ,
        visibility: match r.u32()? {
            UNKNOWN_VISIBILITY => None,
            ppm if f64::from(ppm) <= PPM => Some(f64::from(ppm) / PPM),
            _ => return None,
        },
        alignment: r.code(&ALIGNMENTS)?,
    }))
}

/// The place of a variant in its list, which holds all of them.
fn code<T: PartialEq>(variants: &[T], variant: T) -> u8 {
    variants.iter().position(|v| *v == variant).unwrap_or(variants.len()) as u8
}

const MILLIHERTZ: f64 = 1e3;
const PPM: f64 = 1e6;
/// Rates up to here survive the way through a floating-point number.
const MAX_RATE_MHZ: u64 = 1 << 50;
const UNKNOWN_VISIBILITY: u32 = u32::MAX;

const CLOCK_SOURCES: [ClockSource; 6] = [
    ClockSource::FreeRunning,
    ClockSource::Pps,
    ClockSource::WhiteRabbit,
    ClockSource::Gnss,
    ClockSource::Ptp,
    ClockSource::Ntp,
];
const LOCKS: [Lock; 4] = [Lock::NotApplicable, Lock::Locked, Lock::Holdover, Lock::Unlocked];
const RNG_FAULTS: [RngFault; 4] =
    [RngFault::Stuck, RngFault::Biased, RngFault::Source, RngFault::Unspecified];
const TAMPER_CAUSES: [TamperCause; 7] = [
    TamperCause::Enclosure,
    TamperCause::Light,
    TamperCause::Power,
    TamperCause::Temperature,
    TamperCause::Motion,
    TamperCause::Firmware,
    TamperCause::Other,
];
const INTERLOCK_STATES: [InterlockState; 3] =
    [InterlockState::Closed, InterlockState::Open, InterlockState::Tripped];
const ALIGNMENTS: [Alignment; 3] = [Alignment::Aligned, Alignment::Drifted, Alignment::Unknown];

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes as the protocol's table says; a new variant fails to compile here until it has one.
    #[test]
    fn every_variant_has_its_code() {
        for v in CLOCK_SOURCES {
            let expected = match v {
                ClockSource::FreeRunning => 0,
                ClockSource::Pps => 1,
                ClockSource::WhiteRabbit => 2,
                ClockSource::Gnss => 3,
                ClockSource::Ptp => 4,
                ClockSource::Ntp => 5,
            };
            assert_eq!(code(&CLOCK_SOURCES, v), expected);
        }
        for v in LOCKS {
            let expected = match v {
                Lock::NotApplicable => 0,
                Lock::Locked => 1,
                Lock::Holdover => 2,
                Lock::Unlocked => 3,
            };
            assert_eq!(code(&LOCKS, v), expected);
        }
        for v in RNG_FAULTS {
            let expected = match v {
                RngFault::Stuck => 0,
                RngFault::Biased => 1,
                RngFault::Source => 2,
                RngFault::Unspecified => 3,
            };
            assert_eq!(code(&RNG_FAULTS, v), expected);
        }
        for v in TAMPER_CAUSES {
            let expected = match v {
                TamperCause::Enclosure => 0,
                TamperCause::Light => 1,
                TamperCause::Power => 2,
                TamperCause::Temperature => 3,
                TamperCause::Motion => 4,
                TamperCause::Firmware => 5,
                TamperCause::Other => 6,
            };
            assert_eq!(code(&TAMPER_CAUSES, v), expected);
        }
        for v in INTERLOCK_STATES {
            let expected = match v {
                InterlockState::Closed => 0,
                InterlockState::Open => 1,
                InterlockState::Tripped => 2,
            };
            assert_eq!(code(&INTERLOCK_STATES, v), expected);
        }
        for v in ALIGNMENTS {
            let expected = match v {
                Alignment::Aligned => 0,
                Alignment::Drifted => 1,
                Alignment::Unknown => 2,
            };
            assert_eq!(code(&ALIGNMENTS, v), expected);
        }
        for v in Quantity::ALL {
            let expected = match v {
                Quantity::Temperature => 0,
                Quantity::Humidity => 1,
                Quantity::Pressure => 2,
                Quantity::Vibration => 3,
                Quantity::MagneticField => 4,
                Quantity::Illuminance => 5,
                Quantity::OpticalPower => 6,
            };
            assert_eq!(code(&Quantity::ALL, v), expected);
        }
    }
}
