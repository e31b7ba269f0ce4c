//! `diqkd reconcile`: how well and how fast strings are made equal.

mod noise;
mod plot;
mod point;
mod running;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use diqkd_reconcile::bench::{BenchRequest, Clock, Method, run, run_matrix};
use diqkd_reconcile::{DesignOptions, ParityMatrix};
use serde_json::{Map, Value};

use self::noise::Noise;
use self::point::Point;
use self::running::Running;
use crate::answer::{Answer, Failure};
use crate::console::Console;
use crate::input::Input;
use crate::picture::PictureFile;

/// Reconciliation of random frames.
#[derive(Debug, Subcommand)]
pub(crate) enum Reconcile {
    /// Efficiency, frame error rate and speed on random blocks; lists of noise and lengths make a sweep.
    Bench(Bench),
    /// The same decoder on your own parity-check matrix.
    Alist(Alist),
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    noise: Noise,
    /// Lengths of a block in bits.
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',', required = true)]
    block: Vec<u64>,
    /// How blocks are reconciled. Only `ldpc` is one-way under a leak cap, as a device-independent key needs it.
    #[arg(long, value_enum, default_value = "ldpc")]
    method: MethodName,
    /// Frame error rate that the code is chosen for.
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    fer_target: f64,
    /// Fixes the leak at F times the entropy of the errors.
    #[arg(long, value_name = "F", conflicts_with = "leak_rate")]
    f_ec: Option<f64>,
    /// Fixes the leak per position, bits.
    #[arg(long, value_name = "R")]
    leak_rate: Option<f64>,
    /// Writes a row for each point.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw efficiency against noise, with the finite-length bound.
    #[arg(long, value_name = "FILE.svg|png")]
    plot: Option<PictureFile>,
    #[command(flatten)]
    running: Running,
}

#[derive(Debug, Args)]
pub(crate) struct Alist {
    /// The matrix: an alist file, or a quasi-cyclic exponent file (block columns, block rows and lift, then a row of
    /// exponents for each block row, -1 for none).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    noise: Noise,
    /// Writes a row for each point.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    running: Running,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    Ldpc,
    Cascade,
    CascadeFrugal,
    CascadeOriginal,
    Blind,
    SymmetricBlind,
}

impl MethodName {
    fn method(self) -> Method {
        match self {
            Self::Ldpc => Method::Ldpc,
            Self::Cascade => Method::Cascade,
            Self::CascadeFrugal => Method::CascadeFrugal,
            Self::CascadeOriginal => Method::CascadeOriginal,
            Self::Blind => Method::Blind,
            Self::SymmetricBlind => Method::SymmetricBlind,
        }
    }
}

impl Reconcile {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        match self {
            Self::Bench(bench) => bench.run(console),
            Self::Alist(alist) => alist.run(console),
        }
    }
}

impl Bench {
    fn run(self, console: &Console) -> Result<Answer, Failure> {
        let method = self.method.method();
        let interactive = method != Method::Ldpc;
        if interactive && (self.f_ec.is_some() || self.leak_rate.is_some()) {
            let what = "--f-ec and --leak-rate fix the leak of --method ldpc; the others find it out";
            return Err(Failure::Usage { what: what.to_owned(), source: None });
        }
        if interactive && self.noise.has_classes() {
            let what = "--class-qber needs --method ldpc; the others know one error probability alone";
            return Err(Failure::Usage { what: what.to_owned(), source: None });
        }
        let settings = self.noise.settings()?;
        let seed = self.running.seed()?;
        let mut points = Vec::new();
        for &block in &self.block {
            for setting in &settings {
                let leak_rate = self.leak_rate.or(self.f_ec.map(|f| f * setting.entropy()));
                let options =
                    DesignOptions { target_failure: self.fer_target, leak_rate, ..DesignOptions::default() };
                let request = BenchRequest {
                    method,
                    block,
                    classes: setting.classes.clone(),
                    priors: self.noise.priors(),
                    frames: self.running.frames,
                    seed,
                    options,
                    max_iterations: self.running.max_iterations.unwrap_or(200),
                };
                points.push((setting.qber(), request));
            }
        }
        let points = self.running.measure(console, points, |request, clock| run(request, clock))?;
        if let Some(path) = &self.csv {
            write_csv(path, &points)?;
        }
        if let Some(file) = &self.plot {
            file.write(&plot::figure(&points))?;
        }
        Ok(answer(&points))
    }
}

impl Alist {
    fn run(self, console: &Console) -> Result<Answer, Failure> {
        let bytes = Input::open(&self.file)?.read_limited(MATRIX_BYTES, "a matrix file")?;
        let name = self.file.display();
        let text = String::from_utf8(bytes).map_err(|error| {
            Failure::because(format!("{name} is no text; an alist or exponent file is expected"), error)
        })?;
        let matrix = ParityMatrix::from_text(&text)
            .map_err(|error| Failure::because(format!("{name} is no usable matrix"), error))?;
        drop(text);
        let seed = self.running.seed()?;
        let points = self.noise.settings()?.into_iter().map(|setting| {
            let qber = setting.qber();
            let request = BenchRequest {
                classes: setting.classes,
                priors: self.noise.priors(),
                max_iterations: self.running.max_iterations.unwrap_or(500),
                ..BenchRequest::symmetric(qber, matrix.columns() as u64, self.running.frames, seed)
            };
            (qber, request)
        });
        let points = points.collect();
        let measure = |request: &BenchRequest, clock: Clock<'_>| run_matrix(&matrix, request, clock);
        let points = self.running.measure(console, points, measure)?;
        if let Some(path) = &self.csv {
            write_csv(path, &points)?;
        }
        Ok(answer(&points))
    }
}

/// One point as it is, several as a table and a list.
fn answer(points: &[Point]) -> Answer {
    if let [point] = points {
        return Answer::new(point.text(), Value::Object(point.json()));
    }
    let lines = [Point::heading()].into_iter().chain(points.iter().map(Point::line));
    let list: Vec<Map<String, Value>> = points.iter().map(Point::json).collect();
    Answer::new(lines.collect::<Vec<_>>().join("\n"), serde_json::json!({ "points": list }))
}

fn write_csv(path: &Path, points: &[Point]) -> Result<(), Failure> {
    let failed = |error| {
        Failure::because(
            format!("can't write {}; check that its folder exists and may be written", path.display()),
            error,
        )
    };
    let mut file = File::create(path).map_err(failed)?;
    let rows = [Point::csv_heading()].into_iter().chain(points.iter().map(Point::csv));
    for row in rows {
        writeln!(file, "{row}").map_err(failed)?;
    }
    Ok(())
}

/// The longest matrix file that is read.
const MATRIX_BYTES: u64 = 1 << 28;
