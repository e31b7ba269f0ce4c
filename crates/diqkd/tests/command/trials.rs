//! Trials from the recordings of two stations.

use std::collections::BTreeMap;
use std::path::Path;

use diqkd_timetag::formats::{MARKER, PtuWriter};

use super::*;

const RULE: &str = r#"{
  "station": "event-ready", "epoch_ps": 0, "slot_period_ps": 1000000,
  "setting_window_ps": [50000, 150000], "detection_window_ps": [200000, 700000],
  "no_click": 1, "multi_click": 0,
  "a": { "heralds": [0, 9], "settings": [1, 2], "detectors": [5, 6] },
  "b": { "heralds": [3], "settings": ["m1", "m2", "m4"], "detectors": [5] }
}"#;

/// One round as both stations have it: slot, settings, outcomes, herald.
type Round = (u64, [u8; 4], u8);

struct World {
    a: Vec<(i64, u16)>,
    b: Vec<(i64, u16)>,
    shared: Vec<Round>,
    only_a: u64,
}

/// Rounds in irregular slots; the second station's clock is 1.25 ms ahead and 7 ppm fast, and it misses one herald in
/// thirty. Its single detector clicks for outcome 0.
fn world(rounds: u64) -> World {
    world_with(rounds, |_| 0)
}

/// The same with a clock that wanders by some picoseconds.
fn world_with(rounds: u64, wander: impl Fn(i64) -> i64) -> World {
    let mut state = 5u64;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let (mut a, mut b, mut shared, mut only_a, mut slot) = (vec![], vec![], vec![], 0, 3);
    for _ in 0..rounds {
        slot += 1 + next(12);
        let origin = slot as i64 * 1_000_000 + 100_000;
        let (x, y, first) = (next(2) as u8, next(3) as u8, next(2) as u8);
        // 2: no click, 3: both.
        let (click_a, click_b) = (next(4) as u8, next(2) as u8);
        let herald = next(2) as u8;
        a.push((origin, if herald == 1 { 9 } else { 0 }));
        a.push((origin + 100_000, 1 + u16::from(x)));
        let clicks: &[u16] = [&[5][..], &[6], &[], &[5, 6]][usize::from(click_a)];
        a.extend(clicks.iter().map(|&channel| (origin + 400_000 + i64::from(first), channel)));
        if next(30) == 0 {
            only_a += 1;
            continue;
        }
        let mut own = vec![(origin, 3), (origin + 90_000, MARKER | 1 << y)];
        if click_b == 0 {
            own.push((origin + 300_000, 5));
        }
        b.extend(own.into_iter().map(|(time, channel)| {
            let clock = 1_250_000_000 + time * 7 / 1_000_000 + wander(time);
            (time + clock + next(200) as i64 - 100, channel)
        }));
        let outcome_a = [0, 1, 1, 0][usize::from(click_a)];
        shared.push((slot, [x, y, outcome_a, click_b], herald));
    }
    // The recordings go on after the last round.
    for side in [&mut a, &mut b] {
        let last = side.last().unwrap().0;
        side.push((last + 2_000_000, 40));
    }
    World { a, b, shared, only_a }
}

fn write(path: &Path, tags: &[(i64, u16)]) {
    let mut out = Vec::new();
    let mut writer = PtuWriter::new(None, &mut out);
    for &(time, channel) in tags {
        writer.push(time, channel, &mut out).unwrap();
    }
    std::fs::write(path, out).unwrap();
}

fn trials(folder: &Path, more: &[&str]) -> (i32, Value) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (a, b, rule, out, counts) =
        (path("a.ptu"), path("b.ptu"), path("rule.json"), path("out.csv"), path("counts.csv"));
    let arguments = ["tags", "trials", &a, &b, "--rule", &rule, "--out", &out, "--counts", &counts];
    json(&[&arguments[..], more].concat())
}

