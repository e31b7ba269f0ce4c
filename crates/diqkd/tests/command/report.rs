//! `report`: the logs of a node, put together for a period.

use super::*;

/// Bob's log of a week: three blocks a day of 80 won tests in 100 and 2 errors in 100, a lost one on Wednesday, an alarm.
fn week() -> Vec<String> {
    let mut lines = Vec::new();
    for day in 16..23 {
        for hour in [3, 11, 19] {
            let session = format!("{day:016x}{hour:016x}");
            lines.push(format!(
                "{{\"timestamp\":\"2026-11-{day}T{:02}:00:00.000001Z\",\"level\":\"INFO\",\"source\":\"fibre\",\"session\":\"{session}\",\
                 \"rounds\":100000,\"eps_sound\":1e-10,\"message\":\"block begins\"}}",
                hour - 1
            ));
            let head = format!(
                "\"timestamp\":\"2026-11-{day}T{hour:02}:30:00.5Z\",\"source\":\"fibre\",\"session\":\"{session}\""
            );
            lines.push(if (day, hour) == (18, 11) {
                format!(
                    "{{{head},\"level\":\"WARN\",\"reason\":\"bell-violation-too-low\",\"detail\":\"x\",\"tests\":10000,\"wins\":7500,\
                     \"omega_threshold\":0.79,\"took_ms\":1,\"message\":\"no key\"}}"
                )
            } else {
                format!(
                    "{{{head},\"level\":\"INFO\",\"rounds\":100000,\"key_bits\":2560,\"leak_bits\":9000,\"f_ec\":1.25,\
                     \"tests\":10000,\"wins\":8000,\"omega_threshold\":0.79,\"key_rounds\":90000,\"key_errors\":1800,\"message\":\"key\"}}"
                )
            });
        }
    }
    lines.push(
        "{\"timestamp\":\"2026-11-20T00:00:00Z\",\"level\":\"WARN\",\"source\":\"fibre\",\"available\":3,\"message\":\"ALARM keys-low: few keys\"}"
            .to_owned(),
    );
    for (hour, message) in [(0, "connected"), (8, "link down"), (9, "connected")] {
        lines.push(format!(
            "{{\"timestamp\":\"2026-11-21T{hour:02}:00:00Z\",\"level\":\"INFO\",\"link\":\"first\",\"message\":\"{message}\"}}"
        ));
    }
    lines
}

#[test]
fn a_week_is_summed_up() {
    let folder = folder("report-week");
    let log = folder.join("bob.log");
    std::fs::write(&log, week().join("\n")).unwrap();
    let log = log.to_str().unwrap();
    let (status, report) = json(&["report", log, "--period", "2026-W47"]);
    assert_eq!(status, 0);
    assert_eq!((report["from"].as_str(), report["to"].as_str()), (Some("2026-11-16"), Some("2026-11-23")));
    assert_eq!((&report["with_key"], &report["without_key"]), (&20.into(), &1.into()));
    assert_eq!(report["aborts"]["bell-violation-too-low"], 1);
    assert_eq!((&report["key_bits"], &report["rounds"]), (&51_200.into(), &2_000_000.into()));
    // The lost game counts: 167,500 wins of 210,000.
    let s = 8.0 * 167_500.0 / 210_000.0 - 4.0;
    assert!((report["chsh_s"].as_f64().unwrap() - s).abs() < 1e-12, "{}", report["chsh_s"]);
    assert!((report["qber"].as_f64().unwrap() - 0.02).abs() < 1e-12);
    let spent = report["eps_sound_spent"].as_f64().unwrap();
    assert!((2.1e-9..2.100_001e-9).contains(&spent), "{spent}");
    let source = &report["sources"][0];
    assert_eq!((source["source"].as_str(), source["rows"].as_array().unwrap().len()), (Some("fibre"), 7));
    assert_eq!(source["rows"][2]["without_key"], 1);
    // One block twelve standard errors below the others.
    assert!(source["course"]["scatter_p"].as_f64().unwrap() < 1e-20);
    assert_eq!(report["alarms"][0]["what"], "ALARM keys-low");
    assert_eq!((&report["links"][0]["connected"], &report["links"][0]["lost"]), (&2.into(), &1.into()));

    // A day of it; blocks of other days and the alarm are not in it.
    let (_, day) = json(&["report", log, "--period", "2026-11-18"]);
    assert_eq!((&day["with_key"], &day["without_key"]), (&2.into(), &1.into()));
    assert_eq!((day["alarms"].as_array().unwrap().len(), day["unfinished"].as_u64()), (0, Some(0)));
    // From one block's beginning to just before another's end.
    let bounds = ["--from", "2026-11-16T02:00:00Z", "--to", "2026-11-16T19:30:00Z"];
    let (_, part) = json(&[&["report", log][..], &bounds].concat());
    assert_eq!((&part["with_key"], &part["unfinished"]), (&2.into(), &1.into()));
    // Nothing happened: said, not failed.
    let nothing = diqkd(&["report", log, "--period", "2025"]);
    assert!(nothing.status.success());
    assert!(String::from_utf8_lossy(&nothing.stdout).contains("No block ended in this period"));
    std::fs::remove_dir_all(folder).unwrap();
}

