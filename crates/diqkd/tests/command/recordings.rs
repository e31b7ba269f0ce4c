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

#[test]
fn a_range_of_times_is_the_same_with_an_index_and_without() {
    let folder = folder("range");
    let path = folder.join("t2.ptu");
    let mut file = Vec::new();
    let mut writer = diqkd_timetag::formats::PtuWriter::new(None, &mut file);
    for i in 1..=20_000 {
        writer.push(i * 1_000_000, (i % 3) as u16, &mut file).unwrap();
    }
    std::fs::write(&path, &file).unwrap();
    let path = path.to_str().unwrap();
    let range = ["tags", "dump", path, "--from-ps", "15000000000", "--to-ps", "15004000000"];
    let without = diqkd(&range);
    assert_eq!(
        String::from_utf8(without.stdout.clone()).unwrap(),
        "time_ps,channel\n15000000000,0\n15001000000,1\n15002000000,2\n15003000000,0\n"
    );
    let (status, made) = json(&["tags", "index", path, "--spacing", "4000"]);
    assert_eq!((status, made["greatest_ps"].as_i64()), (0, Some(20_000_000_000)), "{made}");
    assert!(made["marks"].as_u64().unwrap() > 2);
    assert_eq!(diqkd(&range).stdout, without.stdout);
    let (_, limited) = json(&[&range[..], &["--limit", "1"]].concat());
    assert_eq!(limited["tags"], serde_json::json!([[15_000_000_000i64, "0"]]));

    // The index is used: once the recording has changed, it is refused.
    file.extend([0; 4]);
    std::fs::write(path, &file).unwrap();
    let refused = diqkd(&range);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("make the index anew"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_misspelt_field_of_a_rule_is_refused() {
    let folder = folder("misspelt");
    let rule = folder.join("rule.json");
    let (out, rule) = (folder.join("out.csv"), rule.to_str().unwrap());
    let fields = r#""station": "event-ready", "epoch_ps": 0, "slot_period_ps": 1000000,
        "setting_window_ps": [100000, 300000], "detection_window_ps": [400000, 800000], "no_click": 1, "multi_click": 0"#;
    let side = r#""heralds": [0], "settings": [1, 2], "detectors": [5, 6]"#;
    for (top, own, name) in [(r#", "dead_time": 3"#, "", "dead_time"), ("", r#", "comon": [0]"#, "comon")] {
        std::fs::write(rule, format!(r#"{{{fields}{top}, "a": {{{side}{own}}}, "b": {{{side}}}}}"#)).unwrap();
        let run =
            diqkd(&["tags", "trials", "a.ptu", "b.ptu", "--rule", rule, "--out", out.to_str().unwrap()]);
        assert!(!run.status.success());
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.contains(&format!("the rule has no field `{name}`; expected")), "{said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// What the simulator writes as a table for data analysis says the same as what it writes as a recording.
#[test]
fn tables_in_parquet_are_recordings() {
    let folder = folder("parquet");
    let write = |format: &str| {
        let run = folder.join(format);
        let name = run.to_str().unwrap().to_owned();
        let (status, _) = json(&[
            "simulate", "--preset", "photonic", "--rounds", "20000", "--seed", "4", "--format", format,
            "--out", &name,
        ]);
        assert_eq!(status, 0);
        ["alice", "bob"].map(|site| format!("{name}/{site}.{format}"))
    };
    let (tables, recordings) = (write("parquet"), write("ptu"));
    for (table, recording) in tables.iter().zip(&recordings) {
        let (_, table) = json(&["tags", "info", table]);
        let (_, recording) = json(&["tags", "info", recording]);
        assert_eq!(table["format"], "parquet");
        for field in ["photons", "markers", "channels", "first_ps", "last_ps", "sum_ps_mod_2_64"] {
            assert_eq!(table[field], recording[field], "{field}");
        }
    }
    let trials = |[a, b]: &[String; 2], name: &str| {
        let rule = folder.join("ptu/rule.json");
        let out = folder.join(name);
        let (status, answer) = json(&[
            "tags",
            "trials",
            a,
            b,
            "--rule",
            rule.to_str().unwrap(),
            "--max-offset-ps",
            "5000000000000",
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(status, 0, "{answer}");
        std::fs::read(out).unwrap()
    };
    assert_eq!(trials(&tables, "from-tables.csv"), trials(&recordings, "from-recordings.csv"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_of_photon_hdf5_is_read_where_the_command_was_built_for_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/photon-data.h5");
    let path = path.to_str().unwrap();
    if cfg!(feature = "photon-hdf5") {
        let (status, info) = json(&["tags", "info", path]);
        assert_eq!((status, &info["format"]), (0, &Value::from("photon-hdf5")), "{info}");
        assert_eq!(
            (&info["photons"], &info["last_ps"]),
            (&Value::from(5), &Value::from(12_500_000)),
            "{info}"
        );
        assert_eq!(info["channels"], serde_json::json!({ "0": 2, "1": 3 }));
        assert_eq!(info["sum_ps_mod_2_64"], (1019 * 12_500).to_string());
    } else {
        let (status, errors) = failure(&["tags", "info", path]);
        assert!(status == 1 && errors.contains("--features photon-hdf5"), "{errors}");
    }
}
