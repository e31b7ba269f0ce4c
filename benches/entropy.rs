//! How long one certified answer takes: a key length with everything optimised, its verification, single-round bounds
//! and a plan.

use criterion::{Criterion, criterion_group};
use diqkd_core::{Chsh, Epsilon, LeakBits, OutOfRange, Qber, WinProbability};
use diqkd_entropy::{
    EntropyBound, EpsilonSplit, KeyLength, Params, PlanRequest, SingleRound, Theorem, check, key_length,
    plan, single_round,
};

fn params(theorem: Theorem, bound: SingleRound) -> Result<Params, OutOfRange> {
    Ok(Params {
        rounds: 100_000_000,
        gamma: 0.05,
        omega_threshold: WinProbability::new(0.83)?,
        leak_bits: LeakBits(15_000_000),
        eps_sound: Epsilon::new(1e-10)?,
        split: EpsilonSplit::Optimised,
        theorem,
        bound,
        assumptions: Vec::new(),
    })
}

fn key_lengths(c: &mut Criterion) {
    let mut group = c.benchmark_group("key length");
    let noisy = SingleRound::NoisyPreprocessing { q: 0.05 };
    let q = 0.05;
    let plain = Theorem::ALL.map(|theorem| (theorem, SingleRound::Chsh));
    let others = [
        (Theorem::Reat, noisy),
        (Theorem::Reat, SingleRound::ChshTwoBasisTests),
        (Theorem::Reat, SingleRound::TwoBases),
        (Theorem::Reat, SingleRound::NoisyTwoBasisTests { q }),
        (Theorem::Reat, SingleRound::NoisyTwoBases { q }),
        (Theorem::Reat, SingleRound::BiasedSettings { q: 0.0, tau: 1e-3 }),
        (Theorem::ReatBasic, SingleRound::BiasedSettings { q: 0.0, tau: 1e-3 }),
        (Theorem::Df19, noisy),
        (Theorem::Df19, SingleRound::ChshTwoBasisTests),
        (Theorem::Df19, SingleRound::TwoBases),
        (Theorem::Geat, noisy),
        (Theorem::Geat, SingleRound::TwoBases),
        (Theorem::Eat2018, noisy),
        (Theorem::Eat2018, SingleRound::TwoBases),
    ];
    for (theorem, bound) in plain.into_iter().chain(others) {
        let Ok(params) = params(theorem, bound) else { continue };
        let name = format!("{theorem} {}", bound.name());
        group.bench_function(format!("optimise {name}"), |b| b.iter(|| key_length(&params)));
        if let Ok(KeyLength::Key(certificate)) = key_length(&params) {
            group.bench_function(format!("check {name}"), |b| b.iter(|| check::check(&certificate)));
        }
    }
    group.finish();
}

fn single_rounds(c: &mut Criterion) {
    let mut group = c.benchmark_group("single round");
    for bound in [
        EntropyBound::Chsh,
        EntropyBound::NoisyPreprocessing { q: 0.05 },
        EntropyBound::Asymmetric { weight: 0.9, q: 0.0 },
        EntropyBound::TwoBases { q: 0.0 },
        EntropyBound::MinEntropy,
        EntropyBound::Renyi { alpha: 1.01, q: 0.0 },
        EntropyBound::Renyi { alpha: 1.01, q: 0.05 },
        EntropyBound::TightTwoBases { q: 0.0 },
        EntropyBound::TwoBasesRenyi { alpha: 1.01, q: 0.05 },
    ] {
        group.bench_function(format!("{bound:?}"), |b| b.iter(|| single_round(bound, 2.6)));
    }
    group.finish();
}

fn plans(c: &mut Criterion) {
    let request = || {
        Ok::<_, OutOfRange>(PlanRequest {
            chsh: Chsh::new(2.677)?,
            qber: Qber::new(0.0144)?,
            eps_sound: Epsilon::new(1e-10)?,
            eps_complete: Epsilon::new(1e-2)?,
            rounds: Some(1_500_000),
            f_ec: 1.1,
        })
    };
    let Ok(request) = request() else { return };
    let mut group = c.benchmark_group("plan");
    group.sample_size(10);
    group.bench_function("oxford-2022", |b| b.iter(|| plan(&request)));
    group.finish();
}

criterion_group!(benches, key_lengths, single_rounds, plans);

fn main() {
    diqkd_benches::record::run("entropy", benches);
}
