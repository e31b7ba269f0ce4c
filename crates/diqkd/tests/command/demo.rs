//! The main job.

use super::*;

fn run(name: &str, arguments: &[&str]) -> (i32, Value) {
    let out = folder(name);
    let result = json(&[&["demo", "--out", out.to_str().unwrap()], arguments].concat());
    std::fs::remove_dir_all(out).unwrap();
    result
}

#[test]
fn two_stations_end_with_the_same_keys() {
    let (status, json) = run("same-keys", &["--rounds", "300000", "--seed", "1"]);
    assert_eq!(status, 0, "{json}");
    assert_eq!(json["keys_match"], true);
    assert_eq!(json["theorem"], "reat");
    assert_eq!(json["rounds"], 300_000);
    let number = |name: &str| json[name].as_f64().unwrap_or_else(|| panic!("{name}: {}", json[name]));
    // 15,200 test rounds: sigma of S 0.024; 285,000 key rounds: sigma of Q 0.00022. Six sigma.
    assert!((number("chsh_s") - 2.677).abs() < 0.15, "{}", number("chsh_s"));
    assert!((number("qber") - 0.0144).abs() < 0.0014, "{}", number("qber"));
    assert!(number("eps_sound") <= 1.0e-10 * (1.0 + 1e-12) && number("eps_sound") > 9e-11);
    // The drift of the simulated clock is 3700 ppb by construction.
    assert!((number("clock_drift_ppb") - 3700.0).abs() < 10.0, "{}", number("clock_drift_ppb"));
    let key_bits = json["key_bits"].as_u64().unwrap();
    let ids = json["key_ids"].as_array().unwrap();
    assert_eq!(ids.len() as u64, key_bits / 256);
    // The key can't be longer than the entropy of the key rounds less the leak.
    assert!(key_bits + json["leak_bits"].as_u64().unwrap() < 300_000 * 64 / 100);
    let assumptions = json["assumptions"].to_string();
    assert!(assumptions.contains("test-flags-expanded-from-pre-shared-seed"), "{assumptions}");
}

#[test]
fn one_seed_replays_a_whole_run() {
    let replayed = |seed: &str| {
        let (_, mut json) = run(&format!("replay-{seed}"), &["--rounds", "200000", "--seed", seed]);
        for varying in ["rounds_per_s", "stores"] {
            json.as_object_mut().unwrap().remove(varying);
        }
        json
    };
    let first = replayed("11");
    assert_eq!(first, replayed("11"));
    assert_ne!(first["transcript"], replayed("12")["transcript"]);
}

#[test]
fn keys_reopen_under_a_second_run_of_the_same_seed() {
    let out = folder("reopen");
    let run = || json(&["demo", "--rounds", "200000", "--seed", "5", "--out", out.to_str().unwrap()]);
    let (first, again) = (run(), run());
    assert_eq!((first.0, again.0), (0, 0), "{}", again.1);
    assert_eq!(first.1["key_ids"], again.1["key_ids"]);

    let bob = out.join("bob");
    let bob = bob.to_str().unwrap();
    let (status, listed) = json(&["keys", "list", bob]);
    assert_eq!(status, 0, "{listed}");
    let keys = listed["keys"].as_array().unwrap();
    assert_eq!(keys.len(), first.1["key_ids"].as_array().unwrap().len());
    assert!(keys.iter().all(|key| key["trust"] == "di" && key["state"] == "available"), "{listed}");
    let id = first.1["key_ids"][0].as_str().unwrap();
    let (_, shown) = json(&["keys", "show", bob, id]);
    assert_eq!((&shown["keys"][0]["id"], &shown["keys"][0]["position"]), (&Value::from(id), &Value::from(0)));
    assert_eq!(json(&["keys", "verify", bob]).0, 0);
    assert_eq!(failure(&["keys", "show", bob, "00000000-0000-0000-0000-000000000000"]).0, 1);
    std::fs::remove_dir_all(out).unwrap();
}

#[test]
fn too_few_rounds_are_refused_with_the_number_that_would_do() {
    for rounds in ["1", "1000", "20000", "100000"] {
        let (status, json) = run("too-few", &["--rounds", rounds, "--seed", "1"]);
        assert_eq!(status, 3, "{json}");
        assert_eq!(json["abort"]["reason"], "too-few-rounds", "{json}");
        assert_eq!(json["abort"]["observed"].as_f64(), rounds.parse().ok(), "{json}");
        assert_eq!(json["key_bits"], 0);
        assert!(json["least_rounds"].as_u64().unwrap() > 100_000, "{json}");
    }
}

#[test]
fn devices_without_entanglement_get_no_key() {
    for attack in ["lhv", "lhv-memory", "detection-loophole"] {
        let (status, json) = run(attack, &["--rounds", "300000", "--seed", "2", "--attack", attack]);
        assert_eq!(status, 3, "{attack}: {json}");
        assert!(json["abort"]["reason"].is_string(), "{attack}: {json}");
        assert_eq!(json["key_ids"].as_array().map(Vec::len), Some(0), "{attack}");
    }
}

#[test]
fn a_clocked_photonic_station_works_too() {
    let (status, json) = run("photonic", &["--rounds", "1000000", "--seed", "3", "--preset", "photonic"]);
    assert_eq!(status, 0, "{json}");
    assert_eq!(json["keys_match"], true);
    // One no-click in 25 at either site, and every one of them has an outcome.
    assert!(json["no_click_rounds"][0].as_u64().unwrap() > 30_000, "{}", json["no_click_rounds"]);
}
