//! Starting, draining, reloading, watching.

use std::process::Command;
use std::time::Duration;

use diqkd_core::Assumption;
use diqkd_keystore::KeyState;
use diqkd_node::StoreOnDisk;
use diqkd_node::randomness::Randomness;

use crate::pair::{PATIENCE, Pair, until};

const SOON: Duration = Duration::from_secs(30);

#[test]
fn two_nodes_make_blocks_hold_the_same_keys_and_say_no_secret() {
    let mut pair = Pair::new("blocks");
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.pipelines = 2;
        settings.more.push_str("[log]\nlevel = \"debug\"\n");
    }
    let alice = pair.start(&pair.alice, &["--blocks", "4", "--log", "json"]);
    let bob = pair.start(&pair.bob, &["--blocks", "4"]);
    until(PATIENCE, "two blocks", || alice.metric("diqkd_blocks_total{source=\"bench\"}") >= Some(2.0));
    let (_, metrics) = alice.get("/metrics").unwrap();
    // The store is the node's alone as long as it runs.
    let store = pair.folder().join("alice/bench");
    for arguments in [["keys", "list"], ["keys", "verify"], ["keys", "purge"]] {
        let command = Command::new(env!("CARGO_BIN_EXE_diqkd")).args(arguments).arg(&store).output().unwrap();
        let said = String::from_utf8(command.stderr).unwrap();
        assert_eq!(command.status.code(), Some(1), "{said}");
        assert!(
            said.contains("open in another process; stop that one") && said.contains("keys.redb"),
            "{said}"
        );
    }
    let (status, said) = alice.wait(PATIENCE);
    assert!(status.success(), "{}", pair.log("alice"));
    assert_eq!(said["blocks"], 4);
    assert_eq!(said["rounds"], 800_000);
    assert!(bob.wait(PATIENCE).0.success(), "{}", pair.log("bob"));
    assert!(pair.same_keys("bench") > 100);
    // The first session takes pads of the file, later ones those of earlier blocks.
    assert!(metrics.contains("diqkd_secret_fraction{source=\"bench\"} 0."), "{metrics}");

    let public = [pair.log("alice"), pair.log("bob"), metrics, said.to_string()].concat();
    assert!(pair.log("alice").lines().all(|line| line.starts_with('{')), "not JSON");
    let mut secrets = vec![std::fs::read(pair.folder().join("preshared.key")).unwrap()];
    for role in ["alice", "bob"] {
        let folder = pair.folder().join(role).join("bench");
        secrets.push(std::fs::read(folder.join("storage.key")).unwrap());
        let store = StoreOnDisk::open(&folder, &Randomness::from_seed(1)).unwrap();
        while let Some(key) = store.keys().deliver_next("test", 0).unwrap() {
            secrets.push(key.secret.to_vec());
        }
    }
    assert!(secrets.len() > 200);
    for secret in &secrets {
        for piece in secret.chunks_exact(8).take(64) {
            let hex: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
            let listed = piece.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            for written in [hex.clone(), hex.to_uppercase(), listed] {
                assert!(!public.contains(&written), "a secret was written down");
            }
        }
    }
}

#[test]
fn sigterm_finishes_the_running_block() {
    let mut pair = Pair::new("drain");
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.source.push_str("pace_hz = 150000\n");
    }
    let alice = pair.start(&pair.alice, &[]);
    let bob = pair.start(&pair.bob, &[]);
    until(SOON, "a block", || bob.metric("diqkd_blocks_recording{source=\"bench\"}") == Some(1.0));
    // Bob is asked first: Alice must bear with a peer that declines.
    bob.signal("-TERM");
    until(SOON, "bob drains", || {
        bob.get("/readyz").is_none_or(|(status, why)| status == 503 && why == "draining\n")
    });
    let (status, said) = bob.wait(PATIENCE);
    assert!(status.success() && said["blocks"].as_u64() >= Some(1), "{said}{}", pair.log("bob"));
    until(SOON, "alice without peer", || alice.get("/readyz").is_some_and(|(status, _)| status == 503));
    alice.signal("-TERM");
    let (status, said_alice) = alice.wait(PATIENCE);
    assert!(status.success(), "{}", pair.log("alice"));
    assert_eq!(
        (&said_alice["blocks"], &said_alice["aborted"]),
        (&said["blocks"], &0.into()),
        "{}",
        pair.log("alice")
    );
    assert!(pair.same_keys("bench") > 25);
}

