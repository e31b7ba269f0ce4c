//! The monitors of a running link, one for each thing that fails.
//!
//! Each is fed at the caller's pace (a window of trials, a second of clicks, a heartbeat), keeps constant memory and
//! returns alarms as values. Limits are declared by the operator, with a tolerance inside which nothing is said; the
//! false-alarm probability an update is a parameter, for example from [`crate::AlarmBudget`]. After an alarm a monitor
//! starts afresh, so that a fault that stays raises another after the same delay.

mod bell;
mod clock;
mod detector;
mod environment;
mod firmware;
mod key_supply;
mod link;
mod misalignment;
mod quality;
mod randomness;
mod reseed;
mod statistics;

pub use bell::{BellLimits, BellWatch, BellWindow};
pub use clock::{ClockLimits, ClockWatch, ClockWindow};
pub use detector::{DetectorLimits, DetectorWatch, DetectorWindow};
pub use environment::{Correlated, EnvironmentCorrelation, EnvironmentLimits, EnvironmentWatch};
pub use firmware::{FirmwareLimits, FirmwareWatch, FirmwareWindow, KeyRelease, TIMING_BINS};
pub use key_supply::{KeySupplyLimits, KeySupplyWatch};
pub use link::{LinkLimits, LinkWatch};
pub use misalignment::{Misaligned, PairedColumns, find_misalignment};
pub use quality::{QberWatch, TimingWatch, TrialRateWatch};
pub use randomness::{RandomnessLimits, RandomnessWatch};
pub use reseed::{Draw, ReseedWatch};
pub use statistics::{TestForecast, TestPlan};
