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
#[cfg(fuzzing)]
pub mod fuzzing;

// The command's, of which the doors in `fuzzing` reach the readers alone.
#[cfg(fuzzing)]
#[expect(dead_code, reason = "the rest is the command's")]
mod answer;
#[cfg(fuzzing)]
mod arguments;
#[cfg(fuzzing)]
#[expect(dead_code, unused_imports, reason = "the rest is the command's")]
mod commands;
#[cfg(fuzzing)]
#[expect(dead_code, reason = "the rest is the command's")]
mod console;
#[cfg(fuzzing)]
mod input;
#[cfg(fuzzing)]
mod loopholes;
#[cfg(fuzzing)]
mod numbers;
#[cfg(fuzzing)]
mod picture;
