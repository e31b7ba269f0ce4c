#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod abort;
mod agreement;
mod assembly;
mod bits;
mod error;
mod event;
mod golden;
mod hostile_peer;
pub mod journal;
mod lanes;
mod link;
mod local_flags;
mod loopholes;
mod padding;
mod params;
mod party;
mod report;
mod secret_key;
mod security;
mod session;
mod setting_balance;
mod settings;
mod stage;
mod state;
mod variant;
pub mod wire;

pub use abort::Abort;
pub use agreement::Agreement;
pub use error::SetupError;
pub use event::{Event, Stage};
pub use link::LinkConfig;
pub use local_flags::{LocalFlagChooser, RaisedFlags};
pub use params::SessionParams;
pub use report::{Observed, Report};
pub use secret_key::{IdentifiedKey, SecretKey};
pub use security::SessionSecurity;
pub use session::Session;
pub use settings::{SpotCheckChooser, TestFlags};
pub use stage::{Accepted, Corrected, Sifted, Verified};
pub use variant::{FlagSource, FlipProbability, KeyBases, Variant};
