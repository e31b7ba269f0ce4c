//! Cascade: parities of blocks of the string in several random orders; a block of odd difference is halved until the
//! error is found, and each error found makes blocks of other passes odd that hid it.
//!
//! Bob answers every parity with its difference from his own, so both ends know the same and run the same search; he
//! sends one bit for each of hers. All odd blocks are halved in the same round trip unless [`Cascade::frugal`] says
//! otherwise.
//!
//! # References
//! G. Brassard, L. Salvail, "Secret-key reconciliation by public discussion", EUROCRYPT '93 (1994);
//! J. Martinez-Mateo et al., "Demystifying the information reconciliation protocol Cascade", Quantum Inf. Comput. 15,
//! 453 (2015), whose option (7) fixes the block sizes of [`Cascade::modified`].

mod ends;
mod passes;
mod search;

use alloc::boxed::Box;
use alloc::vec::Vec;

use diqkd_gf2::BitRef;

use self::ends::{AliceEnd, BobEnd};
use self::passes::Order;
use super::{Alice, Bob, Interactive};
use crate::encoder::words;
use crate::error::Error;

/// A plan for Cascade that both ends share.
#[derive(Clone, Debug)]
pub struct Cascade {
    n_bits: usize,
    passes: Vec<Order>,
    /// Whether parities of halves stay in use after their error was found, and what follows from known parities is
    /// not asked.
    reuse: bool,
    /// Odd blocks less than this many times as long as the shortest are halved in the same round trip.
    spread: u32,
}

impl Cascade {
    /// Cascade as published: four passes with blocks of `0.73 / qber` positions, doubled in each pass; only the
    /// blocks of each pass, not their halves, are searched again.
    ///
    /// # Errors
    /// [`Error::StringLength`] and [`Error::ErrorProbability`] out of range.
    pub fn original(n_bits: u64, qber: f64, seed: u64) -> Result<Self, Error> {
        let first = libm::ceil(0.73 / qber.max(LEAST_QBER));
        let sizes: Vec<f64> = (0..4).map(|pass| first * f64::from(1 << pass)).collect();
        Self::plan(n_bits, qber, &sizes, false, seed)
    }

    /// The best published variant: fourteen passes, blocks of the power of two next above `1 / qber`, then four times
    /// as long, then half of the string; known parities of halves are used throughout.
    ///
    /// # Errors
    /// [`Error::StringLength`] and [`Error::ErrorProbability`] out of range.
    pub fn modified(n_bits: u64, qber: f64, seed: u64) -> Result<Self, Error> {
        let first = libm::exp2(libm::ceil(libm::log2(1.0 / qber.max(LEAST_QBER))));
        let half = n_bits.div_ceil(2) as f64;
        let mut sizes = [half; 14];
        (sizes[0], sizes[1]) = (first, (4.0 * first).min(half));
        Self::plan(n_bits, qber, &sizes, true, seed)
    }

    /// The same with the shortest odd blocks halved first instead of all at once: fewer parities, because no two
    /// searches run into the same error, and two to five times the round trips.
    #[must_use]
    pub fn frugal(mut self) -> Self {
        self.spread = 2;
        self
    }

    fn plan(n_bits: u64, qber: f64, sizes: &[f64], reuse: bool, seed: u64) -> Result<Self, Error> {
        if !(LEAST_BITS..=MOST_BITS).contains(&n_bits) {
            return Err(Error::StringLength { n_bits, least: LEAST_BITS, most: MOST_BITS });
        }
        if !(0.0..=0.5).contains(&qber) {
            return Err(Error::ErrorProbability { class: 0, value: qber });
        }
        let n = n_bits as usize;
        let size = |wanted: f64| (wanted as usize).clamp(1, n);
        let passes =
            (0..).zip(sizes).map(|(pass, &wanted)| Order::new(n, size(wanted), pass, seed)).collect();
        Ok(Self { n_bits: n, passes, reuse, spread: u32::MAX })
    }
}

impl Interactive for Cascade {
    fn alice(&self, string: &BitRef) -> Result<Box<dyn Alice + '_>, Error> {
        Ok(Box::new(AliceEnd::new(self, words("Alice's string", string, self.n_bits)?)))
    }

    fn bob(&self, string: &BitRef) -> Result<Box<dyn Bob + '_>, Error> {
        Ok(Box::new(BobEnd::new(self, words("Bob's string", string, self.n_bits)?)))
    }
}