#[test]
fn a_second_signal_gives_the_running_block_up() {
    let mut pair = Pair::new("second");
    for settings in [&mut pair.alice, &mut pair.bob] {
        // A block takes more than three minutes.
        settings.source.push_str("pace_hz = 1000\n");
        settings.more.push_str("[keys]\nlow_water = 1\n");
    }
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    until(SOON, "a block", || bob.metric("diqkd_blocks_recording{source=\"bench\"}") == Some(1.0));
    // Nothing has been delivered to the store yet, which is fewer than one.
    assert_eq!(alice.get("/readyz"), Some((200, "ready; few keys of bench\n".to_owned())));
    assert_eq!(alice.metric("diqkd_keys_low{source=\"bench\"}"), Some(1.0));
    assert!(pair.log("alice").contains("ALARM keys-low"));
    alice.signal("-TERM");
    until(SOON, "alice drains", || alice.get("/readyz") == Some((503, "draining\n".to_owned())));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!pair.log("alice").contains("no key"), "one signal lets the block go on");
    alice.signal("-INT");
    let (status, said) = alice.wait(SOON);
    assert!(status.success(), "{}", pair.log("alice"));
    assert_eq!((&said["blocks"], &said["aborted"]), (&0.into(), &1.into()), "{said}");
    assert!(pair.log("alice").contains("reason=\"cancelled\""), "{}", pair.log("alice"));
    until(SOON, "bob's block is over", || pair.log("bob").contains("no key"));
    for _ in 0..2 {
        bob.signal("-TERM");
    }
    assert!(bob.wait(SOON).0.success());
    assert_eq!(pair.same_keys("bench"), 0);
}

#[test]
fn sighup_takes_over_what_no_security_rests_on() {
    let mut pair = Pair::new("reload");
    let bob = pair.start(&pair.bob, &[]);
    until(SOON, "an attempt", || pair.log("bob").contains("link down"));
    pair.bob.more = pair.bob.more.replace("backoff_max_ms = 200", "backoff_max_ms = 50");
    pair.write(&pair.bob);
    bob.signal("-HUP");
    until(SOON, "taken over", || pair.log("bob").contains("configuration taken over"));
    pair.bob.rounds = 300_000;
    pair.write(&pair.bob);
    bob.signal("-HUP");
    until(SOON, "refused", || pair.log("bob").contains("this field needs a restart field=security.rounds"));
    std::fs::write(pair.folder().join("bob.toml"), "version = 1\nnode = 3\n").unwrap();
    bob.signal("-HUP");
    until(SOON, "unreadable", || pair.log("bob").contains("configuration not taken over error="));
    bob.signal("-TERM");
    assert!(bob.wait(SOON).0.success());
}

#[test]
fn pads_that_run_out_raise_two_alarms_and_stop_the_blocks() {
    let mut pair = Pair::new("pads");
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.refill = false;
    }
    // Two sessions' worth, each 1504 bytes.
    let path = pair.folder().join("preshared.key");
    let secret = std::fs::read(&path).unwrap();
    std::fs::write(&path, &secret[..32 + 2 * 1504]).unwrap();
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    until(PATIENCE, "exhausted", || pair.log("alice").contains("ALARM pads-exhausted"));
    assert!(pair.log("alice").contains("ALARM pads-low"));
    until(SOON, "not ready", || {
        alice.get("/readyz") == Some((503, "the key for authentication is used up\n".to_owned()))
    });
    until(SOON, "two sessions counted", || alice.metric("diqkd_sessions_total") == Some(2.0));
    for node in [&alice, &bob] {
        node.signal("-TERM");
    }
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success());
    assert!(pair.same_keys("bench") > 50);
}

