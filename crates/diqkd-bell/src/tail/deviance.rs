//! The pieces of the saddle-point form of the binomial probability, each free of cancellation.

/// `x ln(x/m) - x + m`, half the Poisson deviance, from `delta = x - m` known more accurately than by subtraction.
///
/// Never negative; about `delta^2 / 2m` near `x = m`. `x >= 0`, `m > 0`.
///
/// # References
/// C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000), function `bd0`.
pub(crate) fn deviance(x: f64, m: f64, delta: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    if delta.abs() < 0.1 * (x + m) {
        let v = delta / (x + m);
        let mut sum = delta * v;
        let mut power = 2.0 * x * v;
        let mut odd = 3.0;
        loop {
            power *= v * v;
            let next = sum + power / odd;
            if next == sum {
                return sum;
            }
            sum = next;
            odd += 2.0;
        }
    }
    x * libm::log(x / m) - delta
}

/// `ln(1 + x) - x`, accurate near 0. `x >= -1`.
pub(super) fn log1p_minus(x: f64) -> f64 {
    if !(-0.5..=0.5).contains(&x) {
        return libm::log1p(x) - x;
    }
    let r = x / (2.0 + x);
    let square = r * r;
    let mut term = square;
    let mut sum = square / 3.0;
    let mut odd = 5.0;
    loop {
        term *= square;
        let next = sum + term / odd;
        if next == sum {
            return r * (2.0 * sum - x);
        }
        sum = next;
        odd += 2.0;
    }
}

/// `ln n! - (ln(2 pi n)/2 + n ln n - n)`, the error of Stirling's formula; `n >= 1`, a whole number.
pub(super) fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return STIRLING_ERROR[n as usize];
    }
    let square = 1.0 / (n * n);
    let series = [
        1.0 / 156.0,
        -691.0 / 360_360.0,
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ];
    series.into_iter().fold(0.0, |sum, coefficient| sum * square + coefficient) / n
}

/// By mpmath 1.3 at 30 digits: `loggamma(n+1) - (log(2*pi*n)/2 + n*log(n) - n)`; entry 0 is not used.
const STIRLING_ERROR: [f64; 16] = [
    0.0,
    0.081_061_466_795_327_26,
    0.041_340_695_955_409_29,
    0.027_677_925_684_998_34,
    0.020_790_672_103_765_093,
    0.016_644_691_189_821_193,
    0.013_876_128_823_070_748,
    0.011_896_709_945_891_77,
    0.010_411_265_261_972_096,
    0.009_255_462_182_712_733,
    0.008_330_563_433_362_87,
    0.007_573_675_487_951_841,
    0.006_942_840_107_209_53,
    0.006_408_994_188_004_207,
    0.005_951_370_112_758_848,
    0.005_554_733_551_962_801,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_branches_meet() {
        assert!((stirling_error(16.0) - 0.005_207_655_919_609_640_4).abs() < 1e-17);
        for x in [-0.5, 0.5f64] {
            let direct = libm::log1p(x) - x;
            assert!((log1p_minus(x) - direct).abs() < 4e-16, "{x}");
        }
        let (x, m) = (1.3, 1.3 * 0.9 / 1.1);
        let direct = x * libm::log(x / m) - (x - m);
        assert!((deviance(x, m, x - m) - direct).abs() < 1e-15);
    }

    #[test]
    fn small_arguments_keep_all_digits() {
        let x = 1e-9;
        assert!((log1p_minus(x) / (-x * x / 2.0 + x * x * x / 3.0) - 1.0).abs() < 1e-15);
        assert!((deviance(1e10 + 1.0, 1e10, 1.0) / (0.5e-10 * (1.0 - 1e-10 / 3.0)) - 1.0).abs() < 1e-15);
        assert_eq!(deviance(0.0, 3.0, -3.0), 3.0);
    }
}
