//! Follows a clock with integer arithmetic.
//!
//! The clock is a chain of knots, each a local time and the reference time that belongs to it. A sample of common
//! events moves the newest knot to the end of the sample, by the mean distance of its pairs from the prediction; local
//! times between the two last knots are interpolated, later ones extrapolated with the rate of the tracker. So the
//! mapping never jumps: times placed up to the end of a sample and those placed after the next sample are in order.
//!
//! A sample is matched by the highest of 256 bins of the distances from the prediction, in windows from 20 ns to 80 us
//! as needed, closing in on the peak; the mean is taken of the pairs around it. The peak must hold at least half the
//! share of events that had a partner before: where events lie on slots, neighbouring slots make lesser peaks. No
//! allocation, and no floating point but at the start.

use super::fit::ClockFit;

/// Fraction bits of a rate.
const RATE_BITS: u32 = 60;
const BINS: usize = 256;
/// Half widths of the windows in which a sample is matched, ps.
const WINDOWS_PS: [i64; 4] = [20_480, 327_680, 5_242_880, 83_886_080];
/// Pairs below which a sample is not believed.
const LEAST_PAIRS: u64 = 6;
const MEAN_ROUNDS: u32 = 8;
const SHARE_BITS: u32 = 16;

/// Follows the local clock of a site and puts its times on the reference clock.
///
/// ```
/// use diqkd_timetag::sync::{AcquireOptions, Tracker, acquire};
///
/// let reference: Vec<i64> = (0..4000i64).map(|i| i * 1_000_000 + i * i % 7919 * 100).collect();
/// let clock = |t: i64| t + 3_000_000 + t / 200_000;
/// let local: Vec<i64> = reference.iter().map(|&t| clock(t)).collect();
/// let fit = acquire(&reference[..2000], &local[..2000], &AcquireOptions::default())?;
///
/// let mut tracker = Tracker::new(&fit);
/// assert!(tracker.update(&reference[3000..], &local[3000..]).is_locked());
/// let t = 3_500_000_000;
/// assert!((tracker.to_reference_ps(clock(t)) - t).abs() <= 2);
/// # Ok::<(), diqkd_timetag::sync::NoPeak>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tracker {
    newest: Knot,
    /// Rate between the knot before and the newest one.
    before: i64,
    /// Rate after the newest knot.
    after: i64,
    /// Time over which the rate after the newest knot was averaged, ps.
    memory_ps: i64,
    rms_ps: u64,
    /// Share of events with a partner, in units of 2^-16.
    share: u64,
    coasting: u32,
}

/// A local time, the reference time that belongs to it.
#[derive(Clone, Copy, Debug)]
struct Knot {
    local_ps: i64,
    reference_ps: i64,
}

/// Whether a sample matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    /// The sample matched.
    Locked,
    /// The sample was too small to say anything; the clock is extrapolated.
    Coasting,
    /// The sample has events enough, but no lag stands out within 80 us: acquire again.
    Lost,
}

/// What a sample brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct TrackReport {
    /// Whether it matched.
    pub lock: Lock,
    /// Common events on which the correction rests.
    pub pairs: u64,
    /// By how much the prediction was wrong, ps; 0 unless locked.
    pub correction_ps: i64,
    /// Standard deviation of the common events around their mean, ps; 0 unless locked.
    pub rms_ps: u64,
}

impl TrackReport {
    /// Whether the clock is still followed: the sample matched, or was too small to say anything.
    pub fn is_locked(&self) -> bool {
        self.lock != Lock::Lost
    }
}

impl Tracker {
    /// Starts from an acquired clock.
    pub fn new(fit: &ClockFit) -> Self {
        let drift = fit.drift_ppb * 1e-9;
        let rate = (-drift / (1.0 + drift) * (1u64 << RATE_BITS) as f64) as i64;
        Self {
            newest: Knot { local_ps: fit.anchor_local_ps, reference_ps: fit.anchor_reference_ps },
            before: rate,
            after: rate,
            memory_ps: fit.span_ps.clamp(0, MAX_MEMORY_PS),
            rms_ps: fit.residual_rms_ps as u64,
            share: (fit.share.clamp(0.0, 1.0) * f64::from(1u32 << SHARE_BITS)) as u64,
            coasting: 0,
        }
    }

