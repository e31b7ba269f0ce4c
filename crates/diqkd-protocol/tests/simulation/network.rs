//! The network between the sites, and what it does to frames.

use std::collections::BTreeMap;

use diqkd_core::Role;
use rand::RngExt;
use rand::rngs::StdRng;

/// How bad everything is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// A stream keeps order and loses nothing but by a crash; the other faults are then rare attacks.
    pub(crate) stream: bool,
    pub(crate) drop: f64,
    pub(crate) corrupt: f64,
    pub(crate) duplicate: f64,
    pub(crate) max_delay_ms: u64,
    /// Probability of a crash at each boundary between effects.
    pub(crate) crash: f64,
    pub(crate) clock_step: f64,
    pub(crate) partition: f64,
    pub(crate) broken_devices: f64,
}

impl Weather {
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        let stream = rng.random_bool(0.5);
        let mut one_of = |values: [f64; 4]| values[rng.random_range(0..4)];
        if stream {
            let rare = one_of([0.0, 0.0, 0.002, 0.02]);
            Self {
                stream,
                drop: rare,
                corrupt: rare,
                duplicate: rare,
                max_delay_ms: 20,
                crash: one_of([0.0, 0.003, 0.02, 0.08]),
                clock_step: one_of([0.0, 0.0, 0.01, 0.05]),
                partition: one_of([0.0, 0.0, 0.005, 0.02]),
                broken_devices: 0.1,
            }
        } else {
            Self {
                stream,
                drop: one_of([0.0, 0.02, 0.1, 0.3]),
                corrupt: one_of([0.0, 0.0, 0.05, 0.2]),
                duplicate: one_of([0.0, 0.05, 0.2, 0.5]),
                max_delay_ms: one_of([5.0, 30.0, 200.0, 900.0]) as u64,
                crash: one_of([0.0, 0.002, 0.01, 0.04]),
                clock_step: one_of([0.0, 0.0, 0.01, 0.05]),
                partition: one_of([0.0, 0.0, 0.005, 0.02]),
                broken_devices: 0.1,
            }
        }
    }

    /// The same link once everything works.
    pub(crate) fn calm(self) -> Self {
        Self {
            drop: 0.0,
            corrupt: 0.0,
            duplicate: 0.0,
            max_delay_ms: 10,
            crash: 0.0,
            clock_step: 0.0,
            partition: 0.0,
            broken_devices: 0.0,
            ..self
        }
    }
}

/// Frames on their way.
#[derive(Default)]
pub(crate) struct Network {
    on_the_way: BTreeMap<(u64, u64), (Role, Vec<u8>)>,
    last_arrival: [u64; 2],
    serial: u64,
    partitioned_until: u64,
    pub(crate) dropped: u64,
    pub(crate) corrupted: u64,
    pub(crate) duplicated: u64,
    pub(crate) partitions: u64,
}

impl Network {
    pub(crate) fn send(&mut self, from: Role, frame: &[u8], now: u64, weather: &Weather, rng: &mut StdRng) {
        if rng.random_bool(weather.partition) {
            self.partitions += 1;
            self.partitioned_until = now + rng.random_range(10..5000);
        }
        let copies = 1 + u64::from(rng.random_bool(weather.duplicate));
        self.duplicated += copies - 1;
        for _ in 0..copies {
            if now < self.partitioned_until || rng.random_bool(weather.drop) {
                self.dropped += 1;
                continue;
            }
            let mut frame = frame.to_vec();
            if rng.random_bool(weather.corrupt) {
                self.corrupted += 1;
                let at = rng.random_range(0..frame.len());
                if rng.random_bool(0.2) {
                    frame.truncate(at);
                } else {
                    frame[at] ^= 1 << rng.random_range(0..8);
                }
            }
            let mut arrives = now + 1 + rng.random_range(0..=weather.max_delay_ms);
            let last = &mut self.last_arrival[from as usize];
            if weather.stream {
                arrives = arrives.max(*last);
            }
            *last = (*last).max(arrives);
            self.serial += 1;
            self.on_the_way.insert((arrives, self.serial), (from, frame));
        }
    }

    pub(crate) fn next_arrival(&self) -> Option<u64> {
        self.on_the_way.keys().next().map(|&(time, _)| time)
    }

    pub(crate) fn arrive(&mut self, now: u64) -> Option<(Role, Vec<u8>)> {
        let first = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// A connection breaks: what was on its way is lost.
    pub(crate) fn cut(&mut self) {
        self.on_the_way.clear();
    }

    pub(crate) fn heal(&mut self) {
        self.partitioned_until = 0;
    }
}
