//! Why a conversation with the peer can't go on.

/// The block in progress has lost its peer; whether there is a key is settled with the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkLost {
    /// The peer's process is another one than before.
    #[error("the peer was restarted")]
    PeerRestarted,
    /// This node is being stopped.
    #[error("this node is being stopped")]
    Stopped,
}
