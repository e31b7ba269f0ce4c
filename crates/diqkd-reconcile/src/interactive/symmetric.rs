//! Symmetric blind reconciliation: when the syndrome does not suffice, both ends decode the same difference of
//! syndromes, fail alike, and tell the bits they are least sure of.
//!
//! No positions are sent: both know them. The end that is to speak tells its values there, the other answers how its own
//! differ from them, which depends on the errors alone, and decodes on; if that fails as well, it tells the next
//! values in the same message. So each position is told by one end only, and every message, Bob's as well as Alice's, can
//! carry new ones: twice as many and half as large as if Alice alone told values. How many are told follows from how many
//! parities the decisions leave wrong, which says a little of how far the decoder is from success.
//!
//! # References
//! E. O. Kiktenko et al., "Symmetric blind information reconciliation for quantum key distribution", Phys. Rev.
//! Applied 8, 044017 (2017). There the code is punctured, every exchange has the same size, and both ends tell the
//! same positions at once.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use diqkd_core::binary_entropy;
use diqkd_gf2::{BitRef, Bits, bits_from_words};

use super::{Alice, Bob, Interactive, Message, Reaction};
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
    /// longer than the entropy of the errors, so most strings need a few more values. There are five round trips at most.
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
            told: 0,
            iterations: 0,
        })
    }
}

/// What both ends compute alike.
struct Decoding<'a> {
    plan: &'a SymmetricBlind,
    syndrome: Vec<u64>,
    /// Positions whose values were told, and whether they differ.
    known: Vec<u64>,
    errors: Vec<u64>,
    worker: Propagation,
    /// Positions whose values are told next: none after success and at the end.
    wanted: Vec<u32>,
    /// How many times positions were chosen.
    told: usize,
    iterations: u64,
}

impl Decoding<'_> {
    /// Decodes; if that fails, chooses what is told next.
    fn attempt(&mut self) -> bool {
        let plan = self.plan;
        let bit = |words: &[u64], at: usize| words[at / 64] >> (at % 64) & 1;
        let prior = |at: usize| match (bit(&self.known, at), bit(&self.errors, at)) {
            (0, _) => plan.prior,
            (_, 0) => CERTAIN,
            _ => -CERTAIN,
        };
        let code = plan.code.decoded();
        let unused = core::iter::repeat_n(CERTAIN, plan.code.whole().code_bits() - plan.n_bits);
        let priors = (0..plan.n_bits).map(prior).chain(unused).chain(plan.code.hidden_priors(CERTAIN));
        self.worker.start(code, &self.syndrome, priors);
        let next = STEPS.get(self.told);
        let ended = self.worker.run(code, &self.syndrome, if next.is_some() { PASSES } else { LAST_PASSES });
        self.iterations += u64::from(ended.iterations);
        self.wanted.clear();
        if let Some(step) = next.filter(|_| !ended.converged) {
            self.choose(step);
        }
        ended.converged
    }

    /// The positions of least certainty, equals in order of position.
    fn choose(&mut self, step: &Step) {
        let wrong = self.worker.wrong_checks(self.plan.code.decoded(), &self.syndrome);
        let wrong: u32 = wrong.iter().map(|word| word.count_ones()).sum();
        let count = step.of_wrong_parities * f64::from(wrong) + step.of_bits * self.plan.n_bits as f64;
        let count = libm::ceil(count) as usize;
        let open = |at: &u32| self.known[*at as usize / 64] >> (at % 64) & 1 == 0;
        let mut order: Vec<u32> = (0..self.plan.n_bits as u32).filter(open).collect();
        let certainty = |at: &u32| (self.worker.posterior(*at as usize).unsigned_abs(), *at);
        if count < order.len() {
            order.select_nth_unstable_by_key(count, certainty);
            order.truncate(count);
        }
        order.sort_unstable();
        self.wanted = order;
        self.told += 1;
    }

    /// Takes the differences at the wanted positions, one for each.
    fn learn(&mut self, differences: &BitRef) {
        for (&at, differs) in self.wanted.iter().zip(differences) {
            self.known[at as usize / 64] |= 1 << (at % 64);
            self.errors[at as usize / 64] |= u64::from(*differs) << (at % 64);
        }
    }

    /// Takes the values that the other end tells of the wanted positions, and decodes: the differences that answer them,
    /// and whether it went well.
    fn hear(&mut self, own: &Own<'_>, values: &BitRef) -> (Bits, bool) {
        let mut differences = own.values(&self.wanted);
        differences ^= values;
        self.learn(&differences);
        (differences, self.attempt())
    }
}

struct AliceEnd<'a> {
    own: Own<'a>,
    decoding: Option<Decoding<'a>>,
}

impl Alice for AliceEnd<'_> {
    fn open(&mut self) -> Message {
        Message::of_values(self.own.syndrome())
    }

    fn answer(&mut self, message: &Message) -> Result<Message, Error> {
        let what = "Bob's message";
        let decoding = match &mut self.decoding {
            none @ None => {
                let bits = self.own.plan.code.syndrome_bits();
                message.parts(what, message.values.len(), bits)?;
                none.insert(self.own.decoding(&message.differences)?)
            }
            Some(decoding) => {
                let (_, differences) = message.parts(what, message.values.len(), decoding.wanted.len())?;
                decoding.learn(differences);
                decoding
            }
        };
        decoding.attempt();
        let (values, _) = message.parts(what, decoding.wanted.len(), message.differences.len())?;
        let (differences, _) = decoding.hear(&self.own, values);
        Ok(Message { values: self.own.values(&decoding.wanted), differences })
    }
}

