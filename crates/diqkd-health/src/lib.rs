#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod alarm_budget;
mod bias;
mod cutoffs;
mod error;
mod monitor;
mod sample_width;

pub use alarm_budget::AlarmBudget;
pub use bias::Bias;
pub use cutoffs::Cutoffs;
pub use error::HealthError;
pub use monitor::{AlarmCount, Monitor};
pub use sample_width::SampleWidth;
