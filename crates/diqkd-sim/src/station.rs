//! One site's tagger.

use core::convert::Infallible;

use diqkd_core::{Role, Setting};
use diqkd_hal::{Capabilities, ErrorType, Filled, Restart, SettingChooser, Status, TagBlock, TimeTagger};

use crate::click_table::Readout;
use crate::clock::BobClock;
use crate::devices::{Answer, Delay, Devices};
use crate::experiment::Experiment;
use crate::model::{CHANNELS, Timing, TriggerModel};
use crate::noise::{Noise, normal, threshold, unit};
use crate::world::{Slot, World};

/// The tagger of one simulated station.
///
/// Each station simulates the whole world of the experiment, with both choosers, and delivers its own tags; two
/// stations made from the same experiment and equal choosers agree. The stream has a few hundred bytes of state and
/// is the same whatever the sizes of the blocks.
pub struct SimulatedStation {
    world: World<Box<dyn SettingChooser + Send>, Box<dyn SettingChooser + Send>>,
    role: Role,
    timing: Timing,
    clock: Option<BobClock>,
    pulses: Option<SyncPulses>,
    two_detectors: bool,
    stray: u64,
    second: u64,
    afterpulse: u64,
    noise: Noise,
    tags: SlotTags,
    last_ps: i64,
    last_click_ps: [i64; 2],
    blind_since: Option<i64>,
    running: bool,
}

impl SimulatedStation {
    /// The station of `role`. Both choosers are those of the two sites: each must be a function of its own seeds.
    pub fn new(
        role: Role,
        experiment: &Experiment,
        alice_chooser: Box<dyn SettingChooser + Send>,
        bob_chooser: Box<dyn SettingChooser + Send>,
    ) -> Self {
        Self::of(role, experiment, experiment.strategy.devices(experiment), alice_chooser, bob_chooser)
    }

    /// The station of `role` with devices of one's own in place of [`Experiment::strategy`]; those of the two stations
    /// must behave alike.
    pub fn with_devices(
        role: Role,
        experiment: &Experiment,
        devices: Box<dyn Devices>,
        alice_chooser: Box<dyn SettingChooser + Send>,
        bob_chooser: Box<dyn SettingChooser + Send>,
    ) -> Self {
        Self::of(role, experiment, Some(devices), alice_chooser, bob_chooser)
    }

    fn of(
        role: Role,
        experiment: &Experiment,
        devices: Option<Box<dyn Devices>>,
        alice_chooser: Box<dyn SettingChooser + Send>,
        bob_chooser: Box<dyn SettingChooser + Send>,
    ) -> Self {
        let timing = experiment.model.timing;
        let (purpose, clock) = match role {
            Role::Alice => ("alice's tags", None),
            Role::Bob => ("bob's tags", Some(experiment.bob_clock())),
        };
        Self {
            world: World::new(experiment, devices, alice_chooser, bob_chooser),
            role,
            timing,
            clock,
            pulses: SyncPulses::new(experiment, role),
            two_detectors: matches!(experiment.model.readout, Readout::TwoDetectors { .. }),
            stray: threshold(timing.stray_click),
            second: threshold(timing.second_tag),
            afterpulse: threshold(timing.afterpulse),
            noise: Noise::new(experiment.seed, purpose),
            tags: SlotTags::default(),
            last_ps: i64::MIN,
            last_click_ps: [i64::MIN; 2],
            blind_since: None,
            running: false,
        }
    }

