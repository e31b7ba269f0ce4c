//! The same input and the same version give the same report, byte for byte, on any number of threads.

use super::*;

#[test]
fn reports_repeat_byte_for_byte() {
    let folder = folder("repeat");
    let counts = folder.join("counts.csv");
    std::fs::write(&counts, "x,y,a,b,n\n0,0,0,0,40\n0,0,1,1,41\n0,0,0,1,9\n0,1,0,0,40\n0,1,1,1,40\n1,0,0,0,43\n1,0,1,1,40\n1,1,0,1,40\n1,1,1,0,44\n")
        .unwrap();
    let run = folder.join("run");
    let simulate = [
        "simulate",
        "--preset",
        "photonic",
        "--rounds",
        "5000",
        "--seed",
        "1",
        "--out",
        run.to_str().unwrap(),
    ];
    let (alice, bob) = (run.join("alice.ptu"), run.join("bob.ptu"));
    let [alice, bob, counts] = [&alice, &bob, &counts].map(|path| path.to_str().unwrap());
    let sync = [
        "tags",
        "sync",
        alice,
        bob,
        "--channel-a",
        "0",
        "--channel-b",
        "0",
        "--max-offset-ps",
        "5000000000000",
    ];
    let keylength = [
        "keylength",
        "--rounds",
        "1e6",
        "--gamma",
        "0.05",
        "--chsh",
        "2.64",
        "--leak-bits",
        "2e5",
        "--eps-sound",
        "1e-10",
    ];
    let bench = ["reconcile", "bench", "--qber", "0.02", "--block", "4096", "--frames", "4", "--seed", "1"];
    // Speeds are measured and differ; everything else is a function of the input.
    let without_speeds = |mut report: Value| {
        report.as_object_mut().unwrap().retain(|name, _| !name.contains("_mbit_s") && name != "threads");
        report
    };
    for call in [&simulate[..], &["tags", "info", alice], &sync, &["bell", counts], &keylength, &bench] {
        let once = diqkd(&[call, &["--json"]].concat()).stdout;
        let again = diqkd(&[call, &["--json", "--threads", "1"]].concat()).stdout;
        if call[0] == "reconcile" {
            let report = |bytes: &[u8]| without_speeds(serde_json::from_slice(bytes).unwrap());
            assert_eq!(report(&once), report(&again));
        } else {
            assert!(!once.is_empty() && once == again, "{call:?}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}
