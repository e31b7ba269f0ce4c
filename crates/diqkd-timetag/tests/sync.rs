//! Clock recovery against simulated truth.
#![cfg(feature = "std")]

use diqkd_timetag::sync::{AcquireOptions, ClockFit, Lock, NoPeak, Tracker, acquire};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const SECOND: f64 = 1e12;

fn normal(rng: &mut StdRng) -> f64 {
    let (a, b): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - a).ln()).sqrt() * (2.0 * std::f64::consts::PI * b).cos()
}

fn poisson_times(rate_hz: f64, start_ps: f64, end_ps: f64, rng: &mut StdRng) -> Vec<f64> {
    let mut times = Vec::new();
    let mut time = start_ps;
    loop {
        let gap: f64 = rng.random();
        time += -(1.0 - gap).ln() / rate_hz * SECOND;
        if time > end_ps {
            return times;
        }
        times.push(time);
    }
}

/// Two streams with a common part, seen with jitter, the second on a clock of its own.
struct Streams {
    common_hz: f64,
    /// Additional events at each site.
    alone_hz: f64,
    seconds: f64,
    jitter_ps: f64,
    offset_ps: f64,
    drift: f64,
    /// Slots on which all events lie; 0 for any time.
    period_ps: f64,
}

impl Streams {
    fn make(&self, seed: u64) -> (Vec<i64>, Vec<i64>) {
        let mut rng = StdRng::seed_from_u64(seed);
        let end = self.seconds * SECOND;
        let slotted = |times: Vec<f64>| -> Vec<f64> {
            if self.period_ps == 0.0 {
                return times;
            }
            times.into_iter().map(|t| (t / self.period_ps).floor() * self.period_ps).collect()
        };
        let common = slotted(poisson_times(self.common_hz, 0.0, end, &mut rng));
        let mut side = |offset: f64, drift: f64| {
            let mut times = slotted(poisson_times(self.alone_hz, 0.0, end, &mut rng));
            times.extend(&common);
            let mut times: Vec<i64> = times
                .into_iter()
                .map(|t| t + normal(&mut rng) * self.jitter_ps)
                .map(|t| (t + offset + drift * t).round() as i64)
                .collect();
            times.sort_unstable();
            times
        };
        (side(0.0, 0.0), side(self.offset_ps, self.drift))
    }

    fn check(&self, fit: &ClockFit, ps: f64, ppb: f64) {
        let centre = self.seconds * SECOND / 2.0;
        let at = |offset: f64, drift: f64| offset + drift * centre;
        let anchor = fit.anchor_reference_ps as f64;
        let lag = (fit.anchor_local_ps - fit.anchor_reference_ps) as f64;
        let found = lag + fit.drift_ppb * 1e-9 * (centre - anchor);
        assert!((found - at(self.offset_ps, self.drift)).abs() <= ps, "{fit:?}");
        assert!((fit.drift_ppb - self.drift * 1e9).abs() <= ppb, "{} {fit:?}", self.drift * 1e9);
        assert!((fit.offset_ps as f64 - self.offset_ps).abs() <= ps + ppb * 1e-9 * centre, "{fit:?}");
    }
}

#[test]
fn photons_of_which_one_in_nine_has_a_partner() {
    for (seed, ppm) in [(1, 0.0), (2, 100.0), (3, -121.9), (4, 13.37)] {
        let streams = Streams {
            common_hz: 18_000.0,
            alone_hz: 142_000.0,
            seconds: 5.0,
            jitter_ps: 150.0,
            offset_ps: 1.5e9,
            drift: ppm * 1e-6,
            period_ps: 0.0,
        };
        let (reference, local) = streams.make(seed);
        let fit = acquire(&reference, &local, &AcquireOptions::default()).unwrap();
        streams.check(&fit, 20.0, 0.02);
        assert!((fit.residual_rms_ps - 150.0 * 2f64.sqrt()).abs() < 10.0, "{fit:?}");
        assert!((fit.pairs as f64 - 90_000.0).abs() < 3_000.0, "{fit:?}");
    }
}

#[test]
fn heralds_on_slots_at_offsets_of_seconds() {
    for seed in 0..12u64 {
        let mut rng = StdRng::seed_from_u64(seed + 100);
        let streams = Streams {
            common_hz: [250_000.0, 20_000.0, 800.0][seed as usize % 3],
            alone_hz: [1_000.0, 600.0, 40.0][seed as usize % 3],
            seconds: [0.04, 0.3, 12.0][seed as usize % 3],
            jitter_ps: 100.0 + 900.0 * rng.random::<f64>(),
            offset_ps: (5.0 * rng.random::<f64>() - 2.5) * SECOND,
            drift: (2.0 * rng.random::<f64>() - 1.0) * 100e-6,
            period_ps: if seed % 2 == 0 { 1e6 } else { 0.0 },
        };
        let (reference, local) = streams.make(seed);
        let options = AcquireOptions { max_offset_ps: 5_000_000_000_000, ..AcquireOptions::default() };
        // What each site has recorded of the same events, not the same length.
        let local = &local[..local.len() - local.len() / 5];
        let fit = acquire(&reference, local, &options).unwrap();
        let events = fit.pairs as f64;
        let ps = 8.0 * streams.jitter_ps * 2.0 / events.sqrt();
        streams.check(&fit, ps + 1.0, 2.0 * ps / (streams.seconds * SECOND) * 1e9 + 0.001);
    }
}

