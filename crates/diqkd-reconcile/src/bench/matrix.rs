//! A user's own matrix.

use alloc::vec::Vec;

use diqkd_gf2::Bits;

use super::block::Block;
use super::report::{BenchReport, Setting};
use super::tally::{Tally, share_out};
use super::{BenchRequest, Clock, Priors};
use crate::class::Mixture;
use crate::error::Error;
use crate::frame_decoder::FrameDecoder;
use crate::matrix::ParityMatrix;

/// Measures a matrix on random frames of its own length. Of the request, classes, priors, frames, seed, passes and
/// the target failure (for the bound) count. The classes of the positions are drawn once: they belong to the matrix.
///
/// # Errors
/// [`Error::ClassCount`], [`Error::Fractions`], [`Error::ErrorProbability`] for classes out of range.
pub fn run_matrix(
    matrix: &ParityMatrix,
    request: &BenchRequest,
    now: Clock<'_>,
) -> Result<BenchReport, Error> {
    let mixture = Mixture::new(&request.classes)?;
    let request = BenchRequest { block: matrix.columns() as u64, ..request.clone() };
    let class = Block::random(&request, u32::MAX).class;
    let batches = request.frames.div_ceil(BATCH);
    let tally = share_out(batches, |first, step| {
        let mut tally = Tally::default();
        let mut decoder = FrameDecoder::new(matrix, &priors(&request, &mixture, &class))?
            .with_max_iterations(request.max_iterations);
        for batch in (first..batches).step_by(step as usize) {
            let frames = batch * BATCH..request.frames.min((batch + 1) * BATCH);
            measure(matrix, &request, &class, &mut decoder, frames, now, &mut tally)?;
        }
        Ok(tally)
    })?;
    let setting = Setting {
        block: request.block,
        frames: request.frames,
        frames_a_block: 1,
        mixture: &mixture,
        target_failure: request.options.target_failure,
        cap: Some(matrix.rows() as u64),
    };
    Ok(setting.report(&tally))
}

fn priors(request: &BenchRequest, mixture: &Mixture, class: &Bits) -> Vec<f64> {
    let of_class =
        |second: bool| request.classes.get(usize::from(second)).map_or(0.0, |c| c.error_probability);
    let prior = |second: bool| match request.priors {
        Priors::PerClass => of_class(second),
        Priors::Mean => mixture.mean_error_probability(),
    };
    class.iter().by_vals().map(prior).collect()
}

fn measure(
    matrix: &ParityMatrix,
    request: &BenchRequest,
    class: &Bits,
    decoder: &mut FrameDecoder,
    frames: core::ops::Range<u32>,
    now: Clock<'_>,
    tally: &mut Tally,
) -> Result<(), Error> {
    let (alice, bob): (Vec<Bits>, Vec<Bits>) =
        frames.map(|i| Block::random_with_classes(request, class, i)).unzip();
    let start = now();
    let syndromes: Vec<Bits> = alice.iter().map(|frame| matrix.syndrome(frame)).collect::<Result<_, _>>()?;
    tally.encoding += now().saturating_sub(start);
    let start = now();
    let decoded = decoder.decode(&bob, &syndromes)?;
    tally.decoding += now().saturating_sub(start);
    for (decoded, alice) in decoded.iter().zip(&alice) {
        let right = decoded.converged && decoded.estimate == *alice;
        tally.failed += u32::from(!right);
        tally.undetected += u32::from(decoded.converged && !right);
        tally.iterations += u64::from(decoded.iterations);
        tally.alice_bits += matrix.rows() as u64;
        tally.count_trips(1);
    }
    Ok(())
}

/// Frames that the decoder takes at once.
const BATCH: u32 = 64;
