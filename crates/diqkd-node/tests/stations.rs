//! From tags on two clocks to the trials of the world that made them.

use std::convert::Infallible;

use diqkd_core::{LocalTrial, Role, TestProbability, Trial};
use diqkd_hal::{Capabilities, ErrorType, Filled, SettingChooser, Status, TagBlock, TimeTagger};
use diqkd_node::station::{FollowerStation, Recording, ReferenceStation, StationError};
use diqkd_sim::{Experiment, Preset, SeededChooser, SimulatedStation};

const ROUNDS: u64 = 60_000;

fn station(role: Role, experiment: &Experiment, gamma: TestProbability) -> SimulatedStation {
    let chooser = |site| -> Box<dyn SettingChooser + Send> {
        Box::new(SeededChooser::new(site, gamma, experiment.seed))
    };
    SimulatedStation::new(role, experiment, chooser(Role::Alice), chooser(Role::Bob))
}

/// Runs both stations, handing Alice's samples to Bob.
fn record(
    alice: impl TimeTagger,
    bob: impl TimeTagger,
    experiment: &Experiment,
) -> Result<(Recording, Recording, f64), StationError> {
    let layout = experiment.layout();
    let mut alice = ReferenceStation::start(alice, &layout)?;
    let mut bob = FollowerStation::start(bob, &layout)?;
    loop {
        let step = alice.step()?;
        for sample in &step.samples {
            bob.sample(sample)?;
        }
        if step.ended {
            break;
        }
    }
    let drift_ppb = bob.clock().map_or(f64::NAN, |fit| fit.drift_ppb);
    Ok((alice.finish()?, bob.finish()?, drift_ppb))
}

#[test]
fn both_stations_give_the_trials_of_the_world() {
    for (preset, seed) in [(Preset::Oxford2022, 1), (Preset::Munich2022, 2), (Preset::Photonic, 3)] {
        let gamma = preset.test_probability();
        let experiment = Experiment::new(preset, ROUNDS, seed);
        let stations = [Role::Alice, Role::Bob].map(|role| station(role, &experiment, gamma));
        let [alice, bob] = stations;
        let (alice, bob, drift_ppb) = record(alice, bob, &experiment).unwrap();
        let truth = experiment.model.clock.drift_ppb;
        assert!((drift_ppb - truth).abs() < 5.0, "{preset}: {drift_ppb} against {truth}");

        // The last round may still be open when the tags end.
        let end = alice.table.rounds().last().min(bob.table.rounds().last()).unwrap();
        let trials: Vec<Trial> =
            experiment.seeded_trials(gamma).take_while(|trial| trial.round <= end).collect();
        assert!(trials.len() as u64 >= ROUNDS, "{preset}: {}", trials.len());
        let (mut a, mut b) = (alice.table.iter().peekable(), bob.table.iter().peekable());
        for trial in trials {
            let at_alice =
                find(&mut a, trial.round).unwrap_or_else(|| panic!("{preset}: alice lacks {trial:?}"));
            let at_bob = find(&mut b, trial.round).unwrap_or_else(|| panic!("{preset}: bob lacks {trial:?}"));
            assert_eq!((at_alice.setting, at_alice.outcome), (trial.x, trial.a), "{preset}");
            assert_eq!((at_bob.setting, at_bob.outcome), (trial.y, trial.b), "{preset}");
        }
    }
}

/// Skips rounds that only one site saw.
fn find(
    trials: &mut std::iter::Peekable<impl Iterator<Item = LocalTrial>>,
    round: u64,
) -> Option<LocalTrial> {
    while trials.next_if(|trial| trial.round < round).is_some() {}
    trials.next_if(|trial| trial.round == round)
}

#[test]
fn the_recording_does_not_depend_on_when_samples_arrive() {
    let preset = Preset::Oxford2022;
    let gamma = preset.test_probability();
    let experiment = Experiment::new(preset, ROUNDS, 9);
    let [alice, bob] = [Role::Alice, Role::Bob].map(|role| station(role, &experiment, gamma));
    let (_, at_once, _) = record(alice, bob, &experiment).unwrap();

    let layout = experiment.layout();
    let mut alice = ReferenceStation::start(station(Role::Alice, &experiment, gamma), &layout).unwrap();
    let mut samples = Vec::new();
    loop {
        let step = alice.step().unwrap();
        samples.extend(step.samples);
        if step.ended {
            break;
        }
    }
    let mut bob = FollowerStation::start(station(Role::Bob, &experiment, gamma), &layout).unwrap();
    samples.iter().for_each(|sample| bob.sample(sample).unwrap());
    assert_eq!(bob.finish().unwrap().table, at_once.table);
}

