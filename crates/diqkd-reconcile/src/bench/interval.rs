//! Confidence interval of a frame error rate.

/// Clopper-Pearson interval, 95 %, of a probability that gave `failed` failures in `frames` draws; outward to 1e-12.
pub fn fer_interval(failed: u32, frames: u32) -> (f64, f64) {
    if frames == 0 {
        return (0.0, 1.0);
    }
    let failed = failed.min(frames);
    let low = if failed == 0 { 0.0 } else { solve(|p| 1.0 - at_most(failed - 1, frames, p), 0.025).0 };
    let high = if failed == frames { 1.0 } else { solve(|p| -at_most(failed, frames, p), -0.025).1 };
    (low, high)
}

/// Encloses the root of an increasing function on [0, 1].
fn solve(f: impl Fn(f64) -> f64, target: f64) -> (f64, f64) {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if f(middle) > target { high = middle } else { low = middle }
    }
    (low, high)
}

/// `P(count <= most)` of a binomial count.
fn at_most(most: u32, trials: u32, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    let n = f64::from(trials);
    let term = |k: u32| {
        let k = f64::from(k);
        let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        libm::exp(choose + k * libm::log(p) + (n - k) * libm::log1p(-p))
    };
    (0..=most).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn textbook_intervals() {
        let (low, high) = fer_interval(0, 100);
        assert!(low == 0.0 && (high - 0.036_217).abs() < 1e-5, "{high}");
        let (low, high) = fer_interval(5, 100);
        assert!((low - 0.016_432).abs() < 1e-5 && (high - 0.112_835).abs() < 1e-5, "{low} {high}");
        assert_eq!(fer_interval(3, 3).1, 1.0);
        assert_eq!(fer_interval(0, 0), (0.0, 1.0));
    }
}