/// Each proposal reserves pads and epsilon at Alice's site for good, so that she must not repeat one that is in vain.
#[test]
fn a_peer_whose_pre_shared_key_is_shorter_costs_one_session() {
    let mut pair = Pair::new("shorter");
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.refill = false;
    }
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    until(PATIENCE, "a block", || bob.metric("diqkd_blocks_total{source=\"bench\"}") >= Some(1.0));
    bob.signal("-TERM");
    let (_, said) = bob.wait(PATIENCE);
    alice.kill();
    let sessions = said["sessions"].as_u64().unwrap() as f64;
    // Bob's ends here.
    let path = pair.folder().join("preshared.key");
    let secret = std::fs::read(&path).unwrap();
    std::fs::write(pair.folder().join("short.key"), &secret[..32 + 1504 * sessions as usize + 700]).unwrap();
    let text = pair.bob.toml().replace("preshared.key", "short.key");
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start_with(&pair.bob, &text));
    let line = "the peer's pre-shared key ends before";
    until(SOON, "a word about it", || pair.log("alice").contains(line));
    until(SOON, "not ready", || {
        alice.get("/readyz") == Some((503, "the key for authentication is used up\n".to_owned()))
    });
    until(SOON, "counted", || alice.metric("diqkd_sessions_total") > Some(sessions));
    let began = alice.metric("diqkd_sessions_total").unwrap();
    assert!(began <= sessions + 2.0, "{began} after {sessions}");
    // The whole file, and it goes on.
    bob.kill();
    let bob = pair.start(&pair.bob, &[]);
    until(SOON, "a block", || bob.metric("diqkd_blocks_total{source=\"bench\"}") >= Some(1.0));

    // What a lost journal means is said where it shows.
    bob.kill();
    let said = "no session is entered under this pre-shared key";
    assert!(!pair.log("bob").contains(said));
    let files = std::fs::read_dir(pair.folder().join("bob")).unwrap().map(|entry| entry.unwrap().path());
    for journal in files.filter(|path| path.extension().is_some_and(|extension| extension == "journal")) {
        std::fs::remove_file(journal).unwrap();
    }
    let _bob = pair.start(&pair.bob, &[]);
    until(SOON, "a word about it", || pair.log("bob").contains(said));
}

#[test]
fn a_peer_that_drains_costs_one_session_a_lane() {
    let mut pair = Pair::new("drains");
    for settings in [&mut pair.alice, &mut pair.bob] {
        let slow = settings.source.replace("bench", "slow");
        settings.source.push_str(&format!("pace_hz = 400000\n{slow}pace_hz = 40000\n"));
    }
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    until(SOON, "a fast block", || bob.metric("diqkd_blocks_total{source=\"bench\"}") >= Some(1.0));
    bob.signal("-TERM");
    // The slow block goes on for seconds, in which the fast lane has nothing to do.
    let (status, said) = bob.wait(PATIENCE);
    assert!(status.success() && pair.log("alice").contains("the peer is finishing"), "{}", pair.log("alice"));
    let sessions = said["sessions"].as_f64().unwrap();
    until(SOON, "counted", || alice.metric("diqkd_sessions_total") >= Some(sessions));
    let began = alice.metric("diqkd_sessions_total").unwrap();
    assert!(began <= sessions + 2.0, "{began}: {said}");
    // It comes back.
    let bob = pair.start(&pair.bob, &[]);
    until(SOON, "a fast block", || bob.metric("diqkd_blocks_total{source=\"bench\"}") >= Some(1.0));
}

/// At the level of tags and of trials; a key's certificate then rests on no expanded flags.
#[test]
fn sites_that_draw_their_own_flags_get_the_same_keys() {
    let mut pair = Pair::new("flags");
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.gamma = "flag_alice = 0.25\nflag_bob = 0.25".to_owned();
        let tags = settings.source.replace("bench", "tagged").replace("\"trials\"", "\"tags\"");
        settings.source.push_str(&tags);
    }
    let alice = pair.start(&pair.alice, &[]);
    let bob = pair.start(&pair.bob, &[]);
    until(PATIENCE, "a block of each source", || {
        ["bench", "tagged"]
            .iter()
            .all(|source| bob.metric(&format!("diqkd_blocks_total{{source=\"{source}\"}}")) >= Some(1.0))
    });
    for node in [&alice, &bob] {
        node.signal("-TERM");
    }
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success());
    for source in ["bench", "tagged"] {
        assert!(pair.same_keys(source) > 25, "{source}");
    }
    let store = StoreOnDisk::open(&pair.folder().join("alice/bench"), &Randomness::from_seed(1)).unwrap();
    let keys = store.keys().list(0, None, 1).unwrap();
    let assumptions = &keys[0].provenance.assumptions;
    assert!(!assumptions.contains(&diqkd_core::Assumption::ExpandedTestFlags), "{assumptions:?}");
}

