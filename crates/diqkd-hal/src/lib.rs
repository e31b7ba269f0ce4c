#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod apply_round;
mod channel_map;
mod detector;
mod entanglement_source;
mod environment;
mod error;
mod filter;
mod guarded;
mod herald;
mod identity;
mod layout;
mod modulator;
mod preflight;
mod record;
mod reference_clock;
mod safety;
mod setting_chooser;
mod setting_rng;
mod time_tagger;

#[cfg(feature = "asynch")]
pub mod asynch;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "mock")]
pub mod mock;
pub mod telemetry;

pub use apply_round::{ApplyError, apply_round};
pub use channel_map::{ChannelMap, ChannelMapError, ChannelUse};
pub use detector::{Detector, DetectorReading};
pub use entanglement_source::{Alignment, EntanglementSource, SourceState, realign};
pub use environment::{Environment, EnvironmentReading, Quantity};
pub use error::{Error, ErrorKind, ErrorType};
pub use filter::{Filter, Passband};
pub use guarded::{GuardError, Guarded};
pub use herald::{Herald, HeraldEvent};
pub use identity::{Identity, StationIdentity};
pub use layout::{ClockBounds, LayoutError, StationLayout, Trigger, Window};
pub use modulator::{Applied, Modulator};
pub use preflight::{ClockRequirement, NotReady, Requirements, preflight};
pub use record::{Tally, record};
pub use reference_clock::{ClockSource, ClockState, Lock, ReferenceClock};
pub use safety::{Interlock, InterlockState, Tamper, TamperCause, TamperEvent};
pub use setting_chooser::SettingChooser;
pub use setting_rng::{RngFault, RngHealth, SettingRng};
pub use time_tagger::{Capabilities, Filled, Restart, Status, TagBlock, TimeTagger};
