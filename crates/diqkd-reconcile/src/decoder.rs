//! Bob's side.

use alloc::vec::Vec;

use diqkd_gf2::{BitRef, Bits, bits_from_words};

use crate::backend::Backend;
use crate::check_rule::QUICK_PASSES;
use crate::code::QcCode;
use crate::encoder::{string_words, words};
use crate::error::Error;
use crate::guesses;
use crate::propagation::{Ended, Propagation};
use crate::scheme::{Retry, Scheme};

/// Finds Alice's string from Bob's and the syndromes.
#[derive(Debug)]
pub struct Decoder {
    scheme: Scheme,
    max_iterations: u32,
    workers: Vec<Propagation>,
}

/// What decoding found. A frame that did not converge is an expected outcome, not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decoded {
    /// Alice's string as far as the frames converged; Bob's own bits elsewhere. Not verified: a converged frame has
    /// the right syndrome, which almost always means the right string.
    pub estimate: Bits,
    /// Frames that did not converge, in increasing order.
    pub failed: Vec<u32>,
    /// Passes that each decoded frame took, in order of the frames that were decoded.
    pub iterations: Vec<u32>,
}

impl Decoder {
    /// A decoder for `scheme` with at most 200 passes a frame, before [a second look](Self::with_max_iterations).
    pub fn new(scheme: &Scheme) -> Self {
        Self { scheme: scheme.clone(), max_iterations: 200, workers: Vec::new() }
    }

    /// Sets the most passes a frame; Bob's own choice, Alice need not know. A frame that stands a few parities from success
    /// after that many is given up to eight times as many more, to decode it with single bits turned over.
    #[must_use]
    pub fn with_max_iterations(mut self, max_iterations: u32) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Decodes all frames. `class` has a 1 where a position is of class 1.
    ///
    /// # Errors
    /// [`Error::Length`] unless `noisy` and `class` have [`Scheme::n_bits`] and `syndrome` has
    /// [`Scheme::syndrome_bits`] bits.
    pub fn decode(&mut self, noisy: &BitRef, class: &BitRef, syndrome: &BitRef) -> Result<Decoded, Error> {
        let scheme = self.scheme.clone();
        let code = scheme.code();
        let job = Job {
            code: code.decoded(),
            retry: None,
            noisy: string_words("Bob's string", noisy, &scheme)?,
            class: string_words("the class map", class, &scheme)?,
            scheme: &scheme,
            max_iterations: self.max_iterations,
        };
        let frames: Vec<(u32, Vec<u64>)> = (0..).zip(received(&scheme, syndrome)?).collect();
        let estimate = job.noisy.clone();
        Ok(self.run(&job, &frames, estimate))
    }

    /// Decodes the failed frames again with the extra bits that Alice sent for them.
    ///
    /// # Errors
    /// [`Error::Length`] as for [`Decoder::decode`], for a `first` of another scheme, and unless `extra` has
    /// [`Scheme::retry_bits_per_frame`] bits for each failed frame.
    pub fn decode_retry(
        &mut self,
        noisy: &BitRef,
        class: &BitRef,
        syndrome: &BitRef,
        first: &Decoded,
        extra: &BitRef,
    ) -> Result<Decoded, Error> {
        let scheme = self.scheme.clone();
        let Some(retry) = scheme.retry() else {
            words("the extra syndrome", extra, 0)?;
            return Ok(first.clone());
        };
        let job = Job {
            code: retry.code(),
            retry: Some(retry),
            noisy: string_words("Bob's string", noisy, &scheme)?,
            class: string_words("the class map", class, &scheme)?,
            scheme: &scheme,
            max_iterations: self.max_iterations,
        };
        let syndrome = received(&scheme, syndrome)?;
        let estimate = string_words("the first estimate", &first.estimate, &scheme)?;
        let (each, bits) = (retry.extra_bits(), extra.len());
        let expected = first.failed.len() * each;
        if bits != expected {
            return Err(Error::Length { what: "the extra syndrome", bits, expected });
        }
        let known = first.failed.iter().filter(|&&f| f < scheme.frames());
        let frames: Result<Vec<(u32, Vec<u64>)>, Error> = known
            .zip(extra.chunks_exact(each))
            .map(|(&f, extra)| {
                let extra = words("the extra syndrome", extra, each)?;
                Ok((f, retry.syndrome(&syndrome[f as usize], &extra)))
            })
            .collect();
        Ok(self.run(&job, &frames?, estimate))
    }

