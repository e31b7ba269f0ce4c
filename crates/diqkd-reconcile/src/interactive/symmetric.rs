//! Symmetric blind reconciliation: when the syndrome does not suffice, both ends decode the same difference of
//! syndromes, fail alike, and exchange the bits they are least sure of.
//!
//! No positions are sent: both know them. Alice sends her syndrome and her values; Bob, and only after a failure, how
//! his own differ from them, so that what he says depends on the errors alone. How many values are exchanged follows from how many parities the decisions leave wrong, which tells how far
//! the decoder is from success.
//!
//! # References
//! E. O. Kiktenko et al., "Symmetric blind information reconciliation for quantum key distribution", Phys. Rev.
//! Applied 8, 044017 (2017). There the code is punctured and every exchange has the same size.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use diqkd_core::binary_entropy;
use diqkd_gf2::{BitRef, Bits, bits_from_words};

use super::{Alice, Bob, Interactive, Reaction};
use crate::backend::Backend;
use crate::check_rule;
use crate::class::{ErrorClass, Mixture};
use crate::encoder::words;
use crate::ensemble::Ensembles;
use crate::error::Error;
use crate::frame_code::FrameCode;
use crate::propagation::Propagation;
use crate::shape::Shape;

/// A plan for symmetric blind reconciliation that both ends share.
#[derive(Clone, Debug)]
pub struct SymmetricBlind {
    n_bits: usize,
    code: FrameCode,
    prior: i16,
}

impl SymmetricBlind {
    /// A plan for strings of `n_bits` that differ with a probability of about `qber`. Alice's first syndrome is hardly
    /// longer than the entropy of the errors, so most strings need an exchange or two and none more than four.
    ///
    /// # Errors
    /// [`Error::StringLength`], [`Error::ErrorProbability`], and [`Error::TooNoisy`] out of range.
    pub fn design(n_bits: u64, qber: f64) -> Result<Self, Error> {
        let entropy = check(n_bits, qber)?;
        let class = ErrorClass { fraction: 1.0, error_probability: qber };
        let deviations = FIRST * libm::sqrt(n_bits as f64 * Mixture::new(&[class])?.variance());
        let shape = Shape::choose(n_bits, libm::ceil(n_bits as f64 * entropy + deviations) as u64);
        let code = FrameCode::of(&shape, Ensembles::for_leak(shape.leak(), 1), CODE_SEED);
        Ok(Self { n_bits: n_bits as usize, code, prior: check_rule::prior(qber) })
    }
}

/// The entropy of an error if length and noise are in range.
pub(super) fn check(n_bits: u64, qber: f64) -> Result<f64, Error> {
    if !(LEAST_BITS..=MOST_BITS).contains(&n_bits) {
        return Err(Error::StringLength { n_bits, least: LEAST_BITS, most: MOST_BITS });
    }
    if !(LEAST_QBER..=0.5).contains(&qber) {
        return Err(Error::ErrorProbability { class: 0, value: qber });
    }
    let entropy = binary_entropy(qber);
    if entropy > MOST_ENTROPY {
        return Err(Error::TooNoisy { entropy, most: Ensembles::short().most_leak_rate() });
    }
    Ok(entropy)
}

impl Interactive for SymmetricBlind {
    fn alice(&self, string: &BitRef) -> Result<Box<dyn Alice + '_>, Error> {
        Ok(Box::new(AliceEnd { own: Own::new(self, "Alice's string", string)?, decoding: None }))
    }

    fn bob(&self, string: &BitRef) -> Result<Box<dyn Bob + '_>, Error> {
        Ok(Box::new(BobEnd {
            own: Own::new(self, "Bob's string", string)?,
            decoding: None,
            satisfied: false,
        }))
    }
}

/// One end's string and its syndrome.
struct Own<'a> {
    plan: &'a SymmetricBlind,
    string: Vec<u64>,
    syndrome: Vec<u64>,
}

impl<'a> Own<'a> {
    fn new(plan: &'a SymmetricBlind, what: &'static str, string: &BitRef) -> Result<Self, Error> {
        let mut string = words(what, string, plan.n_bits)?;
        string.resize(plan.code.whole().code_bits().div_ceil(64), 0);
        let syndrome = plan.code.syndrome(&string);
        Ok(Self { plan, string, syndrome })
    }

    fn syndrome(&self) -> Bits {
        bits_from_words(&self.syndrome, self.plan.code.syndrome_bits())
    }

    fn values(&self, positions: &[u32]) -> Bits {
        positions.iter().map(|&at| self.string[at as usize / 64] >> (at % 64) & 1 == 1).collect()
    }

