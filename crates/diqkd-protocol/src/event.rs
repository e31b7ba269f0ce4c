//! What a session tells its owner.

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
    /// The key, once.
    Key {
        /// The secret.
        key: SecretKey,
        /// How it came about.
        report: Box<Report>,
    },
    /// The session is over without a key.
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
