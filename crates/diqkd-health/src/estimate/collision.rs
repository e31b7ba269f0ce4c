//! Section 6.3.2: the mean wait until one of two earlier bits occurs again. `O(n)`.
//!
//! A wait is 2 or 3 bits. Its mean is `2 + 2 p (1 - p)` for bits of probability `p`, so that the equation of step 7
//! has the closed root `p = 1/2 + sqrt(5/4 - X/2)` for a lower confidence limit `X < 5/2`, and none above.

use super::confidence::{Z_ALPHA, min_entropy};

/// `bits` holds at least 6 symbols, all 0 or 1.
pub(super) fn collision(bits: &[u8]) -> f64 {
    let (mut used, mut twos, mut threes) = (0, 0u64, 0u64);
    while let [first, second, rest @ ..] = &bits[used..] {
        if first == second {
            twos += 1;
            used += 2;
        } else if rest.is_empty() {
            break;
        } else {
            threes += 1;
            used += 3;
        }
    }
    let waits = (twos + threes) as f64;
    let mean = used as f64 / waits;
    let squares = (4 * twos + 9 * threes) as f64;
    let variance = ((squares - used as f64 * mean) / (waits - 1.0)).max(0.0);
    let lower = (mean - Z_ALPHA * libm::sqrt(variance / waits)).max(2.0);
    if lower < 2.5 { min_entropy(0.5 + libm::sqrt(1.25 - 0.5 * lower)) } else { 1.0 }
}
