//! Every number that NIST's own tool publishes for its self-test data, to 1e-9.

use std::collections::BTreeMap;
use std::path::Path;

use diqkd_health::{Reading, Report, SampleWidth, estimate};

type Published = BTreeMap<(String, String), f64>;

/// Published numbers by file, keyed by reading and quantity, with the width of its samples.
fn published() -> BTreeMap<String, (SampleWidth, Published)> {
    let mut files: BTreeMap<String, (SampleWidth, Published)> = BTreeMap::new();
    for line in include_str!("data/nist-selftest.csv").lines().skip(2) {
        let fields: Vec<&str> = line.split(',').collect();
        let [file, width, reading, quantity, h_min] = fields[..] else { panic!("five fields: {line}") };
        let width = SampleWidth::new(width.parse().expect("a number")).expect("1 to 8");
        let entry = files.entry(file.to_owned()).or_insert_with(|| (width, Published::new()));
        entry.1.insert((reading.to_owned(), quantity.to_owned()), h_min.parse().expect("a number"));
    }
    files
}

fn quantities(report: &Report) -> Published {
    let own = |quantity: &str| (String::new(), quantity.to_owned());
    let mut all = Published::new();
    for found in &report.estimators {
        let reading = match found.reading {
            Reading::Literal => "literal",
            Reading::Bitstring => "bitstring",
        };
        all.insert((reading.to_owned(), found.estimator.name().to_owned()), found.h_min);
    }
    all.insert(own("h_original"), report.h_original);
    all.insert(own("min_entropy"), report.min_entropy);
    if let Some(h_bitstring) = report.h_bitstring {
        all.insert(own("h_bitstring"), h_bitstring);
    }
    all
}

fn check(file: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sp800-90b");
    let Ok(samples) = std::fs::read(folder.join(format!("{file}.bin"))) else {
        println!("skipped: no {file}.bin in {}; it is in bin/ of NIST's repository", folder.display());
        return;
    };
    let (width, published) = &published()[file];
    let start = std::time::Instant::now();
    let report = estimate(&samples, *width).expect("enough samples");
    println!("{file}: {:?}", start.elapsed());
    let found = quantities(&report);
    let mut wrong = Vec::new();
    for (key, expected) in published {
        match found.get(key) {
            Some(h_min) if (h_min - expected).abs() <= 1e-9 => {}
            other => wrong.push(format!("{key:?}: {other:?}, published {expected}")),
        }
    }
    assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
    assert_eq!(found.len(), published.len(), "{file}: {:?}", found.keys());
}

macro_rules! selftest {
    ($($name:ident: $file:literal,)*) => {
        $(#[test] fn $name() { check($file); })*

        #[test]
        fn all_files_are_checked() {
            let checked = [$($file),*];
            assert!(published().keys().all(|file| checked.contains(&file.as_str())));
        }
    };
}

selftest! {
    biased_random_bits: "biased-random-bits",
    biased_random_bytes: "biased-random-bytes",
    data_pi: "data.pi",
    normal: "normal",
    rand1_short: "rand1_short",
    rand4_short: "rand4_short",
    rand8_short: "rand8_short",
    ring_osc: "ringOsc-nist",
    truerand_1bit: "truerand_1bit",
    truerand_4bit: "truerand_4bit",
    truerand_8bit: "truerand_8bit",
}
