#![no_std]
#![deny(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;
#[cfg(feature = "rayon")]
extern crate std;

mod backend;
mod bits;
mod gf128;
mod gf64;
mod length_error;
mod poly_eval;
mod product;
mod side_by_side;
mod toeplitz;
mod transform;

pub use backend::Backend;
pub use bits::{
    BitRef, Bits, add_to_words, bits_from_bytes, bits_from_words, bytes_from_bits, copy_to_words,
    fill_from_words,
};
pub use gf64::Gf64;
pub use gf128::Gf128;
pub use length_error::LengthError;
pub use poly_eval::PolyEval;
pub use product::{multiply, multiply_scratch_words};
pub use side_by_side::{side_by_side, threads, with_helper};
pub use toeplitz::Tile;
pub use transform::{OldSums, Transform};
