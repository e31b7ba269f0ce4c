//! What a session can tell about itself without saying a secret.

use diqkd_bell::Counts;
use diqkd_core::{LeakBits, LoopholeChecklist, SessionId};

use crate::security::SessionSecurity;

/// What both sites know at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The session.
    pub session: SessionId,
    /// What the key is secure against, and what that rests on.
    pub security: SessionSecurity,
    /// Rounds of the block.
    pub rounds: u64,
    /// Test rounds among them.
    pub test_rounds: u64,
    /// Rounds that one site recorded and the other did not, dropped before anything of them was said.
    pub dropped_rounds: u64,
    /// Rounds that both recorded and that were dropped because one of two flags drawn at the sites was up.
    pub unlike_flags: u64,
    /// The leak that the certificate counts: the cap.
    pub leak: LeakBits,
    /// Leak cap over the entropy of the error pattern that the scheme is laid out for.
    pub f_ec: f64,
    /// Certified key length in bits.
    pub key_bits: u64,
    /// Digest of all messages before the last; the same at both sites.
    pub transcript: [u8; 32],
    /// Batches of frames that this site sent, with a tag each that took 128 bits of pre-shared key.
    pub batches_sent: u64,
    /// Batches accepted from the peer.
    pub batches_received: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Frames accepted from the peer.
    pub frames_received: u64,
    /// Frames refused.
    pub frames_refused: u64,
    /// Bits of pre-shared key that padded what was said about the string; 0 in a session that does not pad.
    pub padding_bits: u64,
    /// How many different things can be seen of a padded session, whatever is padded: passed or not, and how many frames
    /// were sent a second time. What a device remembers of earlier blocks it can say there, the logarithm of this in bits.
    pub unpadded_outcomes: u64,
    /// Where the session stands with the loopholes of its Bell test, as far as the protocol sees. A station that knows
    /// more, of its timing say, [sets](LoopholeChecklist::set) it.
    pub loopholes: LoopholeChecklist,
    /// What only Bob knows: he has both strings.
    pub observed: Option<Observed>,
}

/// The statistics of a corrected block; they stay at Bob's site.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Counts N(a,b,x,y) of the test rounds.
    pub counts: Counts,
    /// Test rounds won.
    pub wins: u64,
    /// Test rounds.
    pub tests: u64,
    /// Least wins for acceptance.
    pub min_wins: u64,
    /// Key rounds in which the strings differed, Alice's after her flips.
    pub key_errors: u64,
    /// Key rounds.
    pub key_rounds: u64,
    /// Frames that needed a second try.
    pub retried_frames: u32,
}

impl Observed {
    /// The quantum bit error rate of the key rounds.
    pub fn qber(&self) -> f64 {
        self.key_errors as f64 / (self.key_rounds as f64).max(1.0)
    }

    /// The fraction of test rounds won.
    pub fn omega(&self) -> f64 {
        self.wins as f64 / (self.tests as f64).max(1.0)
    }
}
