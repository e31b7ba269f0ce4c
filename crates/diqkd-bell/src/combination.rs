//! One verdict from several runs.
//!
//! Three ways, for three situations. Runs of the same game whose lengths were fixed beforehand: add them
//! ([`crate::BellTest::plus`]), which is the most powerful. Runs watched while they went on: multiply e-values
//! ([`crate::EValue::times`]). Runs of different kinds, each with a p-value that holds given the runs before it:
//! Fisher's method, here.

use crate::tail::{LogProbability, ln_chi_squared_upper};

/// The p-value of several runs by Fisher's method: `-2 sum ln p` against chi-squared with two degrees of freedom a run;
/// 1 without runs.
///
/// Valid for p-values that hold given all earlier runs, also discrete ones. All runs count: leaving out those that
/// failed makes it worthless.
///
/// # References
/// R. A. Fisher, Statistical Methods for Research Workers (1932), section 21.1.
pub fn combined_p_value(runs: impl IntoIterator<Item = LogProbability>) -> LogProbability {
    let (mut chi2, mut dof) = (0.0, 0);
    for p_value in runs {
        chi2 -= 2.0 * p_value.ln();
        dof += 2;
    }
    if dof == 0 {
        return LogProbability::ONE;
    }
    if chi2 == f64::INFINITY {
        return LogProbability::ZERO;
    }
    ln_chi_squared_upper(chi2, dof).widened_up()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let p = |p: f64| LogProbability::from_ln(p.ln());
        // Two p-values with product q: q (1 - ln q).
        let q = 0.039f64 * 0.2;
        let expected = q * (1.0 - q.ln());
        assert!((combined_p_value([p(0.039), p(0.2)]).probability() / expected - 1.0).abs() < 1e-10);
        assert!((combined_p_value([p(0.05)]).probability() - 0.05).abs() < 1e-11);
        assert_eq!(combined_p_value([]), LogProbability::ONE);
        assert_eq!(combined_p_value([LogProbability::ZERO, p(0.5)]), LogProbability::ZERO);
        // Two runs of 10^-1000 each: log10 of q (1 - ln q).
        let far = combined_p_value([LogProbability::from_ln(-1000.0 * 10f64.ln()); 2]).log10();
        let exact = -2000.0 + (1.0 + 2000.0 * 10f64.ln()).log10();
        assert!((far - exact).abs() < 1e-6, "{far} {exact}");
    }
}