/// Bob's station may stop as soon as he has all samples: by then his tags reach as far as Alice's.
#[test]
fn the_last_sample_reaches_to_the_end_of_the_recording() {
    let preset = Preset::Oxford2022;
    let gamma = preset.test_probability();
    // The last segment of common events is without a sample but for its begin.
    for rounds in [20_000, 60_000, 90_000] {
        let experiment = Experiment::new(preset, rounds, 5);
        let [alice, bob] = [Role::Alice, Role::Bob].map(|role| station(role, &experiment, gamma));
        let mut alice = ReferenceStation::start(alice, &experiment.layout()).unwrap();
        let mut bob = FollowerStation::start(bob, &experiment.layout()).unwrap();
        loop {
            let step = alice.step().unwrap();
            step.samples.iter().for_each(|sample| bob.sample(sample).unwrap());
            if step.ended {
                break;
            }
        }
        let seen = alice.rounds().min(bob.rounds());
        let recorded = alice.finish().unwrap().table.len() as u64;
        assert!(recorded - seen < recorded / 100, "{seen} of {recorded}");
    }
}

/// A tagger that loses tags after some blocks.
struct Lossy {
    inner: SimulatedStation,
    blocks_left: u32,
}

impl ErrorType for Lossy {
    type Error = Infallible;
}

impl TimeTagger for Lossy {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn start(&mut self) -> Result<(), Infallible> {
        self.inner.start()
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Infallible> {
        let filled = self.inner.fill(block)?;
        match self.blocks_left.checked_sub(1) {
            Some(left) => {
                self.blocks_left = left;
                Ok(filled)
            }
            None => Ok(Filled { len: filled.len, status: Status::Overflow { missed: 17 } }),
        }
    }

    fn stop(&mut self) -> Result<(), Infallible> {
        self.inner.stop()
    }
}

#[test]
fn lost_tags_end_the_recording() {
    let preset = Preset::Oxford2022;
    let experiment = Experiment::new(preset, ROUNDS, 4);
    let [alice, bob] =
        [Role::Alice, Role::Bob].map(|role| station(role, &experiment, preset.test_probability()));
    let lossy = Lossy { inner: alice, blocks_left: 3 };
    assert!(matches!(record(lossy, bob, &experiment), Err(StationError::TagsLost { missed: 17, .. })));
}

#[test]
fn stations_of_different_worlds_never_lock() {
    let preset = Preset::Oxford2022;
    let gamma = preset.test_probability();
    let experiment = Experiment::new(preset, ROUNDS, 5);
    let alice = station(Role::Alice, &experiment, gamma);
    let bob = station(Role::Bob, &Experiment::new(preset, ROUNDS, 6), gamma);
    assert!(matches!(record(alice, bob, &experiment), Err(StationError::NoPeak(_))));
}

/// A tagger that declares another dead time than it has.
struct Declaring {
    inner: SimulatedStation,
    dead_time_ps: u64,
}

impl ErrorType for Declaring {
    type Error = Infallible;
}

impl TimeTagger for Declaring {
    fn capabilities(&self) -> Capabilities {
        Capabilities { dead_time_ps: self.dead_time_ps, ..self.inner.capabilities() }
    }

    fn start(&mut self) -> Result<(), Infallible> {
        self.inner.start()
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Infallible> {
        self.inner.fill(block)
    }

    fn stop(&mut self) -> Result<(), Infallible> {
        self.inner.stop()
    }
}

#[test]
fn clicks_within_the_declared_dead_time_do_not_count() {
    let preset = Preset::Oxford2022;
    let experiment = Experiment::new(preset, ROUNDS, 4);
    let dropped = |dead_time_ps| {
        let [alice, bob] = [Role::Alice, Role::Bob].map(|role| Declaring {
            inner: station(role, &experiment, preset.test_probability()),
            dead_time_ps,
        });
        let (alice, bob, _) = record(alice, bob, &experiment).unwrap();
        [alice, bob].map(|recording| recording.report.clicks_in_dead_time)
    };
    // What a tagger says of itself is kept on either clock; what it does not keep is counted.
    let declared = station(Role::Alice, &experiment, preset.test_probability()).capabilities().dead_time_ps;
    assert!(declared > 0);
    assert_eq!(dropped(declared), [0, 0]);
    assert!(dropped(experiment.layout().slot_period_ps as u64).iter().all(|&clicks| clicks > 0));
    assert!(dropped(u64::MAX).iter().all(|&clicks| clicks > 0));
}
