//! Layered belief propagation over one code, on error patterns.
//!
//! The decoder never sees a key bit: it is given the syndrome of the difference of both strings and looks for the
//! likeliest error pattern with that syndrome. So its decisions depend on the error pattern alone.

use alloc::vec;
use alloc::vec::Vec;

use crate::backend::{Backend, BlockRow, Scratch};
use crate::check_rule::{MESSAGE_SHIFT, Rule};
use crate::code::QcCode;
use crate::lanes;
use crate::posteriors::Posteriors;

/// Working memory for one code: 3 bytes a code bit, 1 an edge, 1 a syndrome bit.
#[derive(Debug)]
pub(crate) struct Propagation {
    backend: Backend,
    quick_passes: u32,
    posteriors: Posteriors,
    messages: Vec<i8>,
    syndrome: Vec<i8>,
    decisions: Vec<u64>,
    scratch: Scratch,
}

/// How a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Whether the decisions have the wanted syndrome.
    pub(crate) converged: bool,
    /// Passes over the code that were made.
    pub(crate) iterations: u32,
}

impl Propagation {
    /// The first `quick_passes` passes may use [`Rule::Quick`].
    pub(crate) fn new(backend: Backend, quick_passes: u32) -> Self {
        Self {
            backend,
            quick_passes,
            posteriors: Posteriors::default(),
            messages: Vec::new(),
            syndrome: Vec::new(),
            decisions: Vec::new(),
            scratch: Scratch::new(0),
        }
    }

    /// Forgets everything and takes the syndrome of the error pattern (`rows·lift` bits) and a prior for each code
    /// bit, positive where no error is likelier.
    pub(crate) fn start(&mut self, code: &QcCode, syndrome: &[u64], priors: impl Iterator<Item = i16>) {
        self.posteriors.reset(code, priors);
        self.messages.clear();
        self.messages.resize(code.edge_count() * code.lift(), 0);
        self.decisions.clear();
        self.decisions.resize(code.code_bits().div_ceil(64), 0);
        self.syndrome.clear();
        for &word in syndrome {
            self.syndrome.extend((0..64).map(|i| -((word >> i & 1) as i8)));
        }
        self.scratch = Scratch::new(code.largest_row_degree());
    }

    /// Pass number `pass`, from 1, over all block rows; decisions are then up to date.
    pub(crate) fn pass(&mut self, code: &QcCode, pass: u32) {
        let lift = code.lift();
        for r in 0..code.rows() {
            let edges = code.row(r);
            let mut row = BlockRow {
                lift,
                edges,
                caps: code.caps(r),
                posteriors: &mut self.posteriors,
                messages: &mut self.messages[code.first_edge(r) * lift..][..edges.len() * lift],
                syndrome: &self.syndrome[r * lift..][..lift],
            };
            self.backend.update(
                &mut row,
                Rule::of(edges.len(), pass <= self.quick_passes),
                &mut self.scratch,
            );
        }
        self.decide(lift);
    }

    /// Decisions are the signs of the posteriors.
    fn decide(&mut self, lift: usize) {
        let mut columns = self.posteriors.columns();
        if lift != lanes::HALF {
            for (column, words) in columns.zip(self.decisions.chunks_exact_mut(lift / 64)) {
                self.backend.signs(column, words);
            }
            return;
        }
        for word in self.decisions.chunks_exact_mut(1) {
            let mut pair = [0; 2 * lanes::HALF];
            for (half, column) in pair.chunks_exact_mut(lanes::HALF).zip(columns.by_ref()) {
                half.copy_from_slice(column);
            }
            self.backend.signs(&pair, word);
        }
    }

    /// Passes until the decisions have the syndrome that [`Propagation::start`] was given.
    pub(crate) fn run(&mut self, code: &QcCode, syndrome: &[u64], most: u32) -> Ended {
        let mut lanes = vec![0; lanes::words(code.lift())];
        let mut suspect = 0;
        for iterations in 1..=most {
            self.pass(code, iterations);
            let rows = (0..code.rows()).map(|i| (suspect + i) % code.rows());
            match rows.into_iter().find(|&r| self.mismatch(code, r, syndrome, &mut lanes) != 0) {
                None => return Ended { converged: true, iterations },
                Some(r) => suspect = r,
            }
        }
        Ended { converged: false, iterations: most }
    }

    /// Word-wise OR of the parities of block row `r` that are wrong.
    pub(crate) fn mismatch(&self, code: &QcCode, r: usize, syndrome: &[u64], lanes: &mut [u64]) -> u64 {
        lanes::get(code.lift(), syndrome, r, lanes);
        code.add_row(r, &self.decisions, lanes);
        lanes.iter().fold(0, |any, lane| any | lane)
    }

    /// A 1 for each parity that the decisions leave wrong, `rows·lift` bits.
    pub(crate) fn wrong_checks(&self, code: &QcCode, syndrome: &[u64]) -> Vec<u64> {
        let mut wrong = code.syndrome(&self.decisions);
        wrong.iter_mut().zip(syndrome).for_each(|(parity, wanted)| *parity ^= wanted);
        wrong
    }

    /// The opinion of one code bit, positive where no error is likelier.
    pub(crate) fn posterior(&self, bit: usize) -> i16 {
        self.posteriors.get(bit)
    }

    /// The priors that [`Propagation::start`] was given: what the posteriors are without the messages.
    pub(crate) fn priors(&self, code: &QcCode) -> Vec<i16> {
        let lift = code.lift();
        let mut priors: Vec<i16> = (0..code.code_bits()).map(|bit| self.posterior(bit)).collect();
        for r in 0..code.rows() {
            let messages = self.messages[code.first_edge(r) * lift..].chunks_exact(lift);
            for (edge, messages) in code.row(r).iter().zip(messages) {
                for (lane, &message) in messages.iter().enumerate() {
                    let at = edge.column as usize * lift + (lane + edge.shift as usize) % lift;
                    priors[at] -= i16::from(message) << MESSAGE_SHIFT;
                }
            }
        }
        priors
    }

