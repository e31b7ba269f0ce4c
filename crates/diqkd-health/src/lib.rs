#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

#[cfg(test)]
extern crate std;

mod alarm;
mod alarm_budget;
mod bias;
mod cutoffs;
mod drift;
mod error;
mod estimate;
mod monitor;
mod rng_check;
mod sample_width;
mod two_sample;
mod watch;

pub use alarm::{Alarm, Cause, FailureMode, Signal};
pub use alarm_budget::AlarmBudget;
pub use bias::Bias;
pub use cutoffs::Cutoffs;
pub use drift::{Band, CountDrift, Excursion, MeanDrift, ShareDrift, Side};
pub use error::HealthError;
pub use estimate::{Estimate, Estimator, Reading, Report, estimate, most_samples, needed_samples};
pub use monitor::{AlarmCount, Monitor};
pub use rng_check::{RngCheck, RngCheckParams, RngReport};
pub use sample_width::SampleWidth;
pub use watch::{
    BellLimits, BellWatch, BellWindow, ClockLimits, ClockWatch, ClockWindow, Correlated, DetectorLimits,
    DetectorWatch, DetectorWindow, Draw, EnvironmentCorrelation, EnvironmentLimits, EnvironmentWatch,
    FirmwareLimits, FirmwareWatch, FirmwareWindow, KeyRelease, KeySupplyLimits, KeySupplyWatch, LinkLimits,
    LinkWatch, Misaligned, PairedColumns, QberWatch, RandomnessLimits, RandomnessWatch, ReseedWatch,
    TIMING_BINS, TestForecast, TestPlan, TimingWatch, TrialRateWatch, find_misalignment,
};
