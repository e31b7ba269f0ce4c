#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod audit;
mod codec;
mod error;
mod key;
mod provenance;
mod record;
mod seal;
mod store;

pub use audit::{AuditEntry, AuditEvent};
pub use error::Error;
pub use key::{DeliveredKey, KeyRecord, KeyState, NewKey, StateName};
pub use provenance::{Provenance, Route};
pub use seal::StorageKey;
pub use store::{Audit, Inserted, KeyStore};
