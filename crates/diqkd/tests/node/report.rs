//! The log of a real node and its key store, reported.

use std::process::Command;

use crate::pair::{PATIENCE, Pair};

#[test]
fn both_sites_report_what_they_did() {
    let pair = Pair::new("report");
    let arguments = ["--blocks", "2", "--log", "json"];
    let (alice, bob) = (pair.start(&pair.alice, &arguments), pair.start(&pair.bob, &arguments));
    let (bobs, _) = (bob.wait(PATIENCE).1, alice.wait(PATIENCE));
    let report = |role: &str| -> serde_json::Value {
        let log = pair.folder().join(format!("{role}.log"));
        let store = pair.folder().join(role).join("bench");
        let output = Command::new(env!("CARGO_BIN_EXE_diqkd"))
            .args(["report", "--json", log.to_str().unwrap(), "--store", store.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (alice, bob) = (report("alice"), report("bob"));
    for site in [&alice, &bob] {
        assert_eq!((&site["with_key"], &site["foreign_lines"]), (&2.into(), &0.into()), "{site}");
        assert_eq!((&site["key_bits"], &site["rounds"]), (&bobs["key_bits"], &bobs["rounds"]));
        // Keys of 256 bits, the first of each block set aside.
        let stored = site["stores"][0]["stored"].as_u64().unwrap();
        assert!(stored > 0 && 256 * stored < site["key_bits"].as_u64().unwrap(), "{site}");
        assert_eq!(site["stores"][0]["available"], stored);
        assert_eq!(site["links"][0]["link"], "first");
        let spent = site["eps_sound_spent"].as_f64().unwrap();
        assert!((2e-10..2.001e-10).contains(&spent), "{spent}");
    }
    assert!(alice["chsh_s"].is_null() && alice["qber"].is_null());
    let (s, error) = (bob["chsh_s"].as_f64().unwrap(), bob["chsh_s_se"].as_f64().unwrap());
    // Oxford's S from 2 x 20,000 test rounds.
    assert!((s - 2.677).abs() < 6.0 * error && error < 0.02, "{s} {error}");
    assert!((bob["qber"].as_f64().unwrap() - 0.0144).abs() < 0.002);
}
