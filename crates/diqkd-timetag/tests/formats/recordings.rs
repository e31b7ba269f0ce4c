//! Recordings of real devices.

use std::collections::BTreeMap;
use std::path::PathBuf;

use diqkd_timetag::formats::{FaultKind, Format};

use crate::feed::summary;
use crate::naive::{Scale, naive_events, naive_records};

fn recording(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/timetag").join(name);
    let found = std::fs::read(&path).ok();
    if found.is_none() {
        println!("skipped: {} is absent", path.display());
    }
    found
}

#[test]
fn real_unified_file() {
    let Some(bytes) = recording("v30_t2.ptu") else { return };
    let naive = naive_records(0x0101_0204, Scale { tick: 1, dtime: 0, den: 1 }, &bytes[4392..]);
    let summary = summary(&bytes);
    naive.agrees_with(&summary);
    assert_eq!((summary.records, summary.photons, summary.overflows), (435_319, 305_565, 129_754));
    assert_eq!((summary.first_ps, summary.last_ps), (Some(24_433_765), Some(4_999_964_931_763)));
    assert_eq!(summary.sum_ps_mod_2_64, 763_828_286_071_656_274);
    assert_eq!(summary.resolution_ps, Some(1.0));
    assert!(!summary.truncated && summary.errors.is_empty());
}

#[test]
fn real_hydraharp_containers() {
    for (name, code, scale, records, promised) in [
        ("v10.ht2", 0x0001_0204, Scale { tick: 1, dtime: 0, den: 2 }, 25, 52_378_636),
        ("v20.ht2", 0x0101_0204, Scale { tick: 1, dtime: 0, den: 1 }, 25, 10_431_577),
        (
            "v10.ht3",
            0x0001_0304,
            Scale { tick: 1_000_000_000_000, dtime: 4 * 10_004_460, den: 10_004_460 },
            1050,
            72_463_591,
        ),
        (
            "v20.ht3",
            0x0101_0304,
            Scale { tick: 1_000_000_000_000, dtime: 16 * 998_898, den: 998_898 },
            53_606,
            53_606,
        ),
    ] {
        let Some(bytes) = recording(name) else { return };
        let naive = naive_records(code, scale, &bytes[800..]);
        let summary = summary(&bytes);
        naive.agrees_with(&summary);
        assert_eq!(summary.records, records, "{name}");
        assert_eq!(summary.truncated, records != promised, "{name}");
        let counts =
            summary.errors.iter().filter(|fault| matches!(fault.kind, FaultKind::RecordCount { .. }));
        assert_eq!(counts.count(), usize::from(records != promised), "{name}");
        assert!(
            summary.errors.iter().all(|fault| matches!(fault.kind, FaultKind::RecordCount { .. })),
            "{name} {:?}",
            summary.errors
        );
    }
}

#[test]
fn real_events_in_all_modes() {
    let words = |bytes: &[u8], rotate: u32| -> Vec<u64> {
        bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()).rotate_left(rotate))
            .collect()
    };
    let Some(plain) = recording("timestamp7_c1234.Aa1.ts") else { return };
    let found = summary(&plain);
    naive_events(words(&plain, 0).into_iter()).agrees_with(&found);
    assert_eq!((found.format, found.photons, found.errors.len()), (Some(Format::A1), 2000, 0));

    let Some(high_first) = recording("timestamp7_c14_rollover.Aa1fX.ts") else { return };
    let naive = naive_events(words(&high_first, 32).into_iter());
    let found = summary(&high_first);
    naive.agrees_with(&found);
    assert_eq!(found.format, Some(Format::A1HighWordFirst));
    assert_eq!((found.photons, found.overflows), (862, 138));
    assert_eq!(found.channels, BTreeMap::from([(1, 431), (8, 431)]));
    for (name, format) in
        [("timestamp7_c14_rollover.Aa0f.ts", Format::A0), ("timestamp7_c14_rollover.Aa2f.ts", Format::A2)]
    {
        let Some(bytes) = recording(name) else { return };
        let text = summary(&bytes);
        naive.agrees_with(&text);
        assert_eq!((text.format, text.truncated), (Some(format), false));
    }
}
