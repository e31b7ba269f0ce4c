//! `diqkd tags sync`: offset and drift between two recordings.

mod picture;

use std::path::PathBuf;

use clap::Args;
use diqkd_timetag::formats::MARKER;
use diqkd_timetag::sync::{AcquireOptions, NoPeak, acquire};
use serde_json::json;

use super::events::side_by_side;
use super::reading::{Reading, channel};
use crate::answer::{Answer, Failure, number};
use crate::picture::PictureFile;

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The reference recording.
    a: PathBuf,
    /// The recording whose clock is sought.
    b: PathBuf,
    /// Only this channel of the reference recording.
    #[arg(long, value_name = "N", value_parser = channel, allow_hyphen_values = true)]
    channel_a: Option<u16>,
    /// Only this channel of the other recording.
    #[arg(long, value_name = "N", value_parser = channel, allow_hyphen_values = true)]
    channel_b: Option<u16>,
    /// Greatest offset searched, ps.
    #[arg(long, value_name = "PS", default_value_t = 1_000_000_000_000)]
    max_offset_ps: i64,
    /// Greatest drift searched, ppb.
    #[arg(long, value_name = "PPB", default_value_t = 122_000.0)]
    max_drift_ppb: f64,
    /// Draw the distances of common events from the fitted clock; nothing is drawn where none is found.
    #[arg(long, value_name = "FILE.svg|png")]
    plot: Option<PictureFile>,
    #[command(flatten)]
    reading: Reading,
}

impl Sync {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let [wanted_a, wanted_b] = [self.channel_a, self.channel_b].map(|chosen| {
            move |channel: u16| chosen.map_or(channel & MARKER == 0, |chosen| channel == chosen)
        });
        side_by_side(&self.reading, [(&self.a, &wanted_a), (&self.b, &wanted_b)], |a, b| {
            a.read_up_to(MOST_EVENTS);
            b.read_up_to(MOST_EVENTS);
            if !(a.has_ended() && b.has_ended()) {
                eprintln!(
                    "note: the clock is that of the first {MOST_EVENTS} events of a recording; `diqkd tags trials` follows \
                     it to the end"
                );
            }
            self.compare(a.times(), b.times())
        })?
    }

    fn compare(&self, reference: &[i64], local: &[i64]) -> Result<Answer, Failure> {
        let options = AcquireOptions {
            max_offset_ps: self.max_offset_ps,
            max_drift_ppb: self.max_drift_ppb,
            ..AcquireOptions::default()
        };
        let found = acquire(reference, local, &options);
        match (&self.plot, &found) {
            (Some(file), Ok(fit)) => file.write(&picture::figure(fit, reference, local))?,
            (Some(_), Err(_)) => eprintln!("warning: no clock was found, so there is nothing to draw"),
            (None, _) => {}
        }
        match found {
            Ok(fit) => Ok(Answer::new(
                format!(
                    "b = a {:+} ps, {:+.4} ppb; {} pairs, rms {:.1} ps, significance 10^-{:.1}",
                    fit.offset_ps, fit.drift_ppb, fit.pairs, fit.residual_rms_ps, fit.peak_significance
                ),
                json!({
                    "found": true,
                    "offset_ps": fit.offset_ps,
                    "drift_ppb": fit.drift_ppb,
                    "peak_significance": number(Some(fit.peak_significance)),
                    "residual_rms_ps": fit.residual_rms_ps,
                    "pairs": fit.pairs,
                }),
            )),
            Err(no_peak @ NoPeak::NotFound { best_significance, .. }) => Ok(Answer::new(
                format!("not found: {no_peak}"),
                json!({
                    "found": false,
                    "offset_ps": null,
                    "drift_ppb": null,
                    "peak_significance": number(Some(best_significance)),
                    "residual_rms_ps": null,
                }),
            )),
            Err(error) => Err(Failure::because("the recordings can't be compared", error)),
        }
    }
}

/// Events of each recording that are compared: 64 MiB.
const MOST_EVENTS: usize = 1 << 23;
