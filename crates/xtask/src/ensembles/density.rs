//! Densities of quantised log-likelihood ratios, and what check nodes make of them.

/// Messages are `-reach..=reach` steps of `1 / steps_per_nat` nat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) steps_per_nat: f64,
    pub(super) reach: usize,
}

/// Mass at each magnitude: of both signs together, and of the right sign less the wrong one.
#[derive(Clone, Debug)]
pub(super) struct Density {
    pub(super) sum: Vec<f64>,
    pub(super) difference: Vec<f64>,
}

/// The box-plus rule on magnitudes: `a ⊞ b` lies between two steps and shares its mass between them.
pub(super) struct CheckNode {
    reach: usize,
    /// Lower step and the share of the upper one, for `b <= a`.
    rule: Vec<(u32, f64)>,
}

impl CheckNode {
    pub(super) fn new(grid: Grid) -> Self {
        let width = grid.reach + 1;
        let mut rule = vec![(0, 0.0); width * width];
        for a in 0..width {
            for b in 0..=a {
                let (x, y) = (a as f64 / grid.steps_per_nat, b as f64 / grid.steps_per_nat);
                let exact = y + (-(x + y)).exp().ln_1p() - (-(x - y)).exp().ln_1p();
                let steps = (exact * grid.steps_per_nat).max(0.0);
                rule[a * width + b] = (steps as u32, steps.fract());
            }
        }
        Self { reach: grid.reach, rule }
    }

    /// The box-plus of independent messages.
    fn combine(&self, x: &Density, y: &Density) -> Density {
        let width = self.reach + 1;
        let mut sum = vec![0.0; width + 1];
        let mut difference = vec![0.0; width + 1];
        for a in 0..width {
            let row = &self.rule[a * width..][..=a];
            for (b, &(low, share)) in row.iter().enumerate() {
                let (mut s, mut d) = (x.sum[a] * y.sum[b], x.difference[a] * y.difference[b]);
                if a != b {
                    s += x.sum[b] * y.sum[a];
                    d += x.difference[b] * y.difference[a];
                }
                let low = low as usize;
                sum[low] += s * (1.0 - share);
                sum[low + 1] += s * share;
                difference[low] += d * (1.0 - share);
                difference[low + 1] += d * share;
            }
        }
        sum.truncate(width);
        difference.truncate(width);
        Density { sum, difference }
    }

    /// The message of a check of mean degree `mean_degree` (its degree is one of the two nearest whole numbers).
    pub(super) fn output(&self, input: &Density, mean_degree: f64) -> Density {
        let low = mean_degree.floor();
        let upper_nodes = mean_degree - low;
        // Shares of edges, not of nodes.
        let upper = upper_nodes * (low + 1.0) / mean_degree;
        let inputs = low as u32 - 1;
        let first = self.power(input, inputs);
        if upper_nodes == 0.0 {
            return first;
        }
        let second = self.combine(&first, input);
        let mix =
            |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * (1.0 - upper) + b * upper).collect();
        Density { sum: mix(&first.sum, &second.sum), difference: mix(&first.difference, &second.difference) }
    }

    /// `count` independent messages combined, by squaring.
    fn power(&self, input: &Density, count: u32) -> Density {
        let mut out = input.clone();
        for bit in (0..count.max(1).ilog2()).rev() {
            out = self.combine(&out, &out);
            if count >> bit & 1 == 1 {
                out = self.combine(&out, input);
            }
        }
        out
    }
}
