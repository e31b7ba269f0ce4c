//! F5: the classical link is silent.

use diqkd_core::Epsilon;

use super::clock::misses;
use crate::{Alarm, Cause, HealthError, Signal};

/// What a healthy link keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkLimits {
    /// Time between two heartbeats of the peer, in the caller's unit of time.
    pub period: u64,
    /// Probability that a single heartbeat is lost or comes late on a healthy link.
    pub loss: f64,
    /// False-alarm probability a heartbeat.
    pub alpha: Epsilon,
}

/// Watches for heartbeats missed in a row; losses count as independent.
#[derive(Clone, Debug)]
pub struct LinkWatch {
    limits: LinkLimits,
    allowed: u64,
    heard: u64,
    raised: bool,
}

impl LinkWatch {
    /// A watch that starts at time `now`.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for a loss that is not a probability below 1 or a period of 0.
    pub fn new(limits: LinkLimits, now: u64) -> Result<Self, HealthError> {
        if limits.period == 0 {
            let zero =
                diqkd_core::OutOfRange { quantity: "heartbeat period", value: 0.0, low: 1.0, high: f64::MAX };
            return Err(zero.into());
        }
        let allowed = misses(limits.loss, limits.alpha)?;
        Ok(Self { limits, allowed, heard: now, raised: false })
    }

    /// A heartbeat, or anything else, came from the peer.
    pub fn heard(&mut self, now: u64) {
        self.heard = self.heard.max(now);
        self.raised = false;
    }

    /// Looks at the clock: one alarm an outage.
    pub fn check(&mut self, now: u64) -> Option<Alarm> {
        let missed = now.saturating_sub(self.heard) / self.limits.period;
        if missed < self.allowed || self.raised {
            return None;
        }
        self.raised = true;
        Some(Alarm {
            signal: Signal::LinkSilence,
            observed: missed as f64,
            threshold: self.allowed as f64,
            since: self.heard,
            raised: now,
            cause: Cause::LinkDown,
            false_alarm: Some(self.limits.alpha),
        })
    }
}
