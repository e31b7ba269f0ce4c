//! Recordings of simulated stations, and the way back from them.

use super::*;

struct Simulated {
    folder: PathBuf,
    found: Value,
}

impl Simulated {
    fn new(name: &str, arguments: &[&str]) -> Self {
        let folder = folder(name);
        let fixed = ["simulate", "--out", folder.to_str().unwrap()];
        let (status, found) = json(&[&fixed[..], arguments].concat());
        assert_eq!(status, 0, "{found}");
        Self { folder, found }
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// The trials that a perfect slot rule finds, as lines of the table, less the last one: it is open at the end.
    fn truth(&self) -> Vec<String> {
        let mut rows = rows(&self.path("truth.csv"));
        rows.pop();
        rows
    }

    /// `diqkd tags trials` on the recordings with the rule beside them.
    fn trials(&self, extension: &str) -> (i32, Value) {
        let path = |name: &str| self.path(name);
        let (a, b) = (path(&format!("alice.{extension}")), path(&format!("bob.{extension}")));
        let (rule, out, counts) = (path("rule.json"), path("trials.csv"), path("counts.csv"));
        let max_offset = self.found["max_offset_ps"].to_string();
        let given = ["--rule", &rule, "--out", &out, "--counts", &counts, "--max-offset-ps", &max_offset];
        json(&[&["tags", "trials", &a, &b][..], &given].concat())
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn rows(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect()
}

#[test]
fn recordings_lead_back_to_the_trials_of_the_simulator() {
    for preset in ["oxford-2022", "munich-2022", "ustc-2026", "photonic", "delft-2015", "nist-2015"] {
        for format in ["ptu", "a1"] {
            let arguments = ["--preset", preset, "--rounds", "8000", "--seed", "4", "--gamma", "0.5"];
            let more = ["--format", format, "--truth"];
            let simulated =
                Simulated::new(&format!("simulate-{preset}-{format}"), &[&arguments[..], &more].concat());
            let (status, found) = simulated.trials(format);
            assert_eq!(status, 0, "{preset} {format}: {found}");
            assert_eq!(rows(&simulated.path("trials.csv")), simulated.truth(), "{preset} {format}");
            let drift = |value: &Value| value["clock"]["drift_ppb"].as_f64().unwrap();
            let (status, bell) = json(&["bell", &simulated.path("trials.csv")]);
            assert_eq!(status, 0, "{preset} {format}: {bell}");
            let number = |value: &Value| value.as_f64().unwrap();
            // Six standard errors, and what a standard error from so few rare clicks misses.
            let bound = 6.0 * number(&bell["chsh_s_se"]) + 0.01;
            let honest = number(&simulated.found["honest_chsh_s"]);
            assert!((number(&bell["chsh_s"]) - honest).abs() < bound, "{preset} {format}: {bell}");
            let (files, channel) = (&simulated.found["files"], simulated.found["common_channel"].to_string());
            let [a, b] = [0, 1].map(|i| files[i].as_str().unwrap());
            let max_offset = simulated.found["max_offset_ps"].to_string();
            let channels = ["--channel-a", &channel, "--channel-b", &channel, "--max-offset-ps", &max_offset];
            let (status, sync) = json(&[&["tags", "sync", a, b][..], &channels].concat());
            assert_eq!((status, &sync["found"]), (0, &Value::from(true)), "{preset} {format}: {sync}");
            let found_drift = sync["drift_ppb"].as_f64().unwrap();
            assert!((found_drift - drift(&simulated.found)).abs() < 100.0, "{preset} {format}: {sync}");
            // Picoseconds over 8 ms.
            assert!((drift(&found) - drift(&simulated.found)).abs() < 100.0, "{preset} {format}: {found}");
        }
    }
}

#[test]
fn what_is_written_is_what_the_reader_counts() {
    let simulated =
        Simulated::new("simulate-counted", &["--preset", "oxford-2022", "--rounds", "20000", "--seed", "1"]);
    let files = simulated.found["files"].as_array().unwrap();
    let mut photons = 0;
    for (file, station) in files.iter().zip(simulated.found["stations"].as_array().unwrap()) {
        let (status, info) = json(&["tags", "info", file.as_str().unwrap()]);
        assert_eq!(status, 0, "{info}");
        assert_eq!(info["record_type"], "HydraHarp2T2");
        assert_eq!(info["errors"].as_array().map(Vec::len), Some(0), "{info}");
        assert_eq!((&info["photons"], &info["truncated"]), (&station["tags"], &Value::Bool(false)));
        assert_eq!((&info["first_ps"], &info["last_ps"]), (&station["first_ps"], &station["last_ps"]));
        assert_eq!(info["channels"]["0"], station["heralds"]);
        assert_eq!(std::fs::metadata(file.as_str().unwrap()).unwrap().len(), station["bytes"]);
        photons += info["photons"].as_u64().unwrap();
    }
    assert_eq!(simulated.found["tags"], photons);
    let rounds = simulated.found["rounds"].as_u64().unwrap();
    // 0.5 % and 100 rounds are added for the edges; a herald in 500 is lost, and about as many come by mistake.
    assert!((20_000..20_400).contains(&rounds), "{rounds}");
}

#[test]
fn one_seed_gives_the_same_files_whatever_the_number_of_threads() {
    let bytes = |threads: &str, seed: &str| {
        let arguments = ["--preset", "photonic", "--rounds", "5000", "--attack", "lhv-memory"];
        let more = ["--threads", threads, "--seed", seed, "--fault", "F4", "--onset", "25%"];
        let simulated =
            Simulated::new(&format!("simulate-{threads}-{seed}"), &[&arguments[..], &more].concat());
        ["alice.ptu", "bob.ptu", "rule.json"].map(|name| std::fs::read(simulated.path(name)).unwrap())
    };
    let one = bytes("1", "9");
    assert!(one == bytes("2", "9"));
    assert!(one[0] != bytes("1", "10")[0]);
}

#[test]
fn every_fault_and_attack_writes_recordings_that_differ_from_the_honest_ones() {
    let seeded = |name: &str, seed: &str, more: &[&str]| {
        let arguments = ["--preset", "oxford-2022", "--rounds", "4000", "--seed", seed, "--gamma", "0.5"];
        let simulated = Simulated::new(&format!("simulate-{name}"), &[&arguments[..], more].concat());
        let tags = ["alice.ptu", "bob.ptu"].map(|name| std::fs::read(simulated.path(name)).unwrap());
        (simulated.found.clone(), tags)
    };
    let of = |name, more: &[&str]| seeded(name, "8", more);
    let (_, honest) = of("honest", &[]);
    for fault in ["F1", "F2", "F3", "F4", "F5", "F6", "F7"] {
        let (found, tags) = of(fault, &["--fault", fault, "--onset", "4000"]);
        assert!(found["faults"][0].as_str().unwrap().starts_with(&format!("{fault} from 4000")), "{found}");
        assert!(tags != honest, "{fault}");
        let gaps = found["stations"][1]["gaps_ps"].as_array().unwrap().len();
        assert_eq!(gaps, usize::from(fault == "F5"), "{fault}");
    }
    for attack in diqkd_sim::Strategy::ALL.into_iter().skip(1) {
        let (found, tags) = of(attack.name(), &["--attack", attack.name()]);
        assert_eq!(found["attack"], attack.name());
        // Devices that leak a bit are honest where it is zero.
        let differs = |seed: &str| {
            let attacked = ["--attack", attack.name()];
            seeded(attack.name(), seed, &attacked).1 != seeded("honest", seed, &[]).1
        };
        assert!(tags != honest || ["9", "10", "11", "12", "13"].into_iter().any(differs), "{attack}");
    }
}

#[test]
fn a_game_day_is_read_from_a_file_and_a_bad_line_is_named() {
    let folder = folder("simulate-scenario");
    let file = folder.join("day.txt");
    let scenario = file.to_str().unwrap();
    std::fs::write(&file, "# game day\nF1 from 1000 to 2000 severity 0.5\n\nF7 from 3000 # at night\n")
        .unwrap();
    let run = |more: &[&str]| {
        let out = folder.join("out");
        let fixed = ["simulate", "--preset", "oxford-2022", "--rounds", "500", "--out"];
        let arguments = [&fixed[..], &[out.to_str().unwrap(), "--seed", "1"], more].concat();
        diqkd(&[&arguments[..], &["--json"]].concat())
    };
    let output = run(&["--scenario", scenario]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["faults"][0], "F1 from 1000 to 2000 severity 0.5", "{found}");
    assert_eq!(found["faults"].as_array().map(Vec::len), Some(2));

    for (text, expected) in [
        ("F1\nF9 from 3\n", ":2: `F9 from 3` is no fault"),
        ("\n\nF1 severity 7", ":3: `F1 severity 7` is no fault"),
        ("F1 from 9 to 3", "ends before it begins"),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = run(&["--scenario", scenario]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(expected), "{text}: {said}");
    }
    for (more, expected) in [
        (&["--fault", "F8"][..], "F7 low-rate"),
        (&["--fault", "F1", "--onset", "150%"], "150%"),
        (&["--fault", "F1", "--onset", "90%", "--end", "10%"], "before it begins"),
        (&["--fault", "F1", "--severity", "2"], "from 0 to 1"),
        (&["--severity", "0.5"], "--fault"),
        (&["--format", "csv"], "parquet"),
        (&["--attack", "magic"], "detection-loophole"),
        (&["--fibre-bob", "far"], "KM:DB_PER_KM"),
        (&["--gamma", "1.5"], "between 0 and 1"),
    ] {
        let output = run(more);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(expected), "{more:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn fibres_make_a_recording_longer() {
    let arguments = ["--preset", "oxford-2022", "--rounds", "3000", "--seed", "6"];
    let span = |name: &str, more: &[&str]| {
        let simulated = Simulated::new(name, &[&arguments[..], more].concat());
        let station = &simulated.found["stations"][0];
        station["last_ps"].as_f64().unwrap() - station["first_ps"].as_f64().unwrap()
    };
    let near = span("simulate-near", &[]);
    let far = span("simulate-far", &["--fibre-alice", "25:0.2", "--fibre-bob", "12.5:0.2:2.5"]);
    // 10 dB in all; 3000 rounds: 2 % a standard deviation.
    assert!((far / near / 10.0 - 1.0).abs() < 0.12, "{near} {far}");
}
