//! Confidence interval of a frame error rate.

use crate::binomial::largest;

/// Clopper-Pearson interval, 95 %, of a probability that gave `failed` failures in `frames` draws; outward to 1e-12.
pub fn fer_interval(failed: u32, frames: u32) -> (f64, f64) {
    if frames == 0 {
        return (0.0, 1.0);
    }
    let failed = failed.min(frames);
    let (failed, frames) = (u64::from(failed), u64::from(frames));
    // Failures are to frames what frames without failure are to frames, from the other end.
    let low = 1.0 - largest(frames - failed, frames, 0.025);
    (low, largest(failed, frames, 0.025))
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
        let (low, high) = fer_interval(18, 3000);
        assert!((low - 0.003_559).abs() < 1e-5 && (high - 0.009_468).abs() < 1e-5, "{low} {high}");
        assert_eq!(fer_interval(3, 3).1, 1.0);
        assert_eq!(fer_interval(0, 0), (0.0, 1.0));
    }
}
