//! Two virtual stations: each site simulates the whole world from the same seed and takes its own side of it.

use diqkd_core::{LocalTrial, Role};
use diqkd_hal::SettingChooser;
use diqkd_protocol::{FlagSource, LocalFlagChooser, Session, SpotCheckChooser};
use diqkd_sim::{Experiment, SimulatedStation};

use super::Recorder;
use crate::config::{Level, Simulator};
use crate::randomness::Randomness;
use crate::setting_rng::SoftwareSettingRng;

pub(super) fn recorder(simulator: &Simulator, role: Role, session: &Session) -> Recorder {
    // Every session is a world of its own.
    let id = session.params().session;
    let randomness = Randomness::from_seed(simulator.seed);
    let mut experiment = Experiment::new(
        simulator.preset,
        session.params().rounds_to_record(),
        randomness.seed(&format!("world of {id}")),
    )
    .with_strategy(simulator.strategy);
    experiment.faults.clone_from(&simulator.faults);
    let bits =
        |site: Role| SoftwareSettingRng::new(randomness.generator(&format!("{site}'s setting bits of {id}")));
    match session.params().variant.flags {
        FlagSource::Expanded => {
            let chooser = |site| SpotCheckChooser::new(site, session.test_flags(), bits(site));
            let choosers = [chooser(Role::Alice), chooser(Role::Bob)];
            with_choosers(simulator.level, role, &experiment, choosers, None)
        }
        FlagSource::Local { alice, bob } => {
            let (alice, alices) = LocalFlagChooser::new(Role::Alice, alice, bits(Role::Alice));
            let (bob, bobs) = LocalFlagChooser::new(Role::Bob, bob, bits(Role::Bob));
            let own = if role == Role::Alice { alices } else { bobs };
            with_choosers(simulator.level, role, &experiment, [alice, bob], Some(own))
        }
    }
}

fn with_choosers<C: SettingChooser + Send + 'static>(
    level: Level,
    role: Role,
    experiment: &Experiment,
    [alice, bob]: [C; 2],
    raised: Option<diqkd_protocol::RaisedFlags>,
) -> Recorder {
    match level {
        Level::Tags => {
            let boxed = |chooser| -> Box<dyn SettingChooser + Send> { Box::new(chooser) };
            let layout = Box::new(experiment.layout());
            let station = Box::new(SimulatedStation::new(role, experiment, boxed(alice), boxed(bob)));
            Recorder::Simulated { station, layout, raised }
        }
        Level::Trials => {
            let own = move |trial: diqkd_core::Trial| match role {
                Role::Alice => LocalTrial { round: trial.round, setting: trial.x, outcome: trial.a },
                Role::Bob => LocalTrial { round: trial.round, setting: trial.y, outcome: trial.b },
            };
            Recorder::Trials { trials: Box::new(experiment.trials(alice, bob).map(own)), raised }
        }
    }
}
