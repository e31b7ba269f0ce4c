//! How much more than the mean entropy a finite frame must be prepared for.

use alloc::vec::Vec;

/// The efficiency that no one-way code for strings of `n_bits` beats by much at a probability of
/// failure `failure`: mean entropy a position, its fluctuation and half a logarithm (the normal approximation, as stated in
/// Y. Polyanskiy, H. V. Poor, S. Verdú, "Channel coding rate in the finite blocklength regime", 2010).
pub(crate) fn normal_bound(n_bits: u64, entropy: f64, variance: f64, failure: f64) -> f64 {
    let n = n_bits as f64;
    let deviations = upper_normal_quantile(failure.clamp(1e-300, 0.5));
    let fluctuation = deviations * libm::sqrt(n * variance);
    (n * entropy + fluctuation - 0.5 * libm::log2(n)) / (n * entropy)
}

/// `x` with `P(normal > x) = p`, for `p` in (0, 1/2].
pub(crate) fn upper_normal_quantile(p: f64) -> f64 {
    let tail = |x: f64| 0.5 * libm::erfc(x * core::f64::consts::FRAC_1_SQRT_2);
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if tail(middle) > p { low = middle } else { high = middle }
    }
    high
}

/// The largest `p` (to a relative 1e-6) for which a binomial count of `trials` draws exceeds `most` with probability
/// at most `target`.
pub(crate) fn draw_probability(trials: u32, most: u32, target: f64) -> f64 {
    let (mut low, mut high) = (libm::log(1e-15), 0.0);
    for _ in 0..60 {
        let middle: f64 = 0.5 * (low + high);
        if binomial_excess(trials, most, libm::exp(middle)) > target { high = middle } else { low = middle }
    }
    libm::exp(low)
}

/// `P(count > most)` for a binomial count.
fn binomial_excess(trials: u32, most: u32, p: f64) -> f64 {
    if p >= 1.0 {
        return if trials > most { 1.0 } else { 0.0 };
    }
    let ln_choose = |k: u32| {
        let (n, k) = (f64::from(trials), f64::from(k));
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
    };
    let terms: Vec<f64> = (most + 1..=trials)
        .map(|k| {
            libm::exp(ln_choose(k) + f64::from(k) * libm::log(p) + f64::from(trials - k) * libm::log1p(-p))
        })
        .collect();
    terms.iter().rev().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        assert!((upper_normal_quantile(0.01) - 2.326_347_874).abs() < 1e-9);
        assert!((upper_normal_quantile(1e-6) - 4.753_424_309).abs() < 1e-8);
        assert!(upper_normal_quantile(0.5).abs() < 1e-9);
    }

    #[test]
    fn draws_that_may_fail() {
        assert!((draw_probability(1, 0, 0.01) - 0.01).abs() < 1e-7);
        assert!((draw_probability(2, 1, 0.01) - 0.1).abs() < 1e-6);
        let p = draw_probability(20, 0, 0.01);
        assert!((1.0 - libm::pow(1.0 - p, 20.0) - 0.01).abs() < 1e-7);
    }
}
