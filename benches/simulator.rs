//! How many rounds and tags does the simulator make in a second, on one core?
//!
//! ```sh
//! cargo bench -p diqkd-benches --bench simulator
//! ```

use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group};
use diqkd_core::{Role, TestProbability};
use diqkd_hal::{TagBlock, record};
use diqkd_sim::{Experiment, Preset, SeededChooser, SimulatedStation, Strategy};

const PRESETS: [Preset; 3] = [Preset::Oxford2022, Preset::Photonic, Preset::Nist2015];

fn gamma() -> TestProbability {
    Preset::Oxford2022.test_probability()
}

/// Honest rounds, as a table of counts and one by one.
fn rounds(c: &mut Criterion) {
    const ROUNDS: u64 = 1_000_000;
    let mut group = c.benchmark_group("rounds");
    group.throughput(Throughput::Elements(ROUNDS)).sample_size(10);
    for preset in PRESETS {
        let experiment = Experiment::new(preset, ROUNDS, 1);
        let slots = (ROUNDS as f64 / experiment.model.trigger.round_probability()) as u64;
        group.bench_function(format!("counts/{preset}"), |b| {
            b.iter(|| experiment.honest_counts(0..black_box(slots), gamma()));
        });
        group.bench_function(format!("trials/{preset}"), |b| {
            b.iter(|| {
                let trials = experiment.seeded_trials(gamma()).take(ROUNDS as usize);
                trials.map(|trial| u64::from(trial.a.bit())).sum::<u64>()
            });
        });
    }
    let cheating = Experiment::new(Preset::Oxford2022, ROUNDS, 1).with_strategy(Strategy::LocalWithMemory);
    group.bench_function("trials/oxford-2022, lhv-memory", |b| {
        b.iter(|| {
            let trials = cheating.seeded_trials(gamma()).take(ROUNDS as usize);
            trials.map(|trial| u64::from(trial.a.bit())).sum::<u64>()
        });
    });
    group.finish();
}

/// The tags of one station, which simulates the whole world.
fn tags(c: &mut Criterion) {
    let mut group = c.benchmark_group("tags");
    group.sample_size(10);
    for preset in PRESETS {
        for role in [Role::Alice, Role::Bob] {
            let experiment = Experiment::new(preset, 200_000, 1);
            group.throughput(Throughput::Elements(count(role, &experiment)));
            group.bench_function(format!("{preset}/{role}"), |b| b.iter(|| count(role, &experiment)));
        }
    }
    group.finish();
}

fn count(role: Role, experiment: &Experiment) -> u64 {
    let chooser = |side| Box::new(SeededChooser::new(side, gamma(), 1));
    let mut station = SimulatedStation::new(role, experiment, chooser(Role::Alice), chooser(Role::Bob));
    let (mut time_ps, mut channel) = (vec![0; 4096], vec![0; 4096]);
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let Ok(tally) = record(&mut station, block, |_, _, _| ControlFlow::Continue(()));
    tally.tags
}

criterion_group!(benches, rounds, tags);

fn main() {
    diqkd_benches::record::run("simulator", benches);
}