    /// Starts to decode the difference of both syndromes.
    fn decoding(&self, difference: &BitRef) -> Result<Decoding<'a>, Error> {
        Ok(Decoding {
            plan: self.plan,
            syndrome: self.plan.code.expand(&words(
                "the syndrome",
                difference,
                self.plan.code.syndrome_bits(),
            )?),
            known: vec![0; self.string.len()],
            errors: vec![0; self.string.len()],
            worker: Propagation::new(Backend::detect(), 0),
            wanted: Vec::new(),
            exchanges: 0,
            iterations: 0,
        })
    }
}

/// What both ends compute alike.
struct Decoding<'a> {
    plan: &'a SymmetricBlind,
    syndrome: Vec<u64>,
    /// Positions that were exchanged, and whether they differ.
    known: Vec<u64>,
    errors: Vec<u64>,
    worker: Propagation,
    /// Positions to exchange next.
    wanted: Vec<u32>,
    exchanges: usize,
    iterations: u64,
}

impl Decoding<'_> {
    /// Decodes; if that fails, chooses what to exchange next.
    fn attempt(&mut self) -> bool {
        let plan = self.plan;
        let bit = |words: &[u64], at: usize| words[at / 64] >> (at % 64) & 1;
        let prior = |at: usize| match (bit(&self.known, at), bit(&self.errors, at)) {
            (0, _) => plan.prior,
            (_, 0) => CERTAIN,
            _ => -CERTAIN,
        };
        let code = plan.code.decoded();
        let last = self.exchanges == SHARE_OF_WRONG_PARITIES.len();
        let passes = if last { LAST_PASSES } else { PASSES };
        let unused = core::iter::repeat_n(CERTAIN, plan.code.whole().code_bits() - plan.n_bits);
        let priors = (0..plan.n_bits).map(prior).chain(unused).chain(plan.code.hidden_priors(CERTAIN));
        self.worker.start(code, &self.syndrome, priors);
        let ended = self.worker.run(code, &self.syndrome, passes);
        self.iterations += u64::from(ended.iterations);
        if !ended.converged {
            self.choose();
        }
        ended.converged
    }

    /// The positions of least certainty, equals in order of position.
    fn choose(&mut self) {
        let parities = self.plan.code.decoded().syndrome(self.worker.decisions());
        let wrong: u32 = parities.iter().zip(&self.syndrome).map(|(a, b)| (a ^ b).count_ones()).sum();
        let share = SHARE_OF_WRONG_PARITIES.get(self.exchanges).copied().unwrap_or(0.0);
        let last = self.exchanges + 1 >= SHARE_OF_WRONG_PARITIES.len();
        let least = self.plan.n_bits.div_ceil(if last { LEAST_LAST } else { LEAST_EXCHANGE });
        let count = (libm::ceil(share * f64::from(wrong)) as usize).max(least);
        let open = |at: &u32| self.known[*at as usize / 64] >> (at % 64) & 1 == 0;
        let mut order: Vec<u32> = (0..self.plan.n_bits as u32).filter(open).collect();
        let certainty = |at: &u32| (self.worker.posterior(*at as usize).unsigned_abs(), *at);
        if count < order.len() {
            order.select_nth_unstable_by_key(count, certainty);
            order.truncate(count);
        }
        order.sort_unstable();
        self.wanted = order;
        self.exchanges += 1;
    }

    /// Takes the differences at the wanted positions.
    fn learn(&mut self, what: &'static str, differences: &BitRef) -> Result<(), Error> {
        let (bits, expected) = (differences.len(), self.wanted.len());
        if bits != expected {
            return Err(Error::Length { what, bits, expected });
        }
        for (&at, differs) in self.wanted.iter().zip(differences) {
            self.known[at as usize / 64] |= 1 << (at % 64);
            self.errors[at as usize / 64] |= u64::from(*differs) << (at % 64);
        }
        Ok(())
    }
}

struct AliceEnd<'a> {
    own: Own<'a>,
    decoding: Option<Decoding<'a>>,
}

impl Alice for AliceEnd<'_> {
    fn open(&mut self) -> Bits {
        self.own.syndrome()
    }

    fn answer(&mut self, message: &BitRef) -> Result<Bits, Error> {
        let decoding = match &mut self.decoding {
            none @ None => none.insert(self.own.decoding(message)?),
            Some(decoding) => {
                decoding.learn("Bob's differences", message)?;
                decoding
            }
        };
        decoding.attempt();
        Ok(self.own.values(&decoding.wanted))
    }
}

struct BobEnd<'a> {
    own: Own<'a>,
    decoding: Option<Decoding<'a>>,
    satisfied: bool,
}

