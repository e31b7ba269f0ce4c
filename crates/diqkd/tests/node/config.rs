//! Configurations, good and broken.

use std::process::Command;

use crate::pair::Pair;

/// `--check` of a text: exit status, standard output, standard error.
fn check(pair: &Pair, text: &str) -> (i32, String, String) {
    let path = pair.folder().join("checked.toml");
    std::fs::write(&path, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_diqkd"))
        .args(["node", "--check", "--config", path.to_str().unwrap()])
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_broken_configuration_is_refused_with_its_line_and_field() {
    let mut pair = Pair::new("config");
    crate::delivery::two_pairs(&mut pair);
    let long_socket = format!("unix = \"{}.sock\"", "x".repeat(100));
    let good = pair.alice.toml();
    let (status, said, errors) = check(&pair, &good);
    assert_eq!(status, 0, "{errors}");
    assert!(said.contains("= security.rounds                    200000"), "{said}");
    assert!(said.contains("digest of the agreed fields: "), "{said}");

    // What is replaced by what, and what has to be said about it: line and field, what was expected.
    let broken = [
        ("role = \"alice\"", "role = \"carol\"", ":4: node.role: `carol`", "\"alice\" or \"bob\""),
        ("gamma = \"1/10\"", "gamma = 1.5", ": security.gamma: `1.5`", "strictly between 0 and 1"),
        ("gamma = \"1/10\"", "", ": security", "missing field `gamma`"),
        ("gamma = \"1/10\"", "gama = 0.05", ": security.gama", "unknown field `gama`"),
        ("gamma = \"1/10\"", "gamma = [1, 2]", ": security.gamma", "expected a probability"),
        ("eps_sound = \"1e-10\"", "eps_sound = \"2\"", ": security.eps_sound", "as 1e-10 or \"2^-64\""),
        (
            "eps_sound = \"1e-10\"",
            "eps_sound = \"1e-10\"\neps_total = \"1e-11\"",
            ": security.eps_total",
            "state at least as much",
        ),
        (
            "gamma = \"1/10\"",
            "gamma = \"1/10\"\nflag_alice = 0.2\nflag_bob = 0.2",
            ": security.gamma",
            "contradicts flag_alice",
        ),
        ("gamma = \"1/10\"", "flag_alice = 0.2", ": security.flag_bob", "needs it beside it"),
        ("gamma = \"1/10\"", "flag_alice = 1.2\nflag_bob = 0.2", ": security.flag_alice", "between 0 and 1"),
        ("theorem = \"reat\"", "theorem = \"best\"", ": security.theorem", "reat, reat-basic"),
        ("chsh_design = 2.656", "chsh_design = 1.9", ": security.chsh_design", "above 2"),
        (
            "chsh_design = 2.656",
            "chsh_design = 2.656\nomega_threshold = 0.85",
            ": security.omega_threshold",
            "lower it",
        ),
        (
            "chsh_design = 2.656",
            "chsh_design = 2.656\nomega_threshold = 0.7",
            ": security.omega_threshold",
            "local models",
        ),
        ("rounds = 200000", "rounds = 12.5", ": security.rounds: `12.5`", "whole number of rounds"),
        ("key_length_bits = 256", "key_length_bits = 250", ": security.key_length_bits", "multiple of 8"),
        ("key_length_bits = 256", "key_length_bits = 8", ": security.key_length_bits", "make keys longer"),
        ("version = 1", "version = 2", ":1: version: 2 is not known", "expected 1"),
        ("version = 1", "version = ", ":1: version", "value"),
        (
            "kind = \"simulator\"",
            "kind = \"telescope\"",
            ": source.kind: `telescope`",
            "\"simulator\", \"recording\"",
        ),
        ("preset = \"oxford-2022\"", "", ": source.preset: missing", "as in `preset = \"oxford-2022\"`"),
        (
            "preset = \"oxford-2022\"",
            "preset = \"cambridge\"",
            ": source.preset: `cambridge`",
            "oxford-2022, munich-2022",
        ),
        ("preset = \"oxford-2022\"", "preset = \"delft-2015\"", ": source.preset", "Bell test"),
        ("level = \"trials\"", "level = \"trials\"\ntags = \"x\"", ": source.tags", "no such field"),
        (
            "level = \"trials\"",
            "level = \"trials\"\nfaults = [\"F9\"]",
            ": source.faults: `F9`",
            "a fault as in",
        ),
        ("name = \"bench\"", "name = \"../bench\"", ": source.name", "characters a-z"),
        ("listen = ", "hears = ", ": link.hears", "unknown field `hears`"),
        ("listen = \"127.0.0.1:", "listen = \"", ": link.listen", "host:port"),
        ("backoff_max_ms = 200", "backoff_max_ms = 2", ": timing.backoff_max_ms", "at least as much"),
        ("pipelines = 1", "pipelines = 0", ": node.pipelines: `0`", "from 1 to 64"),
        ("http = \"127.0.0.1", "http = \"192.0.2.1", ": node.http", "loopback"),
        ("[pads]", "[pad]", ": pad", "unknown field `pad`"),
        ("[pads]", "[pads", ".toml:20", "unclosed table"),
        ("version = 1", "version = -1", ":1: version", "a whole number from 0 to 4294967295"),
        (
            "key_length_bits = 256",
            "key_length_bits = 256\nmax_batches = 3",
            ": security.max_batches",
            "expected 8 to",
        ),
        ("[[link]]", "[link]", ": link: a table in single brackets", "`[[link]]`"),
        ("data = \"alice\"", "data = 7", ": node.data", "expected a path"),
        ("seed = 7", "seed = -7", ": source.seed", "a whole number from 0 to 18446744073709551615"),
        ("level = \"trials\"", "level = \"trials\"\nfaults = \"F4\"", ": source.faults", "expected a list"),
        ("level = \"trials\"", "level = \"trials\"\nlayout = 3", ": source.layout", "expected a table"),
        ("listen = \"127.0.0.1:", "listen = \"::1:", ": link.listen", "\"[2001:db8::7]:7001\""),
        ("slave_sae = \"vpn-b\"", "slave_sae = \"vpn-a\"", ": delivery.slave_sae", "names of their own"),
        ("unix = \"alice-vpn.sock\"", "unix = \"\"", ": delivery.unix: empty", "as in \"vpn.sock\""),
        ("master = \"bob\"", "master = \"eve\"", ": delivery.master: `eve`", "\"alice\" or \"bob\""),
        ("source = \"bench\"", "source = \"bank\"", ": delivery.source: no source", "expected bench"),
        (
            "master_sae = \"vpn-a\"",
            "master_sae = \"vpn a\"",
            ": delivery.master_sae: `vpn a`",
            "beginning with",
        ),
        ("slave_sae = \"vpn-b\"", "", ": delivery", "missing field `slave_sae`"),
        ("keys_a_block = 20", "keys_a_block = 0", ": delivery.keys_a_block: `0`", "from 1 to"),
        ("keys_a_block = 20", "", ": delivery.source: nothing is left", "give them keys_a_block"),
        ("access = \"group\"", "access = \"all\"", ": delivery.access: `all`", "\"owner\" or"),
        ("unix = \"alice-vpn.sock\"", "socket = \"x\"", ": delivery.socket", "unknown field `socket`"),
        ("unix = \"alice-vpn.sock\"", "unix = \"alice-mail.sock\"", ": delivery.unix", "its own socket"),
        ("unix = \"alice-vpn.sock\"", &long_socket, ": delivery.unix", "at most 103"),
        (
            "master = \"bob\"\nmaster_sae = \"mail-b\"\nslave_sae = \"mail-a\"",
            "master = \"alice\"\nmaster_sae = \"vpn-A\"\nslave_sae = \"vpn-b\"",
            ": delivery.master_sae",
            "state each pair once",
        ),
    ];
    for (from, to, place, expected) in broken {
        assert!(good.contains(from), "{from}");
        let (status, said, errors) = check(&pair, &good.replacen(from, to, 1));
        assert_eq!(status, 1, "{to}: {said}{errors}");
        assert!(errors.contains("checked.toml"), "{to}: {errors}");
        assert!(errors.contains(place), "{to}: {place} is not in: {errors}");
        assert!(errors.contains(expected), "{to}: {expected} is not in: {errors}");
        assert!(!errors.contains("panicked") && said.is_empty(), "{to}: {errors}");
    }
    let twice = format!("{good}\n{}", pair.alice.links);
    let (status, _, errors) = check(&pair, &twice);
    assert!(status == 1 && errors.contains("link.name: `first` is taken"), "{errors}");
}

#[test]
fn too_few_rounds_are_refused_by_the_protocol() {
    let pair = Pair::new("few");
    let (status, said, errors) =
        check(&pair, &pair.alice.toml().replace("rounds = 200000", "rounds = 20000"));
    assert_eq!(status, 3, "{said}{errors}");
    assert!(said.contains("no key from these parameters"), "{said}");
}

/// Both sites of every example agree, and none of them is refused.
#[test]
fn the_examples_can_be_used() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node");
    for name in ["lab", "two-sites", "redundant"] {
        let digest = |role: &str| {
            let path = folder.join(name).join(format!("{role}.toml"));
            let output = Command::new(env!("CARGO_BIN_EXE_diqkd"))
                .args(["node", "--check", "--json", "--config", path.to_str().unwrap()])
                .output()
                .unwrap();
            let said: serde_json::Value = serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
            assert!(said["key_bits"].as_u64().unwrap() > 100_000, "{said}");
            assert_eq!(said["fields"]["node.role"], role);
            said["digest"].as_str().unwrap().to_owned()
        };
        assert_eq!(digest("alice"), digest("bob"), "{name}");
    }
}

/// The layout that the two sites' example states is that of the station process of the examples.
#[test]
fn the_layout_of_the_example_is_that_of_its_station() {
    use diqkd_node::config::{Config, SourceKind};
    use diqkd_sim::{Experiment, Preset};
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node/two-sites/bob.toml");
    let config = Config::load(&path).unwrap();
    let SourceKind::Station { layout, .. } = &config.sources[0].kind else { panic!("no station") };
    assert_eq!(**layout, Experiment::new(Preset::Oxford2022, 1000, 1).layout());
}
