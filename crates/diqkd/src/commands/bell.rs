//! `diqkd bell`: what a counts table or a list of trials says.

mod event_ready;
mod loopholes;
mod picture;
mod reading;
mod report;

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;
use diqkd_bell::{BiasSource, Convention, ReportOptions, SettingBias};
use diqkd_core::Epsilon;

use crate::answer::{Answer, Failure};
use crate::picture::PictureFile;
use reading::Choice;

/// Bell statistics of a counts table `x,y,a,b,n`, of a list of trials `x,y,a,b` or of a table of event-ready trials.
#[derive(Debug, Args)]
pub(crate) struct Bell {
    /// CSV with the header x,y,a,b,n (counts) or round,x,y,a,b,herald (trials in order; round and herald may be
    /// absent), outcome 0 = +1; or the open data of the 2015 Delft experiment; `-` is standard input.
    input: PathBuf,
    /// Which CHSH expression is meant: the signs of E00, E01, E10, E11, fixed before the data.
    #[arg(long, default_value = "+++-", value_name = "SIGNS", allow_hyphen_values = true)]
    convention: Convention,
    /// Bound on how far a setting bit's probability may be from 1/2, from characterising the generators.
    #[arg(long, value_name = "TAU")]
    tau: Option<f64>,
    /// Of a list of trials only those with this herald flag, fixed before the data: a source with several kinds of
    /// heralds may make a different state for each.
    #[arg(long, value_name = "FLAG", value_parser = clap::value_parser!(u8).range(0..=15))]
    herald: Option<u8>,
    /// Of a list of trials: report windows of this many trials too.
    #[arg(long, value_name = "TRIALS")]
    window: Option<NonZeroU64>,
    /// Draw the correlators with error bars against the local and the quantum limit.
    #[arg(long, value_name = "FILE.svg|png")]
    plot: Option<PictureFile>,
}

impl Bell {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let bias = match self.tau {
            Some(tau) => {
                let bias =
                    SettingBias::new(tau, tau).map_err(|e| Failure::usage("--tau is out of range", e))?;
                BiasSource::Declared(bias)
            }
            None => BiasSource::Observed(epsilon(report::EPS_BIAS)?),
        };
        let options = ReportOptions { convention: self.convention, bias, eps: epsilon(0.05)? };
        let data = reading::read(&self.input, Choice { herald: self.herald, window: self.window })?;
        let report = data.counts.report(options).map_err(|e| {
            let what = format!("{}: these counts make no CHSH experiment", self.input.display());
            Failure::because(what, e)
        })?;
        if let Some(file) = &self.plot {
            file.write(&picture::figure(&data, &report))?;
        }
        report::answer(&data, &report)
    }
}

fn epsilon(eps: f64) -> Result<Epsilon, Failure> {
    Epsilon::new(eps).map_err(|e| Failure::because("epsilon out of range", e))
}
