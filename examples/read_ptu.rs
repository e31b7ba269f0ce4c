//! What is in a recording? Photons and rates by channel, and the delays between neighbouring photons.
//!
//! ```sh
//! cargo run --release --example read_ptu -- FILE    # any format that `diqkd help files` lists
//! cargo run --release --example read_ptu            # a made-up one: 1000 photons, 20 us apart
//! ```

use std::fs::File;
use std::io::Read;

use diqkd_timetag::formats::{Fault, MARKER, PtuWriter, TagSink, TagSummary, read_all};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut source: Box<dyn Read> = match std::env::args_os().nth(1) {
        Some(path) => Box::new(File::open(&path).map_err(|e| format!("{}: {e}", path.display()))?),
        None => Box::new(std::io::Cursor::new(made_up()?)),
    };
    // Tags come in blocks; a sink takes what it needs of them and memory stays bounded.
    let mut sink = Survey::default();
    let recording = read_all(|buffer| source.read(buffer), &mut sink)?;
    if let Some(fault) = recording.fatal {
        return Err(fault.into());
    }
    sink.summary.complete(&recording);
    let summary = &sink.summary;
    let seconds = (summary.last_ps.unwrap_or(0) - summary.first_ps.unwrap_or(0)) as f64 * 1e-12;
    println!(
        "{} photons, {} markers, {} overflows in {seconds:.6} s",
        summary.photons, summary.markers, summary.overflows
    );
    for (channel, photons) in &summary.channels {
        println!("channel {channel}: {photons} photons, {:.1} /s", *photons as f64 / seconds);
    }
    for (decade, count) in sink.delays.iter().enumerate().filter(|(_, count)| **count > 0) {
        println!("delays from 10^{decade} ps: {count}");
    }
    for fault in &summary.errors {
        println!("fault: {fault}");
    }
    Ok(())
}

#[derive(Default)]
struct Survey {
    summary: TagSummary,
    before: Option<i64>,
    /// How many delays have so many digits.
    delays: [u64; 20],
}

impl TagSink for Survey {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        self.summary.tags(time_ps, channel);
        for (&time, _) in time_ps.iter().zip(channel).filter(|(_, channel)| **channel & MARKER == 0) {
            let delay = self.before.map_or(0, |before| time.saturating_sub(before));
            if delay > 0 {
                self.delays[delay.ilog10() as usize] += 1;
            }
            self.before = Some(time);
        }
    }

    fn fault(&mut self, fault: &Fault) {
        self.summary.fault(fault);
    }
}

fn made_up() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut file = Vec::new();
    let mut writer = PtuWriter::new(None, &mut file);
    for photon in 1..=1000 {
        writer.push(photon * 20_000_000, (photon % 2) as u16, &mut file)?;
    }
    Ok(file)
}
