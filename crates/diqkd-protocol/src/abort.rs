//! Why a session ends without a key: expected outcomes, never errors.

use diqkd_core::Role;
use diqkd_entropy::NoKeyReason;

use crate::wire::{FrameError, MessageError};

/// The protocol said no. The key is zero; nothing of the strings leaves the session.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Abort {
    /// The parameters certify no key, whatever the data: too few rounds, too low a threshold, too much leak.
    NoPositiveKey(NoKeyReason),
    /// The parameters certify a key, but a shorter one than they ask for: too few rounds.
    NotWorthARun {
        /// Rounds of the block.
        rounds: u64,
        /// The certified length.
        certified_bits: u64,
        /// The least length worth a run.
        least_bits: u64,
    },
    /// The two sites hold different parameters.
    ParametersDiffer {
        /// The first field that differs.
        field: &'static str,
    },
    /// Fewer rounds at both sites than the parameters ask for.
    TooFewRounds {
        /// Rounds that both sites recorded.
        observed: u64,
        /// Rounds asked for.
        needed: u64,
    },
    /// A recorded setting is not the one the round's test flag asks for: clocks or seeds disagree, or a device lies.
    SettingsInconsistent {
        /// Whose record it is.
        role: Role,
        /// The round.
        round: u64,
    },
    /// A site's setting bits are not the fair ones that every certificate assumes.
    SettingsBiased {
        /// Whose setting bits.
        role: Role,
        /// Test rounds with setting 1.
        ones: u64,
        /// Test rounds, of the block or of the window of it that is furthest from an even split.
        tests: u64,
        /// How far from an even split fair bits may be.
        tolerated: u64,
    },
    /// A station's recording can't be turned into trials.
    InvalidRecording {
        /// What was wrong, in the words of the time-tag layer.
        what: String,
    },
    /// A tamper sensor of a station fired.
    StationTampered {
        /// What is known, in the words of the station.
        what: String,
    },
    /// More frames failed to decode than the leak cap allows to retry, or some failed again.
    ReconciliationFailed {
        /// Frames that failed.
        failed_frames: u32,
        /// Frames that the cap allows to retry.
        allowed: u32,
    },
    /// The strings differ after correction.
    VerificationMismatch,
    /// The Bell violation is below the threshold that was fixed before the data.
    BellViolationTooLow {
        /// Test rounds won.
        wins: u64,
        /// Test rounds.
        tests: u64,
        /// Least wins for acceptance.
        needed: u64,
        /// The threshold on the winning probability.
        omega_threshold: f64,
    },
    /// The decoder took longer than [`answer_after_ms`](crate::Variant::answer_after_ms), so that the time of the answer would
    /// have said something about the strings.
    AnswerLate {
        /// How long it took, in milliseconds.
        took_ms: u64,
        /// The time that was fixed, in milliseconds.
        limit_ms: u64,
    },
    /// The peer ended the session; its operator knows why.
    PeerAborted,
    /// Nothing arrived from the peer for too long.
    PeerSilent {
        /// How long, in milliseconds.
        waited_ms: u64,
        /// The limit, in milliseconds.
        limit_ms: u64,
    },
    /// A frame is forged, replayed, out of order or of another session.
    Authentication {
        /// Frames refused so far.
        refused: u64,
        /// How many are tolerated.
        tolerated: u64,
    },
    /// Bytes on the link are not a frame.
    NotAFrame(FrameError),
    /// An authentic frame that this version can't read.
    NotAMessage(MessageError),
    /// An authentic message that has no place in this state.
    Unexpected {
        /// The message.
        message: &'static str,
        /// The state.
        state: &'static str,
    },
    /// An authentic message whose content contradicts the parameters.
    Inconsistent {
        /// The message.
        message: &'static str,
    },
    /// The pre-shared key is used up.
    KeyPoolExhausted {
        /// Bits asked for.
        requested_bits: u64,
        /// Bits left.
        remaining_bits: u64,
    },
    /// A key or a record of the journal can't be stored.
    Storage {
        /// Why, in the words of the store.
        what: String,
    },
    /// The owner of this session ended it.
    Cancelled,
}

impl Abort {
    /// A stable name for scripts.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoPositiveKey(reason) => reason.label(),
            Self::NotWorthARun { .. } => "too-few-rounds",
            Self::ParametersDiffer { .. } => "parameters-differ",
            Self::TooFewRounds { .. } => "too-few-shared-rounds",
            Self::SettingsInconsistent { .. } => "settings-inconsistent",
            Self::SettingsBiased { .. } => "settings-biased",
            Self::InvalidRecording { .. } => "invalid-recording",
            Self::StationTampered { .. } => "station-tampered",
            Self::ReconciliationFailed { .. } => "reconciliation-failed",
            Self::VerificationMismatch => "verification-mismatch",
            Self::BellViolationTooLow { .. } => "bell-violation-too-low",
            Self::AnswerLate { .. } => "answer-late",
            Self::PeerAborted => "peer-aborted",
            Self::PeerSilent { .. } => "peer-silent",
            Self::Authentication { .. } => "authentication-failed",
            Self::NotAFrame(_) => "not-a-frame",
            Self::NotAMessage(_) => "not-a-message",
            Self::Unexpected { .. } => "unexpected-message",
            Self::Inconsistent { .. } => "inconsistent-message",
            Self::KeyPoolExhausted { .. } => "key-pool-exhausted",
            Self::Storage { .. } => "storage-failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The number that was too low or too high, where the reason is a number.
    pub fn observed(&self) -> Option<f64> {
        match *self {
            Self::NoPositiveKey(reason) => Some(reason.observed()),
            Self::NotWorthARun { certified_bits, .. } => Some(certified_bits as f64),
            Self::TooFewRounds { observed, .. } => Some(observed as f64),
            Self::SettingsBiased { ones, tests, .. } => Some(ones as f64 / (tests as f64).max(1.0)),
            Self::ReconciliationFailed { failed_frames, .. } => Some(f64::from(failed_frames)),
            Self::BellViolationTooLow { wins, tests, .. } => Some(wins as f64 / (tests as f64).max(1.0)),
            Self::AnswerLate { took_ms, .. } => Some(took_ms as f64),
            Self::PeerSilent { waited_ms, .. } => Some(waited_ms as f64),
            Self::Authentication { refused, .. } => Some(refused as f64),
            Self::KeyPoolExhausted { remaining_bits, .. } => Some(remaining_bits as f64),
            _ => None,
        }
    }

