//! Degree distributions by linear programming on the course of density evolution.
//!
//! At fixed noise and row degree, the leak rate falls as the sum of `share / degree` grows. With the densities of the
//! last run held fixed, each pass bounds the mixture of error probabilities linearly; a small step towards the best
//! corner gives the next distribution, and evolution is run again to see whether it still converges.
//!
//! # References
//! T. Richardson, A. Shokrollahi, R. Urbanke, "Design of capacity-approaching irregular low-density parity-check
//! codes" (2001).

use super::evolution::{Course, EdgeShares, Evolution};
use super::simplex::maximise;

/// What to optimise for.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    /// (share, error probability) of each class of positions.
    pub(super) noise: Vec<(f64, f64)>,
    pub(super) row_degree: f64,
    pub(super) most_degree: u32,
    /// Columns of degree 2 per row, at most.
    pub(super) most_twos: f64,
    /// Relative progress that every pass has to make: wider tunnels take fewer passes.
    pub(super) progress: f64,
    pub(super) passes: usize,
}

/// The best distribution found; `None` if not even dense columns converge.
pub(super) fn optimise(evolution: &Evolution, goal: &Goal) -> Option<EdgeShares> {
    let degrees: Vec<u32> = DEGREES.iter().copied().filter(|&d| d <= goal.most_degree).collect();
    let twos = (2.0 * goal.most_twos / goal.row_degree).min(stability(goal));
    let mut best = None;
    for dense in [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97] {
        let mut shares: EdgeShares = degrees.iter().map(|&d| (d, 0.0)).collect();
        let last = shares.len() - 1;
        shares[0].1 = 0.4 * twos;
        shares[last].1 = 0.4 * dense;
        shares[last / 2].1 += 0.6 * dense;
        shares[1].1 = (1.0 - dense - 0.4 * twos).max(0.0);
        let sum: f64 = shares.iter().map(|s| s.1).sum();
        shares.iter_mut().for_each(|s| s.1 /= sum);
        let course = evolution.run(&goal.noise, &shares, goal.row_degree, goal.passes);
        if course.converged {
            best = Some((shares, course));
            break;
        }
    }
    let (mut shares, mut course) = best?;
    let mut ease = 0.5;
    for _ in 0..STEPS {
        let next = improve(&shares, &course, twos, ease, goal.progress);
        let gain = sum_inverse(&next) / sum_inverse(&shares) - 1.0;
        if gain < 2e-6 {
            break;
        }
        let after = evolution.run(&goal.noise, &next, goal.row_degree, goal.passes);
        if after.converged {
            (shares, course) = (next, after);
            ease = (ease * 1.3).min(0.7);
        } else {
            ease *= 0.4;
            if ease < 0.003 {
                break;
            }
        }
    }
    Some(shares)
}

/// Syndrome bits per position of a distribution.
pub(super) fn leak_rate(shares: &EdgeShares, row_degree: f64) -> f64 {
    1.0 / sum_inverse(shares) / row_degree
}

fn sum_inverse(shares: &EdgeShares) -> f64 {
    shares.iter().map(|&(d, share)| share / f64::from(d)).sum()
}

/// Share of edges to columns of degree 2 above which small error probabilities grow.
fn stability(goal: &Goal) -> f64 {
    let bhattacharyya: f64 = goal.noise.iter().map(|&(share, p)| share * 2.0 * (p * (1.0 - p)).sqrt()).sum();
    1.0 / (bhattacharyya * (goal.row_degree - 1.0))
}

/// The best distribution near the present one that takes a share of at most `ease` of the room that its course has.
fn improve(shares: &EdgeShares, course: &Course, twos: f64, ease: f64, progress: f64) -> EdgeShares {
    let n = shares.len();
    // Variables: what each share gains, then what it loses.
    let both = |gain: &dyn Fn(usize) -> f64| -> Vec<f64> {
        (0..n).map(gain).chain((0..n).map(|j| -gain(j))).collect()
    };
    let objective = both(&|j| 1.0 / f64::from(shares[j].0));
    let mut rows = vec![(both(&|_| 1.0), 0.0), (both(&|_| -1.0), 0.0)];
    for j in 0..n {
        let unit = |at: usize| (0..2 * n).map(|k| f64::from(u8::from(k == at))).collect::<Vec<f64>>();
        let gain = if j == 0 { STEP.min((twos - shares[0].1).max(0.0)) } else { STEP };
        rows.push((unit(j), gain));
        rows.push((unit(n + j), STEP.min(shares[j].1)));
    }
    let mut last = f64::INFINITY;
    for (before, each) in &course.passes {
        // Passes that hardly differ bound hardly differently.
        if *before > last * 0.997 {
            continue;
        }
        last = *before;
        let now: f64 = shares.iter().zip(each).map(|(s, e)| s.1 * e).sum();
        let room = ease * (before * (1.0 - progress) - now).max(0.0);
        rows.push((both(&|j| each[j] / before), room / before));
    }
    let x = maximise(&objective, &rows);
    let mut next: EdgeShares =
        shares.iter().enumerate().map(|(j, &(d, s))| (d, (s + x[j] - x[n + j]).max(0.0))).collect();
    next.iter_mut().filter(|s| s.1 < 1e-6).for_each(|s| s.1 = 0.0);
    let sum: f64 = next.iter().map(|s| s.1).sum();
    next.iter_mut().for_each(|s| s.1 /= sum);
    next
}

const DEGREES: &[u32] = &[2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 50, 64, 80];
const STEPS: usize = 40;
const STEP: f64 = 0.1;
