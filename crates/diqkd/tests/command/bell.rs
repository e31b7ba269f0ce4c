//! Bell statistics of tables, lists of trials and the open data of an experiment.

use super::*;

const BOX: &str = "0,0,0,0,43\n0,0,1,1,42\n0,0,0,1,7\n0,0,1,0,8\n0,1,0,0,40\n0,1,1,1,45\n0,1,0,1,8\n0,1,1,0,7\n\
    1,0,0,0,44\n1,0,1,1,41\n1,0,0,1,7\n1,0,1,0,8\n1,1,0,0,8\n1,1,1,1,7\n1,1,0,1,43\n1,1,1,0,42\n";

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

/// The raw table of Delft 2015: 361 heralds, 245 trials, 196 wins.
#[test]
fn event_ready_trials_from_raw_data() {
    let Some(path) = reference("bell/delft2015_bell_open_data.txt") else { return };
    let (status, raw) = json(&["bell", path.to_str().unwrap(), "--tau", "1.08e-5"]);
    assert_eq!(
        (status, &raw["format"], &raw["event_ready"]),
        (0, &Value::from("event-ready"), &Value::from(361))
    );
    assert_eq!((&raw["trials"], &raw["wins"]), (&Value::from(245), &Value::from(196)));
    assert!((number(&raw["chsh_s"]) - 2.42250).abs() < 5e-6, "{raw}");
    assert!((number(&raw["chsh_s_se"]) - 0.20383).abs() < 5e-6, "{raw}");
    assert!((10f64.powf(number(&raw["p_value_log10"])) - 0.03908).abs() < 5e-6, "{raw}");
    assert_eq!(raw["settings_bias"]["alarm"], Value::from(false));
    for (loophole, by) in [("detection", "rule"), ("memory", "proof"), ("coincidence-time", "rule")] {
        assert_eq!(raw["loopholes"][loophole]["by"], by, "{raw}");
    }
    // In order, nothing is conspicuous.
    for test in ["settings_on_outcomes", "settings_on_settings", "stationarity"] {
        assert!(number(&raw["run"][test]["p"]) > 1e-3, "{test}: {raw}");
    }
    // The published table of counts is the same.
    let Some(path) = reference("bell/delft-2015.csv") else { return };
    let (_, counts) = json(&["bell", path.to_str().unwrap(), "--tau", "1.08e-5"]);
    for field in ["trials", "wins", "chsh_s", "correlators", "no_signalling", "settings_bias", "pbr_kl_bits"]
    {
        assert_eq!(raw[field], counts[field], "{field}");
    }
}

/// A year of visibly biased settings raises the alarm.
#[test]
fn biased_settings_raise_the_alarm() {
    let Some(path) = reference("bell/nist-2015.csv") else { return };
    let (status, nist) = json(&["bell", path.to_str().unwrap()]);
    assert_eq!((status, &nist["settings_bias"]["alarm"]), (0, &Value::from(true)));
    assert!(number(&nist["settings_bias"]["tau_upper"][0]) > 3e-4, "{nist}");
    assert_eq!(nist["ch"]["relevant"], Value::from(12_148));
    let text = diqkd(&["bell", path.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("ALARM"));
}

#[test]
fn settings_beyond_the_game_are_counted_apart() {
    let folder = folder("bell-more");
    let (plain, more) = (folder.join("plain.csv"), folder.join("more.csv"));
    std::fs::write(&plain, format!("x,y,a,b,n\n{BOX}")).unwrap();
    std::fs::write(&more, format!("x,y,a,b,n\n{BOX}0,2,0,0,70\n0,2,1,1,30\n9,9,5,5,11\n")).unwrap();
    let (_, plain) = json(&["bell", plain.to_str().unwrap()]);
    let (status, more) = json(&["bell", more.to_str().unwrap()]);
    assert_eq!((status, &more["trials_other_settings"]), (0, &Value::from(111)));
    // A table can't tell how its trials were chosen.
    for (loophole, status) in [
        ("detection", "assumed"),
        ("locality", "assumed"),
        ("memory", "closed"),
        ("coincidence-time", "assumed"),
        ("setting-independence", "assumed"),
    ] {
        assert_eq!(more["loopholes"][loophole]["status"], status, "{more}");
    }
    for field in ["trials", "wins", "chsh_s", "p_value_log10", "s_lower_95", "settings_bias", "j_ch"] {
        assert_eq!(plain[field], more[field], "{field}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn trials_in_order_give_the_table_and_more() {
    let folder = folder("bell-trials");
    let (counts, trials) = (folder.join("counts.csv"), folder.join("trials.csv"));
    std::fs::write(&counts, format!("x,y,a,b,n\n{BOX}")).unwrap();
    let mut rows: Vec<&str> = Vec::new();
    for line in BOX.lines() {
        let (cell, n) = line.rsplit_once(',').unwrap();
        rows.extend(std::iter::repeat_n(cell, n.parse().unwrap()));
    }
    // Every 7th of 400, round and round: 400 and 7 share no factor.
    let text: String =
        (0..rows.len()).map(|i| format!("{},{},0\n", 3 * i, rows[i * 7 % rows.len()])).collect();
    std::fs::write(&trials, format!("# diqkd trial table 1\n# rule {{}}\nround,x,y,a,b,herald\n{text}"))
        .unwrap();
    let (_, table) = json(&["bell", counts.to_str().unwrap()]);
    let (status, run) = json(&["bell", trials.to_str().unwrap(), "--window", "150"]);
    assert_eq!((status, &run["format"], &run["trials"]), (0, &Value::from("trials"), &Value::from(400)));
    for field in ["wins", "chsh_s", "correlators", "p_value_log10", "no_signalling", "settings_bias"] {
        assert_eq!(table[field], run[field], "{field}");
    }
    let lengths: Vec<u64> =
        run["windows"].as_array().unwrap().iter().map(|w| w["trials"].as_u64().unwrap()).collect();
    assert_eq!(lengths, [150, 150, 100]);
    let wins: u64 = run["windows"].as_array().unwrap().iter().map(|w| w["wins"].as_u64().unwrap()).sum();
    assert_eq!(Some(wins), run["wins"].as_u64());
    // Settings in this order follow a pattern, which a table can't show.
    assert!(number(&run["run"]["settings_on_settings"]["p_log10"]) < -20.0, "{run}");
    assert!(table["run"].is_null());
    std::fs::remove_dir_all(folder).unwrap();
}
