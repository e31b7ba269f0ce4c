//! Applications that take keys out of running nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use serde_json::Value;

use crate::crashes::delivered_once;
use crate::pair::{PATIENCE, Pair, until};

/// Two pairs: one whose master is at Alice's site gets some keys of each block, one whose master is at Bob's the others.
pub(crate) fn two_pairs(pair: &mut Pair) {
    for settings in [&mut pair.alice, &mut pair.bob] {
        let role = settings.role;
        settings.more.push_str(&format!(
            "[[delivery]]\nsource = \"bench\"\nmaster = \"alice\"\nmaster_sae = \"vpn-a\"\nslave_sae = \"vpn-b\"\n\
             keys_a_block = 20\nunix = \"{role}-vpn.sock\"\n\
             [[delivery]]\nsource = \"bench\"\nmaster = \"bob\"\nmaster_sae = \"mail-b\"\nslave_sae = \"mail-a\"\n\
             unix = \"{role}-mail.sock\"\naccess = \"group\"\n"
        ));
    }
}

/// A call over HTTP/1.1: status and JSON; `None` while nobody answers whole.
fn call(socket: &Path, method: &str, target: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let request = format!(
        "{method} /api/v1/keys/{target} HTTP/1.1\r\nHost: kme\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?))
}

/// What a pair of applications has got.
#[derive(Default)]
struct Taken {
    master: BTreeMap<String, String>,
    slave: BTreeMap<String, String>,
}

impl Taken {
    /// Notes keys, none of them for the second time.
    fn note(keys: &mut BTreeMap<String, String>, answer: &Value) {
        for key in answer["keys"].as_array().unwrap() {
            let [id, secret] = ["key_ID", "key"].map(|field| key[field].as_str().unwrap().to_owned());
            assert_eq!(secret.len(), 44, "32 bytes in base64");
            assert!(keys.insert(id.clone(), secret).is_none(), "{id} was delivered twice");
        }
    }

    /// The master asks for keys, then the slave for all that it lacks, one by one.
    fn take(&mut self, sockets: [&Path; 2], saes: [&str; 2]) {
        let [master, slave] = sockets;
        if let Some((200, answer)) = call(master, "POST", &format!("{}/enc_keys", saes[1]), "{\"number\": 3}")
        {
            Self::note(&mut self.master, &answer);
        }
        let lacking: Vec<String> =
            self.master.keys().filter(|id| !self.slave.contains_key(*id)).take(20).cloned().collect();
        for id in lacking {
            let body = format!("{{\"key_IDs\": [{{\"key_ID\": \"{id}\"}}]}}");
            if let Some((200, answer)) = call(slave, "POST", &format!("{}/dec_keys", saes[0]), &body) {
                Self::note(&mut self.slave, &answer);
            }
        }
    }

    fn check(&self) {
        for (id, secret) in &self.slave {
            assert!(self.master.get(id).is_some_and(|same| same == secret), "{id} differs");
        }
    }
}

/// Ends the threads of a test, also of one that fails.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

const VPN: [&str; 2] = ["vpn-a", "vpn-b"];
const MAIL: [&str; 2] = ["mail-b", "mail-a"];

/// Master's and slave's.
fn sockets(pair: &Pair) -> [[PathBuf; 2]; 2] {
    let socket = |name: &str| pair.folder().join(name);
    [[socket("alice-vpn.sock"), socket("bob-vpn.sock")], [socket("bob-mail.sock"), socket("alice-mail.sock")]]
}

#[test]
fn applications_take_keys_while_nodes_are_killed() {
    let mut random = rand::rngs::StdRng::seed_from_u64(3);
    let mut pair = Pair::new("taking");
    two_pairs(&mut pair);
    let [vpn, mail] = sockets(&pair);
    let [vpn, mail] = [&vpn, &mail].map(|[master, slave]| [master.as_path(), slave.as_path()]);
    let stop = AtomicBool::new(false);
    let mut taken = [Taken::default(), Taken::default()];
    let counts = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let (alice, bob) = std::thread::scope(|scope| {
        let _stops = Stops(&stop);
        let (mut alice, mut bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
        let [of_vpn, of_mail] = &mut taken;
        let pairs = [(of_vpn, vpn, VPN), (of_mail, mail, MAIL)];
        for ((taken, sockets, saes), count) in pairs.into_iter().zip(&counts) {
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    taken.take(sockets, saes);
                    count.store(taken.slave.len(), Ordering::Relaxed);
                }
            });
        }
        for _ in 0..6 {
            std::thread::sleep(Duration::from_millis(random.random_range(300..2500)));
            if random.random_bool(0.5) {
                alice.kill();
                alice = pair.start(&pair.alice, &[]);
            } else {
                bob.kill();
                bob = pair.start(&pair.bob, &[]);
            }
        }
        // Both pairs get keys after the last kill, too.
        let before = counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        until(PATIENCE, "keys for both pairs", || {
            counts.iter().zip(before).all(|(count, before)| count.load(Ordering::Relaxed) > before + 5)
        });
        (alice, bob)
    });
    for sae in ["vpn-a", "mail-a"] {
        let number = |name| alice.metric(&format!("diqkd_delivery_{name}{{source=\"bench\",sae=\"{sae}\"}}"));
        assert!(number("keys_total") > Some(0.0) && number("keys_available").is_some(), "{sae}");
    }
    // Slaves may get what they lack also with the peer gone.
    bob.kill();
    taken[1].take(mail, MAIL);
    alice.signal("-TERM");
    assert!(alice.wait(PATIENCE).0.success(), "{}", pair.log("alice"));
    assert!(!mail[1].exists() && mail[0].exists(), "a node that ends takes its sockets away");

    for taken in &taken {
        taken.check();
    }
    let ids = |keys: &BTreeMap<String, String>| keys.keys().cloned().collect::<BTreeSet<_>>();
    assert!(ids(&taken[0].master).is_disjoint(&ids(&taken[1].master)));
    // A last block settles what the kills have left open.
    let (alice, bob) =
        (pair.start(&pair.alice, &["--blocks", "1"]), pair.start(&pair.bob, &["--blocks", "1"]));
    assert!(alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(), "{}", pair.log("bob"));
    for (folder, roles, taken) in [
        ("bench/delivery/alice.vpn-a+bob.vpn-b", ["alice", "bob"], &taken[0]),
        ("bench/delivery/bob.mail-b+alice.mail-a", ["bob", "alice"], &taken[1]),
    ] {
        let [master, slave] = roles.map(|role| pair.keys(role, folder));
        for role in roles {
            delivered_once(&pair.folder().join(role).join(folder));
        }
        // What no master has got is at both sites, the same, and was never given to anybody.
        assert!(master.iter().all(|(id, key)| slave.get(id) == Some(key)), "{folder}");
        assert!(master.keys().all(|id| !taken.master.contains_key(&id.to_string())), "{folder}");
        assert!(slave.keys().all(|id| !taken.slave.contains_key(&id.to_string())), "{folder}");
    }
    // Nothing is left for the source's own store.
    assert_eq!(pair.same_keys("bench"), 0);
}

