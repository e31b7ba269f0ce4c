//! How strings differ.

use clap::Args;
use diqkd_core::binary_entropy;
use diqkd_reconcile::ErrorClass;
use diqkd_reconcile::bench::Priors;

use crate::answer::Failure;

#[derive(Debug, Args)]
pub(super) struct Noise {
    /// Probabilities that the two copies of a bit differ.
    #[arg(long, value_name = "Q[,Q...]", value_delimiter = ',', required_unless_present = "class_qber")]
    qber: Vec<f64>,
    /// Two classes of positions: the error probability of each.
    #[arg(long, value_name = "Q,Q", value_delimiter = ',', num_args = 1, conflicts_with = "qber")]
    class_qber: Vec<f64>,
    /// Share of each class.
    #[arg(long, value_name = "P,P", value_delimiter = ',', num_args = 1)]
    class_share: Vec<f64>,
    /// Tells the decoder the mean error probability alone and not the class of each position.
    #[arg(long)]
    no_priors: bool,
}

/// One kind of noise.
pub(super) struct Setting {
    pub(super) classes: Vec<ErrorClass>,
}

impl Setting {
    /// Mean error probability.
    pub(super) fn qber(&self) -> f64 {
        self.classes.iter().map(|class| class.fraction * class.error_probability).sum()
    }

    /// Mean entropy of an error, bits a position.
    pub(super) fn entropy(&self) -> f64 {
        self.classes.iter().map(|class| class.fraction * binary_entropy(class.error_probability)).sum()
    }
}

impl Noise {
    pub(super) fn has_classes(&self) -> bool {
        !self.class_qber.is_empty()
    }

    pub(super) fn priors(&self) -> Priors {
        if self.no_priors { Priors::Mean } else { Priors::PerClass }
    }

    /// A setting for each QBER, or the one with classes.
    pub(super) fn settings(&self) -> Result<Vec<Setting>, Failure> {
        for qber in self.qber.iter().chain(&self.class_qber) {
            if !(0.0..=0.5).contains(qber) {
                let what = format!("an error probability is {qber}, expected 0 to 0.5");
                return Err(Failure::Usage { what, source: None });
            }
        }
        if !self.has_classes() {
            // Not left to the parser: it waives a requirement that another argument excludes.
            if self.no_priors || !self.class_share.is_empty() {
                let what = "--no-priors and --class-share need the two error probabilities of --class-qber";
                return Err(Failure::Usage { what: what.to_owned(), source: None });
            }
            let setting = |&error_probability: &f64| Setting {
                classes: vec![ErrorClass { fraction: 1.0, error_probability }],
            };
            return Ok(self.qber.iter().map(setting).collect());
        }
        let shares = if self.class_share.is_empty() {
            vec![0.5; self.class_qber.len()]
        } else {
            self.class_share.clone()
        };
        if shares.len() != 2 || self.class_qber.len() != 2 {
            let (qbers, shares) = (self.class_qber.len(), shares.len());
            let what =
                format!("{qbers} error probabilities and {shares} shares of classes, expected two of each");
            return Err(Failure::Usage { what, source: None });
        }
        let classes = shares.iter().zip(&self.class_qber);
        let class =
            |(&fraction, &error_probability): (&f64, &f64)| ErrorClass { fraction, error_probability };
        Ok(vec![Setting { classes: classes.map(class).collect() }])
    }
}
