//! Two stations behind one driver: a simulated tagger, and one that reads a PTU file and was written as a vendor would.
//!
//! ```sh
//! cargo run --release --example vendor_hal              # simulates a station, records it, reads it back
//! cargo run --release --example vendor_hal -- FILE.ptu  # surveys a recording of your own
//! ```

use std::ops::ControlFlow;
use std::path::Path;

use diqkd_core::{Channel, Role, TimeTag};
use diqkd_examples::PtuStation;
use diqkd_hal::conformance::{TaggerOptions, check_replay, check_station, check_tagger};
use diqkd_hal::{StationLayout, TagBlock, Tally, TimeTagger, record};
use diqkd_sim::{Experiment, Preset, SeededChooser, SimulatedStation};
use diqkd_timetag::formats::PtuWriter;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(path) = std::env::args_os().nth(1) {
        let (tally, _) = survey("the recording", &mut PtuStation::open(path.into()))?;
        return if tally.tags > 0 { Ok(()) } else { Err("no tags".into()) };
    }
    let experiment = Experiment::new(Preset::Oxford2022, 20_000, 1);
    let layout = experiment.layout();
    let simulated = || {
        let chooser = |side| Box::new(SeededChooser::new(side, Preset::Oxford2022.test_probability(), 1));
        SimulatedStation::new(Role::Alice, &experiment, chooser(Role::Alice), chooser(Role::Bob))
    };
    let path = std::env::temp_dir().join(format!("vendor-hal-{}.ptu", std::process::id()));
    compare(&simulated, &layout, &path)?;
    Ok(std::fs::remove_file(&path)?)
}

/// Records the one station into a file, opens the file as the other, and holds both to the same promises.
fn compare(
    simulated: &dyn Fn() -> SimulatedStation,
    layout: &StationLayout,
    path: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let (live, tags) = survey("simulated", &mut simulated())?;
    write(path, &tags)?;
    let from_file = || PtuStation::open(path.to_owned());
    assert_eq!(live, survey("from the file", &mut from_file())?.0);

    let options = TaggerOptions { injected: Some(live.tags), ..TaggerOptions::default() };
    check_tagger(simulated, &options)?;
    check_tagger(from_file, &options)?;
    check_replay(&mut simulated(), &mut from_file(), &options)?;
    let report = check_station(layout, tags)?;
    println!("both keep the contract; {} rounds, {} of them with a click", report.rounds, report.clicked);
    Ok(())
}

/// The generic driver: knows the trait and nothing of what is behind it.
fn survey<T: TimeTagger>(
    name: &str,
    tagger: &mut T,
) -> Result<(Tally, Vec<TimeTag>), Box<dyn std::error::Error>> {
    let (mut time_ps, mut channel) = ([0; 4096], [0; 4096]);
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let mut tags = Vec::new();
    let tally = record(tagger, block, |times, channels, _| {
        let pairs = times.iter().zip(channels);
        tags.extend(pairs.map(|(&time_ps, &channel)| TimeTag { time_ps, channel: Channel(channel) }));
        ControlFlow::Continue(())
    })
    .map_err(|error| diqkd_hal::Error::kind(&error))?;
    println!("{name:<14} {} tags, {} missed, {} gaps", tally.tags, tally.missed, tally.gaps);
    Ok((tally, tags))
}

fn write(path: &Path, tags: &[TimeTag]) -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    let mut writer = PtuWriter::new(None, &mut bytes);
    for tag in tags {
        writer.push(tag.time_ps, tag.channel.0, &mut bytes)?;
    }
    Ok(std::fs::write(path, bytes)?)
}
