//! Key length against rounds, CHSH value and error rate.

use std::path::PathBuf;

use clap::Args;
use diqkd_core::Epsilon;
use diqkd_entropy::Theorem;
use diqkd_planner::{Grid, table, table_csv};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure};
use crate::commands::keylength::bound_of;
use crate::numbers::whole;

#[derive(Debug, Args)]
pub(super) struct Table {
    /// Numbers of rounds, separated by commas; 1e6 is understood.
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = whole, required = true)]
    rounds: Vec<u64>,
    /// CHSH values, separated by commas.
    #[arg(long, value_name = "S,...", value_delimiter = ',', required = true)]
    chsh: Vec<f64>,
    /// Error rates of key rounds, separated by commas.
    #[arg(long, value_name = "Q,...", value_delimiter = ',', required = true)]
    qber: Vec<f64>,
    /// Total soundness, as 1e-10 or 2^-64.
    #[arg(long, value_name = "E")]
    eps_sound: Epsilon,
    /// Probability with which an honest run may abort.
    #[arg(long, value_name = "C")]
    eps_complete: Epsilon,
    /// Efficiency of reconciliation.
    #[arg(long, value_name = "F", default_value_t = 1.1)]
    f_ec: f64,
    /// Flip probability of noisy preprocessing.
    #[arg(long, value_name = "q", default_value_t = 0.0)]
    noise: f64,
    /// The bound for one round: chsh, chsh-two-basis-tests or two-basis.
    #[arg(long, default_value = "chsh", value_name = "NAME")]
    bound: String,
    /// The accumulation theorem: reat, reat-basic, df19, df19-fixed, geat, eat2018.
    #[arg(long, default_value = "reat", value_name = "NAME")]
    theorem: Theorem,
    /// Write the table to a file too.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

impl Table {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let grid = Grid {
            rounds: self.rounds,
            chsh_s: self.chsh,
            qber: self.qber,
            theorem: self.theorem,
            bound: bound_of(&self.bound, self.noise)?,
            eps_sound: self.eps_sound,
            eps_complete: self.eps_complete,
            f_ec: self.f_ec,
        };
        let rows = table(&grid).map_err(|e| Failure::usage("no table for these values", e))?;
        let csv = table_csv(&rows);
        if let Some(path) = self.csv {
            super::feasibility::write(&path, &csv)?;
        }
        let json: Vec<Value> = rows
            .iter()
            .map(|(request, plan)| {
                json!({
                    "rounds": plan.rounds,
                    "chsh_s": request.chsh.get(),
                    "qber": request.qber.get(),
                    "gamma": plan.gamma,
                    "omega_threshold": plan.omega_threshold.get(),
                    "leak_bits": plan.leak_bits.0,
                    "key_bits": plan.key_bits,
                    "key_rate_per_round": plan.key_rate_per_round,
                    "min_rounds": plan.min_rounds,
                })
            })
            .collect();
        Ok(Answer::new(csv.trim_end().to_owned(), json!({ "rows": json })))
    }
}
