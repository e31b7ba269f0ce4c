//! How a session lays out the pre-shared key: both sites cut the same bytes into the same lanes.
//!
//! ```text
//! 16 bytes  hash key, Alice to Bob      | the polynomial's point, used for the whole session
//! 16 bytes  hash key, Bob to Alice      |
//! 32 bytes  seed of the test flags      | revealed to nobody; never used again
//! 32 bytes  key of the checks               | a keyed digest; decides nothing about keys
//! 16 bytes  x max_batches               pads of Alice's batches of frames, one a batch
//! 16 bytes  x max_batches               pads of Bob's batches
//! ```

use diqkd_auth::{KeyPool, PoolExhausted, Signer, Verifier};
use diqkd_core::Role;
use zeroize::Zeroizing;

/// Everything a session draws from the pre-shared key.
pub(crate) struct Lanes {
    pub(crate) signer: Signer,
    pub(crate) verifier: Verifier,
    pub(crate) test_flag_seed: Zeroizing<[u8; 32]>,
    pub(crate) check_key: Zeroizing<[u8; 32]>,
}

impl Lanes {
    pub(crate) fn split(pool: &mut KeyPool, role: Role, max_batches: u32) -> Result<Self, PoolExhausted> {
        let alice_hash_key = pool.take::<16>("hash key, alice to bob")?;
        let bob_hash_key = pool.take::<16>("hash key, bob to alice")?;
        let test_flag_seed = pool.take::<32>("seed of the test flags")?;
        let check_key = pool.take::<32>("key of the checks")?;
        let lane_bytes = 16 * max_batches as usize;
        let alice_pads = pool.split_off(lane_bytes, "pads of alice's batches")?;
        let bob_pads = pool.split_off(lane_bytes, "pads of bob's batches")?;
        let (signer, verifier) = match role {
            Role::Alice => (Signer::new(alice_hash_key, alice_pads), Verifier::new(bob_hash_key, bob_pads)),
            Role::Bob => (Signer::new(bob_hash_key, bob_pads), Verifier::new(alice_hash_key, alice_pads)),
        };
        Ok(Self { signer, verifier, test_flag_seed, check_key })
    }
}

/// Bytes before the pads.
pub(crate) const fn fixed_bytes() -> usize {
    16 + 16 + 32 + 32
}
