//! Published and stated values.

use super::*;

fn keylength(theorem: &str) -> Value {
    let arguments = [
        "keylength",
        "--rounds",
        "1500000",
        "--gamma",
        "13/256",
        "--omega-threshold",
        "0.83",
        "--leak-bits",
        "296581",
        "--eps-sound",
        "1e-10",
        "--theorem",
        theorem,
    ];
    let (status, json) = json(&arguments);
    assert_eq!(status, 0, "{json}");
    json
}

#[test]
fn key_lengths_of_the_theory_page_are_reproduced() {
    // Recomputed by independent programs (docs/theory, section 8). Never more.
    for (theorem, stated) in [("reat", 454_725), ("reat-basic", 389_946), ("df19", 92_825)] {
        let bits = keylength(theorem)["key_bits"].as_u64().unwrap();
        assert!(bits <= stated && bits + 40 >= stated, "{theorem}: {bits}");
    }
}

#[test]
fn the_bound_that_uses_both_of_alices_test_settings_is_longer() {
    let arguments = [
        "keylength",
        "--rounds",
        "1500000",
        "--gamma",
        "13/256",
        "--omega-threshold",
        "0.83",
        "--leak-bits",
        "296581",
        "--eps-sound",
        "1e-10",
        "--bound",
        "chsh-two-basis-tests",
    ];
    let (status, json) = json(&arguments);
    assert_eq!(status, 0, "{json}");
    assert!(json["key_bits"].as_u64().unwrap() > 463_000, "{json}");
}

#[test]
fn semidefinite_bounds_stay_just_below_the_closed_forms() {
    for (s, q) in [("2.2", "0"), ("2.6", "0.1")] {
        let number = |bound: &str, field: &str| {
            let (status, json) = json(&["entropy", "--bound", bound, "--chsh", s, "--noise", q]);
            assert_eq!(status, 0, "{json}");
            json[field].as_f64().unwrap()
        };
        let (sdp, exact) = (number("sdp", "entropy_bits"), number("npp", "entropy_bits"));
        assert!(sdp <= exact && sdp > exact - 1e-4, "{s} {q}: {sdp} {exact}");
        assert!((number("sdp", "slope") - number("npp", "slope")).abs() < 1e-3);
    }
}

#[test]
fn a_closed_form_is_checked_by_another_method() {
    for (bound, s, room) in [("chsh", "2.6", 1e-4), ("hmin", "2.6", 1e-6), ("npp", "2.5", 1e-4)] {
        let noise = if bound == "npp" { "0.05" } else { "0" };
        let (status, json) =
            json(&["entropy", "--bound", bound, "--chsh", s, "--noise", noise, "--cross-check"]);
        assert_eq!(status, 0, "{json}");
        let difference = json["cross_check"]["difference"].as_f64().unwrap();
        assert!((0.0..room).contains(&difference), "{json}");
    }
    let (status, errors) = failure(&["entropy", "--bound", "renyi", "--chsh", "2.6", "--cross-check"]);
    assert!(status == 2 && errors.contains("cross-check"), "{errors}");
}

#[test]
fn a_biased_setting_generator_shortens_the_key() {
    let bits = |bias: &str| {
        let arguments = ["keylength", "--rounds", "1.5e6", "--gamma", "13/256", "--omega-threshold", "0.83"];
        let more = ["--leak-bits", "296581", "--eps-sound", "1e-10", "--setting-bias", bias];
        let (status, json) = json(&[&arguments[..], &more].concat());
        assert_eq!(status, 0, "{json}");
        json["key_bits"].as_u64().unwrap()
    };
    assert!(bits("0") == 454_725 && bits("0.001") < 454_725);
}

