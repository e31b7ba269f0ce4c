//! What the benchmarks have in common.

pub mod record;

use diqkd_gf2::{Bits, bits_from_words};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// `len` random bits, the same in every run.
#[must_use]
pub fn noise(len: usize, seed: u64) -> Bits {
    let words = StdRng::seed_from_u64(seed).random_iter().take(len.div_ceil(64)).collect::<Vec<_>>();
    bits_from_words(&words, len)
}

/// Leaves one thread to whatever would use more, for the rest of the program.
///
/// # Panics
/// If several threads have been used before.
pub fn on_one_thread() {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool has been used before");
}
