//! F7: key is taken faster than it is made.

use diqkd_core::{Epsilon, OutOfRange};

use crate::drift::ExcessDrift;
use crate::{Alarm, Cause, HealthError, Signal};

/// What a healthy supply keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeySupplyLimits {
    /// Windows for which the store has to last.
    pub horizon: f64,
    /// The most key bits that a window can make.
    pub most_made_bits: u64,
    /// False-alarm probability an update.
    pub alpha: Epsilon,
}

/// Forecasts when the key store runs empty.
///
/// The deficit of a window is what it delivers minus what it makes. A healthy store bears its mean deficit for the
/// horizon: given the past, the deficit is at most `stored / horizon` on average. Bets against that
/// (an e-detector) win only where it fails, whatever the distribution: the alarm has probability at most `alpha` an
/// update as long as it holds.
#[derive(Clone, Debug)]
pub struct KeySupplyWatch {
    limits: KeySupplyLimits,
    excess: ExcessDrift,
    stored_before: Option<u64>,
    deficits: [f64; MEMORY],
    seen: usize,
}

impl KeySupplyWatch {
    /// A watch that has seen nothing.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for a horizon that is not a positive number.
    pub fn new(limits: KeySupplyLimits) -> Result<Self, HealthError> {
        let value = limits.horizon;
        if !(value > 0.0 && value.is_finite()) {
            return Err(OutOfRange { quantity: "horizon in windows", value, low: 0.0, high: f64::MAX }.into());
        }
        let excess = ExcessDrift::new(limits.alpha);
        Ok(Self { limits, excess, stored_before: None, deficits: [0.0; MEMORY], seen: 0 })
    }

    /// Takes one window: key bits made and delivered in it, and what the store holds at its end.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for more bits than the limits let a window make.
    pub fn push(
        &mut self,
        at: u64,
        made_bits: u64,
        taken_bits: u64,
        stored_bits: u64,
    ) -> Result<Option<Alarm>, HealthError> {
        let most = self.limits.most_made_bits;
        if made_bits > most {
            return Err(OutOfRange {
                quantity: "key bits made in a window",
                value: made_bits as f64,
                low: 0.0,
                high: most as f64,
            }
            .into());
        }
        let deficit = taken_bits as f64 - made_bits as f64;
        self.deficits[self.seen % MEMORY] = deficit;
        self.seen += 1;
        // What the deficit is held against was known before the window.
        let stored_before = self.stored_before.replace(stored_bits).unwrap_or(stored_bits);
        let borne = stored_before as f64 / self.limits.horizon;
        let found = self.excess.push(at, deficit - borne, most as f64 + borne);
        Ok(found.map(|since| Alarm {
            signal: Signal::KeySupply,
            observed: self.windows_left(stored_bits).unwrap_or(f64::INFINITY),
            threshold: self.limits.horizon,
            since,
            raised: at,
            cause: Cause::Consumption,
            false_alarm: Some(self.limits.alpha),
        }))
    }

    /// Windows until the store is empty at the mean deficit of the last 64 windows; `None` while it does not shrink.
    pub fn windows_left(&self, stored_bits: u64) -> Option<f64> {
        let mean = self.mean();
        (mean > 0.0).then(|| stored_bits as f64 / mean)
    }

    /// Key bits a window that would have to be made on top so that the store lasts for the horizon.
    pub fn more_needed_bits(&self, stored_bits: u64) -> f64 {
        (self.mean() - stored_bits as f64 / self.limits.horizon).max(0.0)
    }

    fn mean(&self) -> f64 {
        let n = self.seen.min(MEMORY);
        self.deficits[..n].iter().sum::<f64>() / n.max(1) as f64
    }
}

const MEMORY: usize = 64;
