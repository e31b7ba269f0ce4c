#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod config;
pub mod control;
#[cfg(unix)]
mod delivery;
pub mod demo;
mod drive;
mod error;
mod events;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
mod http;
mod journal;
mod keeper;
mod link_lost;
mod metrics;
mod observer;

mod pads;
pub mod party;
pub mod preshare;
pub mod randomness;
mod setting_rng;
pub mod site;
mod source;
pub mod station;
pub mod station_stream;
mod store;
mod tcp;
mod test_share;
pub mod trunk;
mod vault;

pub use config::{Config, ConfigError};
pub use control::Control;
pub use error::NodeError;
pub use journal::{JournalFile, JournalFileError};
pub use keeper::Keeper;
pub use link_lost::LinkLost;
pub use observer::{Observer, Silent};
pub use pads::PadsError;
pub use setting_rng::SoftwareSettingRng;
pub use store::{BlockProvenance, StoreError, StoreOnDisk, now_unix_s};
pub use tcp::{TcpError, TcpLink};