struct BobEnd<'a> {
    own: Own<'a>,
    decoding: Option<Decoding<'a>>,
    satisfied: bool,
}

impl BobEnd<'_> {
    /// Decodes with what the message says; if that fails, the differences that Alice does not know yet.
    fn take(&mut self, message: &Message) -> Result<Option<Bits>, Error> {
        let what = "Alice's message";
        let Some(decoding) = &mut self.decoding else {
            let (theirs, _) = message.parts(what, self.own.plan.code.syndrome_bits(), 0)?;
            let mut differences = self.own.syndrome();
            differences ^= theirs;
            let decoding = self.decoding.insert(self.own.decoding(&differences)?);
            return Ok((!decoding.attempt()).then_some(differences));
        };
        let (_, differences) = message.parts(what, message.values.len(), decoding.wanted.len())?;
        decoding.learn(differences);
        if decoding.attempt() {
            return Ok(None);
        }
        let (values, _) = message.parts(what, decoding.wanted.len(), message.differences.len())?;
        let (differences, satisfied) = decoding.hear(&self.own, values);
        Ok((!satisfied).then_some(differences))
    }
}

impl Bob for BobEnd<'_> {
    fn hear(&mut self, message: &Message) -> Result<Reaction, Error> {
        let differences = self.take(message)?;
        self.satisfied = differences.is_none();
        let wanted = self.decoding.as_ref().map_or(&[][..], |decoding| &decoding.wanted);
        Ok(match differences {
            Some(differences) if !wanted.is_empty() => {
                Reaction::Ask(Message { values: self.own.values(wanted), differences })
            }
            _ => Reaction::Finish(Message::of_differences(Bits::repeat(self.satisfied, 1))),
        })
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

/// How many values are told at once.
struct Step {
    /// For each parity that the decisions leave wrong.
    of_wrong_parities: f64,
    /// And for each position of the string.
    of_bits: f64,
}

/// Step by step, Bob's and Alice's in turn: little at first, so as not to tell too much, and enough at last.
const STEPS: [Step; 8] = {
    const SMALL: Step = Step { of_wrong_parities: 0.04, of_bits: 0.001 };
    const LARGER: Step = Step { of_wrong_parities: 0.06, of_bits: 0.0014 };
    const LARGE: Step = Step { of_wrong_parities: 0.15, of_bits: 0.003 };
    const LAST: Step = Step { of_wrong_parities: 0.4, of_bits: 0.016 };
    [SMALL, SMALL, SMALL, SMALL, SMALL, LARGER, LARGE, LAST]
};
/// Standard deviations of the errors' information that the first syndrome covers beyond its mean.
const FIRST: f64 = 0.2;
/// Passes of an attempt. The last attempt alone has nothing to wait for.
const PASSES: u32 = 120;
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
            bits += outcome.leak.bits();
            most_trips = most_trips.max(outcome.round_trips);
            assert!(!outcome.satisfied || outcome.estimate == a, "{qber}: undetected");
            lost += u32::from(!outcome.satisfied);
        }
        (bits as f64 / (1e4 * blocks as f64 * binary_entropy(qber)), most_trips, lost)
    }

    #[test]
    fn little_more_than_the_entropy_in_five_round_trips() {
        for (qber, most) in [(0.02, 1.11), (0.05, 1.075), (0.08, 1.065)] {
            let (f, trips, lost) = measure(qber, qber, 30);
            assert!(f < most && f > 1.0, "{qber}: f {f}");
            assert!(trips <= 5 && lost <= 2, "{qber}: {trips} round trips, {lost} lost");
        }
    }

    /// What is told beyond the syndrome is one value for each position that Bob then knows, and no more.
    #[test]
    fn each_position_is_told_by_one_end() {
        let plan = SymmetricBlind::design(10_000, 0.05).unwrap();
        let (mut from_alice, mut from_bob) = (0, 0);
        for seed in 0..10 {
            let (a, b) = random_pair(10_000, 0.055, seed);
            let mut alice = AliceEnd { own: Own::new(&plan, "a", &a).unwrap(), decoding: None };
            let mut bob = BobEnd { own: Own::new(&plan, "b", &b).unwrap(), decoding: None, satisfied: false };
            let (mut said, mut told) = (alice.open(), 0);
            while let Reaction::Ask(question) = bob.hear(&said).unwrap() {
                said = alice.answer(&question).unwrap();
                told += question.values.len() + said.values.len();
                from_alice += said.values.len();
                from_bob += question.values.len();
            }
            assert!(bob.satisfied() && bob.estimate() == a);
            let known = bob.decoding.unwrap().known.iter().map(|word| word.count_ones()).sum::<u32>();
            assert_eq!(known, told as u32);
        }
        assert!(from_alice > 0 && from_bob > 0);
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
        let three = Message { values: a[..3].into(), differences: a[..3].into() };
        assert!(matches!(plan.alice(&a).unwrap().answer(&three), Err(Error::Length { .. })));
        assert!(matches!(plan.bob(&a).unwrap().hear(&three), Err(Error::Length { .. })));
    }
}
