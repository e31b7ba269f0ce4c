//! Tail of the Poisson distribution.

/// An upper bound of `ln P(X >= count)` for `X ~ Poisson(mean)` (Chernoff): `count - mean - count ln(count / mean)`, 0
/// where the count does not exceed the mean.
pub(crate) fn ln_tail(count: f64, mean: f64) -> f64 {
    if count <= mean {
        return 0.0;
    }
    if mean <= 0.0 {
        return f64::NEG_INFINITY;
    }
    count - mean - count * libm::log(count / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_the_exact_tail() {
        for mean in [0.01, 1.0, 7.5, 40.0] {
            let mut term = libm::exp(-mean);
            let mut below = 0.0;
            for count in 0..60 {
                let exact = 1.0 - below;
                if exact > 1e-9 {
                    assert!(ln_tail(f64::from(count), mean) >= libm::log(exact) - 1e-6);
                }
                below += term;
                term *= mean / f64::from(count + 1);
            }
        }
    }
}
