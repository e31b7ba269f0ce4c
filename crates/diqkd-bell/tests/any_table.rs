//! Whatever a table holds, the report is finite and in range, or names the setting that lacks trials.

use diqkd_bell::{BiasSource, Cell, Convention, Counts, PolytopeError, ReportOptions, ScenarioError};
use diqkd_core::Epsilon;
use proptest::prelude::*;

fn table(counts: &[u64]) -> Counts {
    let mut table = Counts::new();
    for (i, &n) in counts.iter().enumerate() {
        let bit = |place: usize| (i >> place & 1) as u8;
        table.add(Cell { x: bit(3), y: bit(2), a: bit(1), b: bit(0) }, n).expect("16 counts below 2^49");
    }
    table
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0u64..3, 0u64..1000, 0u64..1 << 49]
}

proptest! {
    #[test]
    fn reports_stay_in_range(counts in prop::collection::vec(count(), 16), which in 0usize..8, ln_eps in -200.0..-0.01f64) {
        let convention = Convention::all().nth(which).expect("eight conventions");
        let eps = Epsilon::from_log2(ln_eps).expect("negative");
        let options = ReportOptions { convention, bias: BiasSource::Observed(eps), eps };
        let table = table(&counts);
        let report = match table.report(options) {
            Ok(report) => report,
            Err(PolytopeError::Scenario(ScenarioError::EmptySetting { x, y })) => {
                prop_assert_eq!(table.setting_total(x, y), 0);
                return Ok(());
            }
            Err(other) => return Err(TestCaseError::fail(format!("{other}"))),
        };
        let chsh = report.chsh;
        prop_assert!((-4.0..=4.0).contains(&chsh.s) && chsh.s_standard_error >= 0.0);
        prop_assert!(report.s_lower >= -4.0 && report.s_lower <= chsh.s.max(-4.0) + 1e-9, "{} {}", report.s_lower, chsh.s);
        let given = table.relabelled(convention).chsh_lower(eps).expect("all settings have trials");
        prop_assert!((-4.0..=4.0).contains(&given) && given <= chsh.s + 1e-9, "{given} {}", chsh.s);
        for p in [report.p_value, report.p_value_biased, report.no_signalling.joint.p_value,
            report.settings_independence.p_value, report.setting_balance.uniform.p_value] {
            prop_assert!(p.ln() <= 0.0, "{p:?}");
        }
        prop_assert!(report.p_value_biased >= report.p_value);
        prop_assert!(report.pbr.kl_bits >= 0.0 && report.pbr.kl_bits.is_finite());
        prop_assert!(report.pbr.gap_bits >= 0.0 && report.pbr.gap_bits <= 1e-7, "{}", report.pbr.gap_bits);
        prop_assert!(report.no_signalling.marginals.iter().all(|m| m.z.is_finite()));
        prop_assert!((-3.0..=1.0).contains(&report.ch.j));
    }
}
