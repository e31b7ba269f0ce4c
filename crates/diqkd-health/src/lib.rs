#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod alarm_budget;
mod bias;
mod cutoffs;
mod error;
mod estimate;
mod monitor;
mod rng_check;
mod sample_width;

pub use alarm_budget::AlarmBudget;
pub use bias::Bias;
pub use cutoffs::Cutoffs;
pub use error::HealthError;
pub use estimate::{Estimate, Estimator, Reading, Report, estimate, most_samples, needed_samples};
pub use monitor::{AlarmCount, Monitor};
pub use rng_check::{RngCheck, RngCheckParams, RngReport};
pub use sample_width::SampleWidth;