    /// The reference time of a local time, ps. Never decreasing; saturates at the ends of `i64`.
    pub fn to_reference_ps(&self, local_ps: i64) -> i64 {
        let elapsed = i128::from(local_ps) - i128::from(self.newest.local_ps);
        let rate = if elapsed < 0 { self.before } else { self.after };
        let correction = (elapsed * i128::from(rate)) >> RATE_BITS;
        let reference = i128::from(self.newest.reference_ps) + elapsed + correction;
        reference.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// The latest local time that a sample has covered, ps; later ones are extrapolated.
    pub fn newest_local_ps(&self) -> i64 {
        self.newest.local_ps
    }

    /// Standard deviation of the common events of the last sample that matched, around their mean, ps.
    pub fn residual_rms_ps(&self) -> u64 {
        self.rms_ps
    }

    /// Relative frequency difference in parts per billion; positive: the local clock is fast.
    pub fn drift_ppb(&self) -> f64 {
        let rate = self.after as f64 / (1u64 << RATE_BITS) as f64;
        -rate / (1.0 + rate) * 1e9
    }

    /// Samples since the last one that matched.
    pub fn coasting(&self) -> u32 {
        self.coasting
    }

    /// Takes a later sample of common events, both in time order on their own clocks. Events of either site without a
    /// partner do no harm.
    pub fn update(&mut self, reference_ps: &[i64], local_ps: &[i64]) -> TrackReport {
        let events = reference_ps.len().min(local_ps.len()) as u64;
        let missed = |lock| TrackReport { lock, pairs: 0, correction_ps: 0, rms_ps: 0 };
        if events < LEAST_PAIRS {
            self.coasting += 1;
            return missed(Lock::Coasting);
        }
        let needed = (events * self.share) >> (SHARE_BITS + 1);
        let found = WINDOWS_PS.iter().find_map(|&half_ps| {
            let centre_ps = self.peak(reference_ps, local_ps, 0, half_ps)?;
            let centre_ps = self.close_in(reference_ps, local_ps, centre_ps, half_ps)?;
            self.mean(reference_ps, local_ps, centre_ps).filter(|sample| sample.pairs >= needed)
        });
        let Some(sample) = found else {
            self.coasting += 1;
            return missed(Lock::Lost);
        };
        let share = (sample.pairs << SHARE_BITS) / events;
        self.share = (3 * self.share + share.min(1 << SHARE_BITS)) / 4;
        self.coasting = 0;
        self.rms_ps = sample.rms_ps;
        self.advance(&sample);
        TrackReport {
            lock: Lock::Locked,
            pairs: sample.pairs,
            correction_ps: sample.mean_ps,
            rms_ps: sample.rms_ps,
        }
    }

    /// Takes later timestamps of the same events on both clocks, in time order, the `i`-th of one belonging to the `i`-th
    /// of the other: pulses and the times at which they were due, or what a White Rabbit node recorded.
    pub fn update_paired(&mut self, reference_ps: &[i64], local_ps: &[i64]) -> TrackReport {
        let (mut pairs, mut sum, mut squares) = (0u64, 0i128, 0i128);
        let mut last_local_ps = i64::MIN;
        for (&reference, &local) in reference_ps.iter().zip(local_ps) {
            let distance = i128::from(reference) - i128::from(self.to_reference_ps(local));
            pairs += 1;
            sum += distance;
            squares = squares.saturating_add(distance.saturating_mul(distance));
            last_local_ps = last_local_ps.max(local);
        }
        if pairs == 0 {
            self.coasting += 1;
            return TrackReport { lock: Lock::Coasting, pairs, correction_ps: 0, rms_ps: 0 };
        }
        let count = i128::from(pairs);
        let mean = round_div(sum, count);
        let variance = squares / count - mean.saturating_mul(mean);
        let rms_ps = u64::try_from(u128::isqrt(variance.max(0) as u128)).unwrap_or(u64::MAX);
        let mean_ps = mean.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        self.coasting = 0;
        self.rms_ps = rms_ps;
        self.advance(&Sample { pairs, mean_ps, rms_ps, last_local_ps });
        TrackReport { lock: Lock::Locked, pairs, correction_ps: mean_ps, rms_ps }
    }

    /// Calls `visit` with the distance `reference - predicted` of every pair within `half_ps` of `centre_ps`, and with
    /// the local time.
    fn distances(
        &self,
        reference_ps: &[i64],
        local_ps: &[i64],
        centre_ps: i64,
        half_ps: i64,
        mut visit: impl FnMut(i64, i64),
    ) {
        let mut first = 0;
        for &local in local_ps {
            let expected = self.to_reference_ps(local).saturating_add(centre_ps);
            let (low, high) = (expected.saturating_sub(half_ps), expected.saturating_add(half_ps));
            while first < reference_ps.len() && reference_ps[first] < low {
                first += 1;
            }
            for &reference in reference_ps[first..].iter().take_while(|&&reference| reference < high) {
                visit(reference.saturating_sub(expected).saturating_add(centre_ps), local);
            }
        }
    }

    /// The place of the highest two neighbouring bins in a window, if it stands out.
    fn peak(&self, reference_ps: &[i64], local_ps: &[i64], centre_ps: i64, half_ps: i64) -> Option<i64> {
        let bin_ps = (2 * half_ps / BINS as i64).max(1);
        let low_ps = centre_ps - half_ps;
        let mut counts = [0u32; BINS];
        let mut total = 0u64;
        self.distances(reference_ps, local_ps, centre_ps, half_ps, |distance, _| {
            if let Some(count) = counts.get_mut(((distance - low_ps) / bin_ps) as usize) {
                *count = count.saturating_add(1);
                total += 1;
            }
        });
        let (mut most, mut place) = (0, 0);
        for (i, pair) in counts.windows(2).enumerate() {
            let sum = u64::from(pair[0]) + u64::from(pair[1]);
            if sum > most {
                (most, place) = (sum, i as i64);
            }
        }
        // Half of all pairs, or twenty standard deviations above what the rest puts into two bins.
        let mean = (total - most) / (BINS as u64 / 2);
        let excess = most.saturating_sub(mean);
        let stands_out = 2 * most >= total || excess.saturating_mul(excess) >= 400 * mean.max(1);
        (most >= LEAST_PAIRS && stands_out).then_some(low_ps + (place + 1) * bin_ps)
    }

    /// From a peak in a wide window to the same peak in the narrowest one.
    fn close_in(
        &self,
        reference_ps: &[i64],
        local_ps: &[i64],
        mut centre_ps: i64,
        mut half_ps: i64,
    ) -> Option<i64> {
        while half_ps > WINDOWS_PS[0] {
            half_ps = (half_ps / 32).max(WINDOWS_PS[0]);
            centre_ps = self.peak(reference_ps, local_ps, centre_ps, half_ps)?;
        }
        Some(centre_ps)
    }

    /// Mean and spread of the pairs around a peak, within four standard deviations.
    fn mean(&self, reference_ps: &[i64], local_ps: &[i64], centre_ps: i64) -> Option<Sample> {
        let (mut centre_ps, mut reach_ps) = (centre_ps, WINDOWS_PS[0]);
        let mut sample = None;
        for _ in 0..MEAN_ROUNDS {
            let (mut pairs, mut sum, mut squares) = (0u64, 0i128, 0i128);
            let mut last_local_ps = i64::MIN;
            self.distances(reference_ps, local_ps, centre_ps, reach_ps, |distance, local| {
                pairs += 1;
                let from_centre = i128::from(distance - centre_ps);
                sum += from_centre;
                squares += from_centre * from_centre;
                last_local_ps = last_local_ps.max(local);
            });
            if pairs < LEAST_PAIRS {
                return sample;
            }
            let count = i128::from(pairs);
            let mean_ps = centre_ps + round_div(sum, count) as i64;
            let variance = (squares - sum * sum / count) / count;
            let rms_ps = u128::isqrt(variance.max(0) as u128) as u64;
            sample = Some(Sample { pairs, mean_ps, rms_ps, last_local_ps });
            centre_ps = mean_ps;
            let narrower_ps = (4 * rms_ps as i64 + 16).min(reach_ps);
            if narrower_ps == reach_ps {
                break;
            }
            reach_ps = narrower_ps;
        }
        sample
    }

    fn advance(&mut self, sample: &Sample) {
        let old = self.newest;
        let reference_ps = self.to_reference_ps(sample.last_local_ps).saturating_add(sample.mean_ps);
        let local_span = i128::from(sample.last_local_ps) - i128::from(old.local_ps);
        if local_span <= 0 {
            return;
        }
        let reference_span = i128::from(reference_ps) - i128::from(old.reference_ps);
        let secant = ((reference_span - local_span) << RATE_BITS).div_euclid(local_span);
        let secant = secant.clamp(-MAX_RATE, MAX_RATE) as i64;
        self.before = secant;
        let (span, memory) = (local_span, i128::from(self.memory_ps));
        self.after = ((i128::from(secant) * span + i128::from(self.after) * memory) / (span + memory)) as i64;
        self.memory_ps = (span + memory).min(i128::from(MAX_MEMORY_PS)) as i64;
        self.newest = Knot { local_ps: sample.last_local_ps, reference_ps };
    }
}

/// One part in a thousand: no clock is that wrong, and times stay in order.
const MAX_RATE: i128 = (1 << RATE_BITS) / 1000;

#[derive(Clone, Copy, Debug)]
struct Sample {
    pairs: u64,
    mean_ps: i64,
    rms_ps: u64,
    last_local_ps: i64,
}

/// The rate follows the clock with this time constant, or the distance of samples if that is longer: about where the
/// wander of a good quartz overtakes the noise of a mean of a few hundred events.
const MAX_MEMORY_PS: i64 = 500_000_000_000;

fn round_div(sum: i128, count: i128) -> i128 {
    (2 * sum + count).div_euclid(2 * count)
}
