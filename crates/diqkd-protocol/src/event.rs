//! What a session tells its owner.

use diqkd_core::SessionId;

use crate::abort::Abort;
use crate::report::Report;
use crate::secret_key::SecretKey;

/// Taken off with [`Session::poll_event`](crate::Session::poll_event).
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// Both sites hold the same parameters.
    Agreed,
    /// Events on Alice's clock, in picoseconds, for Bob's clock recovery.
    SyncSample(Vec<i64>),
    /// The session entered a stage.
    Entered(Stage),
    /// The key, once. The session stands still until [`Session::key_stored`](crate::Session::key_stored) says that it is on
    /// disk, as a key that is not to be used yet. It may be used after [`Event::Confirmed`].
    Key {
        /// The secret.
        key: SecretKey,
        /// How it came about.
        report: Box<Report>,
    },
    /// Both sites hold the key, and this site's journal says so: it may be used.
    Confirmed,
    /// Alice asks how these earlier sessions ended at Bob's site; to be answered with
    /// [`Session::answer_outcomes`](crate::Session::answer_outcomes).
    OutcomesAsked(Vec<SessionId>),
    /// Bob's answer: whether he holds the key of each session asked for. Alice's keys of those that he holds may be used,
    /// the others are to be erased: he never will. The journal says so already.
    Outcomes(Vec<(SessionId, bool)>),
    /// The session is over. A key that was stored is to be erased, unless the [journal](crate::journal::Journal) says that
    /// it may exist at the other site too: then it stays unused until a later session has asked.
    Aborted(Abort),
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Rounds are being recorded.
    Collecting,
    /// The sites find the rounds they share.
    Sifting,
    /// Bob decodes Alice's string.
    Reconciling,
    /// The strings are compared, and Bob scores the test rounds.
    Verifying,
    /// The block is hashed to the key.
    Amplifying,
    /// The key is out.
    Done,
    /// There is no key.
    Aborted,
}

impl Stage {
    /// The stage in a sentence: "while ...".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collecting => "collecting",
            Self::Sifting => "sifting",
            Self::Reconciling => "reconciling",
            Self::Verifying => "verifying",
            Self::Amplifying => "amplifying",
            Self::Done => "done",
            Self::Aborted => "aborted",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
