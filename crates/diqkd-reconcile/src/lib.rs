#![no_std]
#![deny(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod backend;
pub mod bench;
mod binomial;
mod capped_leak;
mod check_rule;
mod class;
mod code;
mod construct;
mod decoder;
mod encoder;
mod ensemble;
mod ensemble_table;
mod error;
mod finite_length;
mod frame_code;
mod frame_decoder;
mod guesses;
pub mod interactive;
mod lanes;
mod matrix;
mod matrix_file;
#[cfg(test)]
mod maximum_likelihood;
mod mixture_cost;
mod normal_messages;
mod options;
#[cfg(test)]
mod oracle;
mod posteriors;
mod propagation;
mod scheme;
mod shape;
mod splitmix;

pub use diqkd_gf2::{BitRef, Bits};

pub use capped_leak::CappedLeak;
pub use class::ErrorClass;
pub use decoder::{Decoded, Decoder};
pub use encoder::Encoder;
pub use error::{Error, RetryRefused};
pub use frame_decoder::{DecodedFrame, FrameDecoder};
pub use matrix::ParityMatrix;
pub use matrix_file::MatrixFileError;
pub use options::DesignOptions;
pub use scheme::{Scheme, SchemeId};
