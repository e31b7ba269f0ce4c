//! The chi-squared distribution's upper tail for a whole number of degrees of freedom, by its finite sum.

use super::LogProbability;
use super::normal::ln_normal_upper;

/// `P[C >= chi2]` for `C` chi-squared with `dof` degrees of freedom; relative error of the logarithm below 1e-12.
/// With no degrees of freedom `C` is 0. Cost `O(dof)`.
pub fn ln_chi_squared_upper(chi2: f64, dof: u32) -> LogProbability {
    if chi2 <= 0.0 {
        return LogProbability::ONE;
    }
    if dof == 0 {
        return LogProbability::ZERO;
    }
    let half = 0.5 * chi2;
    // The sum over j of half^(j - o) / Gamma(j - o + 1), o = 1/2 for odd dof, kept as exp(scale) * sum.
    let (mut scale, mut sum, mut j) = if dof.is_multiple_of(2) {
        (0.0, 1.0, 1.0)
    } else {
        let erfcx_ln = ln_normal_upper(libm::sqrt(chi2)).ln() + core::f64::consts::LN_2 + half;
        (erfcx_ln, 1.0, 0.5)
    };
    let terms = (dof - 1) / 2;
    let mut ln_term = if dof.is_multiple_of(2) { 0.0 } else { -LN_GAMMA_HALF - 0.5 * libm::log(half) };
    for _ in 0..terms {
        ln_term += libm::log(half / j);
        if ln_term > scale {
            sum = sum * libm::exp(scale - ln_term) + 1.0;
            scale = ln_term;
        } else {
            sum += libm::exp(ln_term - scale);
        }
        j += 1.0;
    }
    LogProbability::from_ln(scale + libm::log(sum) - half)
}

/// `ln Gamma(1/2)`.
const LN_GAMMA_HALF: f64 = 0.572_364_942_924_700_1;

#[cfg(test)]
mod tests {
    use super::*;

    /// SOURCE: mpmath 1.3, 40 digits: `log(gammainc(dof/2, chi2/2, inf, regularized=True))`.
    const KAT: [(f64, u32, f64); 8] = [
        (3.84, 1, -2.994_862_227_180_027),
        (0.01, 1, -0.083_007_412_170_328),
        (1e4, 1, -5_004.831_061_513_645),
        (5.0, 2, -2.5),
        (12.5, 3, -5.140_858_577_126_64),
        (0.3, 4, -0.010_238_057_624_841_302),
        (900.0, 9, -431.063_579_325_828_2),
        (40.0, 24, -3.844_980_360_323_948),
    ];

    #[test]
    fn forty_digit_values() {
        for (chi2, dof, ln) in KAT {
            assert!((ln_chi_squared_upper(chi2, dof).ln() / ln - 1.0).abs() < 1e-12, "{chi2} {dof}");
        }
    }
}
