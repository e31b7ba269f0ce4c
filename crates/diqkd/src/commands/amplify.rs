//! `diqkd amplify`: Toeplitz hashing of files of any size, piece by piece.

mod memory;
mod seed_file;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use diqkd_amplify::{Family, Plan, Scratch, SeedSource, StreamError};
use diqkd_gf2::{BitRef, Bits};
use serde_json::json;
use zeroize::Zeroizing;

use crate::answer::{Answer, Failure};
use crate::console::Console;
use crate::input::Input;
use crate::numbers::length;

use memory::peak_memory_bytes;
use seed_file::Seed;

#[derive(Debug, Args)]
pub(crate) struct Amplify {
    /// The bits to hash, least significant bit of each byte first; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// The seed: in-bits + out-bits - 1 bits, or in-bits - 1 with --modified (none if out-bits = in-bits); `-` is
    /// standard input.
    #[arg(long, value_name = "FILE")]
    seed_file: PathBuf,
    /// How many bits to hash.
    #[arg(long, value_name = "N", value_parser = length)]
    in_bits: usize,
    /// How many bits come out.
    #[arg(long, value_name = "M", value_parser = length)]
    out_bits: usize,
    /// The modified Toeplitz matrix [I|T'].
    #[arg(long)]
    modified: bool,
    /// Where the result goes; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Amplify {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        let family = if self.modified { Family::ModifiedToeplitz } else { Family::Toeplitz };
        let plan = Plan::uncertified(self.in_bits, self.out_bits, family)
            .map_err(|e| Failure::usage("no hash for these lengths", e))?;
        let standard = |path: &Path| path == Path::new("-");
        if standard(&self.input) && standard(&self.seed_file) {
            return Err(wrong_call(
                "input and seed cannot both come from standard input; put one of them into a file",
            ));
        }
        if standard(&self.out) && console.is_json() {
            return Err(wrong_call(
                "the result and --json cannot both go to standard output; give --out a file",
            ));
        }
        // Before memory is asked for: files that are too short settle how much cannot be needed.
        check_length(&self.input, plan.in_bits(), "an input")?;
        check_length(&self.seed_file, plan.seed_bits(), "a seed")?;
        let mut seed = Seed::open(&self.seed_file, plan.seed_bits())?;
        let mut scratch = scratch(&plan)?;
        let mut output = Bits::new();

        let mut source = Input::open(&self.input)?;
        let bar = console.bar(plan.in_bits() as u64, "bits");

        let started = Instant::now();
        let mut hasher = plan.start(&mut scratch).map_err(|e| Failure::because("hashing failed", e))?;
        let mut piece = Piece::new(plan.in_bits());
        let mut taken = 0;
        while taken < plan.in_bits() {
            let bits = piece.fill(&mut source, &self.input, taken, plan.in_bits())?;
            hasher.push(bits, &mut seed).map_err(failure)?;
            taken += bits.len();
            bar.set_position(taken as u64);
        }
        hasher.finish(&mut output).map_err(|e| Failure::because("hashing failed", e))?;
        bar.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();

        self.write(&output)?;
        if standard(&self.out) {
            return Ok(Answer::printed());
        }
        let mbit_s = plan.in_bits() as f64 / seconds.max(1e-9) / 1e6;
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
                "peak_memory_bytes": peak_memory_bytes(),
            }),
        ))
    }

    /// The bytes of the result, unused high bits of the last one zero.
    fn write(&self, output: &Bits) -> Result<(), Failure> {
        let failed = |e| {
            Failure::because(
                format!(
                    "can't write {}; check that its folder exists and may be written",
                    self.out.display()
                ),
                e,
            )
        };
        let mut target: Box<dyn Write> = if self.out == Path::new("-") {
            Box::new(std::io::stdout().lock())
        } else {
            Box::new(File::create(&self.out).map_err(failed)?)
        };
        let all = output.as_raw_slice();
        let mut bytes = Zeroizing::new(vec![0; PIECE_BYTES.min(8 * all.len())]);
        let mut left = output.len().div_ceil(8);
        for words in all.chunks(PIECE_BYTES / 8) {
            for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
                *bytes = word.to_le_bytes();
            }
            let count = left.min(8 * words.len());
            target.write_all(&bytes[..count]).map_err(failed)?;
            left -= count;
        }
        target.flush().map_err(failed)
    }
}