    /// Simulates the next slot and puts its tags into `self.tags`.
    fn next_slot(&mut self) -> Step {
        self.tags.clear();
        let Some(slot) = self.world.next_slot() else {
            return self
                .blind_since
                .take()
                .map_or(Step::End, |from_ps| Step::Gap { from_ps, to_ps: from_ps });
        };
        let (own, blind, background) = match self.role {
            Role::Alice => (slot.alice, false, 0.0),
            Role::Bob => (slot.bob, self.world.phase().bob_blind, self.world.phase().bob_background),
        };
        if blind {
            if self.blind_since.is_none() {
                self.blind_since = Some(self.local_ps(slot.index, 0));
            }
            return Step::Tags;
        }
        let gap = self.blind_since.take().map(|from_ps| (from_ps, self.local_ps(slot.index, 0)));
        let mut draw = Draw { noise: self.noise, next: slot.index.wrapping_mul(WORDS_A_SLOT) };
        for probability in [self.stray, threshold(background)] {
            let word = draw.word();
            if word < probability {
                let place = unit(draw.word()) * self.timing.setting_window.end_ps as f64;
                let detector = CHANNELS.detectors[usize::from(self.two_detectors && word & 1 == 1)];
                self.tags.push(place, detector.0);
            }
        }
        let herald = match &self.pulses {
            None => own.is_some(),
            Some(pulses) => pulses.seen_in(slot),
        };
        if let (true, Some(channel)) = (herald, CHANNELS.herald) {
            self.tags.push(self.timing.herald_ps as f64 + draw.normal() * self.timing.jitter_ps, channel.0);
        }
        if let Some((setting, answer)) = own {
            self.measure(setting, answer, &mut draw);
        }
        self.stamp(slot.index);
        gap.map_or(Step::Tags, |(from_ps, to_ps)| Step::Gap { from_ps, to_ps })
    }

    /// The setting marker and the clicks of a round.
    fn measure(&mut self, setting: Setting, answer: Answer, draw: &mut Draw) {
        let Timing { setting_window, detection_window, jitter_ps, click_spread, .. } = self.timing;
        let late = if self.role == Role::Alice { self.world.phase().alice_late } else { 0.0 };
        let middle = (setting_window.start_ps + setting_window.end_ps) as f64 / 2.0;
        let marker = CHANNELS.settings[usize::from(setting.index() & 3)];
        self.tags.push(middle + draw.normal() * jitter_ps, marker.0);
        let length = detection_window.length_ps() as f64;
        let start = detection_window.start_ps as f64 + late * length;
        let place = |draw: &mut Draw| match answer.delay {
            Delay::Usual if click_spread => start + length * (0.1 + 0.8 * unit(draw.word())),
            Delay::Usual => start + 0.5 * length + draw.normal() * jitter_ps,
            Delay::Early => start + 0.2 * length + draw.normal() * jitter_ps,
            Delay::Late => start + 0.8 * length + draw.normal() * jitter_ps,
        };
        for (clicked, channel) in
            [answer.clicks.plus, answer.clicks.minus].into_iter().zip(CHANNELS.detectors)
        {
            if !clicked {
                continue;
            }
            let first = place(draw);
            self.tags.push(first, channel.0);
            if draw.word() < self.second {
                self.tags.push(place(draw), channel.0);
            }
            if draw.word() < self.afterpulse {
                let delay = AFTERPULSE_PS * unit(draw.word());
                self.tags.push(first + self.timing.dead_time_ps as f64 + delay, channel.0);
            }
        }
    }

    /// From places within the slot to increasing times on the station's own clock, without what falls into a
    /// detector's dead time or beyond the slot.
    fn stamp(&mut self, slot: u64) {
        self.tags.sort();
        let mut kept = 0;
        for i in 0..self.tags.len {
            let SlotTag { place, channel, .. } = self.tags.tags[i];
            let place_ps = place.max(0.0).round() as i64;
            let time_ps = self.local_ps(slot, place_ps).max(self.last_ps);
            if let Some(detector) = CHANNELS.detectors.iter().position(|c| c.0 == channel) {
                let last_click = &mut self.last_click_ps[detector];
                let dead = time_ps.saturating_sub(*last_click) < self.timing.dead_time_ps;
                if dead || place_ps >= self.timing.slot_period_ps {
                    continue;
                }
                *last_click = time_ps;
            }
            self.last_ps = time_ps;
            self.tags.tags[kept] = SlotTag { place, time_ps, channel };
            kept += 1;
        }
        self.tags.len = kept;
    }

    /// A place in a slot on the station's own clock.
    fn local_ps(&mut self, slot: u64, place_ps: i64) -> i64 {
        let alice_ps = self.timing.start_ps(slot).saturating_add(place_ps);
        self.clock.as_mut().map_or(alice_ps, |clock| clock.bob_ps(alice_ps))
    }
}

