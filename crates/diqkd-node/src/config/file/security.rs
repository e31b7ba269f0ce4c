//! What the sessions of a node are to prove, and what each takes of the pre-shared key.

use diqkd_core::{Chsh, Epsilon, PreSharedKey, Qber, SessionId, TestProbability, WinProbability};
use diqkd_entropy::Theorem;
use diqkd_protocol::{Agreement, FlagSource, SessionParams, Variant};
use serde::Deserialize;

use crate::config::error::{ConfigError, Text};
use crate::config::scalar::{Count, KeyLength, Rounds, Value};
use crate::demo::plan::threshold;
use crate::test_share;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Security {
    rounds: Value<Rounds>,
    gamma: Option<Value<TestProbability>>,
    flag_alice: Option<Value<TestProbability>>,
    flag_bob: Option<Value<TestProbability>>,
    pub(super) chsh_design: Value<Chsh>,
    qber_design: Value<Qber>,
    omega_threshold: Option<Value<WinProbability>>,
    eps_sound: Value<Epsilon>,
    pub(super) eps_total: Option<Value<Epsilon>>,
    theorem: Value<Theorem>,
    #[serde(default)]
    padded: bool,
    answer_after_ms: Option<Value<Count<60_000>>>,
    key_length_bits: Value<KeyLength>,
    verification_tag_bits: Option<Value<Count<128>>>,
    max_codeword_bits: Option<Value<Count<16_777_216>>>,
    least_key_bits: Option<u64>,
    max_batches: Option<Value<Count<65_536>>>,
}

/// The parameters of every session, and the bytes of pre-shared key that each takes.
pub(super) fn params(text: &Text<'_>, security: &Security) -> Result<(SessionParams, usize), ConfigError> {
    let rounds = security.rounds.0.0;
    let (gamma, flags) = test_flags(text, security)?;
    let omega_design = WinProbability::from_chsh(security.chsh_design.0)
        .map_err(|error| text.about("security.chsh_design", error.to_string()))?;
    let omega_threshold = match security.omega_threshold {
        Some(threshold) => threshold.0,
        None => threshold(omega_design, gamma, rounds)
            .map_err(|error| text.about("security.omega_threshold", error.to_string()))?,
    };
    if omega_threshold.get() > omega_design.get() {
        let what = format!(
            "{} is above what the honest stations win, {:.5} at chsh_design {}; no block would pass: lower it",
            omega_threshold.get(),
            omega_design.get(),
            security.chsh_design.0.get()
        );
        return Err(text.about("security.omega_threshold", what));
    }
    let max_codeword_bits = security.max_codeword_bits.map_or(1 << 21, |count| count.0.0 as u32);
    if max_codeword_bits < 1 << 14 {
        let what = format!("{max_codeword_bits} is too short, expected 16384 to 16777216");
        return Err(text.about("security.max_codeword_bits", what));
    }
    let max_batches = security.max_batches.map_or(0, |count| count.0.0 as u32);
    if security.max_batches.is_some() && max_batches < FEWEST_BATCHES {
        let what = format!(
            "{max_batches} is less than any session sends, expected {FEWEST_BATCHES} to 65536; leave it away for 32 + rounds/16384"
        );
        return Err(text.about("security.max_batches", what));
    }
    let mut params = SessionParams {
        session: SessionId([0; 16]),
        rounds,
        gamma,
        omega_threshold,
        qber_design: security.qber_design.0,
        omega_design,
        max_codeword_bits,
        eps_sound: security.eps_sound.0,
        verification_tag_bits: security.verification_tag_bits.map_or(64, |count| count.0.0 as u32),
        theorem: security.theorem.0,
        key_length_bits: security.key_length_bits.0.0,
        least_key_bits: 0,
        max_batches,
        max_refused_frames: 16,
        pre_shared_key: PreSharedKey::Carried,
        variant: Variant {
            flags,
            padded: security.padded,
            answer_after_ms: security.answer_after_ms.map_or(0, |count| count.0.0 as u32),
            ..Variant::default()
        },
    };
    if params.max_batches == 0 {
        params.max_batches = u32::try_from(32 + params.rounds_to_record() / 16_384).unwrap_or(u32::MAX);
    }
    let mut session_bytes = params.key_pool_bytes();
    if params.variant.padded
        && let Ok(Ok(agreement)) = Agreement::derive(&params)
    {
        // How much there is to pad follows from the code. Parameters without an agreement are refused before the first block.
        session_bytes = agreement.key_pool_bytes(&params);
    }
    // A session that yields less than it uses up is not worth its rounds.
    params.least_key_bits = security.least_key_bits.unwrap_or(8 * session_bytes as u64);
    Ok((params, session_bytes))
}

/// How test rounds come about: a shared probability, or the probabilities of flags that each site draws for itself.
fn test_flags(text: &Text<'_>, security: &Security) -> Result<(TestProbability, FlagSource), ConfigError> {
    match (security.gamma, security.flag_alice, security.flag_bob) {
        (Some(gamma), None, None) => Ok((gamma.0, FlagSource::Expanded)),
        (None, Some(alice), Some(bob)) => {
            let (alice, bob) = (alice.0, bob.0);
            let gamma = test_share::with_own_flags(alice, bob)
                .map_err(|what| text.about("security.flag_alice", what))?;
            Ok((gamma, FlagSource::Local { alice, bob }))
        }
        (None, None, None) => {
            let what = "missing field `gamma`; state the test-round probability, or flag_alice and flag_bob for flags that \
                        each site draws for itself";
            Err(text.about("security.gamma", what))
        }
        (Some(_), ..) => {
            let what = "contradicts flag_alice and flag_bob: either both sites expand the flags of test rounds from the \
                        pre-shared key (gamma), or each draws its own; remove one";
            Err(text.about("security.gamma", what))
        }
        (None, Some(_), None) => {
            Err(text.about("security.flag_bob", "missing; flag_alice needs it beside it"))
        }
        (None, None, Some(_)) => {
            Err(text.about("security.flag_alice", "missing; flag_bob needs it beside it"))
        }
    }
}

/// Keys of a block that replace what its session took.
pub(super) fn pad_keys(
    text: &Text<'_>,
    key_length_bits: u32,
    session_bytes: usize,
) -> Result<u32, ConfigError> {
    let needed = (8 * session_bytes as u64).div_ceil(u64::from(key_length_bits));
    if needed > MOST_PAD_KEYS {
        let what = format!(
            "the pads of one session take {needed} keys of {} bits, at most {MOST_PAD_KEYS} are supported; make keys \
             longer or set pads.refill = false",
            key_length_bits
        );
        return Err(text.about("security.key_length_bits", what));
    }
    Ok(needed as u32)
}

/// Without time tags; the samples of clocks come on top.
const FEWEST_BATCHES: u32 = 8;
const MOST_PAD_KEYS: u64 = 1024;
