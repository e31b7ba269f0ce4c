//! Decoding frames of any matrix, 64 at a time: the lanes that a quasi-cyclic code fills with its circulants are
//! frames here, so the matrix needs no structure and each row is a layer of its own.

use alloc::vec;
use alloc::vec::Vec;

use diqkd_gf2::{BitRef, Bits, bits_from_words};

use crate::backend::Backend;
use crate::check_rule::{QUICK_PASSES, prior};
use crate::code::QcCode;
use crate::encoder::words;
use crate::error::Error;
use crate::guesses::{self, Doubt};
use crate::matrix::ParityMatrix;
use crate::propagation::Propagation;

/// Decodes frames of a [`ParityMatrix`].
///
/// Memory: about 64 · (3 · columns + ones) bytes. A call costs the same for 1 as for 64 frames.
///
/// ```
/// use diqkd_reconcile::{Bits, FrameDecoder, ParityMatrix};
///
/// let hamming = ParityMatrix::new(7, &[vec![0, 2, 4, 6], vec![1, 2, 5, 6], vec![3, 4, 5, 6]])?;
/// let alice: Bits = [true, true, false, false, true, true, false].into_iter().collect();
/// let mut bob = alice.clone();
/// bob.set(3, true);
/// let mut decoder = FrameDecoder::new(&hamming, &[0.05; 7])?;
/// let decoded = decoder.decode(&[bob], &[hamming.syndrome(&alice)?])?;
/// assert!(decoded[0].converged);
/// assert_eq!(decoded[0].estimate, alice);
/// # Ok::<(), diqkd_reconcile::Error>(())
/// ```
#[derive(Debug)]
pub struct FrameDecoder {
    matrix: ParityMatrix,
    priors: Vec<i16>,
    max_iterations: u32,
    worker: Propagation,
}

/// What decoding a frame found. A frame that did not converge is an expected outcome, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct DecodedFrame {
    /// Alice's frame if it converged, else the last decisions.
    pub estimate: Bits,
    /// Whether the estimate has Alice's syndrome.
    pub converged: bool,
    /// Passes over the matrix.
    pub iterations: u32,
}

impl FrameDecoder {
    /// A decoder for frames with the given probability of an error at each position, at most 200 passes a frame
    /// before [a second look](Self::with_max_iterations).
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one probability a column, [`Error::ErrorProbability`] outside `[0, 1/2]`.
    pub fn new(matrix: &ParityMatrix, error_probabilities: &[f64]) -> Result<Self, Error> {
        let (bits, expected) = (error_probabilities.len(), matrix.columns());
        if bits != expected {
            return Err(Error::Length { what: "the list of error probabilities", bits, expected });
        }
        if let Some(class) = error_probabilities.iter().position(|p| !(0.0..=0.5).contains(p)) {
            return Err(Error::ErrorProbability { class, value: error_probabilities[class] });
        }
        Ok(Self {
            matrix: matrix.clone(),
            priors: error_probabilities.iter().map(|&p| prior(p)).collect(),
            max_iterations: 200,
            worker: Propagation::new(Backend::detect(), QUICK_PASSES),
        })
    }

    /// Sets the most passes a frame. One that stands a few parities from success after that many is decoded once more, with
    /// single bits turned over.
    #[must_use]
    pub fn with_max_iterations(mut self, max_iterations: u32) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Decodes Bob's frames with Alice's syndromes, any number of them.
    ///
    /// # Errors
    /// [`Error::Length`] for a frame or syndrome of the wrong length, or if there are more of one than of the other.
    pub fn decode(&mut self, noisy: &[Bits], syndromes: &[Bits]) -> Result<Vec<DecodedFrame>, Error> {
        if noisy.len() != syndromes.len() {
            let (bits, expected) = (syndromes.len(), noisy.len());
            return Err(Error::Length { what: "the list of syndromes", bits, expected });
        }
        let mut out = Vec::with_capacity(noisy.len());
        for (noisy, syndromes) in noisy.chunks(64).zip(syndromes.chunks(64)) {
            self.decode_batch(noisy, syndromes, &mut out)?;
        }
        Ok(out)
    }

    /// Decodes those frames once more that are `open` and stand a few parities from success, one after the other, and keeps
    /// what it finds.
    fn look_again(
        &mut self,
        difference: &[u64],
        open: &mut u64,
        errors: &mut [u64],
        iterations: &mut [u32; 64],
    ) {
        let code = self.matrix.code();
        let wrong = self.worker.wrong_checks(code, difference);
        let near: Vec<(usize, Vec<Doubt>)> = (0..64)
            .filter(|lane| *open >> lane & 1 == 1)
            .map(|lane| (lane, doubts_of_lane(&self.worker, code, &wrong, lane)))
            .filter(|(_, doubts)| !doubts.is_empty())
            .collect();
        for (lane, doubts) in near {
            let syndrome: Vec<u64> =
                difference.iter().map(|word| (word >> lane & 1).wrapping_neg()).collect();
            let (passes, found) = self.guess(&syndrome, &doubts);
            iterations[lane] += passes;
            if let Some(guess) = found {
                *open &= !(1 << lane);
                for (error, decision) in errors.iter_mut().zip(self.worker.decisions()) {
                    *error = *error & !(1 << lane) | (decision >> guess & 1) << lane;
                }
            }
        }
    }