/// Padded blocks take the pads of what they say out of the pre-shared key, and are refused where they would take more than
/// they give.
#[test]
fn padded_blocks_say_nothing_that_devices_could_remember() {
    let mut pair = Pair::new("padded");
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.security = "padded = true\nleast_key_bits = 1\n".to_owned();
        settings.refill = false;
    }
    let alice = pair.start(&pair.alice, &["--blocks", "1"]);
    let bob = pair.start(&pair.bob, &["--blocks", "1"]);
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(pair.same_keys("bench") > 25);
    let log = pair.log("bob");
    let said = |name: &str| -> u64 {
        let (_, rest) = log.split_once(name).unwrap_or_else(|| panic!("{name}: {log}"));
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    // The pads are as many as the bits that were said, in whole bytes.
    let (padded, leak) = (said("padding_bits="), said("leak_bits="));
    assert!(padded.abs_diff(leak) < 1000 && said("unpadded_outcomes=") >= 2, "{padded} {leak}");

    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.security = "padded = true\n".to_owned();
    }
    let (status, said) = pair.start(&pair.alice, &[]).wait(PATIENCE);
    assert_eq!((status.code(), &said["abort"]["reason"]), (Some(3), &"too-few-rounds".into()), "{said}");
}

#[test]
fn a_spent_budget_of_epsilon_stops_the_blocks_also_after_a_restart() {
    let mut pair = Pair::new("epsilon");
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.security = "eps_total = \"3.5e-10\"\n".to_owned();
        settings.pipelines = 2;
    }
    let spent = "the budget of epsilon of this pre-shared key does not cover another session\n";
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    until(PATIENCE, "three blocks", || bob.metric("diqkd_blocks_total{source=\"bench\"}") == Some(3.0));
    for (node, role) in [(&alice, "alice"), (&bob, "bob")] {
        until(SOON, "not ready", || node.get("/readyz") == Some((503, spent.to_owned())));
        until(SOON, "an alarm", || pair.log(role).contains("ALARM epsilon-spent"));
        until(SOON, "counted", || node.metric("diqkd_sessions_left") == Some(0.0));
        let total = node.metric("diqkd_eps_sound_spent").unwrap();
        assert!((3e-10..3.000_001e-10).contains(&total), "{total}");
        assert!(node.metric("diqkd_eps_sound_budget") >= Some(3.5e-10));
    }
    alice.kill();
    bob.signal("-TERM");
    let (_, said) = bob.wait(PATIENCE);
    assert_eq!((&said["blocks"], &said["sessions"]), (&3.into(), &3.into()), "{said}");
    let keys = pair.same_keys("bench");

    // The journals remember.
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    until(SOON, "not ready", || alice.get("/readyz") == Some((503, spent.to_owned())));
    alice.kill();
    assert_eq!(bob.metric("diqkd_sessions_left"), Some(0.0));
    // A site that does not know is told by the other one, and each of its lanes asks once, not again and again.
    std::fs::remove_dir_all(pair.folder().join("alice")).unwrap();
    let alice = pair.start(&pair.alice, &[]);
    let theirs = "the peer's budget of epsilon does not cover another session\n";
    until(SOON, "the peer's is spent", || alice.get("/readyz") == Some((503, theirs.to_owned())));
    std::thread::sleep(Duration::from_millis(500));
    alice.kill();
    bob.kill();
    assert!(pair.log("alice").matches("the peer's budget of epsilon").count() <= 2, "{}", pair.log("alice"));
    assert_eq!(pair.keys("bob", "bench").len(), keys);
}

