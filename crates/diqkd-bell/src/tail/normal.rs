//! The normal distribution's upper tail.

use super::LogProbability;

/// `P[Z >= z]` for a standard normal `Z`; relative error of the logarithm below 1e-13.
pub fn ln_normal_upper(z: f64) -> LogProbability {
    if z < 0.0 {
        return LogProbability::from_ln(libm::log1p(
            -0.5 * libm::erfc(-z * core::f64::consts::FRAC_1_SQRT_2),
        ));
    }
    if z < FAR {
        return LogProbability::from_ln(libm::log(0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2)));
    }
    LogProbability::from_ln(-0.5 * z * z - LN_SQRT_TAU + libm::log(mills_ratio(z)))
}

/// `P[|Z| >= |z|]` for a standard normal `Z`: the p-value of a z-score whose sign was not fixed beforehand.
pub fn ln_normal_two_sided(z: f64) -> LogProbability {
    LogProbability::from_ln(ln_normal_upper(z.abs()).ln() + core::f64::consts::LN_2)
}

/// `P[Z >= z]` divided by the density, by Laplace's continued fraction `1/(z + 1/(z + 2/(z + ...)))`; `z >= FAR`.
pub(super) fn mills_ratio(z: f64) -> f64 {
    1.0 / (1..=120).rev().fold(z, |below, i| z + f64::from(i) / below)
}

/// Where the continued fraction takes over from `erfc`.
pub(super) const FAR: f64 = 5.0;

/// `ln(2 pi) / 2`.
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_8;

#[cfg(test)]
mod tests {
    use super::*;

    /// SOURCE: mpmath 1.3, 40 digits: `log(erfc(z/sqrt(2))/2)`.
    const KAT: [(f64, f64); 6] = [
        (-3.0, -0.001_350_809_964_748_193_8),
        (0.5, -1.175_911_761_593_618_6),
        (4.9, -14.551_182_689_355_313),
        (5.0, -15.064_998_393_988_726),
        (11.5, -69.493_709_129_095_35),
        (300.0, -45_006.622_732_118_66),
    ];

    #[test]
    fn forty_digit_values() {
        for (z, ln) in KAT {
            assert!((ln_normal_upper(z).ln() / ln - 1.0).abs() < 1e-13, "{z}");
        }
    }
}
