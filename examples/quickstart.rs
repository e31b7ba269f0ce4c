//! From four numbers to a certified key length: how long a key do 1.5 million rounds give?
//!
//! ```sh
//! cargo run --release --example quickstart
//! ```

use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{EpsilonSplit, KeyLength, Params, SingleRound, Theorem, check, key_length};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for theorem in [Theorem::Reat, Theorem::ReatBasic, Theorem::Df19, Theorem::Eat2018] {
        let params = Params {
            rounds: 1_500_000,
            gamma: 13.0 / 256.0,
            omega_threshold: WinProbability::new(0.83)?,
            leak_bits: LeakBits(296_581),
            eps_sound: Epsilon::new(1e-10)?,
            split: EpsilonSplit::Optimised,
            theorem,
            bound: SingleRound::Chsh,
            assumptions: Vec::new(),
        };
        match key_length(&params)? {
            KeyLength::Key(certificate) => {
                let checked = check::check(&certificate)?;
                println!("{:<12} {:>7} bits, checked by separate code", theorem.name(), checked.key_bits());
            }
            KeyLength::NoKey(reason) => println!("{:<12} no key: {reason}", theorem.name()),
        }
    }
    Ok(())
}
