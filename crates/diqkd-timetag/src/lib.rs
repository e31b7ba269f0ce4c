#![no_std]
#![deny(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod backend;
pub mod coincidence;
pub mod formats;
pub mod slot;
pub mod sync;
