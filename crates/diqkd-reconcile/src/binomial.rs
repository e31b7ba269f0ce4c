//! Tails of binomial counts, and the probabilities that they leave possible.

/// `P(count <= most)` of a count of `trials` draws, each 1 with probability `p`.
pub(crate) fn at_most(most: u64, trials: u64, p: f64) -> f64 {
    if p <= 0.0 || most >= trials {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    // Of both tails the one that does not hold the mean: the terms of the other may all underflow at its end.
    if (most + 1) as f64 > trials as f64 * p {
        1.0 - tail(trials - most - 1, trials, 1.0 - p)
    } else {
        tail(most, trials, p)
    }
}

/// [`at_most`] for a `most` below the mean.
fn tail(most: u64, trials: u64, p: f64) -> f64 {
    let (n, top) = (trials as f64, most as f64);
    let choose = libm::lgamma(n + 1.0) - libm::lgamma(top + 1.0) - libm::lgamma(n - top + 1.0);
    let mut term = libm::exp(choose + top * libm::log(p) + (n - top) * libm::log1p(-p));
    let (mut sum, mut k) = (0.0, top);
    while k >= 0.0 && term > 1e-18 * sum {
        sum += term;
        term *= k / (n - k + 1.0) * (1.0 - p) / p;
        k -= 1.0;
    }
    sum.min(1.0)
}

/// The largest probability under which a count of at most `most` has a probability of `tail`, rounded up.
pub(crate) fn largest(most: u64, trials: u64, tail: f64) -> f64 {
    if most >= trials {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if at_most(most, trials, middle) < tail { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_of_few_and_of_many_draws() {
        assert!((at_most(0, 10, 0.1) - libm::pow(0.9, 10.0)).abs() < 1e-14);
        assert!((at_most(2, 4, 0.5) - 11.0 / 16.0).abs() < 1e-14);
        assert!((at_most(3, 4, 0.9) - (1.0 - libm::pow(0.9, 4.0))).abs() < 1e-14);
        assert_eq!((at_most(4, 4, 0.9), at_most(0, 4, 1.0), at_most(0, 4, 0.0)), (1.0, 0.0, 1.0));
        assert_eq!((at_most(2982, 3000, 0.5), at_most(18, 3000, 0.5)), (1.0, 0.0));
        // The median of a symmetric count.
        assert!((at_most(500_000, 1_000_001, 0.5) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn the_largest_probability_by_the_book() {
        assert!((largest(0, 100, 0.025) - 0.036_217).abs() < 1e-5);
        assert!((largest(5, 100, 0.025) - 0.112_835).abs() < 1e-5);
        assert_eq!(largest(3, 3, 0.025), 1.0);
        // Many draws, from a table of the beta distribution.
        for (most, trials, wanted) in
            [(2982, 3000, 0.9964), (20_000, 1_000_000, 0.020_276), (9_980_000, 10_000_000, 0.998_027)]
        {
            let found = largest(most, trials, 0.025);
            assert!((found - wanted).abs() < 1e-4 * wanted.max(0.1), "{most} of {trials}: {found}");
        }
    }
}
