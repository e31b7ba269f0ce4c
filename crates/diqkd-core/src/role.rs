//! The two parties.

use core::fmt;

/// Which of the two sites a piece of code acts for. Reconciliation is one-way from Alice to Bob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Settings `x` in {0, 1}, outcomes `a`; sends the syndrome.
    Alice,
    /// Settings `y` in {0, 1, 2} (2 = key setting), outcomes `b`; corrects, scores, announces pass or abort.
    Bob,
}

impl Role {
    /// The other party.
    pub fn peer(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
        })
    }
}
