//! Whether device-independent keys are the right choice for a need, with reasons.

use core::fmt;

use diqkd_core::{Chsh, Epsilon, Qber, binary_entropy};
use diqkd_entropy::{EntropyBound, Plan, PlanRequest, plan_with_noise, single_round};

use crate::error::{Error, positive};
use crate::setup::{Expected, Path, Setup};

/// What the keys are for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Key needed, bits a second.
    pub key_rate_bit_s: f64,
    /// How long a block may be collected before its key is due, in seconds.
    pub block_s: f64,
    /// What the keys protect.
    pub value: DataValue,
    /// Soundness of each block.
    pub eps_sound: Epsilon,
    /// Probability with which an honest block may abort.
    pub eps_complete: Epsilon,
    /// Efficiency of reconciliation.
    pub f_ec: f64,
}

/// What the keys protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataValue {
    /// Data that must stay secret for decades, also against those who made the devices.
    LongLived,
    /// Traffic whose secrecy may rest on computation.
    Ordinary,
}

/// The advice in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The link delivers what is needed.
    DeviceIndependent,
    /// The link gives certified keys, fewer than needed: let them refresh the keys of a cipher.
    Hybrid,
    /// The link gives no certified key; or the need is not worth it.
    PostQuantum,
}

impl Verdict {
    /// The word in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::DeviceIndependent => "device-independent",
            Self::Hybrid => "hybrid",
            Self::PostQuantum => "post-quantum",
        }
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The expected CHSH value is one that local devices reach.
    NoViolation {
        /// Expected value.
        chsh_s: f64,
    },
    /// Errors cost more than the violation certifies, however long one collects.
    ErrorsExceedEntropy {
        /// Certified entropy of a key bit.
        entropy_bits: f64,
        /// What correcting it costs.
        leak_bits: f64,
    },
    /// A block is too short for a key.
    BlockTooShort {
        /// Rounds in the permitted time.
        rounds: u64,
        /// Least rounds with a key.
        min_rounds: u64,
        /// Seconds that these take.
        seconds: f64,
    },
    /// There is a key, less than needed.
    RateBelowNeed {
        /// Delivered, bits a second.
        delivered_bit_s: f64,
        /// Needed, bits a second.
        needed_bit_s: f64,
    },
    /// Needs are met.
    NeedIsMet {
        /// Delivered over needed.
        factor: f64,
    },
    /// Much traffic of ordinary value: post-quantum cryptography does that at line rate without a link like this.
    ThroughputOfOrdinaryValue {
        /// Needed, bits a second.
        needed_bit_s: f64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoViolation { chsh_s } => {
                write!(f, "expected S = {chsh_s:.4}, local devices reach 2: raise visibility or efficiency")
            }
            Self::ErrorsExceedEntropy { entropy_bits, leak_bits } => write!(
                f,
                "a key bit has {entropy_bits:.4} bits of certified entropy and costs {leak_bits:.4} bits to correct: \
                 no block is long enough"
            ),
            Self::BlockTooShort { rounds, min_rounds, seconds } => write!(
                f,
                "{rounds} rounds in a block, a key needs {min_rounds}: collect for {seconds:.0} s or raise the rate"
            ),
            Self::RateBelowNeed { delivered_bit_s, needed_bit_s } => {
                write!(f, "{delivered_bit_s:.3e} bit/s of certified key, {needed_bit_s:.3e} bit/s needed")
            }
            Self::NeedIsMet { factor } => write!(f, "{factor:.2} times the key that is needed"),
            Self::ThroughputOfOrdinaryValue { needed_bit_s } => write!(
                f,
                "{needed_bit_s:.3e} bit/s for data of ordinary value: prefer post-quantum cryptography"
            ),
        }
    }
}

/// A verdict with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, most important first; never empty.
    pub reasons: Vec<Reason>,
    /// What the devices are expected to show.
    pub expected: Expected,
    /// The plan of a block, where there is violation.
    pub plan: Option<Plan>,
    /// Certified key, bits a second, an honest abort counted as no key; 0 without.
    pub key_rate_bit_s: f64,
    /// Seconds from the first round of a block to its key: collection and one exchange along the path.
    pub latency_s: f64,
}

/// Whether a link meets a need.
///
/// # Errors
/// [`Error`] naming a field that no link or need has.
pub fn advise(setup: &Setup, path: &Path, need: &Need) -> Result<Advice, Error> {
    let needed = positive("key_rate_bit_s", need.key_rate_bit_s)?;
    let block_s = positive("block_s", need.block_s)?;
    let expected = setup.expected(path)?;
    let none = |reason| Advice {
        verdict: Verdict::PostQuantum,
        reasons: vec![reason],
        expected,
        plan: None,
        key_rate_bit_s: 0.0,
        latency_s: f64::INFINITY,
    };
    if expected.chsh_s <= 2.0 {
        return Ok(none(Reason::NoViolation { chsh_s: expected.chsh_s }));
    }
    let q = expected.noise;
    let entropy_bits =
        single_round(EntropyBound::NoisyPreprocessing { q }, expected.chsh_s.min(8f64.sqrt()))?.entropy_bits;
    let leak_bits = need.f_ec * binary_entropy(expected.qber + q - 2.0 * q * expected.qber);
    let rounds = expected.round_rate_hz * block_s;
    let request = PlanRequest {
        chsh: Chsh::new(expected.chsh_s.min(8f64.sqrt()))?,
        qber: Qber::new(expected.qber)?,
        eps_sound: need.eps_sound,
        eps_complete: need.eps_complete,
        rounds: Some((rounds as u64).clamp(1, MOST_ROUNDS)),
        f_ec: need.f_ec,
    };
    let plan = plan_with_noise(&request, q)?;
    let Some(min_rounds) = plan.min_rounds else {
        return Ok(none(Reason::ErrorsExceedEntropy { entropy_bits, leak_bits }));
    };
    let key_rate = plan.key_bits as f64 * (1.0 - plan.honest_abort) / block_s;
    let latency_s = block_s + expected.propagation_s;
    let mut reasons = Vec::new();
    let mut verdict = if key_rate >= needed {
        reasons.push(Reason::NeedIsMet { factor: key_rate / needed });
        Verdict::DeviceIndependent
    } else if plan.key_bits > 0 {
        reasons.push(Reason::RateBelowNeed { delivered_bit_s: key_rate, needed_bit_s: needed });
        Verdict::Hybrid
    } else {
        reasons.push(Reason::BlockTooShort {
            rounds: plan.rounds,
            min_rounds,
            seconds: min_rounds as f64 / expected.round_rate_hz,
        });
        Verdict::PostQuantum
    };
    if need.value == DataValue::Ordinary && needed >= HIGH_THROUGHPUT_BIT_S {
        reasons.insert(0, Reason::ThroughputOfOrdinaryValue { needed_bit_s: needed });
        verdict = Verdict::PostQuantum;
    }
    Ok(Advice { verdict, reasons, expected, plan: Some(plan), key_rate_bit_s: key_rate, latency_s })
}

/// From here on ordinary traffic is better served by post-quantum cryptography: no link of this kind that has been
/// demonstrated gives more than a few kbit/s.
const HIGH_THROUGHPUT_BIT_S: f64 = 1e5;
/// The planner's own limit.
const MOST_ROUNDS: u64 = 100_000_000_000_000;
