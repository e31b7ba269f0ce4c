#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod epsilon;
mod extract_certificate;
mod id;
mod leak;
mod ledger;
mod loophole;
mod probability;
mod role;
mod round_list;
mod security;
mod test_probability;
mod time_tag;
mod trial;
mod trial_table;

pub use epsilon::{Epsilon, ParseEpsilonError};
pub use extract_certificate::ExtractCertificate;
pub use id::{KeyId, SessionId};
pub use leak::{LeakBits, LeakLedger};
pub use ledger::{EpsilonLedger, LedgerEntry, Overspent};
pub use loophole::{Closure, Loophole, LoopholeChecklist, LoopholeStatus};
pub use probability::{Chsh, OutOfRange, Qber, WinProbability, binary_entropy};
pub use role::Role;
pub use round_list::{RoundList, RoundListError, RoundListIter};
pub use security::{Assumption, PreSharedKey, SecurityModel};
pub use test_probability::TestProbability;
pub use time_tag::{Channel, TimeTag};
pub use trial::{Herald, LocalTrial, Outcome, Setting, Trial};
pub use trial_table::{LocalTable, TableError};