#[test]
fn unrelated_streams_have_no_peak() {
    for seed in [0, 3] {
        let streams = Streams {
            common_hz: 0.001,
            alone_hz: 160_000.0,
            seconds: 0.5,
            jitter_ps: 100.0,
            offset_ps: 0.0,
            drift: 0.0,
            period_ps: if seed < 3 { 0.0 } else { 1e6 },
        };
        let (reference, local) = streams.make(seed);
        // A narrow range of drifts makes the search cheap.
        let options =
            AcquireOptions { max_offset_ps: 2_000_000_000, max_drift_ppb: 2e4, ..AcquireOptions::default() };
        let found = acquire(&reference, &local, &options);
        assert!(matches!(found, Err(NoPeak::NotFound { .. })), "{found:?}");
    }
    let comb: Vec<i64> = (0..20_000).map(|i| i * 1_000_000).collect();
    let found = acquire(&comb, &comb, &AcquireOptions::default());
    assert!(matches!(found, Err(NoPeak::NotFound { .. })), "{found:?}");
}

#[test]
fn unusable_streams_are_refused() {
    let few = [1i64; 3];
    let many: Vec<i64> = (0..100).collect();
    assert!(matches!(acquire(&few, &many, &AcquireOptions::default()), Err(NoPeak::TooFewEvents { .. })));
    let mut unsorted = many.clone();
    unsorted.swap(4, 5);
    let error = acquire(&many, &unsorted, &AcquireOptions::default()).unwrap_err();
    assert_eq!(error, NoPeak::Unsorted { stream: "local", index: 5 });
    let options = AcquireOptions { resolution_ps: f64::NAN, ..AcquireOptions::default() };
    assert!(matches!(acquire(&many, &many, &options), Err(NoPeak::Options { .. })));
    let extremes = [i64::MIN, i64::MIN, i64::MAX, i64::MAX].map(|t| [t; 8]).concat();
    let mut extremes = extremes;
    extremes.sort_unstable();
    assert!(acquire(&extremes, &extremes, &AcquireOptions::default()).is_err());
}

/// A clock whose frequency walks, as knots one millisecond apart.
struct Wandering {
    lags_ps: Vec<f64>,
}

impl Wandering {
    fn new(seconds: usize, drift: f64, white_fm: f64, walk_fm: f64, rng: &mut StdRng) -> Self {
        let (mut lag, mut frequency) = (2.0e9, 0.0);
        let mut lags_ps = Vec::new();
        for _ in 0..=1000 * seconds {
            lags_ps.push(lag);
            frequency += walk_fm * 0.001f64.sqrt() * normal(rng);
            lag += (drift + frequency + white_fm * 1000f64.sqrt() * normal(rng)) * 1e9;
        }
        Self { lags_ps }
    }

    fn local(&self, reference: f64) -> f64 {
        let at = reference / 1e9;
        let i = at as usize;
        let lag = self.lags_ps[i] + (self.lags_ps[i + 1] - self.lags_ps[i]) * (at - i as f64);
        reference + lag
    }
}

