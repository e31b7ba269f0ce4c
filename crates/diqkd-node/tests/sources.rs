//! Two sites in one process whose rounds come from a station's process or from recordings.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diqkd_core::{Assumption, Role, TestProbability};
use diqkd_hal::{
    ErrorKind, ErrorType, Guarded, SettingChooser, TagBlock, Tamper, TamperCause, TamperEvent, TimeTagger,
    record,
};
use diqkd_keystore::AuditEvent;
use diqkd_node::randomness::Randomness;
use diqkd_node::site::{self, SiteEnd, Summary};
use diqkd_node::station_stream::{Begin, Flags, Recorder, Station, serve};
use diqkd_node::{Config, ConfigError, Control, SoftwareSettingRng, StoreOnDisk};
use diqkd_protocol::{LocalFlagChooser, SpotCheckChooser, TestFlags};
use diqkd_sim::{Experiment, Preset, SimulatedStation};
use diqkd_timetag::formats::PtuWriter;

#[path = "../../diqkd/tests/node/ports.rs"]
mod ports;

const ROUNDS: u64 = 200_000;

/// A station of a world whose settings follow these flags.
fn station(role: Role, world: u64, flag_seed: &[u8; 32]) -> SimulatedStation {
    let gamma = TestProbability::nearest(13.0 / 256.0).unwrap();
    let experiment = Experiment::new(Preset::Oxford2022, ROUNDS, world);
    let chooser = |site: Role| -> Box<dyn SettingChooser + Send> {
        let bits = Randomness::from_seed(world).generator(&format!("{site}'s setting bits"));
        Box::new(SpotCheckChooser::new(site, TestFlags::new(flag_seed, gamma), SoftwareSettingRng::new(bits)))
    };
    SimulatedStation::new(role, &experiment, chooser(Role::Alice), chooser(Role::Bob))
}

fn seed(begin: &Begin) -> [u8; 32] {
    match &begin.flags {
        Flags::Expanded { seed, .. } => **seed,
        Flags::Own { .. } => panic!("the flags of this session are expanded"),
    }
}

/// A station of a world that draws its own flags.
fn station_with_own_flags(begin: &Begin) -> Recorder<SimulatedStation> {
    let Flags::Own { probability } = begin.flags else { panic!("the station is to draw its flags") };
    let world = u64::from(begin.session.0[0]);
    let experiment = Experiment::new(Preset::Oxford2022, begin.rounds, world);
    let chooser = |site: Role| {
        let bits = Randomness::from_seed(world).generator(&format!("{site}'s setting bits"));
        LocalFlagChooser::new(site, probability, SoftwareSettingRng::new(bits))
    };
    let ((alice, alices), (bob, bobs)) = (chooser(Role::Alice), chooser(Role::Bob));
    let tagger = SimulatedStation::new(begin.role, &experiment, Box::new(alice), Box::new(bob));
    Recorder { tagger, raised: Some(if begin.role == Role::Alice { alices } else { bobs }) }
}

