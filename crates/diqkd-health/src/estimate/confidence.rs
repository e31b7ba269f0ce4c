//! The 99 % limits that all estimators share.

/// The 99.5 % quantile of the normal distribution, which the standard rounds to 2.576.
pub(super) const Z_ALPHA: f64 = 2.575_829_303_548_901;

/// Upper limit of a probability observed as `p` among `n`: `p + Z sqrt(p (1 - p) / (n - 1))`, at most 1.
pub(super) fn upper_limit(p: f64, n: f64) -> f64 {
    (p + Z_ALPHA * libm::sqrt(p * (1.0 - p) / (n - 1.0))).min(1.0)
}

/// `-log2 p`, never `-0`.
pub(super) fn min_entropy(p: f64) -> f64 {
    (-libm::log2(p)).max(0.0)
}
