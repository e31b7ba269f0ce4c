//! Heralded pairs of memories, with or without repeaters.

use crate::error::{Error, positive, probability};
use crate::setup::{Expected, Path, SECONDS_PER_KM};

/// Two memories whose photons meet in the middle of a span.
///
/// Per attempt a span with channel transmission `t` succeeds with probability `collection^2 t / 2` (a photonic Bell
/// measurement tells two of four states). Attempts wait for the herald: one attempt per `1/attempt_rate_hz` or per
/// signal time of the span, whichever is longer. With repeaters every span tries until all have a pair, then memories are
/// swapped without loss; idle memories are taken as perfect, so that the figures are optimistic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventReady {
    /// Attempts a second that the memories can make.
    pub attempt_rate_hz: f64,
    /// Probability that an attempt's photon is emitted, collected and detected, the channel's loss aside; per side.
    pub collection: f64,
    /// Visibility of a heralded pair of one span.
    pub visibility: f64,
    /// Factor on the visibility for every swap at a repeater.
    pub swap_visibility: f64,
    /// Probability that reading a memory gives the wrong outcome, per side.
    pub readout_error: f64,
}

impl EventReady {
    pub(crate) fn expected(&self, path: &Path) -> Result<Expected, Error> {
        let attempt_rate = positive("attempt_rate_hz", self.attempt_rate_hz)?;
        let collection = probability("collection", self.collection)?;
        let visibility = probability("visibility", self.visibility)?;
        let swap = probability("swap_visibility", self.swap_visibility)?;
        let read = 1.0 - 2.0 * probability("readout_error", self.readout_error)?;
        if path.repeaters > MOST_REPEATERS {
            return Err(Error::Field {
                field: "repeaters",
                value: path.repeaters as f64,
                expected: "at most 15",
            });
        }
        let spans = path.repeaters + 1;
        let longest = path.profile.spans_of_equal_loss(spans).into_iter().fold(0.0, f64::max);
        let transmission = 10f64.powf(-path.profile.loss_db() / spans as f64 / 10.0);
        let success = collection * collection * transmission / 2.0;
        let period = (1.0 / attempt_rate).max(longest * SECONDS_PER_KM);
        let correlation = visibility.powi(spans as i32) * swap.powi(path.repeaters as i32) * read * read;
        Ok(Expected {
            chsh_s: 8f64.sqrt() * correlation,
            qber: (1.0 - correlation) / 2.0,
            round_rate_hz: if success > 0.0 {
                1.0 / (period * attempts_until_all(success, spans))
            } else {
                0.0
            },
            noise: 0.0,
            propagation_s: path.profile.length_km() * SECONDS_PER_KM,
        })
    }
}

/// Expected number of attempts until each of `spans` independent trials has succeeded once.
fn attempts_until_all(success: f64, spans: usize) -> f64 {
    let mut choose = 1.0;
    let mut sum = 0.0;
    for j in 1..=spans {
        choose *= (spans - j + 1) as f64 / j as f64;
        let any = -(j as f64 * (-success).ln_1p()).exp_m1();
        sum += if j % 2 == 1 { choose } else { -choose } / any;
    }
    sum
}

/// Beyond this the alternating sum of [`attempts_until_all`] loses digits.
const MOST_REPEATERS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss_profile::LossProfile;

    const STATION: EventReady = EventReady {
        attempt_rate_hz: 1e6,
        collection: 0.1,
        visibility: 0.95,
        swap_visibility: 0.97,
        readout_error: 0.0,
    };

    fn over(km: f64, repeaters: usize) -> Expected {
        STATION.expected(&Path { profile: LossProfile::uniform(km, 0.2).unwrap(), repeaters }).unwrap()
    }

    #[test]
    fn one_span_is_a_geometric_wait() {
        let near = over(0.05, 0);
        assert!((near.chsh_s - 8f64.sqrt() * 0.95).abs() < 1e-12 && (near.qber - 0.025).abs() < 1e-12);
        assert!((near.round_rate_hz - 1e6 * 0.005 * 10f64.powf(-0.001)).abs() < 1e-6);
        // At 100 km the signal time limits the attempts.
        let far = over(100.0, 0);
        assert!((far.round_rate_hz * far.propagation_s - 0.005 * 1e-2).abs() < 1e-9);
    }

    #[test]
    fn waiting_for_all_spans_agrees_with_a_sum_over_attempts() {
        for (success, spans) in [(0.3, 1), (0.3, 4), (0.01, 3), (1.0, 7)] {
            let mut expected = 0.0;
            let mut k = 0;
            loop {
                let unfinished = 1.0 - (1.0 - (1.0f64 - success).powi(k)).powi(spans);
                expected += unfinished;
                k += 1;
                if unfinished < 1e-15 {
                    break;
                }
            }
            let got = attempts_until_all(success, spans as usize);
            assert!((got / expected - 1.0).abs() < 1e-9, "{success} {spans}: {got} {expected}");
        }
    }

    #[test]
    fn repeaters_trade_violation_for_rate() {
        let (direct, relayed) = (over(200.0, 0), over(200.0, 1));
        assert!(relayed.round_rate_hz > 50.0 * direct.round_rate_hz);
        assert!((relayed.chsh_s / direct.chsh_s - 0.95 * 0.97).abs() < 1e-12);
    }

    #[test]
    fn fields_are_named() {
        let path = Path { profile: LossProfile::uniform(1.0, 0.2).unwrap(), repeaters: 0 };
        let error = EventReady { visibility: 1.1, ..STATION }.expected(&path).unwrap_err();
        assert!(matches!(error, Error::Field { field: "visibility", .. }));
        let many = Path { repeaters: 16, ..path };
        assert!(matches!(STATION.expected(&many), Err(Error::Field { field: "repeaters", .. })));
    }
}
