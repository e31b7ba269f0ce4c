//! The simulator's own trials, in the form of the table that `diqkd tags trials` writes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use diqkd_core::TestProbability;
use diqkd_sim::Experiment;

use crate::answer::Failure;

pub(super) fn write(experiment: &Experiment, gamma: TestProbability, path: &Path) -> Result<(), Failure> {
    let failed = |e| {
        Failure::because(
            format!("can't write {}; check that its folder exists and may be written", path.display()),
            e,
        )
    };
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    let mut lines = || {
        writeln!(out, "# diqkd trial table 1")?;
        writeln!(out, "# the simulator's own trials, seed {}", experiment.seed)?;
        writeln!(out, "round,x,y,a,b,herald")?;
        for trial in experiment.seeded_trials(gamma) {
            let (x, y) = (trial.x.index(), trial.y.index());
            writeln!(
                out,
                "{},{x},{y},{},{},0",
                trial.round,
                u8::from(trial.a.bit()),
                u8::from(trial.b.bit())
            )?;
        }
        out.flush()
    };
    lines().map_err(failed)
}
