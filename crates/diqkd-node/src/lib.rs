#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub mod demo;
mod drive;
mod error;
mod journal;
mod keeper;
mod observer;

pub mod party;
pub mod randomness;
mod setting_rng;
pub mod station;
mod store;
mod tcp;

pub use error::NodeError;
pub use journal::{JournalFile, JournalFileError};
pub use keeper::Keeper;
pub use observer::{Observer, Silent};
pub use setting_rng::SoftwareSettingRng;
pub use store::{BlockProvenance, StoreError, StoreOnDisk, now_unix_s};
pub use tcp::{TcpError, TcpLink};