#[test]
fn a_scenario_of_ones_own() {
    let folder = folder("scenario");
    let path = folder.join("i3322.json");
    let file = path.to_str().unwrap();
    let document = r#"{ "key_setting": 1, "observed": [{ "expression": "i3322", "value": 4.9 }] }"#;
    std::fs::write(&path, document).unwrap();
    let arguments = ["entropy", "--bound", "sdp", "--scenario", file, "--quantity", "hmin"];
    let (status, of_file) = json(&arguments);
    assert_eq!(status, 0, "{of_file}");
    let by_name = ["--expression", "i3322", "--value", "4.9", "--key-setting", "1"];
    let arguments: Vec<&str> =
        arguments[..3].iter().copied().chain(by_name).chain(["--quantity", "hmin"]).collect();
    let (status, named) = json(&arguments);
    assert_eq!((status, &named["entropy_bits"]), (0, &of_file["entropy_bits"]));
    assert!(named["entropy_bits"].as_f64().unwrap() > 0.01, "{named}");
    for wrong in
        ["{", r#"{ "observed": [{ "expression": "chsh" }] }"#, r#"{ "observed": [{ "value": 1.0 }] }"#]
    {
        std::fs::write(&path, wrong).unwrap();
        let (status, _) = failure(&["entropy", "--bound", "sdp", "--scenario", file]);
        assert_eq!(status, 1, "{wrong}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_certificate_survives_its_check_and_a_forged_one_does_not() {
    let folder = folder("certificate");
    let mut document = keylength("reat");
    let path = folder.join("certificate.json");
    std::fs::write(&path, document.to_string()).unwrap();
    let (status, checked) = json(&["certificate", "check", path.to_str().unwrap()]);
    assert_eq!((status, &checked["valid"]), (0, &Value::Bool(true)), "{checked}");
    let claimed = document["certificate"]["key_bits"].as_u64().unwrap();
    document["certificate"]["key_bits"] = Value::from(claimed + 1);
    std::fs::write(&path, document.to_string()).unwrap();
    let (status, checked) = json(&["certificate", "check", path.to_str().unwrap()]);
    assert_eq!((status, &checked["valid"]), (3, &Value::Bool(false)), "{checked}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn delft_is_reproduced() {
    let Some(path) = reference("bell/delft-2015.csv") else { return };
    let (status, json) = json(&["bell", path.to_str().unwrap()]);
    assert_eq!(status, 0, "{json}");
    let number = |name: &str| json[name].as_f64().unwrap_or_else(|| panic!("{name}: {}", json[name]));
    assert_eq!((json["trials"].as_u64(), json["wins"].as_u64()), (Some(245), Some(196)));
    assert!((number("chsh_s") - 2.42).abs() < 0.005 && (number("chsh_s_se") - 0.20).abs() < 0.005);
    assert!((10f64.powf(number("p_value_log10")) - 0.039).abs() < 0.0005);
}

#[test]
fn amplify_hashes_by_the_stated_convention() {
    let folder = folder("amplify");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(path("input"), [0b0000_0101]).unwrap();
    std::fs::write(path("seed"), [0b0001_0110]).unwrap();
    let (status, json) = json(&[
        "amplify",
        "--input",
        &path("input"),
        "--seed-file",
        &path("seed"),
        "--in-bits",
        "3",
        "--out-bits",
        "3",
        "--out",
        &path("output"),
    ]);
    assert_eq!(status, 0, "{json}");
    // x = 1,0,1 and t = 0,1,1,0,1: y_i = t_(i+2) + t_i = (1+0, 0+1, 1+1).
    assert_eq!(std::fs::read(path("output")).unwrap(), [0b0000_0011]);
    assert!(json["peak_memory_bytes"].as_u64().unwrap() > 1 << 20, "{json}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A file that is hashed in many pieces, against the definition bit by bit; the seed from its file and from memory.
#[test]
fn amplify_streams_files_and_names_short_ones() {
    let folder = folder("amplify-long");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (n, m) = (4_300_003usize, 37usize);
    let noise = |bytes: usize, mut state: u64| -> Vec<u8> {
        let next = |_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 56) as u8
        };
        (0..bytes).map(next).collect()
    };
    let (x, t) = (noise(n.div_ceil(8), 1), noise((n + m).div_ceil(8), 2));
    std::fs::write(path("input"), &x).unwrap();
    std::fs::write(path("seed"), &t).unwrap();
    let bit = |bytes: &[u8], i: usize| bytes[i / 8] >> (i % 8) & 1;
    for modified in [false, true] {
        let (kept, columns) = if modified { (m, n - m) } else { (0, n) };
        let mut expected = vec![0u8; m.div_ceil(8)];
        for i in 0..m {
            let own = if modified { bit(&x, i) } else { 0 };
            let row = (0..columns).fold(own, |y, j| y ^ bit(&x, kept + j) & bit(&t, i + columns - 1 - j));
            expected[i / 8] |= row << (i % 8);
        }
        let (in_bits, out_bits) = (n.to_string(), m.to_string());
        let (input, seed, out) = (path("input"), path("seed"), path("output"));
        let mut arguments = vec!["amplify", "--input", &input, "--seed-file", &seed, "--out", &out];
        arguments.extend(["--in-bits", &in_bits, "--out-bits", &out_bits, "--threads", "2"]);
        arguments.extend(modified.then_some("--modified"));
        let (status, answer) = json(&arguments);
        assert_eq!(status, 0, "{answer}");
        assert_eq!(std::fs::read(path("output")).unwrap(), expected);
    }

    // As long a result as the input, which is then the input itself: it is written in many pieces.
    let (bits, mut same) = (n.to_string(), x.clone());
    *same.last_mut().unwrap() &= (1 << (n % 8)) - 1;
    let (input, seed, out) = (path("input"), path("seed"), path("output"));
    let files = ["amplify", "--modified", "--input", &input, "--seed-file", &seed, "--out", &out];
    let (status, answer) = json(&[&files[..], &["--in-bits", &bits, "--out-bits", &bits]].concat());
    assert_eq!(status, 0, "{answer}");
    assert_eq!(std::fs::read(path("output")).unwrap(), same);

    let long = (8 * x.len() + 1).to_string();
    let (input, seed, out) = (path("input"), path("seed"), path("never"));
    let call = |in_bits: &str, out_bits: &str| {
        let files = ["amplify", "--input", &input, "--seed-file", &seed, "--out", &out];
        failure(&[&files[..], &["--in-bits", in_bits, "--out-bits", out_bits]].concat())
    };
    let (status, text) = call(&long, "7");
    assert!(status == 1 && text.contains("input has 537501 bytes") && text.contains("537502"), "{text}");
    let (status, text) = call("4300003", "500");
    assert!(status == 1 && text.contains("seed has 537505 bytes") && text.contains("537563"), "{text}");
    assert_eq!(call("0", "500").0, 2);
    assert!(!folder.join("never").exists());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_first_theorem_has_a_key_where_test_rounds_are_bounded_by_both_settings() {
    let run = |bound: &[&str]| {
        let plain = ["keylength", "--rounds", "1e8", "--gamma", "0.05", "--omega-threshold", "0.83"];
        let rest = ["--leak-bits", "15000000", "--eps-sound", "1e-10", "--theorem", "eat2018"];
        json(&[&plain[..], &rest[..], bound].concat())
    };
    let (status, key) = run(&["--bound", "chsh-two-basis-tests"]);
    assert_eq!(status, 0, "{key}");
    assert!(key["key_bits"].as_u64().unwrap() > 200_000, "{key}");
    // What the plain bound lacks, as two independent programs have it (docs/theory, section 4).
    let (status, none) = run(&[]);
    assert_eq!(status, 3, "{none}");
    assert!((none["best_bits"].as_f64().unwrap() + 126_177.0).abs() < 20.0, "{none}");
}

#[test]
fn flags_may_be_drawn_at_both_sites() {
    let plain = ["keylength", "--rounds", "1500000", "--omega-threshold", "0.83", "--leak-bits", "296581"];
    let arguments = |flags: &[&'static str]| [&plain[..], &["--eps-sound", "1e-10"], flags].concat();
    let (status, local) = json(&arguments(&["--local-flags", "0.19,0.185"]));
    assert_eq!(status, 0, "{local}");
    assert_eq!(local["parameters"]["local_flags"]["alice"], 0.19);
    let gamma = local["parameters"]["gamma"].as_f64().unwrap().to_string();
    let (_, shared) = json(&[&arguments(&["--gamma"])[..], &[&gamma]].concat());
    let bits = |json: &Value| json["key_bits"].as_u64().unwrap();
    assert!(bits(&local).abs_diff(bits(&shared)) <= 1);
    for (flags, named) in [
        (&["--local-flags", "0.19,1.2"][..], "strictly between 0 and 1"),
        (&["--local-flags", "0.19,0.185", "--gamma", "0.05"][..], "cannot be used with"),
        (&["--local-flags", "0.19,0.185", "--theorem", "df19"][..], "not under df19"),
    ] {
        let (status, said) = failure(&arguments(flags));
        assert!(status == 2 && said.contains(named), "{said}");
    }
}
