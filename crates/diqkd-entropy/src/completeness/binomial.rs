//! Binomial probabilities in the log domain, good to about 1e-12 relatively for any count below 2^53.

use core::f64::consts::PI;

/// `ln P(X = k)` for `X` binomial with `n` trials of probability `p` in (0, 1).
pub(super) fn ln_mass(n: f64, p: f64, k: f64) -> f64 {
    if k < 0.0 || k > n {
        return f64::NEG_INFINITY;
    }
    if k == 0.0 {
        return n * libm::log1p(-p);
    }
    if k == n {
        return n * libm::log(p);
    }
    stirling_error(n)
        - stirling_error(k)
        - stirling_error(n - k)
        - deviance(k, n * p)
        - deviance(n - k, n * (1.0 - p))
        + 0.5 * libm::log(n / (2.0 * PI * k * (n - k)))
}

/// An upper bound on `P(X <= k)`, exact to rounding unless the distribution is so wide that it is closed by a
/// geometric tail.
pub(super) fn at_most(n: f64, p: f64, k: f64) -> f64 {
    if k < 0.0 {
        return 0.0;
    }
    if k >= n {
        return 1.0;
    }
    if k < n * p {
        below(n, p, k, Bound::Upper).min(1.0)
    } else {
        // P(X <= k) = 1 - P(n - X <= n - k - 1) with n - X binomial of probability 1 - p.
        (1.0 - below(n, 1.0 - p, n - k - 1.0, Bound::Lower)).clamp(0.0, 1.0)
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Bound {
    Lower,
    Upper,
}

/// `P(X <= k)` for `k` below the mean: the mass at `k` times a sum of decreasing ratios.
fn below(n: f64, p: f64, k: f64, bound: Bound) -> f64 {
    let (mut sum, mut factor, mut j) = (1.0, 1.0, k);
    for _ in 0..MOST_TERMS {
        if j <= 0.0 || factor < sum * 1e-17 {
            break;
        }
        factor *= j / (n - j + 1.0) * (1.0 - p) / p;
        sum += factor;
        j -= 1.0;
    }
    if bound == Bound::Upper && j > 0.0 {
        let ratio = j / (n - j + 1.0) * (1.0 - p) / p;
        sum += factor * ratio / (1.0 - ratio);
    }
    libm::exp(ln_mass(n, p, k)) * sum
}

/// `x ln(x/m) + m - x`, accurate where `x` is close to `m`.
fn deviance(x: f64, m: f64) -> f64 {
    let e = (x - m) / m;
    if e.abs() > 0.05 {
        return x * libm::log(x / m) + m - x;
    }
    // (1+e) ln(1+e) - e = sum over j >= 2 of (-e)^j / (j (j-1)).
    let (mut power, mut sum) = (-e, 0.0);
    for j in 2..40 {
        power *= -e;
        let term = power / f64::from(j * (j - 1));
        sum += term;
        if term.abs() < sum * 1e-18 {
            break;
        }
    }
    m * sum
}

/// `ln n! - ln(sqrt(2 pi n) (n/e)^n)`.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - 0.5 * libm::log(2.0 * PI);
    }
    let square = 1.0 / (n * n);
    (1.0 / 12.0
        - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))))
        / n
}

const MOST_TERMS: usize = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// `P(X <= k)` by exact rational-free summation of the recurrence from 0, for small `n`.
    fn by_recurrence(n: u32, p: f64, k: u32) -> f64 {
        let mut mass = (1.0 - p).powi(n as i32);
        let mut sum = mass;
        for j in 0..k {
            mass *= f64::from(n - j) / f64::from(j + 1) * p / (1.0 - p);
            sum += mass;
        }
        sum
    }

    #[test]
    fn agrees_with_the_recurrence() {
        for n in [1u32, 2, 7, 40, 300] {
            for p in [0.01, 0.3, 0.83, 0.999] {
                for k in 0..n {
                    let exact = by_recurrence(n, p, k);
                    if exact > 0.0 {
                        let got = at_most(f64::from(n), p, f64::from(k));
                        assert!((got - exact).abs() <= 1e-11 * exact.max(1e-3), "{n} {p} {k}: {got} {exact}");
                    }
                }
            }
        }
    }

    #[test]
    fn deep_tails_and_wide_distributions_stay_finite() {
        let ln = ln_mass(1e10, 0.05, 4.9e8);
        // From log-gamma at 40 digits.
        assert!((ln + 105_945.625_335_383_9).abs() < 1e-6, "{ln}");
        // Three standard deviations below the mean: 0.001350 in the normal limit.
        let tail = at_most(1e12, 0.5, 5e11 - 1.5e6);
        assert!((0.001_349..0.001_51).contains(&tail), "{tail}");
    }
}
