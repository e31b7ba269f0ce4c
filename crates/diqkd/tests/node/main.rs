//! Two nodes as processes of their own, on the loopback interface.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod config;
mod crashes;
mod delivery;
mod links;
mod operating;
mod pair;
mod ports;
mod proxy;
mod report;