#[test]
fn a_socket_is_for_its_owner_and_says_what_is_wrong() {
    let mut pair = Pair::new("socket");
    two_pairs(&mut pair);
    let [vpn, mail] = sockets(&pair);
    let alice = pair.start(&pair.alice, &[]);
    until(PATIENCE, "an answer", || call(&vpn[0], "GET", "vpn-b/status", "").is_some());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&vpn[0]), mode(&mail[1])), (0o600, 0o660));
    let (status, said) = call(&vpn[0], "GET", "vpn-b/status", "").unwrap();
    assert_eq!((status, &said["stored_key_count"], &said["key_size"]), (200, &0.into(), &256.into()));
    assert_eq!(call(&vpn[0], "GET", "vpn-b/enc_keys", "").unwrap().0, 503);
    let (status, said) = call(&vpn[0], "GET", "mail-a/enc_keys", "").unwrap();
    assert!(status == 400 && said["message"].as_str().unwrap().contains("vpn-b alone"), "{said}");
    let line = "diqkd_delivery_refused_total{source=\"bench\",sae=\"vpn-a\"}";
    assert_eq!(alice.metric(line), Some(2.0));

    // Another node does not take the socket away from it.
    let mut other = pair.alice.clone();
    let taken = other.more.replace("alice-mail.sock", "other-mail.sock");
    other = crate::pair::Settings { role: "bob", http: crate::ports::free_port(), more: taken, ..other };
    other.links = pair.bob.links.clone();
    let (status, _) = pair.start(&other, &[]).wait(PATIENCE);
    let log = pair.log("bob");
    assert!(status.code() == Some(1), "{log}");
    assert!(log.contains("alice-vpn.sock") && log.contains("another process listens there"), "{log}");
    assert_eq!(call(&vpn[0], "GET", "vpn-b/status", "").unwrap().0, 200);
}