/// A piece of the input; wiped when dropped.
struct Piece {
    bytes: Zeroizing<Vec<u8>>,
    words: Zeroizing<Vec<u64>>,
}

impl Piece {
    /// For an input of `bits` bits.
    fn new(bits: usize) -> Self {
        let words = bits.div_ceil(64).min(PIECE_BYTES / 8);
        Self { bytes: vec![0; 8 * words].into(), words: vec![0; words].into() }
    }

    /// The next bits of `source`, which begins at bit `taken` of `all`; `path` is for errors.
    fn fill(
        &mut self,
        source: &mut Input,
        path: &Path,
        taken: usize,
        all: usize,
    ) -> Result<&BitRef, Failure> {
        let bits = (all - taken).min(8 * PIECE_BYTES);
        let bytes = &mut self.bytes[..bits.div_ceil(8)];
        let mut filled = 0;
        while filled < bytes.len() {
            match source.read(&mut bytes[filled..]) {
                Ok(0) => return Err(too_short(path, (taken / 8 + filled) as u64, all, "an input")),
                Ok(count) => filled += count,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let at = taken / 8 + filled;
                    return Err(Failure::because(format!("can't read {} at byte {at}", path.display()), e));
                }
            }
        }
        words_from_bytes(bytes, &mut self.words);
        Ok(&BitRef::from_slice(&self.words)[..bits])
    }
}

/// Little-endian words, as many as the bytes reach into; missing bytes of the last one are zero.
fn words_from_bytes(bytes: &[u8], words: &mut [u64]) {
    let (whole, rest) = bytes.as_chunks();
    for (word, bytes) in words.iter_mut().zip(whole) {
        *word = u64::from_le_bytes(*bytes);
    }
    if let Some(word) = words.get_mut(whole.len()).filter(|_| !rest.is_empty()) {
        let mut padded = [0; 8];
        padded[..rest.len()].copy_from_slice(rest);
        *word = u64::from_le_bytes(padded);
    }
}

/// The working memory, if there is so much.
fn scratch(plan: &Plan) -> Result<Scratch, Failure> {
    // Asked for and given back at once: an allocation that cannot be had must be an answer, not an abort.
    let (mut work, mut result) = (Vec::<u8>::new(), Vec::<u8>::new());
    let reserved = work.try_reserve_exact(plan.scratch_bytes());
    reserved.and_then(|()| result.try_reserve_exact(plan.out_bits() / 8)).map_err(|e| {
        let bytes = plan.scratch_bytes() + plan.out_bits() / 8;
        Failure::because(format!("hashing to {} bits takes {bytes} bytes of memory", plan.out_bits()), e)
    })?;
    Ok(plan.scratch())
}

/// Refuses a file that holds fewer than `bits` bits; pipes are read to see.
fn check_length(path: &Path, bits: usize, what: &str) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(data) if path != Path::new("-") && data.is_file() && data.len() < bits.div_ceil(8) as u64 => {
            Err(too_short(path, data.len(), bits, what))
        }
        _ => Ok(()),
    }
}

fn wrong_call(what: &str) -> Failure {
    Failure::Usage { what: what.to_owned(), source: None }
}

fn too_short(path: &Path, bytes: u64, bits: usize, what: &str) -> Failure {
    let (name, wanted) = (path.display(), bits.div_ceil(8));
    Failure::new(format!(
        "{name} has {bytes} bytes, but {what} of {bits} bits needs {wanted}; give a longer file or fewer bits"
    ))
}

fn failure(error: StreamError<<Seed as SeedSource>::Error>) -> Failure {
    match error {
        StreamError::Plan(error) => Failure::because("hashing failed", error),
        StreamError::Seed(error) => Failure::because("the seed file cannot be read", error),
    }
}

/// Bytes read at a time.
const PIECE_BYTES: usize = 1 << 18;
