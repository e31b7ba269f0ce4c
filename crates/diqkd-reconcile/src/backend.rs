//! The decoder's inner loop: one layered update of one block row, 32 lanes at a time.
//!
//! `soft` is the portable reference; every other backend takes the same decisions bit for bit.
//! `--cfg diqkd_backend="soft"` forces the reference.

use alloc::vec;
use alloc::vec::Vec;

use crate::check_rule::Rule;
use crate::code::Edge;
use crate::posteriors::Posteriors;

#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
mod avx2;
#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
mod avx512;
#[cfg(all(
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")),
    not(diqkd_backend = "soft")
))]
mod group;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", not(diqkd_backend = "soft")))]
mod neon;
mod soft;

/// Lanes that are updated together; divides every lift.
pub(crate) const LANES: usize = 32;

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    /// Portable code.
    Soft,
    /// 256-bit integer vectors.
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    Avx2(avx2::Avx2),
    /// 512-bit integer vectors.
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    Avx512(avx512::Avx512),
    /// 128-bit integer vectors.
    #[cfg(all(target_arch = "aarch64", target_feature = "neon", not(diqkd_backend = "soft")))]
    Neon(neon::Neon),
}

impl Backend {
    /// The fastest backend of this machine.
    pub(crate) fn detect() -> Self {
        Self::all().last().unwrap_or(Self::Soft)
    }

    /// Every backend of this machine, the fastest last.
    fn all() -> impl Iterator<Item = Self> {
        #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
        let vectors = [avx2::Avx2::detect().map(Self::Avx2), avx512::Avx512::detect().map(Self::Avx512)];
        #[cfg(all(target_arch = "aarch64", target_feature = "neon", not(diqkd_backend = "soft")))]
        let vectors = [Some(Self::Neon(neon::Neon))];
        #[cfg(not(any(
            all(target_arch = "x86_64", not(diqkd_backend = "soft")),
            all(target_arch = "aarch64", target_feature = "neon", not(diqkd_backend = "soft"))
        )))]
        let vectors = [None];
        core::iter::once(Self::Soft).chain(vectors.into_iter().flatten())
    }

    pub(crate) fn update(self, row: &mut BlockRow<'_>, rule: Rule, scratch: &mut Scratch) {
        match self {
            Self::Soft => soft::update(row, rule, scratch),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Self::Avx2(token) => token.update(row, rule, scratch),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Self::Avx512(token) => token.update(row, rule, scratch),
            #[cfg(all(target_arch = "aarch64", target_feature = "neon", not(diqkd_backend = "soft")))]
            Self::Neon(token) => token.update(row, rule, scratch),
        }
    }

    /// Bit `i % 64` of word `i / 64` becomes 1 where posterior `i` is negative; 64 posteriors a word.
    pub(crate) fn signs(self, posterior: &[i16], words: &mut [u64]) {
        match self {
            Self::Soft => soft::signs(posterior, words),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Self::Avx2(token) => token.signs(posterior, words),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Self::Avx512(token) => token.signs(posterior, words),
            #[cfg(all(target_arch = "aarch64", target_feature = "neon", not(diqkd_backend = "soft")))]
            Self::Neon(token) => token.signs(posterior, words),
        }
    }
}

/// What one update reads and writes.
pub(crate) struct BlockRow<'a> {
    pub(crate) lift: usize,
    pub(crate) edges: &'a [Edge],
    /// The strongest new message of each edge, at most 127.
    pub(crate) caps: &'a [u8],
    pub(crate) posteriors: &'a mut Posteriors,
    /// Last messages of the row's checks, `lift` per edge, none below -127; each counts `2^MESSAGE_SHIFT` posterior steps.
    pub(crate) messages: &'a mut [i8],
    /// -1 where the syndrome bit is 1, else 0; `lift` of them.
    pub(crate) syndrome: &'a [i8],
}

/// Posteriors without the row's own messages, for one group of lanes of every edge.
#[derive(Debug)]
pub(crate) struct Scratch {
    extrinsic: Vec<[i16; LANES]>,
    /// Box-plus of the magnitudes up to and with each edge.
    forward: Vec<[u16; LANES]>,
}

impl Scratch {
    pub(crate) fn new(largest_row_degree: usize) -> Self {
        Self {
            extrinsic: vec![[0; LANES]; largest_row_degree],
            forward: vec![[0; LANES]; largest_row_degree],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::QcCode;
    use crate::splitmix::SplitMix64;

    #[test]
    fn every_backend_takes_the_decisions_of_the_reference() {
        let mut rng = SplitMix64::new(11);
        for round in 0..120 {
            let lift = [32, 64, 128, 192, 256][rng.below(5) as usize];
            let degree = 1 + rng.below(30) as usize;
            let spread = [600, 6000, 65536][round / 4 % 3];
            let edges: Vec<Edge> = (0..degree)
                .map(|c| Edge { column: c as u32, shift: rng.below(lift as u64) as u32 })
                .collect();
            let code = QcCode::new(lift, degree, &[edges]);
            let start: Vec<i16> =
                (0..degree * lift).map(|_| (rng.below(spread) as i32 - spread as i32 / 2) as i16).collect();
            let messages: Vec<i8> = (0..degree * lift).map(|_| (rng.below(255) as i32 - 127) as i8).collect();
            let caps: Vec<u8> = (0..degree).map(|_| rng.below(128) as u8).collect();
            let syndrome: Vec<i8> = (0..lift).map(|_| -(rng.below(2) as i8)).collect();
            let rule = [Rule::Exact, Rule::Quick][round % 2];
            let updated = |backend: Backend| {
                let (mut posteriors, mut messages) = (Posteriors::default(), messages.clone());
                posteriors.reset(&code, start.iter().copied());
                let mut row = BlockRow {
                    lift,
                    edges: code.row(0),
                    caps: &caps,
                    posteriors: &mut posteriors,
                    messages: &mut messages,
                    syndrome: &syndrome,
                };
                backend.update(&mut row, rule, &mut Scratch::new(degree));
                (posteriors.columns().flatten().copied().collect::<Vec<i16>>(), messages)
            };
            let expected = updated(Backend::Soft);
            assert!(expected.1.iter().all(|&m| m != i8::MIN));
            let mut words = vec![1; expected.0.len() / 64];
            soft::signs(&expected.0, &mut words);
            for backend in Backend::all() {
                assert!(updated(backend) == expected, "{backend:?} {rule:?} round {round}");
                let mut signs = vec![0; words.len()];
                backend.signs(&expected.0, &mut signs);
                assert_eq!(signs, words, "{backend:?}");
            }
        }
    }
}
