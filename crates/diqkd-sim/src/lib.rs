#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod behaviour;
mod chooser;
mod click_sampler;
mod click_table;
mod clock;
mod counts;
mod devices;
mod error;
mod experiment;
mod fault;
mod fibre;
mod heralds;
mod measurement;
mod model;
mod noise;
mod parts;
mod phase;
mod photonic;
mod preset;
mod setting_rng;
mod state;
mod station;
mod strategy;
mod trials;
mod world;

pub use behaviour::Behaviour;
pub use chooser::SeededChooser;
pub use click_sampler::ClickSampler;
pub use click_table::{ClickTable, Clicks, Readout};
pub use clock::{BobClock, ClockModel};
pub use counts::TrialCounts;
pub use devices::{Answer, Delay, Devices, HashForcing, PastRound, Preparation, Responses};
/// The abstraction that the stations implement, for users without a dependency of their own on it.
pub use diqkd_hal as hal;
pub use error::Error;
pub use experiment::Experiment;
pub use fault::{DRIFT_STEPS, Fault, FaultKind, ParseFaultError, ScenarioError, parse_scenario};
pub use fibre::{Fibre, ParseFibreError};
pub use measurement::Measurement;
pub use model::{Model, Timing, TriggerModel};
pub use noise::{Noise, NoiseRng};
pub use parts::SimulatedParts;
pub use photonic::Photonic;
pub use preset::{ParsePresetError, Preset};
pub use setting_rng::{RngStopped, SeededSettingRng};
pub use state::TwoQubitState;
pub use station::SimulatedStation;
pub use strategy::{ParseStrategyError, Strategy};
pub use trials::Trials;
