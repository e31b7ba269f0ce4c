//! Where a running party reports what it is doing.

use diqkd_core::Role;
use diqkd_protocol::Stage;

/// Told about progress; called from the party's thread.
pub trait Observer: Sync {
    /// `recorded` of `rounds` rounds are in the table.
    fn recording(&self, role: Role, recorded: u64, rounds: u64);

    /// The session entered a stage.
    fn entered(&self, role: Role, stage: Stage);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn recording(&self, _role: Role, _recorded: u64, _rounds: u64) {}

    fn entered(&self, _role: Role, _stage: Stage) {}
}
