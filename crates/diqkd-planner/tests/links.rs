//! Verdicts on links whose answer is known.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::Epsilon;
use diqkd_entropy::{SingleRound, Theorem};
use diqkd_planner::{
    Approach, DataValue, EventReady, Grid, LossProfile, Need, Path, Photonic, Reason, Setup, Verdict, advise,
    compare, comparison_csv, table, table_csv,
};

const STATION: EventReady = EventReady {
    attempt_rate_hz: 1e6,
    collection: 0.02,
    visibility: 0.96,
    swap_visibility: 0.98,
    readout_error: 0.0,
};

fn need() -> Need {
    Need {
        key_rate_bit_s: 1.0,
        block_s: 86_400.0,
        value: DataValue::LongLived,
        eps_sound: Epsilon::new(1e-10).unwrap(),
        eps_complete: Epsilon::new(1e-2).unwrap(),
        f_ec: 1.1,
    }
}

fn path(km: f64) -> Path {
    Path { profile: LossProfile::uniform(km, 0.2).unwrap(), repeaters: 0 }
}

#[test]
fn a_short_link_meets_a_small_need() {
    let advice = advise(&Setup::EventReady(STATION), &path(5.0), &need()).unwrap();
    assert_eq!(advice.verdict, Verdict::DeviceIndependent);
    assert!(matches!(advice.reasons[0], Reason::NeedIsMet { factor } if factor > 1.0));
    let plan = advice.plan.unwrap();
    assert!(
        (advice.key_rate_bit_s - plan.key_bits as f64 * (1.0 - plan.honest_abort) / 86_400.0).abs() < 1e-9
    );
}

#[test]
fn a_large_need_becomes_hybrid_and_ordinary_traffic_post_quantum() {
    let large = Need { key_rate_bit_s: 1e6, ..need() };
    let setup = Setup::EventReady(STATION);
    let advice = advise(&setup, &path(5.0), &large).unwrap();
    assert_eq!(advice.verdict, Verdict::Hybrid);
    let ordinary = Need { value: DataValue::Ordinary, ..large };
    let advice = advise(&setup, &path(5.0), &ordinary).unwrap();
    assert_eq!(advice.verdict, Verdict::PostQuantum);
    assert!(matches!(advice.reasons[0], Reason::ThroughputOfOrdinaryValue { .. }));
    // A small need of ordinary value gets no such warning.
    let small = Need { value: DataValue::Ordinary, ..need() };
    assert_eq!(advise(&setup, &path(5.0), &small).unwrap().verdict, Verdict::DeviceIndependent);
}

#[test]
fn hopeless_links_say_why() {
    let dull = EventReady { visibility: 0.70, ..STATION };
    let advice = advise(&Setup::EventReady(dull), &path(1.0), &need()).unwrap();
    assert!(matches!(advice.reasons[0], Reason::NoViolation { chsh_s } if chsh_s < 2.0));
    let noisy = EventReady { visibility: 0.80, ..STATION };
    let advice = advise(&Setup::EventReady(noisy), &path(1.0), &need()).unwrap();
    assert!(
        matches!(advice.reasons[0], Reason::ErrorsExceedEntropy { entropy_bits, leak_bits } if entropy_bits < leak_bits)
    );
    let hurried = Need { block_s: 10.0, ..need() };
    let advice = advise(&Setup::EventReady(STATION), &path(5.0), &hurried).unwrap();
    let Reason::BlockTooShort { rounds, min_rounds, seconds } = advice.reasons[0] else {
        panic!("{advice:?}")
    };
    assert!(rounds < min_rounds && seconds > 10.0);
    for reason in advice.reasons {
        assert!(reason.to_string().len() > 20);
    }
}

#[test]
fn fibre_decides_a_photonic_link() {
    let source = Setup::Photonic(Photonic {
        trial_rate_hz: 1e7,
        pair_probability: 1.0,
        efficiency: 0.96,
        visibility: 0.995,
    });
    let near = advise(&source, &path(0.2), &need()).unwrap();
    assert_eq!(near.verdict, Verdict::DeviceIndependent, "{near:?}");
    // Half a dB an arm more than the efficiency can bear.
    let far = advise(&source, &path(8.0), &need()).unwrap();
    assert_eq!(far.verdict, Verdict::PostQuantum, "{far:?}");
    let relayed = Path { repeaters: 1, ..path(8.0) };
    assert!(advise(&source, &relayed, &need()).is_err());
}

#[test]
fn alternatives_are_priced() {
    let advice = advise(&Setup::EventReady(STATION), &path(5.0), &need()).unwrap();
    let rows = compare(&advice, &path(5.0), &need(), 1e6, Some(36.0)).unwrap();
    assert_eq!(rows.len(), 4);
    let cost = rows[0].cost_per_256_bits.unwrap();
    assert!((cost * advice.key_rate_bit_s - 0.01 * 256.0).abs() < 1e-9);
    // One dB: t = 0.794, at most 2.28 bits a use.
    let bound = rows.iter().find(|row| row.approach == Approach::TrustedDevices).unwrap();
    assert!((bound.key_rate_bit_s.unwrap() / 1e6 - 2.281_4).abs() < 1e-3);
    let csv = comparison_csv(&rows);
    assert_eq!(csv.lines().count(), 5);
    assert!(csv.lines().all(|line| line.split(',').count() >= 6));
    assert!(compare(&advice, &path(5.0), &need(), 1e6, Some(-1.0)).is_err());
}

#[test]
fn tables_grow_with_rounds_and_violation() {
    let grid = Grid {
        rounds: vec![200_000, 2_000_000],
        chsh_s: vec![2.6, 2.7],
        qber: vec![0.01, 0.02],
        theorem: Theorem::Reat,
        bound: SingleRound::Chsh,
        eps_sound: Epsilon::new(1e-10).unwrap(),
        eps_complete: Epsilon::new(1e-2).unwrap(),
        f_ec: 1.1,
    };
    let rows = table(&grid).unwrap();
    assert_eq!(rows.len(), 8);
    let key = |k: usize| rows[k].1.key_rate_per_round;
    for k in [0, 2, 4, 6] {
        assert!(key(k + 1) > key(k));
    }
    for k in 0..4 {
        assert!(key(k + 4) > key(k), "more violation");
    }
    assert!(key(1) > key(3), "fewer errors");
    assert_eq!(table_csv(&rows).lines().count(), 9);
    // The same points under an earlier theorem give less.
    let basic =
        table(&Grid { theorem: Theorem::ReatBasic, rounds: vec![2_000_000], ..grid.clone() }).unwrap();
    for (row, longer) in basic.iter().zip(rows.iter().skip(1).step_by(2)) {
        assert!(row.1.key_bits < longer.1.key_bits, "{row:?} {longer:?}");
    }
    let flipped = Grid {
        bound: SingleRound::NoisyPreprocessing { q: 0.1 },
        theorem: Theorem::ReatBasic,
        ..grid.clone()
    };
    assert!(table(&flipped).is_err(), "no flips under this theorem");
    let many = Grid { rounds: vec![1; 20_000], ..grid };
    assert!(table(&many).is_err());
}
