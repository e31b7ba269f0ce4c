//! Where a node's randomness comes from: the operating system, or one seed that replays everything.

use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use rand_core::TryRng;

/// Makes independent generators by purpose.
#[derive(Clone, Debug)]
pub struct Randomness {
    root: [u8; 32],
}

impl Randomness {
    /// Everything follows from `seed`: for simulations and replays, never for keys that protect something.
    pub fn from_seed(seed: u64) -> Self {
        Self { root: blake3::derive_key("diqkd replay seed v1", &seed.to_le_bytes()) }
    }

    /// From the operating system.
    ///
    /// # Errors
    /// The operating system's.
    pub fn from_system() -> Result<Self, rand::rngs::SysError> {
        let mut root = [0; 32];
        SysRng.try_fill_bytes(&mut root)?;
        Ok(Self { root })
    }

    /// The generator of one purpose; the same purpose gives the same generator again.
    pub fn generator(&self, purpose: &str) -> StdRng {
        StdRng::from_seed(*blake3::keyed_hash(&self.root, purpose.as_bytes()).as_bytes())
    }

    /// A 64-bit seed of one purpose.
    pub fn seed(&self, purpose: &str) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&blake3::keyed_hash(&self.root, purpose.as_bytes()).as_bytes()[..8]);
        u64::from_le_bytes(bytes)
    }
}