    fn run(&mut self, job: &Job<'_>, frames: &[(u32, Vec<u64>)], mut estimate: Vec<u64>) -> Decoded {
        let ended = self.decode_frames(job, frames);
        let mut failed = Vec::new();
        for ((frame, _), (ended, errors)) in frames.iter().zip(&ended) {
            if !ended.converged {
                failed.push(*frame);
                continue;
            }
            for at in job.scheme.positions_of_ones(*frame, errors) {
                estimate[(at / 64) as usize] ^= 1 << (at % 64);
            }
        }
        Decoded {
            estimate: bits_from_words(&estimate, job.scheme.n_bits() as usize),
            failed,
            iterations: ended.iter().map(|(ended, _)| ended.iterations).collect(),
        }
    }

    /// The end of each frame and its error pattern.
    #[cfg(feature = "rayon")]
    fn decode_frames(&mut self, job: &Job<'_>, frames: &[(u32, Vec<u64>)]) -> Vec<(Ended, Vec<u64>)> {
        use alloc::vec;

        use rayon::prelude::*;

        let workers = rayon::current_num_threads().min(frames.len());
        self.hire(workers);
        let mut out = vec![(Ended { converged: false, iterations: 0 }, Vec::new()); frames.len()];
        let share = frames.len().div_ceil(workers.max(1)).max(1);
        self.workers.par_iter_mut().zip(frames.par_chunks(share)).zip(out.par_chunks_mut(share)).for_each(
            |((worker, frames), out)| {
                for ((frame, syndrome), out) in frames.iter().zip(out) {
                    *out = job.decode(worker, *frame, syndrome);
                }
            },
        );
        out
    }

    #[cfg(not(feature = "rayon"))]
    fn decode_frames(&mut self, job: &Job<'_>, frames: &[(u32, Vec<u64>)]) -> Vec<(Ended, Vec<u64>)> {
        self.hire(1);
        let Some(worker) = self.workers.first_mut() else { return Vec::new() };
        frames.iter().map(|(frame, syndrome)| job.decode(worker, *frame, syndrome)).collect()
    }

    fn hire(&mut self, workers: usize) {
        let backend = Backend::detect();
        let missing = workers.max(self.workers.len());
        self.workers.resize_with(missing, || Propagation::new(backend, QUICK_PASSES));
    }
}

/// What all frames of one call share.
struct Job<'a> {
    scheme: &'a Scheme,
    code: &'a QcCode,
    /// Whose rows `code` splits, in a second round.
    retry: Option<&'a Retry>,
    noisy: Vec<u64>,
    class: Vec<u64>,
    max_iterations: u32,
}

impl Job<'_> {
    /// `syndrome`: Alice's, under `code`.
    fn decode(&self, worker: &mut Propagation, frame: u32, syndrome: &[u64]) -> (Ended, Vec<u64>) {
        let bits = self.scheme.frame_words(&self.noisy, frame);
        let code = self.scheme.code();
        let mut difference = code.expand(&code.syndrome(&bits));
        if let Some(retry) = self.retry {
            difference = retry.syndrome(&difference, &retry.extra(&bits));
        }
        difference.iter_mut().zip(syndrome).for_each(|(d, s)| *d ^= s);
        let [first, second] = self.scheme.priors();
        let bits = self.scheme.bits_of_frame(frame);
        let unused = core::iter::repeat_n(CERTAIN, code.whole().code_bits() - bits);
        let rest = unused.chain(code.hidden_priors(CERTAIN));
        if self.class.iter().all(|&word| word == 0) {
            worker.start(self.code, &difference, core::iter::repeat_n(first, bits).chain(rest));
        } else {
            let class = self.scheme.frame_words(&self.class, frame);
            let prior = |k: usize| if class[k / 64] >> (k % 64) & 1 == 0 { first } else { second };
            worker.start(self.code, &difference, (0..bits).map(prior).chain(rest));
        }
        let mut ended = worker.run(self.code, &difference, self.max_iterations);
        if !ended.converged {
            ended = guesses::go_on(worker, self.code, &difference, ended);
        }
        (ended, worker.decisions().to_vec())
    }
}

/// Alice's syndrome of each frame, as Bob decodes it.
fn received(scheme: &Scheme, syndrome: &BitRef) -> Result<Vec<Vec<u64>>, Error> {
    let (bits, expected) = (syndrome.len(), scheme.syndrome_bits());
    if bits != expected {
        return Err(Error::Length { what: "the syndrome", bits, expected });
    }
    let code = scheme.code();
    let frame = code.syndrome_bits();
    syndrome.chunks_exact(frame).map(|sent| Ok(code.expand(&words("the syndrome", sent, frame)?))).collect()
}

/// Prior of the code bits that stand for no position: they are 0 on both sides.
const CERTAIN: i16 = 10_000;
