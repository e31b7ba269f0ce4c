//! How far a bit is from fair, and how far it may be at most.
//!
//! The bound inverts Chernoff's: of `n` independent bits that are 1 with mean probability `p`, the observed frequency
//! `f >= p` occurs with probability at most `2^(-n D(f||p))`, `D` the relative entropy, and likewise below. The largest
//! deviation of `p` from 1/2 not refuted at `eps` on its side is the bound: the side on which `p` lies decides, so that
//! both sides may spend all of `eps`. The root is bracketed by bisection and taken outward. Constant cost.
//!
//! # References
//! W. Hoeffding, J. Am. Stat. Assoc. 58, 13 (1963), theorem 1.

use diqkd_core::Epsilon;

use crate::HealthError;

/// The bias `|p1 - 1/2|` of bits, `p1` the probability of a 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bias {
    /// The observed `|f1 - 1/2|`, `f1` the frequency of ones.
    pub estimate: f64,
    /// Except with probability `eps`, the bias is at most this; never below `estimate`, never above 1/2.
    pub upper: f64,
    /// The failure probability of `upper`.
    pub eps: Epsilon,
}

impl Bias {
    /// The bias of independent bits, `ones` of `bits` being 1.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`] if there are no bits, or more ones than bits.
    pub fn from_counts(ones: u64, bits: u64, eps: Epsilon) -> Result<Self, HealthError> {
        if bits == 0 || ones > bits {
            return Err(HealthError::ImpossibleCount { ones, bits });
        }
        let high = ones.max(bits - ones);
        let frequency = high as f64 / bits as f64;
        let ln_eps_per_bit = eps.log2() * core::f64::consts::LN_2 / bits as f64;
        // The rarer value refutes less on its own side than the commoner one does, unless both are within the margin.
        let above = largest_not_refuted(frequency, ln_eps_per_bit) - 0.5;
        let below = largest_not_refuted(1.0 - frequency, ln_eps_per_bit) - 0.5;
        let estimate = frequency - 0.5;
        Ok(Self { estimate, upper: above.max(below).max(estimate).min(0.5), eps })
    }
}

/// The least `p >= f` with `D(f||p) >= -ln_eps_per_bit` for certain, or 1.
fn largest_not_refuted(f: f64, ln_eps_per_bit: f64) -> f64 {
    let (mut low, mut high) = (f, 1.0);
    while high - low > f64::EPSILON {
        let middle = 0.5 * (low + high);
        if relative_entropy(f, middle) - ROUNDING >= -ln_eps_per_bit {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// `D(f||p)` of two bits, in nats, for `f <= p < 1`.
fn relative_entropy(f: f64, p: f64) -> f64 {
    let d = p - f;
    let of_ones = if f > 0.0 { -f * libm::log1p(d / f) } else { 0.0 };
    of_ones - (1.0 - f) * libm::log1p(-d / (1.0 - f))
}

/// Exceeds the rounding error of [`relative_entropy`], whose terms are at most 40 nats where it matters.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

#[cfg(test)]
mod tests {
    use super::*;

    fn bias(ones: u64, bits: u64, eps: f64) -> Bias {
        Bias::from_counts(ones, bits, Epsilon::new(eps).expect("in range")).expect("possible")
    }

    /// All ones: `D(1||p) = -ln p`, so that `p = 1` is not refuted, and the fewer bits there are of value 1 the less is.
    #[test]
    fn closed_cases() {
        assert_eq!(bias(10, 10, 0.01).upper, 0.5);
        assert_eq!(bias(0, 10, 0.01), bias(10, 10, 0.01));
        assert_eq!(bias(1, 1, 0.5).estimate, 0.5);
        assert!(Bias::from_counts(1, 0, Epsilon::new(0.1).expect("in range")).is_err());
        assert!(Bias::from_counts(2, 1, Epsilon::new(0.1).expect("in range")).is_err());
    }

    /// Near 1/2 the bound is Hoeffding's `sqrt(ln(1/eps) / 2n)`, from below.
    #[test]
    fn near_hoeffding_for_many_fair_bits() {
        for (bits, eps) in [(1_000_000u64, 1e-6), (10_000_000_000, 1e-12)] {
            let b = bias(bits / 2, bits, eps);
            let hoeffding = libm::sqrt(-libm::log(eps) / (2.0 * bits as f64));
            assert!(b.estimate == 0.0 && b.upper <= hoeffding * (1.0 + 1e-5), "{} {hoeffding}", b.upper);
            assert!(b.upper >= hoeffding * (1.0 - 1e-4), "{} {hoeffding}", b.upper);
        }
    }

    /// The bound holds: by brute force over all outcomes of 60 bits, the true bias exceeds it with probability <= eps.
    #[test]
    fn covers_by_brute_force() {
        let bits = 60u64;
        for eps in [0.2, 0.05, 1e-3] {
            for p in [0.5, 0.52, 0.6, 0.3, 0.9] {
                let mut pmf = libm::pow(1.0 - p, bits as f64);
                let mut missed = 0.0;
                for ones in 0..=bits {
                    if bias(ones, bits, eps).upper < (p - 0.5f64).abs() {
                        missed += pmf;
                    }
                    pmf *= (bits - ones) as f64 / (ones + 1) as f64 * p / (1.0 - p);
                }
                assert!(missed <= eps, "{missed} {eps} {p}");
            }
        }
    }
}
