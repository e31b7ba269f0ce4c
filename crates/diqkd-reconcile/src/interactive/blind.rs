//! Blind reconciliation: Alice sends a short syndrome and, as long as Bob says that he failed, more of it.
//!
//! The rows that are split later start out as sums: in the code that Bob decodes, each is two halves joined by a
//! punctured position of degree two, whose value is the parity of one half. Disclosing that value splits the row. This
//! is puncturing and shortening in the form in which every bit on the wire is a bit of leak: a punctured position
//! costs nothing until it is disclosed. Bob asks with one bit.
//!
//! # References
//! J. Martinez-Mateo, D. Elkouss, V. Martin, "Blind reconciliation", Quantum Inf. Comput. 12, 791 (2012).

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use diqkd_gf2::{BitRef, Bits, bits_from_words};

use super::symmetric::check;
use super::{Alice, Bob, Interactive, Message, Reaction};
use crate::backend::Backend;
use crate::check_rule;
use crate::class::{ErrorClass, Mixture};
use crate::code::{Edge, QcCode};
use crate::construct::construct;
use crate::encoder::words;
use crate::ensemble::Ensembles;
use crate::error::Error;
use crate::lanes;
use crate::propagation::Propagation;
use crate::shape::Shape;

/// A plan for blind reconciliation that both ends share.
#[derive(Clone, Debug)]
pub struct Blind {
    n_bits: usize,
    /// What Alice sends first.
    first: QcCode,
    /// The halves whose parities she discloses later.
    halves: QcCode,
    /// What Bob decodes: `first` with its split rows in two and a punctured column for each.
    split: QcCode,
    /// Block row of `first` whose syndrome a row of `split` has; `None` for halves with syndrome 0.
    row_of: Vec<Option<usize>>,
    /// Disclosed parities after each message; the first has what is left of its size beyond whole rows.
    schedule: Vec<usize>,
    prior: i16,
    max_iterations: u32,
}

impl Blind {
    /// A plan for strings of `n_bits` that differ with a probability of about `qber`: five messages of Alice's at
    /// most, sized for the spread of what a decoder needs.
    ///
    /// # Errors
    /// [`Error::StringLength`], [`Error::ErrorProbability`], and [`Error::TooNoisy`] out of range.
    pub fn design(n_bits: u64, qber: f64) -> Result<Self, Error> {
        let entropy = check(n_bits, qber)?;
        let n = n_bits as f64;
        let class = ErrorClass { fraction: 1.0, error_probability: qber };
        let deviation = libm::sqrt(n * Mixture::new(&[class])?.variance());
        let start = CODE_GAP * n * entropy + FIRST * deviation;
        let shape = Shape::choose(n_bits, libm::ceil(start) as u64);
        let degrees = Ensembles::for_leak(shape.leak(), 1).degrees(shape.rows, shape.columns);
        let first = construct(shape.lift, shape.rows, &degrees, CODE_SEED);
        let mut disclosed = shape.rest as f64;
        let mut schedule = vec![shape.rest];
        schedule.extend(STEPS.iter().map(|step| {
            disclosed += step * deviation;
            libm::ceil(disclosed) as usize
        }));
        let last = schedule.last().copied().unwrap_or(0);
        let count = last.div_ceil(shape.lift).min(shape.rows);
        schedule.iter_mut().for_each(|bits| *bits = (*bits).min(count * shape.lift));
        let (split, halves, row_of) = split_rows(&first, count);
        Ok(Self {
            n_bits: n_bits as usize,
            first,
            halves,
            split,
            row_of,
            schedule,
            prior: check_rule::prior(qber),
            max_iterations: 100,
        })
    }

    /// Where the `i`-th disclosed parity stands among the parities of all halves: one lane of every half in turn.
    fn place(&self, i: usize) -> usize {
        let halves = self.halves.rows().max(1);
        i % halves * self.halves.lift() + i / halves
    }
}

/// Splits `count` evenly spaced rows: the code to decode, the first halves, and where the syndromes go.
fn split_rows(first: &QcCode, count: usize) -> (QcCode, QcCode, Vec<Option<usize>>) {
    let (mut rows, mut halves, mut row_of) = (Vec::new(), Vec::new(), Vec::new());
    let chosen = |r: usize| halves_before(r + 1, first.rows(), count) > halves_before(r, first.rows(), count);
    for r in 0..first.rows() {
        if !chosen(r) {
            rows.push(first.row(r).to_vec());
            row_of.push(Some(r));
            continue;
        }
        let joint = Edge { column: (first.columns() + halves.len()) as u32, shift: 0 };
        let half = |parity| first.row(r).iter().copied().skip(parity).step_by(2).collect::<Vec<_>>();
        halves.push(half(0));
        rows.push([half(0), vec![joint]].concat());
        row_of.push(None);
        rows.push([half(1), vec![joint]].concat());
        row_of.push(Some(r));
    }
    let split = QcCode::new(first.lift(), first.columns() + halves.len(), &rows);
    (split, QcCode::new(first.lift(), first.columns(), &halves), row_of)
}