    /// What the observed number was held against.
    pub fn threshold(&self) -> Option<f64> {
        match *self {
            Self::NoPositiveKey(reason) => reason.threshold(),
            Self::NotWorthARun { least_bits, .. } => Some(least_bits as f64),
            Self::TooFewRounds { needed, .. } => Some(needed as f64),
            Self::SettingsBiased { ones, tests, tolerated, .. } => {
                let share = tolerated as f64 / (tests as f64).max(1.0);
                Some(if 2 * ones > tests { 0.5 + share } else { 0.5 - share })
            }
            Self::ReconciliationFailed { allowed, .. } => Some(f64::from(allowed)),
            Self::BellViolationTooLow { omega_threshold, .. } => Some(omega_threshold),
            Self::AnswerLate { limit_ms, .. } => Some(limit_ms as f64),
            Self::PeerSilent { limit_ms, .. } => Some(limit_ms as f64),
            Self::Authentication { tolerated, .. } => Some(tolerated as f64),
            Self::KeyPoolExhausted { requested_bits, .. } => Some(requested_bits as f64),
            _ => None,
        }
    }
}

impl std::fmt::Display for Abort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoPositiveKey(reason) => write!(f, "{reason}"),
            Self::NotWorthARun { rounds, certified_bits, least_bits } => write!(
                f,
                "{rounds} rounds are too few: they certify {certified_bits} bits, at least {least_bits} are asked for"
            ),
            Self::ParametersDiffer { field } => write!(f, "the sites hold different values of {field}"),
            Self::TooFewRounds { observed, needed } => {
                write!(f, "{observed} rounds recorded at both sites, {needed} needed")
            }
            Self::SettingsInconsistent { role, round } => write!(
                f,
                "{role}'s setting in round {round} is not the one its test flag asks for; check the clock recovery \
                 and the pre-shared seed"
            ),
            Self::SettingsBiased { role, ones, tests, tolerated } => write!(
                f,
                "{role}'s settings are biased: setting 1 in {ones} of {tests} test rounds, fair bits stay within \
                 {tolerated} of one half; check the setting generator and the modulator, and use none of these rounds"
            ),
            Self::InvalidRecording { what } => write!(f, "the recording can't be used: {what}"),
            Self::StationTampered { what } => write!(f, "the station was tampered with: {what}"),
            Self::ReconciliationFailed { failed_frames, allowed } => write!(
                f,
                "{failed_frames} frames failed to decode, {allowed} may be retried; the error rate is above the one \
                 the code was chosen for"
            ),
            Self::VerificationMismatch => write!(f, "the strings differ after correction"),
            Self::BellViolationTooLow { wins, tests, needed, omega_threshold } => write!(
                f,
                "Bell violation too low: {wins} of {tests} test rounds won, {needed} needed (omega {:.6}, threshold \
                 {omega_threshold:.6}; S {:.4}, threshold {:.4})",
                *wins as f64 / (*tests as f64).max(1.0),
                8.0 * *wins as f64 / (*tests as f64).max(1.0) - 4.0,
                8.0 * omega_threshold - 4.0
            ),
            Self::AnswerLate { took_ms, limit_ms } => write!(
                f,
                "decoding took {took_ms} ms and its answer was to leave after {limit_ms} ms; fix a longer time at both sites"
            ),
            Self::PeerAborted => write!(f, "the peer ended the session"),
            Self::PeerSilent { waited_ms, limit_ms } => {
                write!(f, "nothing from the peer for {waited_ms} ms (limit {limit_ms} ms)")
            }
            Self::Authentication { refused, tolerated } => {
                write!(f, "{refused} frames failed authentication, {tolerated} tolerated")
            }
            Self::NotAFrame(error) => write!(f, "the link carries something else: {error}"),
            Self::NotAMessage(error) => write!(f, "unreadable message from the peer: {error}"),
            Self::Unexpected { message, state } => {
                write!(f, "message '{message}' has no place while {state}")
            }
            Self::Inconsistent { message } => write!(f, "message '{message}' contradicts the parameters"),
            Self::KeyPoolExhausted { requested_bits, remaining_bits } => write!(
                f,
                "the pre-shared key has {remaining_bits} bits left, {requested_bits} needed; refill it before the \
                 next session"
            ),
            Self::Storage { what } => {
                write!(
                    f,
                    "a key or a record can't be stored: {what}; see to the disk, then start the node again"
                )
            }
            Self::Cancelled => write!(f, "cancelled"),
        }
    }
}
