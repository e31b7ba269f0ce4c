//! Cross-correlation of a short reference segment with the local stream, over lags and drifts.
//!
//! The segment is stretched by each drift of a bank and binned; the local stream is binned in blocks (overlap-save), and
//! each block is correlated with all members of the bank by FFT. Memory does not grow with the range of lags.
//! Cost: `lags / block * (1 + drifts)` transforms of one block.

use std::vec::Vec;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::poisson::ln_tail;

/// Where and how far to search.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// Lags at the centre of the segment, ps.
    pub(crate) lags_ps: core::ops::Range<f64>,
    /// The bank of drifts, relative.
    pub(crate) drifts: Vec<f64>,
    /// Width of a bin, ps.
    pub(crate) bin_ps: f64,
}

impl Search {
    /// Bins of the lag range times the bank.
    pub(crate) fn tests(&self) -> f64 {
        (self.lags_ps.end - self.lags_ps.start) / self.bin_ps * self.drifts.len() as f64
    }

    /// Bins to transform for a segment of so many bins, about.
    pub(crate) fn work(&self, segment_bins: f64) -> f64 {
        self.tests() + 4.0 * segment_bins * self.drifts.len() as f64
    }
}

/// The highest peak: two neighbouring bins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peak {
    /// Lag at the centre of the segment, ps.
    pub(crate) lag_ps: f64,
    /// Relative drift.
    pub(crate) drift: f64,
    /// Pairs in the peak.
    pub(crate) count: f64,
    /// `ln` of the probability of that many pairs of independent streams in one place.
    pub(crate) ln_p: f64,
    /// The next highest peak elsewhere, scaled to the same mean.
    pub(crate) runner_up: f64,
}

#[derive(Clone, Copy)]
struct Candidate {
    bin: i64,
    count: f64,
    mean: f64,
    ln_p: f64,
}

/// Bins on either side of a peak that belong to it.
const NEIGHBOURS: i64 = 4;
const LEAST_BLOCK: usize = 1 << 13;
/// Spectra of stretched segments held at a time.
const BANK_BYTES: usize = 16 << 20;

