#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod algorithm;
mod error;
mod family;
mod plan;
mod scratch;

pub use algorithm::Algorithm;
pub use error::Error;
pub use family::Family;
pub use plan::Plan;
pub use scratch::Scratch;