    /// Decodes one frame on all lanes, on each with another bit turned over: the passes that were made, and the lane whose
    /// decisions have the syndrome.
    fn guess(&mut self, syndrome: &[u64], doubts: &[Doubt]) -> (u32, Option<usize>) {
        let code = self.matrix.code();
        let mut priors: Vec<i16> =
            self.priors.iter().flat_map(|&prior| core::iter::repeat_n(prior, 64)).collect();
        for (lane, doubt) in doubts.iter().enumerate() {
            priors[doubt.bit / 64 * 64 + lane] = doubt.turned;
        }
        self.worker.start(code, syndrome, priors.into_iter());
        let most = guesses::PASSES.min(self.max_iterations);
        for pass in 1..=most {
            self.worker.pass(code, pass);
            let wrong = self.worker.wrong_checks(code, syndrome).into_iter().fold(0, |any, w| any | w);
            if let Some(lane) = (0..doubts.len()).find(|lane| wrong >> lane & 1 == 0) {
                return (pass, Some(lane));
            }
        }
        (most, None)
    }

    fn decode_batch(
        &mut self,
        noisy: &[Bits],
        syndromes: &[Bits],
        out: &mut Vec<DecodedFrame>,
    ) -> Result<(), Error> {
        let code = self.matrix.code();
        let bob = lanes("the frame", noisy, self.matrix.columns())?;
        let alice = lanes("the syndrome", syndromes, self.matrix.rows())?;
        let mut difference = code.syndrome(&bob);
        difference.iter_mut().zip(&alice).for_each(|(d, s)| *d ^= s);
        let priors = self.priors.iter().flat_map(|&prior| core::iter::repeat_n(prior, 64));
        self.worker.start(code, &difference, priors);
        // A frame is done, and its decisions are kept, after the first pass that gives them the wanted syndrome.
        let mut open = u64::MAX >> (64 - noisy.len().max(1));
        let mut errors = vec![0u64; code.columns()];
        let mut iterations = [self.max_iterations; 64];
        for pass in 1..=self.max_iterations {
            self.worker.pass(code, pass);
            let decisions = self.worker.decisions();
            let wrong = self.worker.wrong_checks(code, &difference).into_iter().fold(0, |any, w| any | w);
            let ending = if pass == self.max_iterations { open } else { open & !wrong };
            if ending != 0 {
                errors.iter_mut().zip(decisions).for_each(|(e, d)| *e |= d & ending);
            }
            let done = open & !wrong;
            (0..64).filter(|lane| done >> lane & 1 == 1).for_each(|lane| iterations[lane] = pass);
            open &= wrong;
            if open == 0 {
                break;
            }
        }
        self.look_again(&difference, &mut open, &mut errors, &mut iterations);
        for (lane, noisy) in noisy.iter().enumerate() {
            let mut frame = words("the frame", noisy, self.matrix.columns())?;
            for (c, error) in errors.iter().enumerate() {
                frame[c / 64] ^= (error >> lane & 1) << (c % 64);
            }
            out.push(DecodedFrame {
                estimate: bits_from_words(&frame, self.matrix.columns()),
                converged: open >> lane & 1 == 0,
                iterations: iterations[lane],
            });
        }
        Ok(())
    }
}

/// The bits of the frame on one lane to turn over.
fn doubts_of_lane(worker: &Propagation, code: &QcCode, wrong: &[u64], lane: usize) -> Vec<Doubt> {
    let wrong: Vec<u64> = wrong.iter().map(|word| word & 1 << lane).collect();
    guesses::doubts(worker, code, &wrong, |bit| bit % 64 == lane)
}

/// Transposes up to 64 strings: bit `f` of word `i` is bit `i` of string `f`.
fn lanes(what: &'static str, strings: &[Bits], length: usize) -> Result<Vec<u64>, Error> {
    let mut out = vec![0u64; length];
    for (lane, string) in strings.iter().enumerate() {
        let string: &BitRef = string;
        let words = words(what, string, length)?;
        for (i, out) in out.iter_mut().enumerate() {
            *out |= (words[i / 64] >> (i % 64) & 1) << lane;
        }
    }
    Ok(out)
}
