//! Bob's clock seen from Alice's: offset, drift and wander.

use crate::experiment::Experiment;
use crate::fault::FaultKind;
use crate::noise::{Noise, normal, unit};

/// How Bob's tagger clock differs from Alice's, which is the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockModel {
    /// The offset at Alice's epoch is drawn uniformly from minus to plus this many picoseconds.
    pub offset_range_ps: i64,
    /// Relative frequency difference in parts per billion; positive: Bob's clock is fast.
    pub drift_ppb: f64,
    /// White frequency noise as Allan deviation at one second, for example `1e-10`.
    pub white_fm: f64,
    /// Random walk of the frequency: standard deviation of the change of the relative frequency in one second.
    pub random_walk_fm: f64,
}

/// The ground truth of Bob's clock in one experiment. Read with times that do not go back by more than a slot.
///
/// `bob(t) = t + offset + drift (t - epoch) + wander(t)`, with the wander linear between knots one millisecond apart.
#[derive(Clone, Debug)]
pub struct BobClock {
    model: ClockModel,
    noise: Noise,
    epoch_ps: i64,
    offset_ps: f64,
    knot_ps: i64,
    wander_ps: f64,
    slope: f64,
    frequency: f64,
    jumps: Vec<Jump>,
}

/// A fault of the clock: ahead at once, and fast while it lasts. What it has gained stays.
#[derive(Clone, Copy, Debug)]
struct Jump {
    from_ps: i64,
    to_ps: i64,
    severity: f64,
}

impl Jump {
    fn gained_ps(&self, elapsed_ps: i64) -> f64 {
        if elapsed_ps < self.from_ps {
            return 0.0;
        }
        let lasted = (elapsed_ps.min(self.to_ps) - self.from_ps) as f64;
        self.severity * (JUMP_PS + JUMP_DRIFT * lasted)
    }
}

impl BobClock {
    pub(crate) fn new(experiment: &Experiment) -> Self {
        let timing = experiment.model.timing;
        let at = |slot| timing.start_ps(slot).saturating_sub(timing.epoch_ps);
        let faults = experiment.faults.iter().filter(|fault| fault.kind == FaultKind::ClockStep);
        let jumps = faults.map(|fault| Jump {
            from_ps: at(fault.slots.start),
            to_ps: at(fault.slots.end),
            severity: fault.clamped_severity(),
        });
        let clock = Self::of_model(experiment.model.clock, experiment.seed, timing.epoch_ps);
        Self { jumps: jumps.collect(), ..clock }
    }

    fn of_model(model: ClockModel, seed: u64, epoch_ps: i64) -> Self {
        let noise = Noise::new(seed, "bob's clock");
        let offset_ps = ((2.0 * unit(noise.word(0)) - 1.0) * model.offset_range_ps as f64).round();
        let mut clock = Self {
            model,
            noise,
            epoch_ps,
            offset_ps,
            knot_ps: 0,
            wander_ps: 0.0,
            slope: 0.0,
            frequency: 0.0,
            jumps: Vec::new(),
        };
        clock.draw_slope();
        clock
    }

    /// The offset at Alice's epoch in picoseconds: what Bob's clock shows more than Alice's.
    pub fn offset_ps(&self) -> i64 {
        self.offset_ps as i64
    }

    /// The mean relative frequency difference in parts per billion.
    pub fn drift_ppb(&self) -> f64 {
        self.model.drift_ppb
    }

    /// What Bob's clock shows when Alice's shows `alice_ps`.
    pub fn bob_ps(&mut self, alice_ps: i64) -> i64 {
        alice_ps.saturating_add(self.lead_ps(alice_ps).round() as i64)
    }

    /// What Bob's clock shows more than Alice's when hers shows `alice_ps`.
    pub fn lead_ps(&mut self, alice_ps: i64) -> f64 {
        let elapsed = alice_ps.saturating_sub(self.epoch_ps);
        while elapsed >= self.knot_ps.saturating_add(KNOT_PS) {
            self.wander_ps += self.slope * KNOT_PS as f64;
            self.knot_ps += KNOT_PS;
            self.draw_slope();
        }
        let since_knot = (elapsed - self.knot_ps) as f64;
        let jumped: f64 = self.jumps.iter().map(|jump| jump.gained_ps(elapsed)).sum();
        let drift = self.model.drift_ppb * 1e-9 * elapsed as f64;
        self.offset_ps + drift + self.wander_ps + self.slope * since_knot + jumped
    }

    fn draw_slope(&mut self) {
        let index = 4 * self.knot_ps.unsigned_abs() / KNOT_PS.unsigned_abs() + 4;
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| self.noise.word(index + i));
        let knots_per_second = 1e12 / KNOT_PS as f64;
        self.frequency += self.model.random_walk_fm / knots_per_second.sqrt() * normal(a, b);
        self.slope = self.frequency + self.model.white_fm * knots_per_second.sqrt() * normal(c, d);
    }
}

/// Jump and added relative frequency of a clock fault at severity 1.
const JUMP_PS: f64 = 1e6;
const JUMP_DRIFT: f64 = 1e-5;

const KNOT_PS: i64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: ClockModel = ClockModel {
        offset_range_ps: 1_000_000_000_000,
        drift_ppb: 3700.0,
        white_fm: 1e-10,
        random_walk_fm: 1e-10,
    };

    #[test]
    fn without_noise_the_clock_is_a_straight_line() {
        let quiet = ClockModel { white_fm: 0.0, random_walk_fm: 0.0, ..MODEL };
        let mut clock = BobClock::of_model(quiet, 3, 1000);
        let offset = clock.offset_ps();
        assert!(offset.abs() <= 1_000_000_000_000);
        assert_eq!(clock.bob_ps(1000), 1000 + offset);
        assert_eq!(clock.bob_ps(1000 + SECOND), 1000 + SECOND + offset + 3_700_000);
    }

    #[test]
    fn the_allan_deviation_at_one_second_is_the_stated_one() {
        // White frequency noise alone; 400 samples of the frequency over one second: relative error of the Allan
        // deviation about 1/sqrt(400) = 5 %, bound at 4 sigma.
        let model = ClockModel { offset_range_ps: 0, drift_ppb: 0.0, white_fm: 2e-10, random_walk_fm: 0.0 };
        let mut clock = BobClock::of_model(model, 11, 0);
        let phase: Vec<f64> = (0..402).map(|s| clock.lead_ps(s * SECOND)).collect();
        let frequency: Vec<f64> = phase.windows(2).map(|w| (w[1] - w[0]) / 1e12).collect();
        let variance = frequency.windows(2).map(|w| (w[1] - w[0]).powi(2) / 2.0).sum::<f64>() / 400.0;
        assert!((variance.sqrt() / 2e-10 - 1.0).abs() < 0.2, "{}", variance.sqrt());
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut clock = BobClock::of_model(MODEL, 5, 0);
        let times: Vec<i64> = (0..100_000).map(|i| clock.bob_ps(i * 100_000)).collect();
        assert!(times.is_sorted());
    }

    const SECOND: i64 = 1_000_000_000_000;
}
