//! A local strategy that learns from all earlier rounds.

use rand_core::Rng;

use super::local::losing_at;
use super::{Devices, PastRound, Preparation};
use crate::noise::NoiseRng;

/// Loses at the pair of settings that has been rarest so far, so that any bias of the setting bits is exploited.
///
/// Against uniform settings it wins with probability at most 3/4 in every round, whatever it remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Adaptive {
    seen: [u64; 4],
}

impl Devices for Adaptive {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        let rarest = (0..4).min_by_key(|&i| self.seen[i]).unwrap_or(0);
        Preparation::Local(losing_at(rarest & 2 == 2, rarest & 1 == 1, rng.next_u64() & 1 == 1))
    }

    fn observe(&mut self, past: &PastRound) {
        if let (x @ 0..=1, y @ 0..=1) = (past.x.index(), past.y.index()) {
            self.seen[usize::from(x << 1 | y)] += 1;
        }
    }
}