/// How many of `count` evenly spaced rows come before row `r` of `rows`.
fn halves_before(r: usize, rows: usize, count: usize) -> usize {
    (r * count).div_ceil(rows)
}

impl Interactive for Blind {
    fn alice(&self, string: &BitRef) -> Result<Box<dyn Alice + '_>, Error> {
        let mut string = words("Alice's string", string, self.n_bits)?;
        string.resize(self.first.code_bits().div_ceil(64), 0);
        Ok(Box::new(AliceEnd { plan: self, parities: self.halves.syndrome(&string), string, sent: 0 }))
    }

    fn bob(&self, string: &BitRef) -> Result<Box<dyn Bob + '_>, Error> {
        let mut string = words("Bob's string", string, self.n_bits)?;
        string.resize(self.first.code_bits().div_ceil(64), 0);
        Ok(Box::new(BobEnd {
            plan: self,
            parities: self.halves.syndrome(&string),
            string,
            syndrome: Vec::new(),
            heard: 0,
            disclosed: Vec::new(),
            worker: Propagation::new(Backend::detect(), 0),
            satisfied: false,
            iterations: 0,
        }))
    }
}

struct AliceEnd<'a> {
    plan: &'a Blind,
    string: Vec<u64>,
    /// Parities of the halves.
    parities: Vec<u64>,
    sent: usize,
}

impl AliceEnd<'_> {
    fn disclose(&self, which: core::ops::Range<usize>) -> Bits {
        let parity = |i| {
            let at = self.plan.place(i);
            self.parities[at / 64] >> (at % 64) & 1 == 1
        };
        which.map(parity).collect()
    }
}

impl Alice for AliceEnd<'_> {
    fn open(&mut self) -> Message {
        self.sent = 1;
        let first = &self.plan.first;
        let mut message = bits_from_words(&first.syndrome(&self.string), first.syndrome_bits());
        message.extend_from_bitslice(&self.disclose(0..self.plan.schedule[0]));
        Message::of_values(message)
    }

    fn answer(&mut self, message: &Message) -> Result<Message, Error> {
        message.parts("Bob's request", 0, 1)?;
        let end = |sent: usize| self.plan.schedule.get(sent).copied();
        let start = end(self.sent - 1).unwrap_or(0);
        let end = end(self.sent).unwrap_or(start);
        self.sent = (self.sent + 1).min(self.plan.schedule.len());
        Ok(Message::of_values(self.disclose(start..end)))
    }
}

struct BobEnd<'a> {
    plan: &'a Blind,
    string: Vec<u64>,
    parities: Vec<u64>,
    /// Syndrome of the error pattern under the split code.
    syndrome: Vec<u64>,
    /// Messages heard.
    heard: usize,
    /// Differences of the disclosed parities, in order.
    disclosed: Vec<bool>,
    worker: Propagation,
    satisfied: bool,
    iterations: u64,
}

impl BobEnd<'_> {
    fn take_syndrome(&mut self, message: &BitRef) -> Result<(), Error> {
        let plan = self.plan;
        let mut syndrome = words("the syndrome", message, plan.first.syndrome_bits())?;
        let own = plan.first.syndrome(&self.string);
        syndrome.iter_mut().zip(&own).for_each(|(s, own)| *s ^= own);
        let lift = plan.first.lift();
        let mut block = vec![0; lanes::words(lift)];
        for (i, row) in plan.row_of.iter().enumerate() {
            match row {
                Some(r) => lanes::get(lift, &syndrome, *r, &mut block),
                None => block.fill(0),
            }
            lanes::put(lift, &mut self.syndrome, i, &block);
        }
        Ok(())
    }

    fn take_parities(&mut self, parities: &BitRef) {
        let plan = self.plan;
        for (i, theirs) in (self.disclosed.len()..).zip(parities) {
            let at = plan.place(i);
            let own = self.parities[at / 64] >> (at % 64) & 1 == 1;
            self.disclosed.push(own != *theirs);
        }
    }

    fn attempt(&mut self) -> bool {
        let plan = self.plan;
        let mut priors = vec![CERTAIN; plan.split.code_bits()];
        let (string, joints) = priors.split_at_mut(plan.first.code_bits());
        string[..plan.n_bits].fill(plan.prior);
        joints.fill(0);
        for (i, differs) in self.disclosed.iter().enumerate() {
            joints[plan.place(i)] = if *differs { -CERTAIN } else { CERTAIN };
        }
        self.worker.start(&plan.split, &self.syndrome, priors.into_iter());
        let ended = self.worker.run(&plan.split, &self.syndrome, plan.max_iterations);
        self.iterations += u64::from(ended.iterations);
        ended.converged
    }
}

