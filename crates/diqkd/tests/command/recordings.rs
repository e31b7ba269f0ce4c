//! Real recordings.

use super::*;

#[test]
fn a_real_ptu_file_is_counted_and_its_tail_may_be_missing() {
    let Some(path) = reference("timetag/v30_t2.ptu") else { return };
    let (status, whole) = json(&["tags", "info", path.to_str().unwrap()]);
    assert_eq!(status, 0, "{whole}");
    assert_eq!(whole["records"], 435_319);
    assert_eq!(whole["truncated"], false);
    let photons: u64 = whole["channels"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(whole["photons"].as_u64().unwrap(), photons);
    assert_eq!(photons + whole["overflows"].as_u64().unwrap() + whole["markers"].as_u64().unwrap(), 435_319);

    let folder = folder("truncated");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - 4 * 1000 - 1);
    let cut = folder.join("cut.ptu");
    std::fs::write(&cut, bytes).unwrap();
    let (_, partial) = json(&["tags", "info", cut.to_str().unwrap()]);
    assert_eq!(partial["truncated"], true);
    assert_eq!(partial["records"], 435_319 - 1001);
    assert_eq!(partial["first_ps"], whole["first_ps"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_dump_agrees_with_the_counts() {
    let Some(path) = reference("timetag/v30_t2.ptu") else { return };
    let output = diqkd(&["tags", "dump", path.to_str().unwrap(), "--limit", "10"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("time_ps,channel"));
    assert_eq!(lines.count(), 10);
    let (_, info) = json(&["tags", "info", path.to_str().unwrap()]);
    let first: i64 = text.lines().nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    assert_eq!(info["first_ps"].as_i64(), Some(first));
    let (status, pairs) = json(&["tags", "dump", path.to_str().unwrap(), "--limit", "3"]);
    assert_eq!((status, pairs["tags"].as_array().map(Vec::len)), (0, Some(3)));
}

#[test]
fn a_recording_correlates_with_itself_at_zero() {
    let Some(path) = reference("timetag/v30_t2.ptu") else { return };
    let path = path.to_str().unwrap();
    let (_, info) = json(&["tags", "info", path]);
    let own = info["channels"]["1"].as_u64().or(info["channels"]["0"].as_u64()).unwrap();
    let channel = if info["channels"]["1"].is_u64() { "1" } else { "0" };
    let (status, pairs) = json(&[
        "tags",
        "correlate",
        path,
        path,
        "--channel-a",
        channel,
        "--channel-b",
        channel,
        "--window-ps",
        "0",
    ]);
    assert_eq!(status, 0, "{pairs}");
    assert!(pairs["pairs"].as_u64().unwrap() >= own, "{pairs}");
    let (_, synced) = json(&["tags", "sync", path, path, "--channel-a", channel, "--channel-b", channel]);
    assert_eq!((&synced["found"], &synced["offset_ps"]), (&Value::Bool(true), &Value::from(0)), "{synced}");
}
