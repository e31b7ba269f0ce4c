//! Bad input: a clear error that names the place and what to do, never a panic.

use super::*;

#[test]
fn files_that_are_absent_or_something_else() {
    let folder = folder("junk");
    let junk = folder.join("junk.ptu");
    std::fs::write(
        &junk,
        (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>(),
    )
    .unwrap();
    let (status, errors) = failure(&["tags", "info", junk.to_str().unwrap(), "--json"]);
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains("junk.ptu") && errors.contains("byte"), "{errors}");
    let (status, errors) = failure(&["tags", "info", "/nonexistent/x.ptu", "--json"]);
    assert_eq!(status, 1);
    assert!(errors.contains("/nonexistent/x.ptu"), "{errors}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn counts_tables_with_a_flaw() {
    let folder = folder("counts");
    for (name, text, says) in [
        ("negative.csv", "x,y,a,b,n\n0,0,0,0,-1\n", "line 2"),
        ("columns.csv", "x,y,a,n\n0,0,0,5\n", "line 1"),
        ("short.csv", "x,y,a,b,n\n0,0,0\n", "line 2"),
        ("setting.csv", "x,y,a,b,n\n0,255,0,0,5\n", "line 2"),
        ("key.csv", "x,y,a,b,n\n0,2,0,0,5\n", "x=0, y=0"),
        ("outcome.csv", "x,y,a,b,n\n0,0,0,2,5\n0,1,0,0,5\n1,0,0,0,5\n1,1,0,0,5\n", "0 or 1"),
        ("huge.csv", "x,y,a,b,n\n0,0,0,0,99999999999999999999\n", "2^53"),
        ("large.csv", "x,y,a,b,n\n0,0,0,0,9007199254740993\n", "2^53"),
        ("twice.csv", "x,y,a,b,n\n0,0,0,0,5\n0,0,0,0,5\n", "line 3"),
        ("header.csv", "alice,bob\n1,2\n", "header"),
        ("headless.csv", "0,0,0,0,5\n", "header"),
        ("only-header.csv", "x,y,a,b,n\n", "no rows"),
        ("zeros.csv", "x,y,a,b,n\n0,0,0,0,0\n0,1,0,0,0\n1,0,0,0,0\n1,1,0,0,0\n", "no trials"),
        ("empty.csv", "", "empty"),
        ("one.csv", "x,y,a,b,n\n0,0,0,0,5\n", "x="),
        ("trials.csv", "x,y,a,b\n0,0,0,x\n", "line 2"),
        ("no-trials.csv", "x,y,a,b\n", "no trials"),
        ("order.csv", "round,x,y,a,b\n2,0,0,0,0\n1,0,0,0,0\n", "line 3"),
        (
            "events.csv",
            "2015-06-26 17:24:12.1,1,2,5,1,6,1,1,1,3,3,1,1,0,0,0,0\n2015-06-26 17:24:12.1,1\n",
            "line 2",
        ),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        let (status, errors) = failure(&["bell", path.to_str().unwrap(), "--json"]);
        assert_eq!(status, 1, "{name}: {errors}");
        assert!(errors.contains(says) && errors.contains(name), "{name}: {errors}");
    }
    let (status, errors) =
        failure(&["bell", folder.join("one.csv").to_str().unwrap(), "--window", "10", "--json"]);
    assert!(status == 1 && errors.contains("--window"), "{errors}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_recording_where_counts_are_expected() {
    let folder = folder("recording-as-counts");
    let run = folder.join("run");
    let simulate = [
        "simulate",
        "--preset",
        "photonic",
        "--rounds",
        "500",
        "--seed",
        "1",
        "--out",
        run.to_str().unwrap(),
    ];
    assert_eq!(json(&simulate).0, 0);
    let (status, errors) = failure(&["bell", run.join("alice.ptu").to_str().unwrap()]);
    assert!(
        status == 1 && errors.contains("recording of time tags") && errors.contains("tags trials"),
        "{errors}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn impossible_parameters() {
    let keylength = |change: &[&str]| {
        let mut arguments = vec![
            "keylength",
            "--rounds",
            "1500000",
            "--gamma",
            "0.05",
            "--omega-threshold",
            "0.83",
            "--leak-bits",
            "200000",
            "--eps-sound",
            "1e-10",
        ];
        for pair in change.chunks(2) {
            let at = arguments.iter().position(|argument| *argument == pair[0]).unwrap();
            arguments[at + 1] = pair[1];
        }
        failure(&arguments)
    };
    for (change, says) in [
        (["--gamma", "0"], "gamma"),
        (["--gamma", "1"], "gamma"),
        (["--gamma", "nan"], "gamma"),
        (["--gamma", "1/0"], "gamma"),
        (["--rounds", "0"], "rounds"),
        (["--rounds", "-5"], "negative; expected a whole number such as 1000000"),
        (["--rounds", "1e300"], "too large; expected a whole number up to 9007199254740992"),
        (["--leak-bits", "-1"], "negative; expected a whole number"),
        (["--omega-threshold", "1.5"], "omega"),
        (["--omega-threshold", "nan"], "omega"),
        (["--eps-sound", "0"], "eps-sound"),
        (["--eps-sound", "1"], "eps-sound"),
        (["--eps-sound", "ten"], "eps-sound"),
        (["--leak-bits", "1.5"], "leak-bits"),
    ] {
        let (status, errors) = keylength(&change);
        assert_eq!(status, 2, "{change:?}: {errors}");
        assert!(errors.contains(says), "{change:?}: {errors}");
    }
    let (status, errors) = failure(&[
        "keylength",
        "--rounds",
        "1000",
        "--gamma",
        "0.05",
        "--chsh",
        "5",
        "--leak-bits",
        "1",
        "--eps-sound",
        "1e-10",
    ]);
    assert_eq!(status, 2, "{errors}");
    assert!(errors.contains("CHSH"), "{errors}");
    let (status, errors) = failure(&["demo", "--rounds", "0"]);
    assert_eq!(status, 2, "{errors}");
    let (status, errors) = failure(&["demo", "--preset", "bristol"]);
    assert!(status == 2 && errors.contains("oxford-2022"), "{errors}");
}

#[test]
fn a_place_that_can_not_be_written() {
    let (status, errors) = failure(&["demo", "--rounds", "200000", "--seed", "1", "--out", "/proc/nowhere"]);
    assert_eq!(status, 1, "{errors}");
    assert!(errors.contains("/proc/nowhere"), "{errors}");
}
