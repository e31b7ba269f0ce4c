//! What a demo comes back with.

use std::path::PathBuf;
use std::time::Duration;

use diqkd_core::{Chsh, KeyId, LeakLedger, Qber, Role};
use diqkd_entropy::Certificate;
use diqkd_protocol::{Abort, Report, SessionParams};
use diqkd_sim::{Preset, Strategy};
use diqkd_timetag::slot::SlotReport;
use diqkd_timetag::sync::ClockFit;

use super::symptoms::Symptom;

/// How a demo ended.
#[derive(Debug)]
pub enum DemoEnding {
    /// Both parties hold keys.
    Key(Box<DemoReport>),
    /// The protocol said no.
    Aborted {
        /// Who found the reason.
        by: Role,
        /// The reason.
        abort: Abort,
        /// What was fixed beforehand.
        facts: Box<DemoFacts>,
        /// Where the parameters certify no key: rounds from which this preset gives one, to about 2 %.
        least_rounds: Option<u64>,
        /// What was unusual about the recordings of either station.
        symptoms: Vec<Symptom>,
    },
}

/// What was fixed before the first round.
#[derive(Clone, Debug)]
pub struct DemoFacts {
    /// The preset.
    pub preset: Preset,
    /// Who ran the devices.
    pub strategy: Strategy,
    /// The session's parameters.
    pub params: SessionParams,
    /// S of honest stations of this preset.
    pub honest_chsh: Chsh,
    /// QBER of honest stations of this preset.
    pub honest_qber: Qber,
    /// True drift of Bob's clock against Alice's in parts per billion.
    pub drift_ppb: f64,
    /// What both sites derived from the parameters; absent where they certify no key.
    pub agreement: Option<AgreementFacts>,
}

/// Certificate and leak of a session.
#[derive(Clone, Debug)]
pub struct AgreementFacts {
    /// The certified length.
    pub certificate: Certificate,
    /// The leak cap, item by item.
    pub leak: LeakLedger,
    /// Leak cap of the reconciliation over the entropy it has to cover.
    pub f_ec: f64,
}

/// Both parties' accounts of a session that ended with keys.
#[derive(Debug)]
pub struct DemoReport {
    /// What was fixed beforehand.
    pub facts: DemoFacts,
    /// Alice's account.
    pub alice: PartyReport,
    /// Bob's account; he knows S and QBER.
    pub bob: PartyReport,
    /// Whether both stores hold the same ids and the same bits.
    pub keys_match: bool,
    /// From the first tag to the keys of both parties, without storing them.
    pub elapsed: Duration,
}

/// One party's account.
#[derive(Debug)]
pub struct PartyReport {
    /// Whose.
    pub role: Role,
    /// The session's report.
    pub report: Report,
    /// How tags became trials.
    pub recording: SlotReport,
    /// Tags read.
    pub tags: u64,
    /// Bob: his clock against Alice's.
    pub clock: Option<ClockFit>,
    /// Ids of the stored keys.
    pub key_ids: Vec<KeyId>,
    /// The key store's file.
    pub store: PathBuf,
}
