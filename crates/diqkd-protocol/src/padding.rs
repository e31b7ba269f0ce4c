//! One-time pads for what is said about Alice's string.

use diqkd_auth::{KeyPool, PoolExhausted};
use diqkd_reconcile::Scheme;

use crate::abort::Abort;

/// What is padded. Each part has pads of its own and is padded once a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Syndrome,
    FailedFrames,
    RetryBits,
    Tag,
}

/// The pads of a session; none where its variant does not pad.
pub(crate) struct Padding(Option<[KeyPool; 4]>);

impl Padding {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Takes the pads of a session off the pool.
    pub(crate) fn take(pool: &mut KeyPool, scheme: &Scheme) -> Result<Self, PoolExhausted> {
        let [syndrome, failed, retry, tag] = lengths(scheme);
        Ok(Self(Some([
            pool.split_off(syndrome, "padding of the syndrome")?,
            pool.split_off(failed, "padding of the failed frames")?,
            pool.split_off(retry, "padding of the retry bits")?,
            pool.split_off(tag, "padding of the verification tag")?,
        ])))
    }

    /// Puts the pad of a part on, or takes it off. A part that is shorter than its pad leaves the rest unused.
    pub(crate) fn apply(&mut self, part: Part, bytes: &mut [u8]) -> Result<(), Abort> {
        let Some(pads) = &mut self.0 else { return Ok(()) };
        for byte in bytes {
            let pad = pads[part as usize].take::<1>("padding").map_err(|exhausted| {
                let PoolExhausted { requested_bits, remaining_bits, .. } = exhausted;
                Abort::KeyPoolExhausted { requested_bits, remaining_bits }
            })?;
            *byte ^= pad[0];
        }
        Ok(())
    }

    /// Bits of pad used.
    pub(crate) fn used_bits(&self) -> u64 {
        self.0.iter().flatten().map(KeyPool::consumed_bits).sum()
    }
}

/// Bytes of pad that a padded session with this scheme needs.
pub(crate) fn bytes(scheme: &Scheme) -> usize {
    lengths(scheme).iter().sum()
}

fn lengths(scheme: &Scheme) -> [usize; 4] {
    let retry_bits = scheme.retry_frames() as usize * scheme.retry_bits_per_frame();
    [scheme.syndrome_bits().div_ceil(8), scheme.frames().div_ceil(8) as usize, retry_bits.div_ceil(8), 16]
}
