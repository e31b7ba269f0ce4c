//! The setup of two sites with simulated stations: parameters, keys they share, sessions, trials.

use std::error::Error;

use diqkd_auth::KeyPool;
use diqkd_core::{
    Epsilon, LocalTable, LocalTrial, Outcome, PreSharedKey, Qber, Role, SessionId, Setting, WinProbability,
};
use diqkd_entropy::Theorem;
use diqkd_node::SoftwareSettingRng;
use diqkd_protocol::{Event, LinkConfig, Session, SessionParams, SpotCheckChooser, Variant};
use diqkd_sim::{Experiment, Preset, Strategy};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// What both sites have agreed on for a block of `rounds` rounds.
///
/// # Errors
/// None with these values; the types check them.
pub fn session_params(rounds: u64) -> Result<SessionParams, Box<dyn Error>> {
    let preset = Preset::Oxford2022;
    Ok(SessionParams {
        session: SessionId([9; 16]),
        rounds,
        gamma: preset.test_probability(),
        omega_threshold: WinProbability::new(0.829)?,
        qber_design: Qber::new(0.0144)?,
        omega_design: WinProbability::new((4.0 + 2.677) / 8.0)?,
        max_codeword_bits: 1 << 21,
        eps_sound: Epsilon::new(1e-10)?,
        verification_tag_bits: 64,
        theorem: Theorem::Reat,
        key_length_bits: 256,
        least_key_bits: 1,
        max_batches: 256,
        max_refused_frames: 1000,
        pre_shared_key: PreSharedKey::Carried,
        variant: Variant::default(),
    })
}

/// The secret bits that both sites begin with. These are made up; real ones come from an earlier block or a courier.
pub fn pool(params: &SessionParams) -> KeyPool {
    KeyPool::new((0..params.key_pool_bytes()).map(|i| (i * 131 % 251) as u8).collect())
}

/// One party's session; its random choices follow from `seed`.
///
/// # Errors
/// Parameters that no session can have, or that allow no key.
pub fn session(role: Role, params: &SessionParams, seed: u64) -> Result<Session, Box<dyn Error>> {
    let rng = Box::new(StdRng::seed_from_u64(seed));
    Session::new(role, params.clone(), &mut pool(params), rng, LinkConfig::stream(), 0)?
        .map_err(|no_key| format!("these parameters allow no key: {no_key}").into())
}

/// What both stations record when they are run like this.
///
/// # Errors
/// None with rounds in order.
pub fn trials(
    session: &Session,
    strategy: Strategy,
    seed: u64,
) -> Result<(LocalTable, LocalTable), Box<dyn Error>> {
    let experiment =
        Experiment::new(Preset::Oxford2022, session.params().rounds, seed).with_strategy(strategy);
    let chooser = |role, seed| {
        SpotCheckChooser::new(
            role,
            session.test_flags(),
            SoftwareSettingRng::new(StdRng::seed_from_u64(seed)),
        )
    };
    let (mut alice, mut bob) = (LocalTable::new(), LocalTable::new());
    for trial in experiment.trials(chooser(Role::Alice, seed ^ 0xa), chooser(Role::Bob, seed ^ 0xb)) {
        alice.push(LocalTrial { round: trial.round, setting: trial.x, outcome: trial.a })?;
        bob.push(LocalTrial { round: trial.round, setting: trial.y, outcome: trial.b })?;
    }
    Ok((alice, bob))
}

/// Takes all that a session has to say. Its journal has to be on disk before it goes on, and its key in a store; here nothing
/// is to survive a crash, so both are said to be done.
pub fn listen(session: &mut Session, mut told: impl FnMut(Event)) {
    loop {
        while session.poll_journal().is_some() {}
        session.journalled();
        let Some(event) = session.poll_event() else { return };
        let is_key = matches!(event, Event::Key { .. });
        told(event);
        if is_key {
            session.key_stored();
        }
    }
}

/// One side's trials as text: `round,setting,outcome`, in order.
pub fn table_to_csv(table: &LocalTable) -> String {
    let mut text = "round,setting,outcome\n".to_owned();
    for trial in table.iter() {
        let outcome = u8::from(trial.outcome.bit());
        text.push_str(&format!("{},{},{outcome}\n", trial.round, trial.setting.index()));
    }
    text
}

/// The table that [`table_to_csv`] wrote.
///
/// # Errors
/// Names the line that is none.
pub fn table_from_csv(text: &str) -> Result<LocalTable, Box<dyn Error>> {
    let mut table = LocalTable::new();
    for (number, line) in text.lines().enumerate().skip(1) {
        let wrong = || format!("line {}: `{line}`, expected round,setting,outcome", number + 1);
        let fields: Vec<u64> =
            line.split(',').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let [round, setting, outcome @ 0..=1] = fields[..] else { return Err(wrong().into()) };
        let setting =
            u8::try_from(setting).ok().and_then(|index| Setting::new(index).ok()).ok_or_else(wrong)?;
        table.push(LocalTrial { round, setting, outcome: Outcome::from_bit(outcome == 1) })?;
    }
    Ok(table)
}
