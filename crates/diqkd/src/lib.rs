#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

pub use diqkd_amplify as amplify;
pub use diqkd_bell as bell;
pub use diqkd_core as core;
pub use diqkd_entropy as entropy;
pub use diqkd_gf2 as gf2;
pub use diqkd_health as health;
pub use diqkd_keystore as keystore;
pub use diqkd_node as node;
pub use diqkd_planner as planner;
pub use diqkd_protocol as protocol;
pub use diqkd_reconcile as reconcile;
pub use diqkd_sim as sim;
pub use diqkd_timetag as timetag;

#[cfg(doctest)]
mod book;
