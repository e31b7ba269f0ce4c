//! How many bits a hash may leave, by the leftover hash lemma.
//!
//! With `H_min` the smooth min-entropy of the input given the adversary, hashing by a universal family to
//! `l <= H_min - 2 log2(1/eps) + 2` bits gives a key that is `eps` away from a perfect one in trace distance
//! (`2^-1 2^((l - H_min)/2) <= eps`, apart from the smoothing). With `H_alpha`, `1 < alpha <= 2`, a Rényi entropy of the
//! input, `l <= H_alpha - alpha/(alpha-1) log2(1/eps) + 2` will do for Toeplitz and modified Toeplitz matrices, with no
//! smoothing; the constant rests on these families (docs/theory, section 4). Both are rounded down.

use diqkd_core::Epsilon;

/// `floor(H_min - 2 log2(1/eps) + 2)`, at least 0; `h_min`: bits, smooth min-entropy given all that the adversary holds.
///
/// # Errors
/// [`LengthError::Entropy`] unless `h_min` is finite and at least 0.
///
/// ```
/// use diqkd_amplify::length_from_min_entropy;
/// use diqkd_core::Epsilon;
///
/// let eps = Epsilon::from_log2(-50.0).expect("a probability");
/// assert_eq!(length_from_min_entropy(1000.0, eps), Ok(902));
/// ```
pub fn length_from_min_entropy(h_min: f64, eps: Epsilon) -> Result<u64, LengthError> {
    length(h_min, 2.0, true, eps)
}

/// `floor(H_alpha - alpha/(alpha-1) log2(1/eps) + 2)`, at least 0; `h_alpha`: bits, `1 < alpha <= 2`.
///
/// # Errors
/// [`LengthError::Entropy`] unless `h_alpha` is finite and at least 0; [`LengthError::Order`] unless `1 < alpha <= 2`.
///
/// ```
/// use diqkd_amplify::length_from_renyi_entropy;
/// use diqkd_core::Epsilon;
///
/// let eps = Epsilon::from_log2(-50.0).expect("a probability");
/// assert_eq!(length_from_renyi_entropy(1000.0, 1.25, eps), Ok(752));
/// ```
pub fn length_from_renyi_entropy(h_alpha: f64, alpha: f64, eps: Epsilon) -> Result<u64, LengthError> {
    if !(alpha > 1.0 && alpha <= 2.0) {
        return Err(LengthError::Order { alpha });
    }
    // alpha - 1 is exact here, the quotient perhaps not.
    let weight = alpha / (alpha - 1.0);
    length(h_alpha, weight, libm::fma(weight, alpha - 1.0, -alpha) == 0.0, eps)
}

fn length(entropy: f64, weight: f64, weight_is_exact: bool, eps: Epsilon) -> Result<u64, LengthError> {
    if !(entropy >= 0.0 && entropy.is_finite()) {
        return Err(LengthError::Entropy { bits: entropy });
    }
    let paid = weight * -eps.log2();
    let bits = entropy - paid + 2.0;
    // Every rounding is of a number no larger than the sum. Whole numbers that are small enough are not rounded.
    let whole = |v: f64| libm::trunc(v) == v && v.abs() < 1e15;
    let exact = weight_is_exact && [entropy, weight, eps.log2(), paid].into_iter().all(whole);
    let slack = if exact { 0.0 } else { 4.0 * f64::EPSILON * (entropy + paid + 2.0) };
    // The cast takes what is negative to 0.
    Ok(libm::floor(bits - slack) as u64)
}

/// Why there is no length.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LengthError {
    /// An entropy is a number of bits.
    #[error("an entropy of {bits} bits; give a finite number that is not negative")]
    Entropy {
        /// What was given, bits.
        bits: f64,
    },
    /// The lemma is proved for orders above 1 and up to 2.
    #[error("a Rényi entropy of order {alpha}; the order must be above 1 and at most 2")]
    Order {
        /// What was given.
        alpha: f64,
    },
}