impl Bob for BobEnd<'_> {
    fn hear(&mut self, message: &BitRef) -> Result<Reaction, Error> {
        let wanted = self.decoding.as_ref().map(|decoding| &decoding.wanted[..]);
        let mut differences = wanted.map_or_else(|| self.own.syndrome(), |at| self.own.values(at));
        let (bits, expected) = (message.len(), differences.len());
        if bits != expected {
            return Err(Error::Length { what: "Alice's message", bits, expected });
        }
        differences ^= message;
        let decoding = match &mut self.decoding {
            none @ None => none.insert(self.own.decoding(&differences)?),
            Some(decoding) => {
                decoding.learn("the differences", &differences)?;
                decoding
            }
        };
        self.satisfied = decoding.attempt();
        let over = self.satisfied || decoding.exchanges > SHARE_OF_WRONG_PARITIES.len();
        Ok(if over { Reaction::Finish(Bits::repeat(self.satisfied, 1)) } else { Reaction::Ask(differences) })
    }

    fn estimate(&self) -> Bits {
        let mut estimate = self.own.string.clone();
        if let Some(decoding) = self.decoding.as_ref().filter(|_| self.satisfied) {
            estimate.iter_mut().zip(decoding.worker.decisions()).for_each(|(word, error)| *word ^= error);
        }
        bits_from_words(&estimate, self.own.plan.n_bits)
    }

    fn satisfied(&self) -> bool {
        self.satisfied
    }

    fn iterations(&self) -> u64 {
        self.decoding.as_ref().map_or(0, |decoding| decoding.iterations)
    }
}

/// Values exchanged for each parity that the decisions leave wrong, exchange by exchange: little at first, so as not
/// to overshoot, and enough at last.
const SHARE_OF_WRONG_PARITIES: [f64; 4] = [0.07, 0.1, 0.13, 0.45];
/// One in so many positions is exchanged at least, and at last.
const LEAST_EXCHANGE: usize = 1000;
const LEAST_LAST: usize = 125;
/// Standard deviations of the errors' information that the first syndrome covers beyond its mean. With fewer the later
/// exchanges have more to guess: at 2 % and 10,000 bits the mean leak stays the same and more strings are lost.
const FIRST: f64 = 0.9;
/// Passes of an attempt: with 30, as much as 1 % more is sent at 5 and 8 %. The last attempt alone has nothing to wait for.
const PASSES: u32 = 50;
const LAST_PASSES: u32 = 200;
const LEAST_BITS: u64 = 4096;
const MOST_BITS: u64 = 1 << 21;
const LEAST_QBER: f64 = 0.002;
const MOST_ENTROPY: f64 = 0.9;
const CODE_SEED: u64 = 1;
/// Posterior of a bit that is known.
const CERTAIN: i16 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::random_pair;
    use crate::interactive::converse;

    /// Mean of Alice's bits over `n h(qber)`, most round trips, and blocks lost.
    fn measure(design: f64, qber: f64, blocks: u64) -> (f64, u32, u32) {
        let plan = SymmetricBlind::design(10_000, design).unwrap();
        let (mut bits, mut most_trips, mut lost) = (0, 0, 0);
        for seed in 0..blocks {
            let (a, b) = random_pair(10_000, qber, seed);
            let outcome = converse(&mut *plan.alice(&a).unwrap(), plan.bob(&b).unwrap()).unwrap();
            bits += outcome.leak.from_alice_bits();
            most_trips = most_trips.max(outcome.round_trips);
            assert!(!outcome.satisfied || outcome.estimate == a, "{qber}: undetected");
            lost += u32::from(!outcome.satisfied);
        }
        (bits as f64 / (1e4 * blocks as f64 * binary_entropy(qber)), most_trips, lost)
    }

    #[test]
    fn little_more_than_the_entropy_in_five_round_trips() {
        for (qber, most) in [(0.03, 1.12), (0.05, 1.10), (0.08, 1.10)] {
            let (f, trips, lost) = measure(qber, qber, 30);
            assert!(f < most && f > 1.0, "{qber}: f {f}");
            assert!(trips <= 5 && lost <= 2, "{qber}: {trips} round trips, {lost} lost");
        }
    }

    #[test]
    fn the_noise_need_not_be_known_well() {
        for actual in [0.042, 0.056] {
            let (f, trips, lost) = measure(0.05, actual, 20);
            assert!(f < 1.25 && trips <= 5 && lost <= 3, "{actual}: f {f}, {lost} lost");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(SymmetricBlind::design(100, 0.05), Err(Error::StringLength { .. })));
        assert!(matches!(SymmetricBlind::design(10_000, 0.0), Err(Error::ErrorProbability { .. })));
        assert!(matches!(SymmetricBlind::design(10_000, f64::NAN), Err(Error::ErrorProbability { .. })));
        assert!(matches!(SymmetricBlind::design(10_000, 0.45), Err(Error::TooNoisy { .. })));
        let plan = SymmetricBlind::design(10_000, 0.05).unwrap();
        let (a, _) = random_pair(10_000, 0.05, 1);
        assert!(matches!(plan.alice(&a[1..]), Err(Error::Length { .. })));
        assert!(matches!(plan.alice(&a).unwrap().answer(&a[..3]), Err(Error::Length { .. })));
        assert!(matches!(plan.bob(&a).unwrap().hear(&a[..3]), Err(Error::Length { .. })));
    }
}
