//! Clock recovery between two free-running sites, from events that both have seen.
//!
//! The model is `local = reference + offset + drift * reference`, with the reference site's clock right by definition.
//! [`acquire`] finds offset and drift when neither is known (feature `std`); a [`Tracker`] then follows the clock with
//! integer arithmetic, from samples of common events, and puts local times on the reference clock.
//!
//! Where hardware shares a time scale, [`fit_pulses`] and [`fit_timestamps`] take the place of [`acquire`], and
//! [`ClockState`] says whether such a clock is good enough.
//!
//! Events may be heralds that both sites see, but for a few per cent, or photons of which one in ten has a partner.

#[cfg(feature = "std")]
mod acquire;
#[cfg(feature = "std")]
mod correlate;
mod discipline;
mod fit;
#[cfg(feature = "std")]
mod line;
#[cfg(feature = "std")]
mod poisson;
mod pulses;
#[cfg(feature = "std")]
mod refine;
mod tracker;

#[cfg(feature = "std")]
pub use acquire::{AcquireOptions, NoPeak, acquire};
pub use discipline::{ClockRefused, ClockState, Discipline, TimeSource};
pub use fit::ClockFit;
pub use pulses::{PulseError, PulseFit, PulseOptions, fit_pulses, fit_timestamps};
pub use tracker::{Lock, TrackReport, Tracker};
