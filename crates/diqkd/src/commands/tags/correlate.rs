//! `diqkd tags correlate`: coincidences of two recordings, for diagnostics. Trials are never made from them.

use std::path::PathBuf;

use clap::Args;
use diqkd_plot::{Axis, Figure, Series};
use diqkd_timetag::coincidence::{count_pairs, histogram};
use serde_json::json;

use super::reading::{Reading, channel};
use crate::answer::{Answer, Failure};
use crate::picture::{PictureFile, grouped, signed};

#[derive(Debug, Args)]
pub(crate) struct Correlate {
    /// The first recording.
    a: PathBuf,
    /// The second recording.
    b: PathBuf,
    /// Only this channel of the first recording.
    #[arg(long, value_name = "N", value_parser = channel, allow_hyphen_values = true)]
    channel_a: Option<u16>,
    /// Only this channel of the second recording.
    #[arg(long, value_name = "N", value_parser = channel, allow_hyphen_values = true)]
    channel_b: Option<u16>,
    /// Width of a bin of the histogram of b - a.
    #[arg(long, value_name = "N", requires = "range_ps", required_unless_present = "window_ps")]
    bin_ps: Option<i64>,
    /// The histogram covers delay - range to delay + range.
    #[arg(long, value_name = "N", requires = "bin_ps")]
    range_ps: Option<i64>,
    /// Count all pairs with |b - a - delay| up to this.
    #[arg(long, value_name = "N", conflicts_with = "bin_ps")]
    window_ps: Option<i64>,
    /// Delay of the second recording, as `tags sync` finds it: the middle of the histogram or of the window.
    #[arg(long, value_name = "N", default_value_t = 0, allow_hyphen_values = true)]
    delay_ps: i64,
    /// Draw the histogram.
    #[arg(long, value_name = "FILE.svg|png", requires = "bin_ps")]
    plot: Option<PictureFile>,
    #[command(flatten)]
    reading: Reading,
}

impl Correlate {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let a = self.reading.photon_times(&self.a, self.channel_a)?;
        let b = self.reading.photon_times(&self.b, self.channel_b)?;
        let wrong = |e| Failure::because("the recordings can't be correlated", e);
        if let Some(window_ps) = self.window_ps {
            let count = count_pairs(&a, &b, self.delay_ps, window_ps).map_err(wrong)?;
            return Ok(Answer::new(
                format!("{} pairs, {:.1} expected by accident", count.pairs, count.accidentals),
                json!({ "pairs": count.pairs, "accidentals": count.accidentals }),
            ));
        }
        let (bin_ps, range_ps) = (self.bin_ps.unwrap_or(1), self.range_ps.unwrap_or(1));
        let shifted: Vec<i64> = b.iter().map(|time| time.saturating_sub(self.delay_ps)).collect();
        let bins = histogram(&a, &shifted, bin_ps, range_ps).map_err(wrong)?;
        let accidentals = count_pairs(&a, &shifted, 0, range_ps).map_err(wrong)?.accidentals;
        if bins.iter().all(|&pairs| pairs == 0) {
            eprintln!(
                "note: no pair lies within the range; `diqkd tags sync {} {}` finds the delay of recordings on different \
                 clocks, --delay-ps takes it",
                self.a.display(),
                self.b.display()
            );
        }
        if let Some(file) = &self.plot {
            file.write(&figure(&bins, bin_ps, range_ps, self.delay_ps, accidentals))?;
        }
        let start = |i: usize| self.delay_ps.saturating_sub(range_ps).saturating_add(i as i64 * bin_ps);
        let rows: Vec<String> = bins.iter().enumerate().map(|(i, n)| format!("{},{n}", start(i))).collect();
        Ok(Answer::new(
            format!("start_ps,pairs\n{}", rows.join("\n")),
            json!({
                "bins": bins,
                "bin_ps": bin_ps,
                "range_ps": range_ps,
                "delay_ps": self.delay_ps,
                "accidentals": accidentals,
            }),
        ))
    }
}

/// The histogram with the delay in its middle.
fn figure(bins: &[u64], bin_ps: i64, range_ps: i64, delay_ps: i64, accidentals: f64) -> Figure {
    let start = |i: usize| (-range_ps).saturating_add(i as i64 * bin_ps).min(range_ps) as f64;
    // One more than there are bins: the last closes the histogram.
    let heights = bins.iter().map(|&n| n as f64).chain([0.0]).enumerate().map(|(i, n)| (start(i), n));
    Figure::new(
        "Coincidences",
        Axis::linear(if delay_ps == 0 {
            "delay b − a / ps"
        } else {
            "delay b − a, from the middle / ps"
        }),
        Axis::linear(format!("pairs per bin of {bin_ps} ps")).including(0.0),
    )
    .with_note(format!(
        "{} pairs, {accidentals:.1} expected by accident{}",
        grouped(bins.iter().sum::<u64>()),
        if delay_ps == 0 { String::new() } else { format!("; middle at {} ps", signed(delay_ps)) }
    ))
    .with(Series::steps("", heights))
}
