#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod advice;
mod comparison;
mod error;
mod event_ready;
mod loss_profile;
mod maximise;
mod photonic;
mod rotation;
mod setup;
mod table;

pub use advice::{Advice, DataValue, Need, Reason, Verdict, advise};
pub use comparison::{Alternative, Approach, compare, comparison_csv};
pub use error::Error;
pub use event_ready::EventReady;
pub use loss_profile::{LossProfile, MalformedLossProfile, Segment};
pub use photonic::{Photonic, PhotonicOptimum};
pub use rotation::{Rotation, rotation};
pub use setup::{Expected, Path, Setup};
pub use table::{Grid, table, table_csv};