const LEAST_BITS: u64 = 64;
const MOST_BITS: u64 = 1 << 24;
/// Below this the block sizes do not grow.
const LEAST_QBER: f64 = 1e-5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::random_pair;
    use crate::interactive::{Message, converse};

    /// Mean parities over `n h(qber)`, mean round trips, and blocks with errors left.
    fn measure(plan: impl Fn(u64) -> Cascade, qber: f64, blocks: u64) -> (f64, f64, u32) {
        let (n, mut parities, mut trips, mut wrong) = (10_000, 0, 0, 0);
        for seed in 0..blocks {
            let (alice, bob) = random_pair(n, qber, seed);
            let cascade = plan(seed);
            let outcome = converse(&mut *cascade.alice(&alice).unwrap(), cascade.bob(&bob).unwrap()).unwrap();
            parities += outcome.leak.bits();
            trips += outcome.round_trips;
            wrong += u32::from(outcome.estimate != alice);
        }
        let entropy = n as f64 * blocks as f64 * diqkd_core::binary_entropy(qber);
        (parities as f64 / entropy, f64::from(trips) / blocks as f64, wrong)
    }

    /// The reference values, efficiency and round trips, are means of 10,000 blocks of 10,000 bits published with
    /// another implementation (<https://github.com/brunorijsman/cascade-cpp>, `study/data/papers`).
    #[test]
    fn the_original_does_as_published() {
        for (qber, published, published_trips) in
            [(0.01, 1.1430, 45.3), (0.02, 1.1594, 45.5), (0.05, 1.1846, 40.5), (0.08, 1.2171, 41.9)]
        {
            let plan = |seed| Cascade::original(10_000, qber, seed).unwrap();
            let (f, trips, wrong) = measure(plan, qber, 60);
            assert!((f / published - 1.0).abs() < 0.015, "{qber}: f {f}, published {published}");
            assert!((trips / published_trips - 1.0).abs() < 0.1, "{qber}: {trips} round trips");
            assert!(wrong <= 1, "{qber}: {wrong}");
        }
    }

    #[test]
    fn the_modified_variant_does_better_than_published_and_the_frugal_one_better_still() {
        for (qber, published, published_trips) in
            [(0.01, 1.1217, 167.5), (0.02, 1.0976, 204.4), (0.05, 1.1135, 344.2)]
        {
            let plan = |seed| Cascade::modified(10_000, qber, seed).unwrap();
            let (f, trips, wrong) = measure(plan, qber, 40);
            assert!(
                f > 1.0 && f < published && trips < published_trips,
                "{qber}: f {f}, {trips} round trips"
            );
            let (frugal, more_trips, frugal_wrong) = measure(|seed| plan(seed).frugal(), qber, 40);
            assert!(frugal < f - 0.01 && more_trips > trips, "{qber}: f {frugal} after {f}");
            assert_eq!((wrong, frugal_wrong), (0, 0), "{qber}");
        }
    }

    #[test]
    fn equal_strings_and_odd_sizes() {
        for (n, qber) in [(64, 0.0), (1_001, 0.0), (1_001, 0.11), (777, 0.3)] {
            let (alice, bob) = random_pair(n, qber, 5);
            let cascade = Cascade::modified(n as u64, qber, 3).unwrap();
            let outcome = converse(&mut *cascade.alice(&alice).unwrap(), cascade.bob(&bob).unwrap()).unwrap();
            assert_eq!(outcome.estimate, alice, "{n} {qber}");
        }
        assert!(matches!(Cascade::modified(10, 0.1, 0), Err(Error::StringLength { .. })));
        assert!(matches!(Cascade::original(1000, 0.6, 0), Err(Error::ErrorProbability { .. })));
        assert!(matches!(Cascade::original(1000, f64::NAN, 0), Err(Error::ErrorProbability { .. })));
    }

    #[test]
    fn a_message_of_another_length_is_refused() {
        let (alice, bob) = random_pair(1000, 0.05, 1);
        let cascade = Cascade::original(1000, 0.05, 1).unwrap();
        let mut end = cascade.alice(&alice).unwrap();
        let short = Message::of_values(end.open().values[1..].into());
        assert!(matches!(end.answer(&short), Err(Error::Length { .. })));
        let mut end = cascade.bob(&bob).unwrap();
        assert!(matches!(end.hear(&short), Err(Error::Length { .. })));
    }
}
