//! Makes one bit string equal to another and counts what that gives away.
//!
//! ```sh
//! cargo run --release --example reconcile_your_bits                       # made-up strings with 2 % errors
//! cargo run --release --example reconcile_your_bits -- ALICE.txt BOB.txt  # your own: files of 0 and 1
//! ```

use std::error::Error;

use diqkd_core::binary_entropy;
use diqkd_reconcile::{Bits, Decoder, DesignOptions, Encoder, ErrorClass, Scheme};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let (alice, bob) = match &files[..] {
        [alice, bob] => (read(alice)?, read(bob)?),
        [] => made_up(50_000, 0.02),
        _ => return Err("usage: reconcile_your_bits [ALICE.txt BOB.txt]".into()),
    };
    if alice.len() != bob.len() {
        return Err(format!(
            "the strings have {} and {} bits; equal lengths are needed",
            alice.len(),
            bob.len()
        )
        .into());
    }
    // On a link the error rate is stated before the run. Here both strings are at hand.
    let errors = alice.iter().by_vals().zip(bob.iter().by_vals()).filter(|(a, b)| a != b).count();
    let error_probability = errors as f64 / alice.len() as f64;
    println!("{} bits, {errors} differ: Q = {:.3} %", alice.len(), 100.0 * error_probability);

    let class = ErrorClass { fraction: 1.0, error_probability };
    let scheme = Scheme::design(alice.len() as u64, &[class], &DesignOptions::default())?;
    let syndrome = Encoder::new(&scheme).syndrome(&alice)?; // Alice sends this
    let same_class = Bits::repeat(false, bob.len());
    let decoded = Decoder::new(&scheme).decode(&bob, &same_class, &syndrome)?; // Bob does this

    let left = alice.iter().by_vals().zip(decoded.estimate.iter().by_vals()).filter(|(a, b)| a != b).count();
    let limit = alice.len() as f64 * binary_entropy(error_probability);
    println!(
        "leak {} bits, {:.3} times the limit of long codes",
        syndrome.len(),
        syndrome.len() as f64 / limit
    );
    println!("{} frames did not converge, {left} bits still differ", decoded.failed.len());
    Ok(())
}

fn read(path: &str) -> Result<Bits, Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let bit = |(place, c)| match c {
        '0' => Ok(false),
        '1' => Ok(true),
        other => Err(format!("{path}: `{other}` after {place} bits; expected 0 and 1")),
    };
    Ok(text.chars().filter(|c| !c.is_whitespace()).enumerate().map(bit).collect::<Result<_, String>>()?)
}

fn made_up(len: usize, error_probability: f64) -> (Bits, Bits) {
    let mut rng = StdRng::seed_from_u64(1);
    let alice: Bits = (0..len).map(|_| rng.random_bool(0.5)).collect();
    let bob = alice.iter().by_vals().map(|bit| bit ^ rng.random_bool(error_probability)).collect();
    (alice, bob)
}
