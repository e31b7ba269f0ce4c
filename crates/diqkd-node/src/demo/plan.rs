//! From a preset to the parameters of a session.

use std::path::PathBuf;

use diqkd_core::{Chsh, Epsilon, PreSharedKey, Qber, SessionId, TestProbability, WinProbability};
use diqkd_entropy::Theorem;
use diqkd_protocol::{Agreement, FlagSource, SessionParams, Variant};
use diqkd_sim::{Experiment, Fault, Preset, Strategy};
use statrs::distribution::{ContinuousCDF, Normal};

use super::report::DemoFacts;
use crate::error::NodeError;
use crate::randomness::Randomness;
use crate::test_share;

/// What the demo is asked for.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Whose parameters.
    pub preset: Preset,
    /// Rounds of the block; of those recorded, where the sites draw their own flags, the ones that are kept.
    pub rounds: u64,
    /// Where the flags of test rounds come from: those of the preset, or each site's own.
    pub flags: FlagSource,
    /// Replays everything; without it the operating system's randomness is used.
    pub seed: Option<u64>,
    /// Who runs the devices.
    pub strategy: Strategy,
    /// What fails, and when. The session is laid out for stations without faults.
    pub faults: Vec<Fault>,
    /// Total soundness.
    pub eps_sound: Epsilon,
    /// The accumulation theorem.
    pub theorem: Theorem,
    /// Where the key stores are.
    pub out: PathBuf,
}

/// Session parameters and simulated experiment of a demo.
#[derive(Clone, Debug)]
pub struct Preparation {
    pub(crate) preset: Preset,
    pub(crate) params: SessionParams,
    pub(crate) experiment: Experiment,
    honest_chsh: Chsh,
    honest_qber: Qber,
}

impl Preparation {
    /// Lays out a session for the honest stations of the preset: the threshold lies where they fall below it once in
    /// ten thousand blocks, the reconciliation is laid out for their error rates.
    ///
    /// # Errors
    /// [`NodeError::OutOfRange`] for a preset whose numbers are impossible, [`NodeError::Flags`] for flags that hardly ever
    /// make a test or a key round.
    pub fn new(options: &DemoOptions, randomness: &Randomness) -> Result<Self, NodeError> {
        let recorded = options.flags.rounds_to_record(options.rounds);
        let mut experiment = Experiment::new(options.preset, recorded, randomness.seed("simulated world"))
            .with_strategy(options.strategy);
        experiment.faults.clone_from(&options.faults);
        let behaviour = experiment.model.behaviour();
        let honest_chsh = Chsh::new(behaviour.chsh_s())?;
        let honest_qber = Qber::new(behaviour.qber())?;
        let omega_design = WinProbability::from_chsh(honest_chsh)?;
        let gamma = match options.flags {
            FlagSource::Expanded => options.preset.test_probability(),
            FlagSource::Local { alice, bob } => {
                test_share::with_own_flags(alice, bob).map_err(|what| NodeError::Flags { what })?
            }
        };
        let mut session = [0; 16];
        session[..8].copy_from_slice(&randomness.seed("session id, first half").to_be_bytes());
        session[8..].copy_from_slice(&randomness.seed("session id, second half").to_be_bytes());
        let mut params = SessionParams {
            session: SessionId(session),
            rounds: options.rounds,
            gamma,
            omega_threshold: threshold(omega_design, gamma, options.rounds)?,
            qber_design: honest_qber,
            omega_design,
            max_codeword_bits: 1 << 21,
            eps_sound: options.eps_sound,
            verification_tag_bits: 64,
            theorem: options.theorem,
            key_length_bits: 256,
            least_key_bits: 0,
            max_batches: u32::try_from(32 + recorded / 16_384).unwrap_or(u32::MAX),
            max_refused_frames: 16,
            pre_shared_key: PreSharedKey::Carried,
            variant: Variant { flags: options.flags, ..Variant::default() },
        };
        // A session that yields less than it uses up is not worth its rounds.
        params.least_key_bits = 8 * params.key_pool_bytes() as u64;
        Ok(Self { preset: options.preset, params, experiment, honest_chsh, honest_qber })
    }

    /// The number of rounds, to about 2 %, from which sessions laid out like this certify a key; `None` beyond 10^10.
    ///
    /// # Errors
    /// As for [`Preparation::new`], and for parameters that no session can have.
    pub fn least_rounds(options: &DemoOptions, randomness: &Randomness) -> Result<Option<u64>, NodeError> {
        let has_key = |rounds: u64| -> Result<bool, NodeError> {
            let options = DemoOptions { rounds, ..options.clone() };
            Ok(Agreement::derive(&Self::new(&options, randomness)?.params)?.is_ok())
        };
        let mut low = options.rounds.max(1);
        let mut high = low;
        while !has_key(high)? {
            low = high;
            high = high.saturating_mul(2);
            if high > MOST_ROUNDS {
                return Ok(None);
            }
        }
        while high - low > high / 50 {
            let middle = low + (high - low) / 2;
            if has_key(middle)? { high = middle } else { low = middle }
        }
        Ok(Some(high))
    }

    pub(crate) fn facts(&self, agreement: Option<&Agreement>) -> DemoFacts {
        DemoFacts {
            preset: self.preset,
            strategy: self.experiment.strategy,
            params: self.params.clone(),
            honest_chsh: self.honest_chsh,
            honest_qber: self.honest_qber,
            drift_ppb: self.experiment.model.clock.drift_ppb,
            agreement: agreement.map(|agreement| super::report::AgreementFacts {
                certificate: agreement.certificate.clone(),
                leak: agreement.leak.ledger().clone(),
                f_ec: agreement.scheme.f_ec(),
            }),
        }
    }
}

/// The threshold that honest stations miss with probability [`HONEST_MISS`], rounded down to a multiple of 1e-5; never
/// within reach of local models, however few the rounds.
pub(crate) fn threshold(
    omega: WinProbability,
    gamma: TestProbability,
    rounds: u64,
) -> Result<WinProbability, NodeError> {
    let tests = (gamma.get() * rounds as f64).max(1.0);
    let w = omega.get();
    let deviations = Normal::standard().inverse_cdf(1.0 - HONEST_MISS);
    let exact = w - deviations * (w * (1.0 - w) / tests).sqrt();
    Ok(WinProbability::new(((exact * 1e5).floor() / 1e5).clamp(LEAST_THRESHOLD, 1.0))?)
}

const HONEST_MISS: f64 = 1e-4;
const LEAST_THRESHOLD: f64 = 0.7501;
const MOST_ROUNDS: u64 = 10_000_000_000;