/// What simulating a slot led to.
enum Step {
    /// Perhaps tags.
    Tags,
    /// A blind time has ended before this slot's tags.
    Gap { from_ps: i64, to_ps: i64 },
    /// All rounds have happened.
    End,
}

impl ErrorType for SimulatedStation {
    type Error = Infallible;
}

impl TimeTagger for SimulatedStation {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            resolution_ps: 1,
            channels: 7,
            max_tag_rate_hz: 0,
            dead_time_ps: self.timing.dead_time_ps.unsigned_abs(),
            restart: Restart::Continues,
        }
    }

    fn start(&mut self) -> Result<(), Infallible> {
        self.running = true;
        Ok(())
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Infallible> {
        let capacity = if self.running { block.capacity() } else { 0 };
        let mut len = 0;
        for _ in 0..SLOTS_A_CALL {
            while len < capacity
                && let Some(tag) = self.tags.next()
            {
                block.time_ps[len] = tag.time_ps;
                block.channel[len] = tag.channel;
                len += 1;
            }
            if len == capacity {
                break;
            }
            match self.next_slot() {
                Step::Tags => {}
                Step::Gap { from_ps, to_ps } => {
                    return Ok(Filled { len, status: Status::Gap { from_ps, to_ps } });
                }
                Step::End => return Ok(Filled { len, status: Status::EndOfData }),
            }
        }
        Ok(Filled { len, status: Status::Streaming })
    }

    fn stop(&mut self) -> Result<(), Infallible> {
        self.running = false;
        Ok(())
    }
}

/// One site's view of the synchronisation pulses of a clocked experiment.
struct SyncPulses {
    sync_every: u64,
    lost: u64,
    extra: u64,
    places: Noise,
    site: Noise,
}

impl SyncPulses {
    fn new(experiment: &Experiment, role: Role) -> Option<Self> {
        let TriggerModel::Clocked { sync_every, lost, extra } = experiment.model.trigger else { return None };
        let site = match role {
            Role::Alice => "pulses at alice",
            Role::Bob => "pulses at bob",
        };
        Some(Self {
            sync_every: u64::from(sync_every.max(1)),
            lost: threshold(lost),
            extra: threshold(extra),
            places: Noise::new(experiment.seed, "pulses"),
            site: Noise::new(experiment.seed, site),
        })
    }

    fn seen_in(&self, slot: Slot) -> bool {
        let (frame, place) = (slot.index / self.sync_every, slot.index % self.sync_every);
        let word = self.site.word(slot.index);
        if self.places.word(frame) % self.sync_every == place { word >= self.lost } else { word < self.extra }
    }
}

/// The noise of one slot, word after word.
struct Draw {
    noise: Noise,
    next: u64,
}

impl Draw {
    fn word(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.noise.word(self.next)
    }

    fn normal(&mut self) -> f64 {
        normal(self.word(), self.word())
    }
}

/// The tags of one slot: at most two stray clicks, one herald, one marker and three clicks on each detector.
#[derive(Default)]
struct SlotTags {
    tags: [SlotTag; 10],
    read: usize,
    len: usize,
}

#[derive(Clone, Copy, Default)]
struct SlotTag {
    /// Picoseconds after the start of the slot on the reference clock.
    place: f64,
    time_ps: i64,
    channel: u16,
}

impl SlotTags {
    fn clear(&mut self) {
        (self.read, self.len) = (0, 0);
    }

    fn push(&mut self, place: f64, channel: u16) {
        if let Some(tag) = self.tags.get_mut(self.len) {
            *tag = SlotTag { place, time_ps: 0, channel };
            self.len += 1;
        }
    }

    fn sort(&mut self) {
        self.tags[..self.len].sort_unstable_by(|a, b| a.place.total_cmp(&b.place));
    }

    fn next(&mut self) -> Option<SlotTag> {
        let tag = self.tags[self.read..self.len].first().copied()?;
        self.read += 1;
        Some(tag)
    }
}

/// Words of noise set aside for each slot.
const WORDS_A_SLOT: u64 = 32;

/// Greatest delay of an afterpulse beyond the dead time.
const AFTERPULSE_PS: f64 = 200_000.0;

/// Slots simulated in one call at most, so that `fill` returns even when heralds are rare.
const SLOTS_A_CALL: u32 = 1 << 20;