struct Place {
    folder: PathBuf,
    secret: Vec<u8>,
    port: u16,
    /// The field `gamma`, or what stands in its place.
    gamma: &'static str,
}

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("diqkd-sources-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut secret = vec![0; 50_000];
        blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut secret);
        std::fs::write(folder.join("preshared.key"), &secret).unwrap();
        Self { folder, secret, port: ports::free_port(), gamma: "gamma = \"13/256\"" }
    }

    /// A station at each site's socket, which records blocks as told.
    fn stations<T: TimeTagger + 'static>(
        &self,
        recorder: impl Fn(Role, &Begin) -> Result<Recorder<T>, String> + Copy + Send + 'static,
    ) {
        for role in [Role::Alice, Role::Bob] {
            let listener = UnixListener::bind(self.folder.join(format!("{role}.sock"))).unwrap();
            // Detached: it ends with the test.
            std::thread::spawn(move || {
                let about = Station { channels: 7, resolution_ps: 1, name: format!("station of {role}") };
                let (stream, _) = listener.accept().unwrap();
                let _ =
                    serve(stream.try_clone().unwrap(), stream, &about, |begin: &Begin| recorder(role, begin));
            });
        }
    }

    fn config(&self, role: Role, source: &str) -> Config {
        self.load(role, source).unwrap()
    }

    fn load(&self, role: Role, source: &str) -> Result<Config, ConfigError> {
        let end = if role == Role::Alice { "listen" } else { "connect" };
        let text = format!(
            "version = 1\n[node]\nrole = \"{role}\"\nname = \"{role}\"\ndata = \"{role}\"\n[security]\nrounds = {ROUNDS}\n\
             {}\nchsh_design = 2.665\nqber_design = 0.0165\neps_sound = 1e-10\ntheorem = \"reat\"\n\
             key_length_bits = 256\n[pads]\nfile = \"preshared.key\"\n[[source]]\nname = \"link\"\n{source}\n[source.layout]\n\
             trigger = \"event-ready\"\nepoch_ps = 3000000000000\nslot_period_ps = 1000000\nherald = 0\n\
             settings = [1, 2, 3, 4]\ndetectors = [5, \"6\"]\nherald_ps = 50000\nsetting_window_ps = [150000, 350000]\n\
             detection_window_ps = [450000, 950000]\nno_click = 1\nmulti_click = 0\n\
             max_clock_offset_ps = 5000000000000\nmax_clock_drift_ppb = 20000\njitter_ps = 100\n[[link]]\nname = \"l\"\n\
             {end} = \"127.0.0.1:{}\"\n[timing]\nbackoff_min_ms = 10\npeer_silence_s = 30\n",
            self.gamma, self.port
        );
        let path = self.folder.join(format!("{role}.toml"));
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    /// Runs both sites until each has so many blocks.
    fn ends(&self, blocks: u64, source: impl Fn(Role) -> String) -> [SiteEnd; 2] {
        std::thread::scope(|scope| {
            let run = |role: Role| {
                let config = self.config(role, &source(role));
                scope.spawn(move || {
                    site::run(config, Some(blocks), &Arc::new(Control::default()), &|_| {}).unwrap()
                })
            };
            let (alice, bob) = (run(Role::Alice), run(Role::Bob));
            [alice.join().unwrap(), bob.join().unwrap()]
        })
    }

    fn store(&self, role: Role) -> StoreOnDisk {
        StoreOnDisk::open(&self.folder.join(role.to_string()).join("link"), &Randomness::from_seed(1))
            .unwrap()
    }

    /// Runs both sites until each has so many blocks, and gives the number of keys, the same at both.
    fn run(&self, blocks: u64, source: impl Fn(Role) -> String) -> usize {
        for end in self.ends(blocks, source) {
            assert!(
                matches!(end, SiteEnd::Done(Summary { blocks: b, aborted: 0, .. }) if b == blocks),
                "{end:?}"
            );
        }
        let [mut alice, bob] = [Role::Alice, Role::Bob].map(|role| self.store(role));
        let ids = alice.keys().available(0, 4096).unwrap();
        assert_eq!(ids, bob.keys().available(0, 4096).unwrap());
        assert!(alice.same_keys(&bob, &ids).unwrap());
        ids.len()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn stations_behind_a_stream_give_keys_block_after_block() {
    let place = Place::new("stations");
    place.stations(|role, begin| {
        let world = u64::from(begin.session.0[0]);
        assert_eq!((begin.role, begin.rounds), (role, ROUNDS));
        Ok(station(role, world, &seed(begin)).into())
    });
    let keys = place.run(2, |role| format!("kind = \"station\"\nunix = \"{role}.sock\""));
    assert!(keys > 30, "{keys}");
}

#[test]
fn stations_that_draw_their_own_flags_give_keys() {
    let mut place = Place::new("own-flags");
    place.gamma = "flag_alice = 0.25\nflag_bob = 0.25";
    place.stations(|role, begin| {
        assert!(begin.role == role && begin.rounds > ROUNDS * 8 / 5);
        Ok(station_with_own_flags(begin))
    });
    let keys = place.run(2, |role| format!("kind = \"station\"\nunix = \"{role}.sock\""));
    assert!(keys > 30, "{keys}");
    let key = place.store(Role::Bob).keys().list(0, None, 1).unwrap().remove(0);
    assert!(!key.provenance.assumptions.contains(&Assumption::ExpandedTestFlags));
}

/// Where flags are drawn at the stations nothing ties a recording to a session: it could make two keys.
#[test]
fn a_recording_has_no_flags_of_its_own() {
    let mut place = Place::new("recorded-flags");
    place.gamma = "flag_alice = 0.25\nflag_bob = 0.25";
    let error = place.load(Role::Alice, "kind = \"recording\"\ntags = \"{block}.ptu\"").unwrap_err();
    assert!(error.to_string().contains("distilled into two keys"), "{error}");
}

/// A sensor that fires when it is asked for the `n`-th time.
struct Sensor(u32);

impl ErrorType for Sensor {
    type Error = ErrorKind;
}

impl Tamper for Sensor {
    fn poll(&mut self) -> Result<Option<TamperEvent>, ErrorKind> {
        self.0 = self.0.saturating_sub(1);
        let event = TamperEvent { cause: TamperCause::Enclosure, sensor: 4, time_ps: None };
        Ok((self.0 == 0).then_some(event))
    }
}

/// Somebody opens Bob's station during the first block: it gives no key, and the audit chain says why.
#[test]
fn a_tampered_station_ends_its_block_and_enters_the_audit_chain() {
    let place = Place::new("tampered");
    for role in [Role::Alice, Role::Bob] {
        let listener = UnixListener::bind(place.folder.join(format!("{role}.sock"))).unwrap();
        // Detached: it ends with the test.
        std::thread::spawn(move || {
            let about = Station { channels: 7, resolution_ps: 1, name: format!("station of {role}") };
            let mut blocks = 0;
            for stream in listener.incoming().map_while(Result::ok) {
                let _ = serve(stream.try_clone().unwrap(), stream, &about, |begin: &Begin| {
                    let tagger = station(role, u64::from(begin.session.0[0]), &seed(begin));
                    blocks += 1;
                    let fires = if (role, blocks) == (Role::Bob, 1) { 5 } else { u32::MAX };
                    Ok(Guarded::new(tagger, Sensor(fires)).into())
                });
            }
        });
    }
    let source = |role| format!("kind = \"station\"\nunix = \"{role}.sock\"");
    let ends = place.ends(1, source);
    for end in ends {
        assert!(matches!(end, SiteEnd::Done(Summary { blocks: 1, aborted: 1, .. })), "{end:?}");
    }
    let tampered = [Role::Alice, Role::Bob].map(|role| {
        let entries = place.store(role).keys().audit_entries(0, 4096).unwrap();
        let reports = entries.into_iter().filter_map(|entry| match entry.event {
            AuditEvent::StationTampered { report } => Some(report),
            _ => None,
        });
        reports.collect::<Vec<_>>()
    });
    assert!(tampered[0].is_empty() && tampered[1].len() == 1, "{tampered:?}");
    assert!(tampered[1][0].contains("Enclosure") && tampered[1][0].contains("sensor: 4"), "{tampered:?}");
}

#[test]
fn recordings_of_the_same_pre_shared_key_are_distilled() {
    let place = Place::new("recordings");
    // The first session takes its flags behind the key of the links and two hash keys; see docs/protocol.md.
    let flag_seed: [u8; 32] = place.secret[64..96].try_into().unwrap();
    for role in [Role::Alice, Role::Bob] {
        let (mut time_ps, mut channel) = (vec![0; 4096], vec![0; 4096]);
        let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
        let mut bytes = Vec::new();
        let mut writer = PtuWriter::new(None, &mut bytes);
        let mut tagger = station(role, 5, &flag_seed);
        assert!(tagger.capabilities().channels <= 64);
        record(&mut tagger, block, |times, channels, _| {
            for (&time, &channel) in times.iter().zip(channels) {
                writer.push(time, channel, &mut bytes).unwrap();
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        write(&place.folder.join(format!("{role}-0.ptu")), &bytes);
    }
    let keys = place.run(1, |role| format!("kind = \"recording\"\ntags = \"{role}-{{block}}.ptu\""));
    assert!(keys > 15, "{keys}");
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
