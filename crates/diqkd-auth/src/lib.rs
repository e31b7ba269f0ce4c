#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod hash_key;
mod key_pool;
mod mac;
mod poly_hash;
#[cfg(feature = "post-quantum")]
pub mod post_quantum;
mod verification;

pub use hash_key::{HashKey, Rotation};
pub use key_pool::{KeyPool, PoolExhausted, PoolId};
pub use mac::{AuthError, Signer, Tag, Verifier, batch_forgery_epsilon, forgery_epsilon};
pub use verification::{VerificationError, VerificationHash, collision_epsilon};
