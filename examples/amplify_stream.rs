//! Hashes a string that comes in pieces: memory follows the output, not the input.
//!
//! ```sh
//! cargo run --release --example amplify_stream               # 16 million bits to 100 000
//! cargo run --release --example amplify_stream -- 1e9 1e6    # other lengths
//! ```

use std::convert::Infallible;
use std::time::Instant;

use diqkd_amplify::{Family, Plan, SeedSource};
use diqkd_gf2::{Bits, bits_from_bytes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut lengths = std::env::args().skip(1).map(|length| length.parse::<f64>().map(|bits| bits as usize));
    let in_bits = lengths.next().transpose()?.unwrap_or(16_000_000);
    let out_bits = lengths.next().transpose()?.unwrap_or(100_000);
    let plan = Plan::uncertified(in_bits, out_bits, Family::Toeplitz)?;
    println!("{in_bits} bits to {out_bits}, seed of {} bits, {:?}", plan.seed_bits(), plan.algorithm());

    let start = Instant::now();
    let mut scratch = plan.scratch();
    let mut hasher = plan.start(&mut scratch)?;
    let mut taken = 0;
    while taken < in_bits {
        // A piece as it comes from a file or a decoder; any length will do.
        let piece = bits_from_bytes(
            &(0..PIECE_BYTES).map(|i| mixed((taken / 8 + i) as u64) as u8).collect::<Vec<_>>(),
        );
        let len = piece.len().min(in_bits - taken);
        hasher.push(&piece[..len], &mut MadeUpSeed { bits: plan.seed_bits() as u64 })?;
        taken += len;
    }
    let mut key = Bits::new();
    hasher.finish(&mut key)?;
    let seconds = start.elapsed().as_secs_f64();
    let first: String = key.iter().by_vals().take(32).map(|bit| if bit { '1' } else { '0' }).collect();
    println!("{} bits, beginning {first}; {:.0} Mbit/s of input", key.len(), in_bits as f64 / seconds / 1e6);
    Ok(())
}

/// A seed that is read where it is needed. A real one is a file of random bits, drawn after the devices have stopped.
struct MadeUpSeed {
    bits: u64,
}

impl SeedSource for MadeUpSeed {
    type Error = Infallible;

    fn read(&mut self, from: u64, words: &mut [u64]) -> Result<(), Infallible> {
        for (place, word) in words.iter_mut().enumerate() {
            // The word that begins at any bit is put together of two aligned ones.
            let first = from + 64 * place as u64;
            let aligned = |i: u64| if 64 * i < self.bits { mixed(i ^ 0x5eed) } else { 0 };
            let (low, shift) = (aligned(first / 64), first % 64);
            *word = if shift == 0 { low } else { low >> shift | aligned(first / 64 + 1) << (64 - shift) };
            let left = self.bits.saturating_sub(first);
            *word &= if left >= 64 { u64::MAX } else { (1 << left) - 1 };
        }
        Ok(())
    }
}

/// SplitMix64: a number that looks random.
fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

const PIECE_BYTES: usize = 1 << 17;
