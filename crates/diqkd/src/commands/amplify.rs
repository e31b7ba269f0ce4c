//! `diqkd amplify`: Toeplitz hashing of files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use diqkd_amplify::{Family, Plan};
use diqkd_gf2::{Bits, bits_from_bytes, bytes_from_bits};
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Amplify {
    /// The bits to hash, least significant bit of each byte first; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// The seed: in-bits + out-bits - 1 bits, or in-bits - 1 with --modified.
    #[arg(long, value_name = "FILE")]
    seed_file: PathBuf,
    /// How many bits to hash.
    #[arg(long, value_name = "N")]
    in_bits: usize,
    /// How many bits come out.
    #[arg(long, value_name = "M")]
    out_bits: usize,
    /// The modified Toeplitz matrix [I|T'].
    #[arg(long)]
    modified: bool,
    /// Where the result goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Amplify {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let family = if self.modified { Family::ModifiedToeplitz } else { Family::Toeplitz };
        let plan = Plan::new(self.in_bits, self.out_bits, family)
            .map_err(|e| Failure::usage("no hash for these lengths", e))?;
        let input = read_bits(&self.input, plan.in_bits(), "input")?;
        let seed = read_bits(&self.seed_file, plan.seed_bits(), "seed")?;
        let mut scratch = plan.scratch();
        let mut output = Bits::new();
        let started = Instant::now();
        plan.hash(&input, &seed, &mut scratch, &mut output)
            .map_err(|e| Failure::because("hashing failed", e))?;
        let seconds = started.elapsed().as_secs_f64();
        std::fs::write(&self.out, bytes_from_bits(&output))
            .map_err(|e| Failure::because(format!("can't write {}", self.out.display()), e))?;
        let mbit_s = plan.in_bits() as f64 / seconds.max(1e-9) / 1e6;
        let words = |bits: usize| bits.div_ceil(64) * 8;
        let peak = scratch.bytes() + words(plan.in_bits()) + words(plan.seed_bits()) + words(plan.out_bits());
        Ok(Answer::new(
            format!(
                "{} bits hashed to {} by {} at {mbit_s:.0} Mbit/s into {}",
                plan.in_bits(),
                plan.out_bits(),
                plan.algorithm(),
                self.out.display()
            ),
            json!({
                "in_bits": plan.in_bits(),
                "out_bits": plan.out_bits(),
                "algorithm": plan.algorithm().to_string(),
                "mbit_s": mbit_s,
                "peak_memory_bytes": peak,
            }),
        ))
    }
}

/// The first `bits` bits of a file.
fn read_bits(path: &Path, bits: usize, what: &str) -> Result<Bits, Failure> {
    let wanted = bits.div_ceil(8);
    let mut bytes = Vec::new();
    let mut source = std::io::Read::take(Input::open(path)?, wanted as u64);
    std::io::Read::read_to_end(&mut source, &mut bytes)
        .map_err(|e| Failure::because(format!("can't read {}", path.display()), e))?;
    if bytes.len() < wanted {
        return Err(Failure::new(format!(
            "{} has {} bytes, but a {what} of {bits} bits needs {wanted}; give a longer file or fewer bits",
            path.display(),
            bytes.len()
        )));
    }
    let mut all = bits_from_bytes(&bytes);
    all.truncate(bits);
    Ok(all)
}
