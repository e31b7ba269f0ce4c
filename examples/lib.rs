#![forbid(unsafe_code)]
//! What several examples share; the examples are the other files of this folder:
//! `cargo run --release --example quickstart`.

mod connection;
mod mock_kme;
mod ptu_station;
mod two_sites;

pub use connection::{Connection, connect};
pub use mock_kme::MockKme;
pub use ptu_station::{PtuStation, VendorError};
pub use two_sites::{listen, pool, session, session_params, table_from_csv, table_to_csv, trials};
