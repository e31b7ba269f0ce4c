//! A local strategy that learns from all earlier rounds.

use diqkd_core::Setting;
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

/// Honest at first; then tells the world one bit of Alice's earlier outcomes by letting the Bell test fail or not.
///
/// Within one block this is harmless: what is aborted gives no key. Devices that are used again for a later block leak
/// bits of the earlier one (Barrett, Colbeck, Kent, arXiv 1201.4407), one for each message that says pass or abort.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AbortLeak {
    honest_rounds: u64,
    secret: Option<bool>,
}

impl AbortLeak {
    /// Honest for so many rounds.
    pub(crate) fn new(honest_rounds: u64) -> Self {
        Self { honest_rounds, secret: None }
    }
}

impl Devices for AbortLeak {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        if self.honest_rounds > 0 || self.secret != Some(true) {
            return Preparation::Honest;
        }
        let word = rng.next_u64();
        Preparation::Local(losing_at(word & 1 == 1, word & 2 == 2, word & 4 == 4))
    }

    fn observe(&mut self, past: &PastRound) {
        self.honest_rounds = self.honest_rounds.saturating_sub(1);
        if past.x == Setting::ALICE_KEY && past.y == Setting::BOB_KEY {
            self.secret.get_or_insert(past.alice.plus);
        }
    }
}