    /// The error pattern, `columns·lift` bits.
    pub(crate) fn decisions(&self) -> &[u64] {
        &self.decisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_rule::{QUICK_PASSES, STEPS_PER_NAT, prior};
    use crate::construct::construct;
    use crate::ensemble::Ensembles;
    use crate::frame_code::FrameCode;
    use crate::oracle;
    use crate::shape::Shape;
    use crate::splitmix::SplitMix64;

    /// Error pattern of independent errors.
    fn errors(probabilities: &[f64], rng: &mut SplitMix64) -> Vec<u64> {
        let word = |p: &[f64]| p.iter().rev().fold(0, |word, &p| word << 1 | u64::from(rng.chance(p)));
        probabilities.chunks(64).map(word).collect()
    }

    fn decode(code: &QcCode, probabilities: &[f64], errors: &[u64]) -> (Ended, Vec<u64>) {
        let mut worker = Propagation::new(Backend::detect(), QUICK_PASSES);
        let syndrome = code.syndrome(errors);
        worker.start(code, &syndrome, probabilities.iter().map(|&p| prior(p)));
        let ended = worker.run(code, &syndrome, 200);
        (ended, worker.decisions().to_vec())
    }

    #[test]
    fn integer_messages_lose_little_against_double_precision() {
        let code = construct(64, 30, &Ensembles::narrow().degrees(30, 60), 1);
        let probabilities = vec![0.0935; code.code_bits()];
        let mut rng = SplitMix64::new(5);
        let (mut failed, mut failed_exactly) = (0, 0);
        for _ in 0..60 {
            let errors = errors(&probabilities, &mut rng);
            let (ended, decisions) = decode(&code, &probabilities, &errors);
            let priors: Vec<f64> =
                probabilities.iter().map(|&p| f64::from(prior(p)) / STEPS_PER_NAT).collect();
            let (exactly, exact_decisions) = oracle::decode(&code, &priors, &code.syndrome(&errors), 200);
            failed += i32::from(!ended.converged);
            failed_exactly += i32::from(!exactly.converged);
            if ended.converged && exactly.converged {
                assert_eq!(decisions, exact_decisions);
            }
        }
        assert!((5..40).contains(&failed_exactly), "{failed_exactly} of 60: not the waterfall");
        assert!(failed <= failed_exactly + 5, "{failed} {failed_exactly}");
    }

    /// The frame of 16,384 positions that a seed draws ends as what it is, with no second look.
    fn assert_decodes(code: &FrameCode, error_probability: f64, seed: u64) {
        let mut rng = SplitMix64::new(seed);
        let mut errors = vec![0; 16_384 / 64];
        (0..16_384).for_each(|i| errors[i / 64] |= u64::from(rng.chance(error_probability)) << (i % 64));
        let (decoded, syndrome) = (code.decoded(), code.expand(&code.syndrome(&errors)));
        let mut worker = Propagation::new(Backend::detect(), QUICK_PASSES);
        let priors = core::iter::repeat_n(prior(error_probability), errors.len() * 64);
        worker.start(decoded, &syndrome, priors.chain(code.hidden_priors(10_000)));
        assert!(worker.run(decoded, &syndrome, 200).converged, "{seed:x}");
        assert_eq!(worker.decisions()[..errors.len()], errors, "{seed:x}");
    }

    /// Frames that come within a few parities of success, where columns of forty edges used to turn round.
    #[test]
    fn the_last_doubts_do_not_turn_strong_columns() {
        let code =
            FrameCode::of(&Shape { lift: 64, rows: 43, columns: 256, rest: 0 }, Ensembles::narrow(), 1);
        for draw in [19, 58, 74, 87, 132] {
            assert_decodes(&code, 0.02, 0xabc ^ draw << 20);
        }
    }

    /// Frames with no more errors than others, which ended with one wrong parity where three columns of degree 3 were on a cycle
    /// with chains of columns of degree 2.
    #[test]
    fn three_columns_of_degree_3_trap_no_frame() {
        let ensembles = Ensembles::short();
        let shape = Shape { lift: 64, rows: 148, columns: 256, rest: 8 };
        let code = FrameCode::of(&shape, ensembles, ensembles.seed());
        for draw in [595, 681, 1382, 1556, 3510, 3514, 4100, 4341] {
            assert_decodes(&code, 0.11, 13u64.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ draw << 20);
        }
    }

    /// Half of the positions have no error, the others one in ten: 0.2345 bits each, but 0.2864 to a decoder that
    /// takes them all for alike.
    #[test]
    fn two_classes_decode_below_the_entropy_of_their_average_with_priors_only() {
        let (rows, columns) = (105, 375);
        let code = construct(512, rows, &Ensembles::narrow().degrees(rows, columns), 1);
        let leak_rate = rows as f64 / columns as f64;
        assert!((0.2345..0.2864).contains(&leak_rate));
        let mut rng = SplitMix64::new(8);
        let classes: Vec<f64> =
            (0..code.code_bits()).map(|_| if rng.chance(0.5) { 0.1 } else { 0.0 }).collect();
        let alike = vec![0.05; code.code_bits()];
        for _ in 0..3 {
            let errors = errors(&classes, &mut rng);
            let (ended, decisions) = decode(&code, &classes, &errors);
            assert!(ended.converged && decisions == errors);
            assert!(!decode(&code, &alike, &errors).0.converged);
        }
    }
}
