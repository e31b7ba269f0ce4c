//! What a setup and a path are expected to give.

use crate::error::Error;
use crate::event_ready::EventReady;
use crate::loss_profile::LossProfile;
use crate::photonic::Photonic;

/// The kind of link and its devices.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Setup {
    /// Memories at both ends, a photonic measurement in the middle that heralds a pair: loss costs rate, not violation.
    EventReady(EventReady),
    /// Photon pairs from a source in the middle, measured at clocked times: loss counts as missing clicks.
    Photonic(Photonic),
}

/// The way between the two sites.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Fibre from site to site.
    pub profile: LossProfile,
    /// Repeaters along it, placed at equal loss; only for event-ready links.
    pub repeaters: usize,
}

/// Numbers that a plan starts from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// CHSH value of test rounds.
    pub chsh_s: f64,
    /// Error rate of key rounds; where errors are not symmetric the rate of a symmetric channel with the same
    /// conditional entropy.
    pub qber: f64,
    /// Rounds a second.
    pub round_rate_hz: f64,
    /// Best flip probability of noisy preprocessing that the optimiser found; 0 for event-ready links.
    pub noise: f64,
    /// Time light needs from one end to the other, in seconds.
    pub propagation_s: f64,
}

impl Setup {
    /// What to expect over a path.
    ///
    /// # Errors
    /// [`Error::Field`] naming what no device has.
    pub fn expected(&self, path: &Path) -> Result<Expected, Error> {
        match self {
            Self::EventReady(station) => station.expected(path),
            Self::Photonic(station) => station.expected(path),
        }
    }
}

/// Seconds that light needs for a km of fibre (group index 1.468).
pub(crate) const SECONDS_PER_KM: f64 = 1.468 / 299_792.458;