#[test]
fn two_recordings_and_a_rule_make_a_trial_table() {
    let folder = folder("trials");
    let world = world(8000);
    write(&folder.join("a.ptu"), &world.a);
    write(&folder.join("b.ptu"), &world.b);
    std::fs::write(folder.join("rule.json"), RULE).unwrap();
    for more in [&[][..], &["--offset-ps", "1250000000", "--drift-ppb", "7000"]] {
        let (status, found) = trials(&folder, more);
        assert_eq!(status, 0, "{found}");
        assert_eq!(found["trials"], world.shared.len(), "{found}");
        assert_eq!(found["discarded_by_rule"], world.only_a, "{found}");
        assert_eq!(found["discards"]["only_a"], world.only_a);
        assert_eq!(found["clock"]["recovered"], more.is_empty());
        assert!((found["clock"]["drift_ppb"].as_f64().unwrap() - 7000.0).abs() < 1.0, "{found}");

        let table = std::fs::read_to_string(folder.join("out.csv")).unwrap();
        let mut lines = table.lines();
        assert_eq!(lines.next(), Some("# diqkd trial table 1"));
        assert!(lines.next().unwrap().starts_with("# rule {"));
        assert_eq!(lines.next(), Some("round,x,y,a,b,herald"));
        let rows: Vec<String> = lines.map(str::to_owned).collect();
        let expected: Vec<String> = world
            .shared
            .iter()
            .map(|(round, [x, y, a, b], herald)| format!("{round},{x},{y},{a},{b},{herald}"))
            .collect();
        assert_eq!(rows, expected);

        let counts = std::fs::read_to_string(folder.join("counts.csv")).unwrap();
        let sum: usize = counts
            .lines()
            .skip(1)
            .map(|line| line.rsplit(',').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(sum, world.shared.len());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// More heralds than are searched at once, over ten seconds in which the clock wanders further off a line than heralds may lie
/// off their slots.
#[test]
fn a_long_recording_is_followed_to_its_end() {
    let folder = folder("trials-long");
    let world = world_with(1_600_000, |time| (-5e5 * (time as f64 * 0.8e-12).sin()) as i64);
    write(&folder.join("a.ptu"), &world.a);
    write(&folder.join("b.ptu"), &world.b);
    std::fs::write(folder.join("rule.json"), RULE).unwrap();
    let (status, found) = trials(&folder, &[]);
    assert_eq!(status, 0, "{found}");
    assert_eq!(found["trials"], world.shared.len(), "{found}");
    assert_eq!(found["discards"]["only_a"], world.only_a, "{found}");
    assert!(found["clock"]["pieces"].as_u64().unwrap() > 200, "{found}");
    let expected = world.shared.iter().fold(BTreeMap::new(), |mut counts, (_, cell, _)| {
        *counts.entry(*cell).or_insert(0u64) += 1;
        counts
    });
    let counts = std::fs::read_to_string(folder.join("counts.csv")).unwrap();
    let rows: BTreeMap<[u8; 4], u64> = counts
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|n| n.parse().unwrap()).collect::<Vec<u64>>())
        .map(|n| ([n[0] as u8, n[1] as u8, n[2] as u8, n[3] as u8], n[4]))
        .filter(|&(_, n)| n > 0)
        .collect();
    assert_eq!(rows, expected);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn counts_and_trials_go_straight_into_the_bell_test() {
    let folder = folder("trials-bell");
    let world = world(3000);
    write(&folder.join("a.ptu"), &world.a);
    // Two settings on either side.
    let b: Vec<_> = world
        .b
        .iter()
        .map(|&(time, channel)| (time, if channel == MARKER | 4 { MARKER | 1 } else { channel }))
        .collect();
    write(&folder.join("b.ptu"), &b);
    std::fs::write(folder.join("rule.json"), RULE).unwrap();
    let (status, found) = trials(&folder, &[]);
    assert_eq!(status, 0, "{found}");
    let counts = folder.join("counts.csv");
    let (status, bell) = json(&["bell", counts.to_str().unwrap()]);
    assert_eq!((status, &bell["trials"]), (0, &found["trials"]), "{bell}");
    let table = folder.join("out.csv");
    let table = table.to_str().unwrap();
    let (_, of_trials) = json(&["bell", table]);
    for field in
        ["trials", "wins", "chsh_s", "p_value_log10", "no_signalling", "settings_bias", "pbr_kl_bits"]
    {
        assert_eq!(of_trials[field], bell[field], "{field}");
    }
    let by_herald =
        ["0", "1"].map(|flag| json(&["bell", table, "--herald", flag]).1["trials"].as_u64().unwrap());
    assert!(by_herald.iter().all(|&n| n > 0));
    assert_eq!(by_herald.iter().sum::<u64>(), found["trials"].as_u64().unwrap());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn recordings_that_could_hide_rounds_make_no_trials() {
    let folder = folder("trials-refused");
    let world = world(2000);
    write(&folder.join("a.ptu"), &world.a);
    write(&folder.join("b.ptu"), &world.b);
    std::fs::write(folder.join("rule.json"), RULE).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let run = |rule: &str| {
        let out = path("out.csv");
        failure(&["tags", "trials", &path("a.ptu"), &path("b.ptu"), "--rule", rule, "--out", &out])
    };
    // A setting marker that is missing.
    let mut missing = world.b.clone();
    let place = missing.iter().position(|tag| tag.1 & MARKER != 0).unwrap();
    missing.remove(place);
    write(&folder.join("b.ptu"), &missing);
    let (status, said) = run(&path("rule.json"));
    assert!(status == 1 && said.contains("setting marker is missing"), "{said}");
    // A record without meaning.
    write(&folder.join("b.ptu"), &world.b);
    let mut bytes = std::fs::read(folder.join("b.ptu")).unwrap();
    let end = bytes.len();
    bytes[end - 400..end - 396].copy_from_slice(&(0x70u32 << 25).to_le_bytes());
    std::fs::write(folder.join("b.ptu"), bytes).unwrap();
    let (status, said) = run(&path("rule.json"));
    assert!(status == 1 && said.contains("at byte") && said.contains("damaged"), "{said}");
    // Rules that say nothing, or two things.
    write(&folder.join("b.ptu"), &world.b);
    for (from, to, expected) in [
        ("\"no_click\": 1,", "", "lacks `no_click`"),
        ("[50000, 150000]", "[50000, 250000]", "settings must be fixed before detection"),
        ("\"detectors\": [5, 6]", "\"detectors\": [1, 6]", "two meanings"),
        ("event-ready", "sometimes", "expected event-ready or clocked"),
        ("[3]", "[]", "no herald"),
        ("\"m4\"", "\"q4\"", "no channel"),
        ("{", "", "not JSON"),
    ] {
        assert!(RULE.contains(from));
        std::fs::write(folder.join("wrong.json"), RULE.replacen(from, to, 1)).unwrap();
        let (status, said) = run(&path("wrong.json"));
        assert!(status == 1 && said.contains(expected), "{from}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
