#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod algorithm;
mod blocks;
mod certified;
mod engine;
mod error;
mod family;
mod hasher;
mod length;
mod piece;
mod plan;
mod prepared;
mod scratch;
mod seed;
mod seed_order;
mod tiles;

pub use algorithm::{Algorithm, Method};
pub use certified::CertifiedPlan;
pub use error::{Error, StreamError};
pub use family::Family;
pub use hasher::Hasher;
pub use length::{LengthError, length_from_min_entropy, length_from_renyi_entropy};
pub use plan::Plan;
pub use prepared::PreparedSeed;
pub use scratch::Scratch;
pub use seed::{OneTimeSeed, SeedSource};
pub use seed_order::SeedOrder;
