//! The process that drives a station, for a node with a source of kind "station": here a simulated one.
//!
//! ```sh
//! cargo run --release --example station_process -- --socket /tmp/station-a.sock --world 5   # a node dials it
//! cargo run --release --example station_process -- --world 5                               # a node starts it
//! ```
//! Both sites run one with the same world: each simulates both stations and gives its node the tags of its own.

use std::error::Error;
use std::os::unix::net::UnixListener;

use diqkd_core::Role;
use diqkd_hal::SettingChooser;
use diqkd_node::SoftwareSettingRng;
use diqkd_node::randomness::Randomness;
use diqkd_node::station_stream::{Begin, Flags, Recorder, Station, serve};
use diqkd_protocol::{LocalFlagChooser, RaisedFlags, SpotCheckChooser, TestFlags};
use diqkd_sim::{Experiment, Preset, SimulatedStation};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut socket, mut world) = (None, 1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--socket" => socket = Some(value),
            "--world" => world = value.parse()?,
            other => return Err(format!("{other}: expected --socket PATH or --world SEED").into()),
        }
    }
    let station = Station { channels: 7, resolution_ps: 1, name: "simulated ions".to_owned() };
    let recorder = |begin: &Begin| Ok(recorder(begin, world));
    let Some(socket) = socket else {
        return Ok(serve(std::io::stdin(), std::io::stdout(), &station, recorder)?);
    };
    let _ = std::fs::remove_file(&socket);
    for stream in UnixListener::bind(&socket)?.incoming() {
        let stream = stream?;
        // A node that hangs up is no reason to stop: the next one may dial.
        if let Err(error) = serve(stream.try_clone()?, stream, &station, recorder) {
            eprintln!("the node hung up: {error}");
        }
    }
    Ok(())
}

/// What records one block. A real one arms its hardware here and gives its controller the flag seed or the probability.
fn recorder(begin: &Begin, world: u64) -> Recorder<SimulatedStation> {
    let randomness = Randomness::from_seed(world);
    let seed = randomness.seed(&format!("world of {}", begin.session));
    let experiment = Experiment::new(Preset::Oxford2022, begin.rounds, seed);
    let chooser = |site: Role| -> (Box<dyn SettingChooser + Send>, Option<RaisedFlags>) {
        let bits = randomness.generator(&format!("{site}'s setting bits of {}", begin.session));
        let bits = SoftwareSettingRng::new(bits);
        match &begin.flags {
            Flags::Expanded { gamma, seed } => {
                (Box::new(SpotCheckChooser::new(site, TestFlags::new(seed, *gamma), bits)), None)
            }
            // The other station of the world is taken to draw with the same probability.
            Flags::Own { probability } => {
                let (chooser, raised) = LocalFlagChooser::new(site, *probability, bits);
                (Box::new(chooser), Some(raised))
            }
        }
    };
    let ((alice, alices), (bob, bobs)) = (chooser(Role::Alice), chooser(Role::Bob));
    let tagger = SimulatedStation::new(begin.role, &experiment, alice, bob);
    Recorder { tagger, raised: if begin.role == Role::Alice { alices } else { bobs } }
}
