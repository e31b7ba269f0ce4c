//! The parts of a simulated station beside its tagger and setting RNG.

use std::collections::VecDeque;

use diqkd_core::{Channel, Role, Setting};
use diqkd_hal::{
    Alignment, Applied, ClockSource, ClockState, Detector, DetectorReading, EntanglementSource, Environment,
    EnvironmentReading, ErrorKind, ErrorType, Herald, HeraldEvent, Identity, Interlock, InterlockState, Lock,
    Modulator, Quantity, ReferenceClock, SourceState, StationIdentity, Tamper, TamperCause, TamperEvent,
};

use crate::click_table::Readout;
use crate::clock::BobClock;
use crate::experiment::Experiment;
use crate::fault::FaultKind;
use crate::heralds::BLOCK;
use crate::model::{CHANNELS, TriggerModel};
use crate::noise::Noise;
use crate::phase::{Phase, phases};

/// Modulator, herald unit, reference clock, detectors, source, tamper sensors, interlock and identity of one simulated
/// station, at a time that the caller moves on.
///
/// Faults show as they would: a clock fault (F2) unlocks Bob's reference clock, a stuck line (F3) makes Alice's
/// modulator apply another setting than asked, background light (F4) saturates Bob's detectors and fires a light
/// sensor, an outage (F5) disconnects Bob's detectors, new timing (F6) comes with new firmware at Alice.
/// Misalignment (F1) comes with a warm room, by 2 K at severity 1; it and few heralds (F7) show at the source. Aligning it ends the misalignment that it shows; the tags of
/// a [`SimulatedStation`](crate::SimulatedStation) follow the scenario as written.
#[derive(Clone, Debug)]
pub struct SimulatedParts {
    role: Role,
    experiment: Experiment,
    clock: Option<BobClock>,
    phases: Vec<Phase>,
    heralds: Noise,
    stuck: Noise,
    now_slot: u64,
    next_herald_slot: u64,
    settled_ps: i64,
    bias_uv: [i64; 2],
    aligned_slot: Option<u64>,
    tampered: VecDeque<TamperEvent>,
    tripped: bool,
    readings: u64,
    room: Noise,
}

impl SimulatedParts {
    /// The parts of the station of `role`, before slot 0.
    pub fn new(role: Role, experiment: &Experiment) -> Self {
        Self {
            role,
            experiment: experiment.clone(),
            clock: (role == Role::Bob).then(|| experiment.bob_clock()),
            phases: phases(experiment),
            heralds: Noise::new(experiment.seed, "heralds"),
            stuck: Noise::new(experiment.seed, "stuck settings"),
            now_slot: 0,
            next_herald_slot: 0,
            settled_ps: i64::MIN,
            bias_uv: [BIAS_UV; 2],
            aligned_slot: None,
            tampered: VecDeque::new(),
            tripped: false,
            readings: 0,
            room: Noise::new(experiment.seed, "room temperature"),
        }
    }

    /// Lets time pass until the start of `slot`; earlier slots change nothing.
    pub fn advance_to(&mut self, slot: u64) {
        let lit = |fault: &&crate::Fault| fault.kind == FaultKind::Saturation;
        let onsets = self.experiment.faults.iter().filter(lit).map(|fault| fault.slots.start);
        let new: Vec<u64> = onsets.filter(|&onset| self.now_slot < onset && onset <= slot).collect();
        if self.role == Role::Bob {
            for onset in new {
                let time_ps = Some(self.local_ps(onset, 0));
                self.tampered.push_back(TamperEvent { cause: TamperCause::Light, sensor: 0, time_ps });
            }
        }
        self.now_slot = self.now_slot.max(slot);
    }

    fn phase_at(&self, slot: u64) -> &Phase {
        let later = self.phases.partition_point(|phase| phase.from_slot <= slot);
        &self.phases[later.saturating_sub(1)]
    }

    fn is_active(&self, kind: FaultKind) -> bool {
        self.experiment.faults.iter().any(|fault| fault.kind == kind && fault.slots.contains(&self.now_slot))
    }

    /// A place in a slot on the station's own clock.
    fn local_ps(&self, slot: u64, place_ps: i64) -> i64 {
        let alice_ps = self.experiment.model.timing.start_ps(slot).saturating_add(place_ps);
        self.clock.clone().map_or(alice_ps, |mut clock| clock.bob_ps(alice_ps))
    }

