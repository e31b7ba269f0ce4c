//! Plans, tables, verdicts and rotation.

use super::*;

const SECURITY: [&str; 4] = ["--eps-sound", "1e-10", "--eps-complete", "1e-2"];

#[test]
fn a_plan_names_the_rounds_for_a_wanted_rate() {
    let setup = ["plan", "--chsh", "2.677", "--qber", "0.0144", "--key-rate", "0.3"];
    let (status, plan) = json(&[&setup[..], &SECURITY].concat());
    assert_eq!(status, 0, "{plan}");
    let (least, wanted) = (&plan["min_rounds"], &plan["rounds_for_key_rate"]);
    assert!(wanted.as_u64().unwrap() > 5 * least.as_u64().unwrap(), "{plan}");
}

#[test]
fn a_rate_and_a_table_are_had_under_other_theorems() {
    let setup = ["plan", "--chsh", "2.75", "--qber", "0.0144", "--key-rate", "0.3", "--theorem"];
    let (status, plan) = json(&[&setup[..], &["eat2018"], &SECURITY].concat());
    assert_eq!(status, 0, "{plan}");
    assert!(plan["rounds_for_key_rate"].as_u64().unwrap() > plan["min_rounds"].as_u64().unwrap(), "{plan}");
    let grid = ["plan", "table", "--rounds", "1e6", "--chsh", "2.677", "--qber", "0.0144", "--theorem"];
    let bits = |theorem| {
        json(&[&grid[..], &[theorem], &SECURITY].concat()).1["rows"][0]["key_bits"].as_u64().unwrap()
    };
    assert!(bits("reat") > bits("reat-basic"));
    // No flips under this theorem: said so, not planned without.
    let best = ["plan", "--chsh", "2.6", "--qber", "0.07", "--noise", "best", "--theorem", "reat-basic"];
    let (status, said) = failure(&[&best[..], &SECURITY].concat());
    assert!(status == 2 && said.contains("npp is not proved under reat-basic"), "{said}");
}

#[test]
fn a_table_has_a_row_for_every_combination() {
    let folder = folder("plan-table");
    let file = folder.join("table.csv");
    let grid = ["plan", "table", "--rounds", "1e5,1e6", "--chsh", "2.6,2.677", "--qber", "0.0144"];
    let (status, table) = json(&[&grid[..], &SECURITY, &["--csv", file.to_str().unwrap()]].concat());
    assert_eq!((status, table["rows"].as_array().unwrap().len()), (0, 4), "{table}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("rounds,chsh_s,qber,gamma") && text.lines().count() == 5, "{text}");
    std::fs::remove_dir_all(folder).unwrap();
    let (status, said) = failure(&[&grid[..], &SECURITY[..2], &["--eps-complete", "2"]].concat());
    assert!(status == 2 && said.contains("--eps-complete"), "{said}");
}

fn feasibility<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let link = ["plan", "feasibility", "--scheme", "event-ready", "--rate-hz", "1e6", "--efficiency", "0.1"];
    [&link[..], &["--visibility", "0.97"], &SECURITY, more].concat()
}

#[test]
fn a_measured_loss_profile_decides_a_link_and_a_repeater_changes_it() {
    let folder = folder("plan-link");
    let file = folder.join("trace.csv");
    std::fs::write(&file, "position_km,loss_db\n0,0\n40,8\n40,9\n150,31\n").unwrap();
    let path = file.to_str().unwrap();
    let link = ["--loss-profile", path, "--need-bit-s", "0.001", "--cost-per-hour", "20"];
    let (status, direct) = json(&feasibility(&link));
    assert_eq!(status, 0, "{direct}");
    assert_eq!((direct["loss_db"].as_f64(), direct["length_km"].as_f64()), (Some(31.0), Some(150.0)));
    let more = ["--repeaters", "1", "--swap-visibility", "0.99", "--block-hours", "48"];
    let (_, relayed) = json(&feasibility(&[&link[..], &more].concat()));
    let rate = |answer: &Value| answer["rounds_per_s"].as_f64().unwrap();
    assert!(rate(&relayed) > 10.0 * rate(&direct), "{direct} {relayed}");
    assert_eq!(relayed["alternatives"].as_array().unwrap().len(), 4);
    std::fs::write(&file, "position_km,loss_db\n0,0\n40,oops\n").unwrap();
    let (status, said) = failure(&feasibility(&link));
    assert!(status == 1 && said.contains("line 3"), "{said}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn much_traffic_of_ordinary_value_is_sent_elsewhere() {
    let (status, answer) =
        json(&feasibility(&["--length-km", "1", "--need-bit-s", "1e9", "--value", "ordinary"]));
    assert_eq!((status, answer["verdict"].as_str()), (0, Some("post-quantum")), "{answer}");
    assert!(answer["reasons"][0].as_str().unwrap().contains("prefer post-quantum"));
}

#[test]
fn rotation_follows_from_throughput() {
    let (status, rotation) =
        json(&["plan", "rotation", "--key-rate-bit-s", "64", "--consumers", "4", "--reserve", "0.2"]);
    assert_eq!((status, rotation["interval_s"].as_f64()), (0, Some(20.0)), "{rotation}");
    let (status, said) = failure(&["plan", "rotation", "--key-rate-bit-s", "0"]);
    assert!(status == 2 && said.contains("key_rate_bit_s is 0"), "{said}");
}
