//! What can fail around a session.

use std::path::PathBuf;

use crate::journal::JournalFileError;
use crate::link_lost::LinkLost;
use crate::pads::PadsError;
use crate::station::StationError;
use crate::store::StoreError;
use crate::tcp::TcpError;

/// A party could not be run to its end. That the protocol says no is not among these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The session can't be set up.
    #[error("the session can't be set up")]
    Setup(#[from] diqkd_protocol::SetupError),
    /// The connection to the peer failed.
    #[error("the link to the peer failed")]
    Connection(#[from] TcpError),
    /// An address can't be used.
    #[error(
        "can't use the address {address}; check that it is this machine's and that nothing else listens there"
    )]
    Link {
        /// The address as configured.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The socket of a delivery can't be made.
    #[error(
        "can't make the socket {path}; check that its folder exists and is writable, and that nothing else has the name"
    )]
    Delivery {
        /// The socket as configured.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The TLS of a link can't be set up.
    #[cfg(all(unix, feature = "tls"))]
    #[error("the TLS of a link can't be set up")]
    Tls(#[from] crate::trunk::TlsError),
    /// The pre-shared key can't be used.
    #[error("the pre-shared key can't be used")]
    Pads(#[from] PadsError),
    /// A block can't go on with this peer.
    #[error("the conversation with the peer has ended")]
    PeerLost(#[from] LinkLost),
    /// A session that had certified a key does not any more.
    #[error("the session certifies no key: {0}")]
    Refused(Box<diqkd_protocol::Abort>),
    /// A socket could not be made.
    #[error("no connection on the loopback interface")]
    Socket(#[source] std::io::Error),
    /// The key store failed.
    #[error("the key store failed")]
    Store(#[from] StoreError),
    /// The journal of the sessions failed.
    #[error("the journal of the sessions failed")]
    Journal(#[from] JournalFileError),
    /// The station could not be started.
    #[error("the station failed")]
    Station(#[from] StationError),
    /// The simulator refuses the experiment.
    #[error("the simulated experiment can't be set up")]
    Simulation(#[from] diqkd_sim::Error),
    /// The probabilities of flags that each site draws for itself don't do.
    #[error("the flags of both sites hardly ever make test and key rounds: {what}")]
    Flags {
        /// What is wrong with them.
        what: String,
    },
    /// A value is out of range.
    #[error("a parameter is out of range")]
    OutOfRange(#[from] diqkd_core::OutOfRange),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Randomness(#[from] rand::rngs::SysError),
    /// A directory could not be made.
    #[error(
        "can't make the directory {path}; check that nothing else has the name and that the place is writable, or choose another"
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A thread could not be started or ended abnormally.
    #[error("a party's thread ended abnormally")]
    Thread,
}

/// An error with its causes in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
