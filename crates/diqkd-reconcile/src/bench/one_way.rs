//! One-way schemes.

use super::block::Block;
use super::report::{BenchReport, Setting};
use super::tally::{Tally, share_out};
use super::{BenchRequest, Clock, Priors};
use crate::class::{ErrorClass, Mixture};
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::error::Error;
use crate::scheme::Scheme;

pub(super) fn run(request: &BenchRequest, mixture: &Mixture, now: Clock<'_>) -> Result<BenchReport, Error> {
    let scheme = design(request, mixture)?;
    let tally = share_out(request.frames, |first, step| measure(request, &scheme, now, first, step))?;
    let setting = Setting {
        block: request.block,
        frames: request.frames,
        frames_a_block: scheme.frames(),
        mixture,
        target_failure: request.options.target_failure,
        cap: Some(scheme.leak_cap().0),
    };
    Ok(setting.report(&tally))
}

/// The scheme for the classes, or one of the same leak that knows their mean alone.
fn design(request: &BenchRequest, mixture: &Mixture) -> Result<Scheme, Error> {
    let scheme = Scheme::design(request.block, &request.classes, &request.options)?;
    match request.priors {
        Priors::PerClass => Ok(scheme),
        Priors::Mean => {
            let mean = ErrorClass { fraction: 1.0, error_probability: mixture.mean_error_probability() };
            let mut options = request.options;
            options.leak_rate = Some(scheme.leak_cap().0 as f64 / request.block as f64);
            Scheme::design(request.block, &[mean], &options)
        }
    }
}

fn measure(
    request: &BenchRequest,
    scheme: &Scheme,
    now: Clock<'_>,
    first: u32,
    step: u32,
) -> Result<Tally, Error> {
    let encoder = Encoder::new(scheme);
    let mut decoder = Decoder::new(scheme).with_max_iterations(request.max_iterations);
    let mut tally = Tally::default();
    for i in (first..request.frames).step_by(step as usize) {
        let Block { alice, bob, mut class } = Block::random(request, i);
        if request.priors == Priors::Mean {
            class.fill(false);
        }
        let start = now();
        let syndrome = encoder.syndrome(&alice)?;
        tally.encoding += now().saturating_sub(start);
        tally.alice_bits += syndrome.len() as u64;
        let mut trips = 1;
        let start = now();
        let mut decoded = decoder.decode(&bob, &class, &syndrome)?;
        tally.iterations += decoded.iterations.iter().map(|&i| u64::from(i)).sum::<u64>();
        if scheme.retry_frames() > 0 {
            tally.bob_bits += u64::from(scheme.frames());
            if let Ok(extra) = encoder.retry(&alice, &decoded.failed) {
                trips += u32::from(!decoded.failed.is_empty());
                tally.alice_bits += extra.len() as u64;
                decoded = decoder.decode_retry(&bob, &class, &syndrome, &decoded, &extra)?;
            }
        }
        tally.decoding += now().saturating_sub(start);
        tally.count_trips(trips);
        tally.failed += u32::from(decoded.estimate != alice);
        tally.undetected += u32::from(decoded.failed.is_empty() && decoded.estimate != alice);
    }
    Ok(tally)
}