    /// The slot in which a time on the station's own clock lies, to the precision of the clock model.
    fn slot_at(&self, local_ps: i64) -> u64 {
        let mut alice_ps = local_ps;
        if let Some(clock) = &self.clock {
            for _ in 0..3 {
                alice_ps = local_ps.saturating_sub(clock.clone().lead_ps(alice_ps).round() as i64);
            }
        }
        self.experiment.layout().slot_of(alice_ps).map_or(0, |(slot, _)| slot)
    }
}

impl ErrorType for SimulatedParts {
    type Error = ErrorKind;
}

impl Modulator for SimulatedParts {
    fn apply(&mut self, setting: Setting, at_ps: i64) -> Result<Applied, ErrorKind> {
        let settings = if self.role == Role::Alice { 2 } else { 3 };
        if setting.index() >= settings || at_ps < self.settled_ps {
            return Err(ErrorKind::OutOfRange);
        }
        let slot = self.slot_at(at_ps);
        let setting = match self.role {
            Role::Alice => self.phase_at(slot).applied(setting, || self.stuck.word(slot)),
            Role::Bob => setting,
        };
        self.settled_ps = at_ps.saturating_add(SETTLING_PS);
        Ok(Applied { setting, time_ps: self.settled_ps })
    }
}

impl Herald for SimulatedParts {
    /// The next herald of this site before the present slot; clocked stations have none.
    fn poll(&mut self) -> Result<Option<HeraldEvent>, ErrorKind> {
        if matches!(self.experiment.model.trigger, TriggerModel::Clocked { .. }) {
            return Ok(None);
        }
        while self.next_herald_slot < self.now_slot {
            let slot = self.next_herald_slot;
            self.next_herald_slot += 1;
            let phase = self.phase_at(slot);
            let (at_alice, at_bob) = phase.rounds(self.heralds, slot / BLOCK).sites(slot);
            if if self.role == Role::Alice { at_alice } else { at_bob } {
                let time_ps = self.local_ps(slot, self.experiment.model.timing.herald_ps);
                return Ok(Some(HeraldEvent { time_ps, state: 0 }));
            }
        }
        Ok(None)
    }
}

impl ReferenceClock for SimulatedParts {
    fn state(&mut self) -> Result<ClockState, ErrorKind> {
        let lock = match self.role {
            Role::Bob if self.is_active(FaultKind::ClockStep) => Lock::Unlocked,
            _ => Lock::NotApplicable,
        };
        Ok(ClockState { source: ClockSource::FreeRunning, lock, offset_ps: None, uncertainty_ps: None })
    }
}

impl Detector for SimulatedParts {
    fn read(&mut self, channel: Channel) -> Result<DetectorReading, ErrorKind> {
        let detector = self.detector(channel)?;
        let timing = self.experiment.model.timing;
        let background =
            if self.role == Role::Bob { self.phase_at(self.now_slot).bob_background } else { 0.0 };
        let slots_a_second = 1e12 / timing.slot_period_ps as f64;
        let rounds = self.experiment.model.trigger.round_probability();
        // Half of the rounds give a click on each detector; with one detector, all clicks are on the first.
        let share = match self.experiment.model.readout {
            Readout::Fluorescence { .. } if detector == 1 => 0.0,
            _ => 0.5 * rounds + timing.stray_click + 2.0 * background,
        };
        Ok(DetectorReading {
            bias_uv: self.bias_uv[detector],
            temperature_mk: TEMPERATURE_MK,
            count_rate_hz: (share * slots_a_second) as u64,
            dead_time_ps: timing.dead_time_ps.unsigned_abs(),
            saturated: background > 0.0,
        })
    }

    fn set_bias(&mut self, channel: Channel, bias_uv: i64) -> Result<(), ErrorKind> {
        let detector = self.detector(channel)?;
        if !(0..=2 * BIAS_UV).contains(&bias_uv) {
            return Err(ErrorKind::OutOfRange);
        }
        self.bias_uv[detector] = bias_uv;
        Ok(())
    }

    fn blank(&mut self, channel: Channel, from_ps: i64, to_ps: i64) -> Result<(i64, i64), ErrorKind> {
        self.detector(channel)?;
        if to_ps < from_ps {
            return Err(ErrorKind::OutOfRange);
        }
        let grid = |time_ps: i64| time_ps.div_euclid(BLANKING_GRID_PS) * BLANKING_GRID_PS;
        Ok((grid(from_ps), grid(to_ps.saturating_add(BLANKING_GRID_PS - 1))))
    }
}

