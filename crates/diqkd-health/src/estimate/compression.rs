//! Section 6.3.4: Maurer's universal statistic over blocks of 6 bits. `O(n)`.
//!
//! `X` is the mean of `log2` of the distance to the last occurrence of a block, over all blocks after the first
//! `d = 1000`. If one block has probability `p` and the others share the rest, the mean is `G(p) + 63 G(q)`,
//! `q = (1 - p)/63`, where, with `L` blocks, `v = L - d` and `a_u = log2(u) (1 - z)^(u - 1)`,
//! ```text
//! G(z) = z/v (z (v sum_{u<=d} a_u + sum_{u>d} (L - u) a_u) + sum_{u>d} a_u)
//! ```
//! which is the double sum of step 7 with the order of summation exchanged. It decreases with `p` from `1/64` on; `p`
//! is bisected until the interval is that of two neighbouring numbers.

use alloc::vec::Vec;

use super::confidence::{Z_ALPHA, min_entropy};

/// Bits that the estimator needs: one block more than its dictionary is filled with, and a second for a variance.
pub(super) const NEEDED_BITS: usize = (DICTIONARY + 2) * BLOCK;

/// `bits` holds at least [`NEEDED_BITS`] symbols, all 0 or 1.
pub(super) fn compression(bits: &[u8]) -> f64 {
    let blocks = bits.len() / BLOCK;
    let log2: Vec<f64> = (0..=blocks).map(|u| libm::log2(u as f64)).collect();
    let mut last = [0usize; VALUES];
    let (mut sum, mut squares) = (Sum::default(), Sum::default());
    for (index, block) in (1..).zip(bits.chunks_exact(BLOCK)) {
        let value = block.iter().fold(0, |value, &bit| value << 1 | usize::from(bit));
        if index > DICTIONARY {
            let distance = log2[index - last[value]];
            sum.add(distance);
            squares.add(distance * distance);
        }
        last[value] = index;
    }
    let tested = (blocks - DICTIONARY) as f64;
    let mean = sum.total() / tested;
    let deviation = 0.5907 * libm::sqrt((squares.total() / (tested - 1.0) - mean * mean).max(0.0));
    let lower = mean - Z_ALPHA * deviation / libm::sqrt(tested);
    let expected = |p: f64| {
        let others = (VALUES - 1) as f64;
        g(p, &log2) + others * g((1.0 - p) / others, &log2)
    };
    let uniform = 1.0 / VALUES as f64;
    if expected(uniform) <= lower {
        return 1.0;
    }
    let (mut low, mut high) = (uniform, 1.0);
    loop {
        let p = 0.5 * (low + high);
        if p <= low || p >= high {
            return min_entropy(high) / BLOCK as f64;
        }
        if expected(p) > lower { low = p } else { high = p }
    }
}

/// `G(z)`, with `log2[u]` for `u` up to the number of blocks.
fn g(z: f64, log2: &[f64]) -> f64 {
    let blocks = log2.len() - 1;
    let tested = (blocks - DICTIONARY) as f64;
    let (mut weighted, mut tail) = (Sum::default(), Sum::default());
    let mut power = 1.0 - z;
    for (u, log2_u) in log2.iter().enumerate().skip(2) {
        let term = log2_u * power;
        if u <= DICTIONARY {
            weighted.add(tested * term);
        } else {
            if term < f64::MIN_POSITIVE {
                break;
            }
            weighted.add((blocks - u) as f64 * term);
            tail.add(term);
        }
        power *= 1.0 - z;
    }
    z / tested * (z * weighted.total() + tail.total())
}

/// A sum that carries the rounding error of its last addition (Kahan).
#[derive(Default)]
struct Sum {
    total: f64,
    excess: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        let corrected = term - self.excess;
        let total = self.total + corrected;
        self.excess = (total - self.total) - corrected;
        self.total = total;
    }

    fn total(&self) -> f64 {
        self.total
    }
}

const BLOCK: usize = 6;
const VALUES: usize = 1 << BLOCK;
const DICTIONARY: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// The double sum as step 7 states it.
    #[test]
    fn g_is_the_double_sum() {
        let blocks = 1010;
        let log2: Vec<f64> = (0..=blocks).map(|u| libm::log2(u as f64)).collect();
        for z in [0.9f64, 0.3, 1.0 / 64.0, 1e-3, 0.0] {
            let mut sum = 0.0;
            for t in DICTIONARY + 1..=blocks {
                for (u, log2_u) in log2.iter().enumerate().take(t + 1).skip(1) {
                    let f = if u < t { z * z } else { z } * libm::pow(1.0 - z, (u - 1) as f64);
                    sum += log2_u * f;
                }
            }
            let naive = sum / (blocks - DICTIONARY) as f64;
            assert!((g(z, &log2) - naive).abs() <= 1e-12, "{z}: {} {naive}", g(z, &log2));
        }
    }
}
