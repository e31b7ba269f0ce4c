//! The smallest block that gives a key, and devices that record it.

use diqkd_core::{
    Epsilon, LocalTable, LocalTrial, Outcome, PreSharedKey, Qber, Role, RoundList, SessionId, Setting,
    TestProbability, WinProbability,
};
use diqkd_entropy::Theorem;
use diqkd_protocol::{Agreement, FlagSource, Session, SessionParams, Variant};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Devices that win almost every test, which none can, so that few rounds suffice.
pub(crate) fn params(session: SessionId) -> SessionParams {
    SessionParams {
        session,
        rounds: 4096,
        gamma: TestProbability::nearest(0.1).unwrap(),
        omega_threshold: WinProbability::new(0.8535).unwrap(),
        qber_design: Qber::new(0.002).unwrap(),
        omega_design: WinProbability::new(0.99).unwrap(),
        max_codeword_bits: 1 << 14,
        eps_sound: Epsilon::new(0.01).unwrap(),
        verification_tag_bits: 32,
        theorem: Theorem::Reat,
        key_length_bits: 64,
        least_key_bits: 64,
        max_batches: 48,
        max_refused_frames: 200,
        pre_shared_key: PreSharedKey::Carried,
        variant: Variant::default(),
    }
}

pub(crate) fn agreement(variant: Variant) -> Agreement {
    Agreement::derive(&SessionParams { variant, ..params(SessionId([0; 16])) }).unwrap().unwrap()
}

/// What the schedules run: the plain protocol, flags drawn at the sites, and everything padded and answered at a fixed time.
pub(crate) fn variants() -> [Variant; 3] {
    let quarter = TestProbability::nearest(0.25).unwrap();
    let flags = FlagSource::Local { alice: quarter, bob: quarter };
    let plain = Variant::default();
    [plain, Variant { flags, ..plain }, Variant { padded: true, answer_after_ms: 40, ..plain }]
}

/// The flags that a site draws for itself, round by round; Alice's and Bob's differ.
fn own_flag(role: Role, source: FlagSource, world: u64, rounds: u64) -> Vec<bool> {
    let FlagSource::Local { alice, bob } = source else { return Vec::new() };
    let (probability, mut rng) = match role {
        Role::Alice => (alice, StdRng::seed_from_u64(world ^ 0xa11ce)),
        Role::Bob => (bob, StdRng::seed_from_u64(world ^ 0xb0b)),
    };
    (0..rounds).map(|_| probability.is_test(rng.random())).collect()
}

/// One site's rounds and the flags that it drew, for a session whose sites draw their own.
pub(crate) fn record_with_flags(session: &Session, world: u64, broken: bool) -> (LocalTable, RoundList) {
    let (role, params) = (session.role(), session.params());
    let rounds = params.rounds_to_record();
    let [alice, bob] =
        [Role::Alice, Role::Bob].map(|role| own_flag(role, params.variant.flags, world, rounds));
    let mut rng = StdRng::seed_from_u64(world);
    let (mut table, mut raised) = (LocalTable::new(), RoundList::new());
    for round in 0..rounds {
        let up = [alice[round as usize], bob[round as usize]];
        let bits = [rng.random::<bool>(), rng.random::<bool>()];
        let (a, slip) = (rng.random::<bool>(), rng.random_bool(if broken { 0.5 } else { 0.001 }));
        let own = role as usize;
        let setting = match (up[own], role) {
            (true, _) => Setting::from_bit(bits[own]),
            (false, Role::Alice) => Setting::ALICE_KEY,
            (false, Role::Bob) => Setting::BOB_KEY,
        };
        let [x, y] = [up[0] && bits[0], up[1] && bits[1]];
        let outcome = if role == Role::Alice { a } else { a ^ (x && y) ^ slip };
        if up[own] {
            raised.push(round).unwrap();
        }
        // Bob misses a few rounds.
        if role == Role::Alice || round % 500 != 7 {
            table.push(LocalTrial { round, setting, outcome: Outcome::from_bit(outcome) }).unwrap();
        }
    }
    (table, raised)
}

/// One site's rounds. Both sites see the same world when they give the same seed; broken devices win half of the tests.
pub(crate) fn record(session: &Session, world: u64, broken: bool) -> LocalTable {
    let role = session.role();
    let mut flags = session.test_flags();
    let mut rng = StdRng::seed_from_u64(world);
    let mut table = LocalTable::new();
    for round in 0..session.params().rounds {
        let (x, y, a) = (rng.random::<bool>(), rng.random::<bool>(), rng.random::<bool>());
        let slip = rng.random_bool(if broken { 0.5 } else { 0.001 });
        let (setting, outcome) = match (flags.is_test(round), role) {
            (true, Role::Alice) => (Setting::from_bit(x), a),
            (true, Role::Bob) => (Setting::from_bit(y), a ^ (x && y) ^ slip),
            (false, Role::Alice) => (Setting::from_bit(flags.key_basis(round)), a),
            (false, Role::Bob) if flags.key_basis(round) => (Setting::BOB_SECOND_KEY, a ^ slip),
            (false, Role::Bob) => (Setting::BOB_KEY, a ^ slip),
        };
        table.push(LocalTrial { round, setting, outcome: Outcome::from_bit(outcome) }).unwrap();
    }
    table
}