/// Searches the highest peak; `None` when no place has more pairs than expected by chance.
pub(crate) fn search(segment: &[i64], local: &[i64], search: &Search) -> Option<Peak> {
    let (&first, &last) = (segment.first()?, segment.last()?);
    let bin = search.bin_ps;
    let centre = (last - first) as f64 / 2.0;
    let steepest = search.drifts.iter().fold(0.0f64, |max, drift| max.max(drift.abs()));
    let margin = centre * steepest;
    let width = ((2.0 * (centre + margin)) / bin) as usize + 2;
    let block = (4 * width).next_power_of_two().max(LEAST_BLOCK);
    let useful = block - width;

    let mut planner = RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(block);
    let inverse = planner.plan_fft_inverse(block);
    let mut real = forward.make_input_vec();
    let mut scratch = forward.make_scratch_vec();
    let mut inverse_scratch = inverse.make_scratch_vec();
    let mut spectrum = forward.make_output_vec();
    let mut product = forward.make_output_vec();
    let mut correlation = inverse.make_output_vec();
    let mut prefix = std::vec![0.0f32; block + 1];
    let mut best: Vec<[Option<Candidate>; 2]> = std::vec![[None; 2]; search.drifts.len()];
    let bins = ((search.lags_ps.end - search.lags_ps.start) / bin).ceil() as i64;
    let group = (BANK_BYTES / (4 * block)).max(1);
    for (drifts, best) in search.drifts.chunks(group).zip(best.chunks_mut(group)) {
        let mut bank = Vec::new();
        for drift in drifts {
            real.fill(0.0);
            for &time in segment {
                let place = (time - first) as f64 + ((time - first) as f64 - centre) * drift + margin;
                real[((place / bin) as usize).min(width - 1)] += 1.0;
            }
            let mut stretched = forward.make_output_vec();
            forward.process_with_scratch(&mut real, &mut stretched, &mut scratch).ok()?;
            bank.push(stretched);
        }
        let mut start = 0i64;
        while start < bins {
            let origin = first as f64 - margin + search.lags_ps.start + start as f64 * bin;
            let low = local.partition_point(|&time| (time as f64) < origin);
            let high = local.partition_point(|&time| (time as f64) < origin + block as f64 * bin);
            if low < high {
                real.fill(0.0);
                for &time in &local[low..high] {
                    real[(((time as f64 - origin) / bin) as usize).min(block - 1)] += 1.0;
                }
                for (i, &count) in real.iter().enumerate() {
                    prefix[i + 1] = prefix[i] + count;
                }
                forward.process_with_scratch(&mut real, &mut spectrum, &mut scratch).ok()?;
                let lags = useful.min((bins - start) as usize);
                for (stretched, best) in bank.iter().zip(best.iter_mut()) {
                    multiply(&spectrum, stretched, &mut product);
                    inverse
                        .process_with_scratch(&mut product, &mut correlation, &mut inverse_scratch)
                        .ok()?;
                    let mean_scale = 2.0 * segment.len() as f32 / width as f32;
                    scan(&correlation[..=lags], &prefix, width, mean_scale, start, best);
                }
            }
            start += useful as i64;
        }
    }
    let (drift, [Some(peak), runner_up]) = best
        .iter()
        .zip(&search.drifts)
        .filter(|(best, _)| best[0].is_some())
        .min_by(|a, b| ln_p(a.0).total_cmp(&ln_p(b.0)))
        .map(|(best, &drift)| (drift, *best))?
    else {
        return None;
    };
    Some(Peak {
        lag_ps: search.lags_ps.start + (peak.bin as f64 + 1.0) * bin,
        drift,
        count: peak.count,
        ln_p: peak.ln_p,
        runner_up: runner_up.map_or(peak.mean, |other| (other.count / other.mean).max(1.0) * peak.mean),
    })
}

fn ln_p(best: &[Option<Candidate>; 2]) -> f64 {
    best[0].map_or(0.0, |candidate| candidate.ln_p)
}

fn multiply(a: &[Complex<f32>], b: &[Complex<f32>], product: &mut [Complex<f32>]) {
    let scale = 0.5 / (a.len() - 1).max(1) as f32;
    for ((product, a), b) in product.iter_mut().zip(a).zip(b) {
        *product = a * b.conj() * scale;
    }
    if let Some(first) = product.first_mut() {
        first.im = 0.0;
    }
    if let Some(last) = product.last_mut() {
        last.im = 0.0;
    }
}

/// Keeps the best place and the best one elsewhere. `counts` has one more lag than is searched.
fn scan(
    counts: &[f32],
    prefix: &[f32],
    width: usize,
    mean_scale: f32,
    start: i64,
    best: &mut [Option<Candidate>; 2],
) {
    for (i, pair) in counts.windows(2).enumerate() {
        let count = pair[0] + pair[1];
        let mean = (prefix[i + width] - prefix[i]) * mean_scale;
        let excess = count - mean;
        if excess < 3.0 || excess * excess < 9.0 * mean {
            continue;
        }
        let (count, mean) = (f64::from(count), f64::from(mean).max(1e-3));
        let found = Candidate { bin: start + i as i64, count, mean, ln_p: ln_tail(count, mean) };
        match *best {
            [None, _] => best[0] = Some(found),
            [Some(top), second] => {
                let near = (found.bin - top.bin).abs() <= NEIGHBOURS;
                if found.ln_p < top.ln_p {
                    *best = [Some(found), if near { second } else { Some(top) }];
                } else if !near && second.is_none_or(|second| found.ln_p < second.ln_p) {
                    best[1] = Some(found);
                }
            }
        }
    }
}