#[test]
fn a_wandering_clock_is_followed() {
    for seed in 0..4 {
        let mut rng = StdRng::seed_from_u64(seed);
        let clock = Wandering::new(4, 37e-6, 1e-10, 1e-10, &mut rng);
        let events = poisson_times(250_000.0, 0.0, 3.99 * SECOND, &mut rng);
        let mut reference = Vec::new();
        let mut local = Vec::new();
        for &event in &events {
            if rng.random_bool(0.98) {
                reference.push((event + 100.0 * normal(&mut rng)).round() as i64);
            }
            if rng.random_bool(0.98) {
                local.push((clock.local(event) + 100.0 * normal(&mut rng)).round() as i64);
            }
        }
        reference.sort_unstable();
        local.sort_unstable();
        let fit = acquire(&reference[..8192], &local[..10_240], &AcquireOptions::default()).unwrap();
        let mut tracker = Tracker::new(&fit);
        let mut placed = i64::MIN;
        let mut next = 0;
        let mut worst = 0.0f64;
        for start in (32_768..reference.len() - 512).step_by(32_768) {
            let sample = &reference[start..start + 512];
            let (first, last) = (sample[0], sample[511]);
            let near: Vec<i64> = local
                .iter()
                .copied()
                .filter(|&t| (first - 1_000_000..last + 1_000_000).contains(&tracker.to_reference_ps(t)))
                .collect();
            let report = tracker.update(sample, &near);
            assert!(report.is_locked());
            assert!(report.pairs > 470 && report.correction_ps.abs() < 400, "{report:?}");
            assert!((110..180).contains(&tracker.residual_rms_ps()), "{report:?}");
            // Everything up to the end of the sample is placed: in order, and where it happened.
            while next < events.len() && events[next] < last as f64 {
                let found = tracker.to_reference_ps(clock.local(events[next]).round() as i64);
                assert!(found >= placed, "{found} {placed}");
                worst = worst.max((found as f64 - events[next]).abs());
                placed = found;
                next += 1;
            }
        }
        assert!(worst < 150.0, "{worst}");
        assert!((tracker.drift_ppb() - 37_000.0).abs() < 3.0);
    }
}

#[test]
fn photons_with_few_partners_are_followed() {
    let streams = Streams {
        common_hz: 18_000.0,
        alone_hz: 142_000.0,
        seconds: 1.5,
        jitter_ps: 700.0,
        offset_ps: -3.0e8,
        drift: -11e-6,
        period_ps: 0.0,
    };
    let (reference, local) = streams.make(9);
    let upto = |times: &[i64], seconds: f64| times.partition_point(|&t| (t as f64) < seconds * SECOND);
    let (r, l) = (upto(&reference, 0.5), upto(&local, 0.5));
    let fit = acquire(&reference[..r], &local[..l], &AcquireOptions::default()).unwrap();
    let mut tracker = Tracker::new(&fit);
    for i in 5..15 {
        let [start, end] = [i, i + 1].map(|i| f64::from(i) / 10.0);
        let reference = &reference[upto(&reference, start)..upto(&reference, end)];
        let local = &local[upto(&local, start)..upto(&local, end)];
        let report = tracker.update(reference, local);
        assert_eq!(report.lock, Lock::Locked, "{report:?}");
        assert!(report.correction_ps.abs() < 150 && report.pairs > 1500, "{report:?}");
        assert!((900..1100).contains(&tracker.residual_rms_ps()), "{report:?}");
    }
    let end = 1.5 * SECOND;
    let truth = |t: f64| (t + streams.offset_ps + streams.drift * t).round() as i64;
    assert!((tracker.to_reference_ps(truth(end)) - end as i64).abs() < 150);
    assert!((tracker.drift_ppb() + 11_000.0).abs() < 0.5);
}

#[test]
fn a_jump_is_found_again_and_nonsense_loses_the_lock() {
    let mut rng = StdRng::seed_from_u64(5);
    let mut events = poisson_times(100_000.0, 0.0, 0.2 * SECOND, &mut rng);
    events.iter_mut().for_each(|t| *t = (*t / 1e6).floor() * 1e6 + 100.0 * rng.random::<f64>());
    events.dedup_by(|a, b| *a - *b < 1e3);
    let reference: Vec<i64> = events.iter().map(|t| t.round() as i64).collect();
    let fit = acquire(&reference[..4000], &reference[..4000], &AcquireOptions::default()).unwrap();
    for (jump, lock) in
        [(0, Lock::Locked), (3_000, Lock::Locked), (-4_000_000, Lock::Locked), (900_000_000, Lock::Lost)]
    {
        let mut tracker = Tracker::new(&fit);
        let local: Vec<i64> = reference[8000..8500].iter().map(|t| t + jump).collect();
        let report = tracker.update(&reference[8000..8500], &local);
        assert_eq!(report.lock, lock, "{jump}");
        if lock == Lock::Locked {
            assert!((report.correction_ps + jump).abs() <= 1, "{report:?}");
            assert_eq!(tracker.to_reference_ps(local[499]), reference[8499]);
        }
    }
    let mut tracker = Tracker::new(&fit);
    assert_eq!(tracker.update(&reference[8000..8004], &reference[8000..8004]).lock, Lock::Coasting);
    assert_eq!(tracker.update(&[], &[]).lock, Lock::Coasting);
    assert_eq!(tracker.coasting(), 2);
    let other = poisson_times(100_000.0, 0.08 * SECOND, 0.09 * SECOND, &mut rng);
    let other: Vec<i64> = other.iter().map(|t| t.round() as i64).collect();
    assert_eq!(tracker.update(&reference[8000..9000], &other).lock, Lock::Lost);
    assert_eq!(tracker.to_reference_ps(i64::MAX), i64::MAX);
}