/// No courier: the sites agree by files that anybody may read, and every key says what that rests on.
#[test]
fn keys_under_an_agreed_pre_shared_key_say_so() {
    let mut pair = Pair::new("agreed");
    let file = |name: &str| pair.folder().join(name).to_str().unwrap().to_owned();
    let preshare = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diqkd"));
        let output = command.arg("preshare").args(arguments).output().unwrap();
        (
            output.status.code(),
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat(),
        )
    };
    let [a, b, a_public, b_public, offer, answer] =
        ["a", "b", "a.public", "b.public", "offer", "answer"].map(&file);
    let (a_secret, b_secret) = (file("a.secret"), file("b.secret"));
    let made = preshare(&["identity", &a]);
    assert_eq!(made, preshare(&["fingerprint", &a_public]));
    assert_eq!(preshare(&["identity", &b]).0, Some(0));
    let (status, said) = preshare(&["identity", &b]);
    assert!(status == Some(1) && said.contains("b.secret"), "{said}");
    let offered = ["offer", "--identity", &a_secret, "--peer", &b_public, "--bytes", "2e5", "--out", &offer];
    assert_eq!(preshare(&offered).0, Some(0));
    let alices = file("preshared.key");
    std::fs::remove_file(&alices).unwrap();
    let (carried, sites) =
        (file("bob.key"), ["--identity", &b_secret, "--peer", &a_public, "--offer", &offer]);
    let answered = preshare(&[&["answer"], &sites[..], &["--out", &answer, "--key", &carried]].concat());
    assert_eq!(answered.0, Some(0), "{}", answered.1);
    let sites = ["--identity", &a_secret, "--peer", &b_public, "--offer", &offer];
    let finished = preshare(&[&["finish"], &sites[..], &["--answer", &answer, "--key", &alices]].concat());
    assert_eq!(finished.0, Some(0), "{}", finished.1);
    assert_eq!(std::fs::read(&alices).unwrap(), std::fs::read(&carried).unwrap());

    let alice = pair.start(&pair.alice, &["--blocks", "2"]);
    let bob = pair.start(&pair.bob, &["--blocks", "2"]);
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(pair.same_keys("bench") > 50);
    for role in ["alice", "bob"] {
        let folder = pair.folder().join(role).join("bench");
        let store = StoreOnDisk::open(&folder, &Randomness::from_seed(1)).unwrap();
        let keys = store.keys().list(0, None, 4096).unwrap();
        let agreed = Assumption::PostQuantumPreSharedKey;
        assert!(keys.iter().all(|key| key.provenance.assumptions.contains(&agreed)), "{role}");
    }
    // What is padded has to stay hidden for ever.
    pair.alice.security = "padded = true\nleast_key_bits = 1\n".to_owned();
    let (status, _) = pair.start(&pair.alice, &[]).wait(PATIENCE);
    assert!(!status.success() && pair.log("alice").contains("security.padded"), "{}", pair.log("alice"));
}

/// Bob makes two blocks. While one that fails is running, Alice's next good one would be his third: he says that he has
/// enough, and not that he finishes, or the two sites would wait for good devices from a bad link for ever.
#[test]
fn a_site_with_enough_blocks_running_is_asked_again() {
    let mut pair = Pair::new("enough");
    for settings in [&mut pair.alice, &mut pair.bob] {
        let cheated = settings
            .source
            .replace("bench", "cheated")
            .replace("seed = 7", "seed = 8\nattack = \"lhv\"\npace_hz = 30000");
        settings.source.push_str(&cheated);
    }
    let (_alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &["--blocks", "2"]));
    let (status, said) = bob.wait(PATIENCE);
    assert!(status.success(), "{said}\n{}", pair.log("alice"));
    assert_eq!(said["blocks"], 2, "{said}");
    assert!(said["sessions"].as_u64() <= Some(6), "{said}");
}

#[test]
fn two_quantum_links_keep_their_keys_apart() {
    let mut pair = Pair::new("sources");
    for settings in [&mut pair.alice, &mut pair.bob] {
        let cheated =
            settings.source.replace("bench", "cheated").replace("seed = 7", "seed = 8\nattack = \"lhv\"");
        settings.source.push_str(&cheated);
    }
    let alice = pair.start(&pair.alice, &["--blocks", "2"]);
    let bob = pair.start(&pair.bob, &["--blocks", "2"]);
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(pair.same_keys("bench") > 50);
    // Devices without entanglement get nothing, and keep nobody else from it.
    let store = StoreOnDisk::open(&pair.folder().join("bob/cheated"), &Randomness::from_seed(1)).unwrap();
    let keys = store.keys().list(0, None, 10).unwrap();
    assert!(keys.iter().all(|key| !matches!(key.state, KeyState::Available)), "{keys:?}");
    assert!(pair.log("bob").contains("bell-violation-too-low"), "{}", pair.log("bob"));
}
