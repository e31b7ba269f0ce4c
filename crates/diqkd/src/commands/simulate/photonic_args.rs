//! Parameters of the photonic source in place of the preset's.

use clap::Args;
use diqkd_sim::{Model, Photonic, Preset};

use crate::answer::Failure;

#[derive(Debug, Args)]
pub(super) struct PhotonicArgs {
    /// With `--preset photonic`: probability that a photon is collected and detected, at either side.
    #[arg(long, value_name = "P")]
    efficiency: Option<f64>,
    /// With `--preset photonic`: visibility of a pair.
    #[arg(long, value_name = "V")]
    visibility: Option<f64>,
    /// With `--preset photonic`: probability of a second, independent pair in a slot.
    #[arg(long, value_name = "P")]
    double_pairs: Option<f64>,
    /// With `--preset photonic`: probability of a dark count a detector and slot.
    #[arg(long, value_name = "P")]
    dark_counts: Option<f64>,
}

impl PhotonicArgs {
    /// The model that the arguments ask for; `None` when none was given.
    pub(super) fn model(&self, preset: Preset) -> Result<Option<Model>, Failure> {
        let given = [
            ("--efficiency", self.efficiency),
            ("--visibility", self.visibility),
            ("--double-pairs", self.double_pairs),
            ("--dark-counts", self.dark_counts),
        ];
        let Some((first, _)) = given.iter().find(|(_, value)| value.is_some()) else { return Ok(None) };
        if preset != Preset::Photonic {
            let what = format!(
                "{first} is a parameter of the photonic source, the preset is {preset}; use --preset photonic"
            );
            return Err(Failure::Usage { what, source: None });
        }
        let usual = Photonic::PRESET;
        let photonic = Photonic {
            efficiency: self.efficiency.unwrap_or(usual.efficiency),
            visibility: self.visibility.unwrap_or(usual.visibility),
            double_pairs: self.double_pairs.unwrap_or(usual.double_pairs),
            dark_counts: self.dark_counts.unwrap_or(usual.dark_counts),
        };
        photonic.model().map(Some).map_err(|e| Failure::usage("the photonic source can't be built", e))
    }
}