/// Rotated in any way, given in any order and with overlaps, the logs give the same bytes in every form.
#[test]
fn the_same_logs_give_the_same_bytes() {
    let folder = folder("report-repeats");
    let lines = week();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let [whole, first, second] = ["whole.log", "first.log", "second.log"].map(path);
    std::fs::write(&whole, lines.join("\n")).unwrap();
    std::fs::write(&first, lines[..30].join("\n")).unwrap();
    std::fs::write(&second, lines[20..].join("\n")).unwrap();
    let without_lines = |arguments: &[&str]| {
        let (_, mut report) = json(&[&["report"], arguments, &["--period", "2026-W47"]].concat());
        report.as_object_mut().unwrap().retain(|name, _| name != "lines" && name != "logs");
        report
    };
    let once = without_lines(&[&whole]);
    assert_eq!(without_lines(&[&second, &first]), once);
    assert_eq!(without_lines(&[&first, &second]), once);

    for name in ["report.html", "report.md"] {
        let written = |place: &str| {
            let folder = folder.join(place);
            std::fs::create_dir_all(&folder).unwrap();
            let file = folder.join(name);
            let output = diqkd(&["report", &whole, "--period", "2026-W47", "--out", file.to_str().unwrap()]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let mut files: Vec<_> =
                std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<Vec<_>>()
        };
        let (here, there) = (written("here"), written("there"));
        assert_eq!(here, there);
    }
    let page = std::fs::read_to_string(folder.join("here/report.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 3, "S, error rate and key bits");
    let names = ["report-chsh.svg", "report-key.svg", "report-qber.svg"];
    let markdown = std::fs::read_to_string(folder.join("here/report.md")).unwrap();
    for name in names {
        assert!(folder.join("here").join(name).exists() && markdown.contains(name), "{name}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn alices_log_has_no_s_and_says_so() {
    let folder = folder("report-alice");
    let log = folder.join("alice.log");
    let alices: Vec<String> = week()
        .iter()
        .map(|line| line.replace("\"tests\":10000,", "").replace("\"key_errors\":1800,", ""))
        .collect();
    std::fs::write(&log, alices.join("\n") + "\nerror: the node failed\n").unwrap();
    let log = log.to_str().unwrap();
    let plot = folder.join("key.svg");
    let (status, report) = json(&["report", log, "--plot", plot.to_str().unwrap()]);
    assert!(
        status == 0 && report["chsh_s"].is_null() && report["qber"].is_null() && report["key_bits"] == 51_200
    );
    assert_eq!(report["foreign_lines"], 1);
    assert!(std::fs::read_to_string(plot).unwrap().contains("Certified key bits"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let folder = folder("report-wrong");
    let path = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let bob = path("bob.log", &week().join("\n"));
    let alice = path("alice.log", &week().join("\n").replace("\"tests\":10000,", ""));
    let text = path("text.log", "2026-11-26T14:02:18Z  INFO key source=fibre\n");
    let long = path("long.log", &"x".repeat(70_000));
    let store = folder.join("no-store");
    for (arguments, status, says) in [
        (&["report", &bob, &alice][..], 1, "the logs of one site only"),
        (&["report", &text], 1, "--log json"),
        (&["report", &long], 1, "line 1: longer than"),
        (&["report", "missing.log"], 1, "missing.log"),
        (&["report"], 2, "For example: diqkd report"),
        (&["report", &bob, "--period", "2026-W60"], 2, "a week 2026-W48"),
        (&["report", &bob, "--period", "2026-11", "--from", "2026-11-02"], 2, "cannot be used with"),
        (&["report", &bob, "--from", "yesterday"], 2, "2026-11-26T14:00:00Z"),
        (&["report", &bob, "--from", "2026-11-20", "--to", "2026-11-19"], 2, "exchange them"),
        (&["report", &bob, "--out", "week.pdf"], 2, ".md or .html"),
        (&["report", &bob, "--plot", "week.pdf"], 2, ".svg"),
        (&["report", &bob, "--out", "/nowhere/week.md"], 1, "/nowhere/week"),
        (&["report", &bob, "--store", store.to_str().unwrap()], 1, "holds no key store"),
        (&["report", &bob, "--period", "2025", "--plot", "x.svg"], 1, "nothing to draw"),
    ] {
        let (found, errors) = failure(arguments);
        assert!(found == status && errors.contains(says), "{arguments:?}: {found}: {errors}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
