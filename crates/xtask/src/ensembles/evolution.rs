//! Discretised density evolution of belief propagation on an endless code.
//!
//! # References
//! S.-Y. Chung, G. D. Forney, T. Richardson, R. Urbanke, "On the design of low-density parity-check codes within
//! 0.0045 dB of the Shannon limit" (2001).

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::density::{CheckNode, Density, Grid};

/// Share of the *edges* of each column degree.
pub(super) type EdgeShares = Vec<(u32, f64)>;

/// Entropy left by the messages that columns of each degree send, pass by pass, and by their mixture before.
pub(super) struct Course {
    /// Per pass: mixture before the pass, and each degree after it.
    pub(super) passes: Vec<(f64, Vec<f64>)>,
    pub(super) converged: bool,
}

pub(super) struct Evolution {
    /// Points of a transform; sums of messages are counted modulo this, so it exceeds twice the largest sum.
    window: usize,
    grid: Grid,
    check: CheckNode,
    forward: Arc<dyn RealToComplex<f64>>,
    backward: Arc<dyn ComplexToReal<f64>>,
    /// Transform of the entropy that a message leaves, weighted so that a dot product gives the mean.
    doubt: Vec<Complex<f64>>,
}

impl Evolution {
    /// For columns of at most `most_degree` edges.
    pub(super) fn new(grid: Grid, most_degree: u32) -> Self {
        let window = (2 * (most_degree as usize + 2) * grid.reach).next_power_of_two();
        let mut planner = RealFftPlanner::new();
        let (forward, backward) = (planner.plan_fft_forward(window), planner.plan_fft_inverse(window));
        let weights: Vec<f64> = (0..window).map(|i| entropy_of(i.min(window - i), grid)).collect();
        let mut doubt = transform(&forward, weights);
        let last = doubt.len() - 1;
        for (k, w) in doubt.iter_mut().enumerate() {
            let twice = if k == 0 || k == last { 1.0 } else { 2.0 };
            *w = w.conj() * (twice / window as f64);
        }
        Self { window, grid, check: CheckNode::new(grid), forward, backward, doubt }
    }

    /// Runs until the entropy is small, stands still, or `most` passes are over.
    pub(super) fn run(
        &self,
        noise: &[(f64, f64)],
        edges: &EdgeShares,
        row_degree: f64,
        most: usize,
    ) -> Course {
        let channel = transform(&self.forward, self.channel(noise));
        let mut passes = Vec::new();
        let mut density = self.fold(&mut channel.clone());
        let mut before = self.entropy(&density);
        for _ in 0..most {
            let incoming = transform(&self.forward, self.unfold(&self.check.output(&density, row_degree)));
            let mut power = channel.clone();
            let mut degree = 1;
            let mut mixture = vec![Complex::new(0.0, 0.0); channel.len()];
            let mut each = Vec::with_capacity(edges.len());
            for &(d, share) in edges {
                while degree < d {
                    power.iter_mut().zip(&incoming).for_each(|(p, i)| *p *= i);
                    degree += 1;
                }
                each.push(power.iter().zip(&self.doubt).map(|(p, w)| p.re * w.re - p.im * w.im).sum());
                if share > 0.0 {
                    mixture.iter_mut().zip(&power).for_each(|(m, p)| *m += p * share);
                }
            }
            density = self.fold(&mut mixture);
            passes.push((before, each));
            let after = self.entropy(&density);
            if after < CONVERGED {
                return Course { passes, converged: true };
            }
            if after > before * (1.0 - STANDSTILL) {
                return Course { passes, converged: false };
            }
            before = after;
        }
        Course { passes, converged: false }
    }

    fn entropy(&self, density: &Density) -> f64 {
        density.sum.iter().enumerate().map(|(m, mass)| mass * entropy_of(m, self.grid)).sum()
    }

    /// Density of the priors: (share, error probability) of each class.
    fn channel(&self, noise: &[(f64, f64)]) -> Vec<f64> {
        let mut out = vec![0.0; self.window];
        for &(share, p) in noise {
            let steps = ((1.0 - p) / p).ln() * self.grid.steps_per_nat;
            let steps = steps.min(self.window as f64 / 8.0);
            let (low, part) = (steps as usize, steps.fract());
            for (at, mass) in [(low, 1.0 - part), (low + 1, part)] {
                out[at] += share * mass * (1.0 - p);
                out[(self.window - at) % self.window] += share * mass * p;
            }
        }
        out
    }

    fn unfold(&self, density: &Density) -> Vec<f64> {
        let mut out = vec![0.0; self.window];
        out[0] = density.sum[0];
        for m in 1..=self.grid.reach {
            out[m] = 0.5 * (density.sum[m] + density.difference[m]);
            out[self.window - m] = 0.5 * (density.sum[m] - density.difference[m]);
        }
        out
    }

    /// Back from a spectrum to a density of messages, strong ones cut off.
    fn fold(&self, spectrum: &mut [Complex<f64>]) -> Density {
        spectrum[0].im = 0.0;
        if let Some(last) = spectrum.last_mut() {
            last.im = 0.0;
        }
        let mut time = vec![0.0; self.window];
        self.backward.process(spectrum, &mut time).expect("lengths come from the plan");
        let reach = self.grid.reach;
        let mut density = Density { sum: vec![0.0; reach + 1], difference: vec![0.0; reach + 1] };
        for (i, &mass) in time.iter().enumerate() {
            let mass = (mass / self.window as f64).max(0.0);
            let (magnitude, sign) = if i <= self.window / 2 { (i, 1.0) } else { (self.window - i, -1.0) };
            let at = magnitude.min(reach);
            density.sum[at] += mass;
            density.difference[at] += if at == 0 { 0.0 } else { sign * mass };
        }
        // Rounding errors of the transforms would grow with the power of the row degree.
        let mass: f64 = density.sum.iter().sum();
        density.sum.iter_mut().chain(&mut density.difference).for_each(|m| *m /= mass);
        density
    }
}

/// What a message of this magnitude leaves open, bits.
fn entropy_of(steps: usize, grid: Grid) -> f64 {
    let nats = steps.min(grid.reach) as f64 / grid.steps_per_nat;
    let p = 1.0 / (1.0 + nats.exp());
    (nats * p + (-nats).exp().ln_1p()) / core::f64::consts::LN_2
}

fn transform(plan: &Arc<dyn RealToComplex<f64>>, mut time: Vec<f64>) -> Vec<Complex<f64>> {
    let mut spectrum = plan.make_output_vec();
    plan.process(&mut time, &mut spectrum).expect("lengths come from the plan");
    spectrum
}

const CONVERGED: f64 = 1e-3;
const STANDSTILL: f64 = 1e-5;
