//! One site's tagger.

use core::convert::Infallible;

use diqkd_core::{Role, Setting};
use diqkd_hal::{Capabilities, ErrorType, Filled, Restart, SettingChooser, Status, TagBlock, TimeTagger};

use crate::click_table::{Clicks, Readout};
use crate::clock::BobClock;
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
    noise: Noise,
    tags: SlotTags,
    last_ps: i64,
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
        let timing = experiment.model.timing;
        let (purpose, clock) = match role {
            Role::Alice => ("alice's tags", None),
            Role::Bob => ("bob's tags", Some(experiment.bob_clock())),
        };
        Self {
            world: World::new(experiment, alice_chooser, bob_chooser),
            role,
            timing,
            clock,
            pulses: SyncPulses::new(experiment, role),
            two_detectors: matches!(experiment.model.readout, Readout::TwoDetectors { .. }),
            stray: threshold(timing.stray_click),
            second: threshold(timing.second_tag),
            noise: Noise::new(experiment.seed, purpose),
            tags: SlotTags::default(),
            last_ps: i64::MIN,
            running: false,
        }
    }

    /// Puts the tags of the next slot into `self.tags`; `false` at the end of the data.
    fn next_slot(&mut self) -> bool {
        let Some(slot) = self.world.next_slot() else { return false };
        self.tags.clear();
        let own = match self.role {
            Role::Alice => slot.alice,
            Role::Bob => slot.bob,
        };
        let mut draw = Draw { noise: self.noise, next: slot.index.wrapping_mul(WORDS_A_SLOT) };
        let stray = draw.word();
        if stray < self.stray {
            let place = unit(draw.word()) * self.timing.setting_window.end_ps as f64;
            let detector = CHANNELS.detectors[usize::from(self.two_detectors && stray & 1 == 1)];
            self.tags.push(place, detector.0);
        }
        let herald = match &self.pulses {
            None => own.is_some(),
            Some(pulses) => pulses.seen_in(slot),
        };
        if let (true, Some(channel)) = (herald, CHANNELS.herald) {
            self.tags.push(self.timing.herald_ps as f64 + draw.normal() * self.timing.jitter_ps, channel.0);
        }
        if let Some((setting, clicks)) = own {
            self.measure(setting, clicks, &mut draw);
        }
        self.stamp(slot.index);
        true
    }

    /// The setting marker and the clicks of a round.
    fn measure(&mut self, setting: Setting, clicks: Clicks, draw: &mut Draw) {
        let Timing { setting_window, detection_window, jitter_ps, click_spread, .. } = self.timing;
        let middle = |start: i64, end: i64| (start + end) as f64 / 2.0;
        let marker = middle(setting_window.start_ps, setting_window.end_ps) + draw.normal() * jitter_ps;
        self.tags.push(marker, CHANNELS.settings[usize::from(setting.index() & 3)].0);
        let length = detection_window.length_ps() as f64;
        let guarded = detection_window.start_ps as f64 + 0.1 * length;
        let centre = middle(detection_window.start_ps, detection_window.end_ps);
        for (clicked, channel) in [clicks.plus, clicks.minus].into_iter().zip(CHANNELS.detectors) {
            if !clicked {
                continue;
            }
            let place = |draw: &mut Draw| {
                if click_spread {
                    guarded + 0.8 * length * unit(draw.word())
                } else {
                    centre + draw.normal() * jitter_ps
                }
            };
            self.tags.push(place(draw), channel.0);
            if draw.word() < self.second {
                self.tags.push(place(draw), channel.0);
            }
        }
    }

    /// From places within the slot to increasing times on the station's own clock.
    fn stamp(&mut self, slot: u64) {
        let start_ps = self
            .timing
            .epoch_ps
            .saturating_add_unsigned(slot.saturating_mul(self.timing.slot_period_ps.unsigned_abs()));
        self.tags.sort();
        for tag in self.tags.unread_mut() {
            let alice_ps = start_ps.saturating_add(tag.place.max(0.0).round() as i64);
            let time_ps = self.clock.as_mut().map_or(alice_ps, |clock| clock.bob_ps(alice_ps));
            self.last_ps = self.last_ps.max(time_ps);
            tag.time_ps = self.last_ps;
        }
    }
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
            dead_time_ps: 0,
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
            if !self.next_slot() {
                return Ok(Filled { len, status: Status::EndOfData });
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

/// The tags of one slot: at most one stray click, one herald, one marker and two clicks on each detector.
#[derive(Default)]
struct SlotTags {
    tags: [SlotTag; 8],
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

    fn unread_mut(&mut self) -> &mut [SlotTag] {
        &mut self.tags[self.read..self.len]
    }

    fn next(&mut self) -> Option<SlotTag> {
        let tag = self.tags[self.read..self.len].first().copied()?;
        self.read += 1;
        Some(tag)
    }
}

/// Words of noise set aside for each slot.
const WORDS_A_SLOT: u64 = 32;

/// Slots simulated in one call at most, so that `fill` returns even when heralds are rare.
const SLOTS_A_CALL: u32 = 1 << 20;
