//! `diqkd reconcile`.

use std::path::Path;

use crate::{diqkd, failure, folder, json, reference};

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn every_method_reports_the_same_fields() {
    for method in ["ldpc", "cascade", "cascade-frugal", "cascade-original", "blind", "symmetric-blind"] {
        let call =
            ["reconcile", "bench", "--qber", "0.05", "--block", "10000", "--frames", "2", "--seed", "3"];
        let (status, report) = json(&[&call[..], &["--method", method]].concat());
        assert_eq!(status, 0, "{method}");
        let number = |name: &str| report[name].as_f64().unwrap_or_else(|| panic!("{method}: {name}"));
        for name in
            ["code_rate", "f_ec", "f_ec_bound", "leak_bits_mean", "fer", "iterations_mean", "encode_mbit_s"]
        {
            number(name);
        }
        assert_eq!((number("frames"), number("undetected")), (2.0, 0.0), "{method}");
        assert!(number("decode_mbit_s") > 0.0 && number("fer_low") <= number("fer_high"), "{method}");
        assert_eq!(report["leak_bits_cap"].is_null(), method != "ldpc", "{method}");
        let entropy = 10_000.0 * 0.286_396_957_115_956;
        assert!((number("leak_bits_mean") / entropy - number("f_ec")).abs() < 1e-6, "{method}");
        assert!(number("f_both_ways") >= number("f_ec"), "{method}");
    }
}

#[test]
fn a_sweep_writes_a_table_and_a_picture() {
    let directory = folder("reconcile-sweep");
    let (csv, svg) = (directory.join("sweep.csv"), directory.join("sweep.svg"));
    let call = [
        "reconcile",
        "bench",
        "--qber",
        "0.03,0.05",
        "--block",
        "5000,10000",
        "--frames",
        "1",
        "--seed",
        "1",
    ];
    let files = ["--method", "cascade", "--csv", path(&csv), "--plot", path(&svg)];
    let (status, report) = json(&[&call[..], &files].concat());
    assert_eq!((status, report["points"].as_array().unwrap().len()), (0, 4));
    let table = std::fs::read_to_string(&csv).unwrap();
    let widths: Vec<usize> = table.lines().map(|row| row.split(',').count()).collect();
    assert_eq!(widths.len(), 5);
    assert!(widths.iter().all(|&width| width == widths[0]), "{table}");
    assert!(table.starts_with("qber,block,frames,"), "{table}");
    let picture = std::fs::read_to_string(&svg).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("n = 5000") && picture.contains("polyline"));
}

#[test]
fn a_fixed_leak_and_classes_without_priors() {
    let call =
        ["reconcile", "bench", "--class-qber", "0,0.1", "--class-share", "0.5,0.5", "--block", "16384"];
    let rest = ["--leak-rate", "0.285", "--frames", "1", "--seed", "1"];
    let (_, with) = json(&[&call[..], &rest].concat());
    let (_, without) = json(&[&call[..], &rest, &["--no-priors", "--max-iterations", "50"]].concat());
    assert_eq!((with["fer"].as_f64(), without["fer"].as_f64()), (Some(0.0), Some(1.0)));
    assert_eq!(with["leak_bits_cap"], without["leak_bits_cap"]);
    let (_, twice) =
        json(&["reconcile", "bench", "--qber", "0.02", "--block", "16384", "--frames", "1", "--f-ec", "2"]);
    assert!((twice["f_ec"].as_f64().unwrap() - 2.0).abs() < 0.05, "{}", twice["f_ec"]);
}

#[test]
fn matrices_of_ones_own() {
    let directory = folder("reconcile-matrix");
    let file = directory.join("small.qc");
    // A regular code of 96 by 192.
    std::fs::write(&file, "6 3 32\n0 3 7 12 21 30\n5 17 2 29 11 8\n9 14 25 1 6 19\n").unwrap();
    let (status, report) = json(&["reconcile", "alist", path(&file), "--qber", "0.01", "--frames", "70"]);
    assert_eq!((status, report["leak_bits_mean"].as_f64()), (0, Some(96.0)));
    assert!(report["fer"].as_f64().unwrap() < 0.2, "{report}");

    std::fs::write(&file, "6 3 32\n0 3 7 12 21 30\n5 17 2 29 11 32\n9 14 25 1 6 19\n").unwrap();
    let (status, said) = failure(&["reconcile", "alist", path(&file), "--qber", "0.01", "--frames", "1"]);
    assert_eq!(status, 1);
    assert!(said.contains("line 3: an exponent is 32, expected -1 to 31"), "{said}");
    assert!(said.contains("small.qc"), "{said}");
}

#[test]
fn impossible_calls_are_refused() {
    let bench = |rest: &[&str]| {
        let call = ["reconcile", "bench", "--block", "10000", "--frames", "1"];
        failure(&[&call[..], rest].concat())
    };
    for (rest, word) in [
        (&[][..], "--qber"),
        (&["--qber", "0.7"], "0.7"),
        (&["--qber", "0.02", "--f-ec", "1.2", "--leak-rate", "0.2"], "cannot be used"),
        (&["--qber", "0.02", "--method", "cascade", "--f-ec", "1.2"], "--method ldpc"),
        (&["--class-qber", "0,0.1", "--method", "blind"], "--method ldpc"),
        (&["--class-qber", "0,0.1,0.2"], "two of each"),
        (&["--qber", "0.02", "--no-priors"], "--class-qber"),
        (&["--qber", "0.02", "--leak-rate", "2"], "no reconciliation"),
    ] {
        let (status, said) = bench(rest);
        assert_eq!(status, 2, "{rest:?}: {said}");
        assert!(said.contains(word), "{rest:?}: {said}");
    }
    let output = diqkd(&["reconcile", "alist", "/nowhere", "--qber", "0.1", "--frames", "1"]);
    assert_eq!(output.status.code(), Some(1));
}

/// Frame error rates of sum-product decoding as published with these matrices.
#[test]
fn published_matrices_fail_as_rarely_as_published() {
    for (name, qber, published, frames) in
        [("qc4096.alist", "0.083", 1.11e-2, "768"), ("qc6144.alist", "0.043", 1.11e-2, "768")]
    {
        let Some(file) = reference(&format!("ldpc/{name}")) else { return };
        let (_, report) =
            json(&["reconcile", "alist", path(&file), "--qber", qber, "--frames", frames, "--seed", "1"]);
        assert!(report["fer_low"].as_f64().unwrap() < 1.5 * published, "{name}: {report}");
        assert_eq!(report["undetected"], 0, "{name}");
    }
}
