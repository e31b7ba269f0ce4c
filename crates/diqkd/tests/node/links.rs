//! What the links do to blocks: nothing, or no key.

use std::time::Duration;

use crate::pair::{PATIENCE, Pair, until};
use crate::ports::free_port;
use crate::proxy::Proxy;

const SOON: Duration = Duration::from_secs(30);

#[test]
fn altered_bytes_give_no_wrong_key_and_the_nodes_recover() {
    let mut pair = Pair::new("altered");
    let target = free_port();
    let proxy = Proxy::to(target);
    pair.alice.links = link("first", "listen", target);
    pair.bob.links = link("first", "connect", proxy.port);
    // Nothing gets through at first.
    proxy.alter(40);
    let alice = pair.start(&pair.alice, &["--blocks", "3"]);
    let bob = pair.start(&pair.bob, &["--blocks", "3"]);
    until(SOON, "bytes altered", || proxy.altered() > 20);
    assert_eq!(alice.get("/readyz").map(|(status, _)| status), Some(503));
    // Then now and then a connection breaks in the middle of a block.
    proxy.alter(40_000);
    until(PATIENCE, "a frame altered", || {
        let altered = |node: &crate::pair::Node| node.metric("diqkd_link_altered_total{link=\"first\"}");
        altered(&alice).unwrap_or(0.0) + altered(&bob).unwrap_or(0.0) > 0.0
    });
    proxy.alter(0);
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(pair.same_keys("bench") > 100);
}

#[test]
fn a_second_link_takes_over_within_the_block() {
    let mut pair = Pair::new("failover");
    let targets = [free_port(), free_port()];
    let proxies = targets.map(Proxy::to);
    let both = |end: &str, ports: [u16; 2]| link("east", end, ports[0]) + &link("west", end, ports[1]);
    pair.alice.links = both("listen", targets);
    pair.bob.links = both("connect", [proxies[0].port, proxies[1].port]);
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.source.push_str("pace_hz = 150000\n");
    }
    let alice = pair.start(&pair.alice, &["--blocks", "2"]);
    let bob = pair.start(&pair.bob, &["--blocks", "2"]);
    let active = |name: &str| alice.metric(&format!("diqkd_link_active{{link=\"{name}\"}}")) == Some(1.0);
    let recording = || alice.metric("diqkd_blocks_recording{source=\"bench\"}") == Some(1.0);
    until(SOON, "a block on one of two links", || recording() && (active("east") || active("west")));
    let (cut, other) = if active("east") { (0, "west") } else { (1, "east") };
    proxies[cut].cut(true);
    until(SOON, "the other link", || active(other));
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(pair.same_keys("bench") > 50);
    // No block was lost by it.
    assert!(!pair.log("alice").contains("no key"), "{}", pair.log("alice"));
}

#[test]
fn an_outage_costs_time_and_no_block() {
    let mut pair = Pair::new("outage");
    let target = free_port();
    let proxy = Proxy::to(target);
    pair.alice.links = link("first", "listen", target);
    pair.bob.links = link("first", "connect", proxy.port);
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.source.push_str("pace_hz = 150000\n");
    }
    let alice = pair.start(&pair.alice, &["--blocks", "1"]);
    let bob = pair.start(&pair.bob, &["--blocks", "1"]);
    until(SOON, "a block", || alice.metric("diqkd_blocks_recording{source=\"bench\"}") == Some(1.0));
    proxy.cut(true);
    // Longer than the recording: what comes after it has to wait.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(alice.metric("diqkd_blocks_total{source=\"bench\"}"), Some(0.0));
    proxy.cut(false);
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(pair.same_keys("bench") > 25);
    assert!(!pair.log("alice").contains("no key"), "{}", pair.log("alice"));
}

#[test]
fn an_absent_peer_is_called_again_and_again_ever_less_often() {
    let pair = Pair::new("absent");
    let bob = pair.start(&pair.bob, &[]);
    until(SOON, "five attempts", || pair.log("bob").matches("link down").count() >= 5);
    assert_eq!(bob.get("/healthz").map(|(status, _)| status), Some(200));
    assert_eq!(bob.get("/readyz"), Some((503, "no contact with the peer yet\n".to_owned())));
    let log = pair.log("bob");
    let pauses: Vec<u64> = log
        .lines()
        .filter_map(|line| line.split_once("retry_ms=")?.1.split(' ').next()?.parse().ok())
        .collect();
    // Between half of 20 ms, doubled with each failure up to 200 ms, and all of it.
    let longest = [20, 40, 80, 160, 200];
    for (pause, longest) in pauses.iter().zip(longest) {
        assert!((longest / 2 - 1..=longest).contains(pause), "{pauses:?}");
    }
    bob.signal("-TERM");
    assert!(bob.wait(SOON).0.success());
}

#[test]
fn sites_that_differ_name_the_field_and_make_no_key() {
    let mut pair = Pair::new("differ");
    pair.bob.source = pair.bob.source.replace("seed = 7", "seed = 8");
    let (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    let (status, said) = alice.wait(SOON);
    assert_eq!(status.code(), Some(3));
    assert_eq!(
        (&said["field"], &said["ours"], &said["theirs"]),
        (&"source[0].seed".into(), &"7".into(), &"8".into())
    );
    assert_eq!(said["abort"]["reason"], "parameters-differ");
    // The other one ends alike, or waits: it may not have heard before the first hung up.
    drop(bob);
    assert_eq!((pair.keys("alice", "bench").len(), pair.keys("bob", "bench").len()), (0, 0));
}

fn link(name: &str, end: &str, port: u16) -> String {
    format!("[[link]]\nname = \"{name}\"\n{end} = \"127.0.0.1:{port}\"\n")
}

/// Both ends of a link inside TLS; `certificate` is the file of Alice's own.
#[cfg(feature = "tls")]
fn inside_tls(pair: &mut Pair, certificate: &str) {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/data");
    let tls = |own: &str, peer: &str| {
        let file = |name: String| data.join(name).display().to_string();
        format!(
            "tls = {{ certificate = \"{}\", key = \"{}\", peer = \"{}\", name = \"alice.test\" }}\n",
            file(format!("{own}.pem")),
            file(format!("{own}.key")),
            file(format!("{peer}.pem"))
        )
    };
    pair.alice.links.push_str(&tls(certificate, "bob"));
    pair.bob.links.push_str(&tls("bob", "alice"));
}

#[cfg(feature = "tls")]
#[test]
fn blocks_are_made_inside_tls() {
    let mut pair = Pair::new("tls");
    inside_tls(&mut pair, "alice");
    let alice = pair.start(&pair.alice, &["--blocks", "1"]);
    let bob = pair.start(&pair.bob, &["--blocks", "1"]);
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(pair.same_keys("bench") > 25);
}

#[cfg(feature = "tls")]
#[test]
fn a_stranger_s_certificate_is_refused() {
    let mut pair = Pair::new("stranger");
    inside_tls(&mut pair, "bob");
    let (_alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    until(SOON, "refusals", || pair.log("bob").matches("the TLS of a link ended").count() >= 3);
    assert_eq!(bob.get("/readyz").map(|(status, _)| status), Some(503));
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_is_not_left_out_in_silence() {
    let mut pair = Pair::new("without-tls");
    pair.bob.links.push_str("tls = { certificate = \"a\", key = \"b\", peer = \"c\", name = \"d\" }\n");
    let bob = pair.start(&pair.bob, &[]);
    assert_eq!(bob.wait(SOON).0.code(), Some(1));
    assert!(pair.log("bob").contains("built without TLS"), "{}", pair.log("bob"));
}