impl Bob for BobEnd<'_> {
    fn hear(&mut self, message: &Message) -> Result<Reaction, Error> {
        let syndrome = if self.heard == 0 { self.plan.first.syndrome_bits() } else { 0 };
        let parities = self.plan.schedule[self.heard] - self.disclosed.len();
        let what = if self.heard == 0 { "the syndrome" } else { "the disclosed parities" };
        let (values, _) = message.parts(what, syndrome + parities, 0)?;
        let (syndrome, parities) = values.split_at(syndrome);
        if self.heard == 0 {
            self.take_syndrome(syndrome)?;
        }
        self.take_parities(parities);
        self.heard += 1;
        self.satisfied = self.attempt();
        let over = self.satisfied || self.heard >= self.plan.schedule.len();
        let word = Message::of_differences(Bits::repeat(self.satisfied, 1));
        Ok(if over { Reaction::Finish(word) } else { Reaction::Ask(word) })
    }

    fn estimate(&self) -> Bits {
        let mut estimate = self.string.clone();
        if self.satisfied {
            estimate.iter_mut().zip(self.worker.decisions()).for_each(|(word, error)| *word ^= error);
        }
        bits_from_words(&estimate, self.plan.n_bits)
    }

    fn satisfied(&self) -> bool {
        self.satisfied
    }

    fn iterations(&self) -> u64 {
        self.iterations
    }
}

/// The first syndrome covers this many entropies and standard deviations of the errors' information.
const CODE_GAP: f64 = 1.03;
const FIRST: f64 = 0.8;
/// Standard deviations that each further message adds.
const STEPS: [f64; 4] = [0.7, 0.8, 1.0, 2.5];
const CODE_SEED: u64 = 1;
/// Posterior of a bit that is known.
const CERTAIN: i16 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::random_pair;
    use crate::interactive::converse;

    #[test]
    fn more_parities_until_it_decodes() {
        let plan = Blind::design(10_000, 0.05).unwrap();
        let (mut bits, mut trips, mut lost) = (0, [0; 6], 0);
        for seed in 0..30 {
            let (a, b) = random_pair(10_000, 0.05, seed);
            let outcome = converse(&mut *plan.alice(&a).unwrap(), plan.bob(&b).unwrap()).unwrap();
            bits += outcome.leak.bits();
            assert_eq!(outcome.leak.from_bob_bits(), u64::from(outcome.round_trips), "one bit each time");
            trips[outcome.round_trips as usize] += 1;
            assert!(!outcome.satisfied || outcome.estimate == a, "undetected");
            lost += u32::from(!outcome.satisfied);
        }
        let f = bits as f64 / (1e4 * 30.0 * diqkd_core::binary_entropy(0.05));
        assert!(f > 1.0 && f < 1.14 && lost <= 1, "f {f}, {lost} lost, {trips:?}");
        assert!(trips.iter().filter(|&&count| count > 0).count() > 2, "{trips:?}");
    }

    #[test]
    fn messages_of_another_length_are_refused() {
        let plan = Blind::design(10_000, 0.05).unwrap();
        let (a, b) = random_pair(10_000, 0.05, 1);
        let mut alice = plan.alice(&a).unwrap();
        let first = alice.open();
        let message = |bits: &BitRef| Message::of_values(bits.into());
        assert!(matches!(alice.answer(&message(&a[..2])), Err(Error::Length { .. })));
        let mut bob = plan.bob(&b).unwrap();
        assert!(matches!(bob.hear(&message(&first.values[1..])), Err(Error::Length { .. })));
        let _ = bob.hear(&first).unwrap();
        assert!(matches!(bob.hear(&first), Err(Error::Length { .. })));
        assert!(matches!(Blind::design(10_000, 0.6), Err(Error::ErrorProbability { .. })));
    }
}