impl EntanglementSource for SimulatedParts {
    fn state(&mut self) -> Result<SourceState, ErrorKind> {
        let model = &self.experiment.model;
        let escaped = |kind, since: Option<u64>| {
            let faults = self.experiment.faults.iter();
            let active = faults.filter(|fault| fault.kind == kind && fault.slots.contains(&self.now_slot));
            let later = active.filter(|fault| since.is_none_or(|slot| slot < fault.slots.start));
            later.map(|fault| 1.0 - fault.clamped_severity()).product::<f64>()
        };
        let pulses_hz = 1e12 / model.timing.slot_period_ps as f64;
        let rate_hz = match model.trigger {
            TriggerModel::EventReady { probability, .. } => {
                pulses_hz * probability * escaped(FaultKind::LowRate, None)
            }
            TriggerModel::Clocked { .. } => pulses_hz,
        };
        let contrast = escaped(FaultKind::Misalignment, self.aligned_slot);
        Ok(SourceState {
            time_ps: model.timing.start_ps(self.now_slot),
            rate_hz,
            visibility: Some((1.0 - 2.0 * model.behaviour().qber()).clamp(0.0, 1.0) * contrast),
            alignment: if contrast < 1.0 { Alignment::Drifted } else { Alignment::Aligned },
        })
    }

    fn align(&mut self) -> Result<SourceState, ErrorKind> {
        self.aligned_slot = Some(self.now_slot);
        EntanglementSource::state(self)
    }
}

impl SimulatedParts {
    fn detector(&self, channel: Channel) -> Result<usize, ErrorKind> {
        if self.role == Role::Bob && self.phase_at(self.now_slot).bob_blind {
            return Err(ErrorKind::Disconnected);
        }
        CHANNELS.detectors.iter().position(|&c| c == channel).ok_or(ErrorKind::OutOfRange)
    }
}

impl Environment for SimulatedParts {
    /// The temperature of the room, every millisecond: 293.15 K, uniform within 50 mK about it.
    fn poll(&mut self) -> Result<Option<EnvironmentReading>, ErrorKind> {
        let slots_a_reading = (READING_PERIOD_PS / self.experiment.model.timing.slot_period_ps).max(1) as u64;
        let slot = self.readings.saturating_mul(slots_a_reading);
        if slot > self.now_slot {
            return Ok(None);
        }
        let faults = self.experiment.faults.iter();
        let misaligned = faults.filter(|f| f.kind == FaultKind::Misalignment && f.slots.contains(&slot));
        let warmth_uk: f64 = misaligned.map(|fault| 2e6 * fault.clamped_severity()).sum();
        let noise_uk = (self.room.word(self.readings) % 100_001) as i64 - 50_000;
        self.readings += 1;
        Ok(Some(EnvironmentReading {
            sensor: 0,
            quantity: Quantity::Temperature,
            value: ROOM_UK + warmth_uk as i64 + noise_uk,
            time_ps: self.local_ps(slot, 0),
        }))
    }
}

impl Tamper for SimulatedParts {
    fn poll(&mut self) -> Result<Option<TamperEvent>, ErrorKind> {
        Ok(self.tampered.pop_front())
    }
}

impl Interlock for SimulatedParts {
    fn state(&mut self) -> Result<InterlockState, ErrorKind> {
        Ok(if self.tripped { InterlockState::Tripped } else { InterlockState::Closed })
    }

    fn trip(&mut self) -> Result<(), ErrorKind> {
        self.tripped = true;
        Ok(())
    }
}

impl StationIdentity for SimulatedParts {
    fn identity(&mut self) -> Result<Identity<'_>, ErrorKind> {
        let changed = self.role == Role::Alice && self.is_active(FaultKind::TimingShift);
        let (firmware_version, firmware_hash) =
            if changed { ("1.1", NEW_FIRMWARE) } else { ("1.0", FIRMWARE) };
        let serial = match self.role {
            Role::Alice => "simulated-alice",
            Role::Bob => "simulated-bob",
        };
        Ok(Identity { serial, firmware_version, firmware_hash, calibration_id: "simulated" })
    }
}

const BIAS_UV: i64 = 20_000;
const TEMPERATURE_MK: u32 = 800;
const SETTLING_PS: i64 = 20_000;
const ROOM_UK: i64 = 293_150_000;
const READING_PERIOD_PS: i64 = 1_000_000_000;
const BLANKING_GRID_PS: i64 = 8_000;
const FIRMWARE: [u8; 32] = [0x10; 32];
const NEW_FIRMWARE: [u8; 32] = [0x11; 32];
