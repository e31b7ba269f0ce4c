//! How good a link is: its round-trip time, and how often it has failed of late.

use std::time::{Duration, Instant};

#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    rtt: Option<Duration>,
    /// Failures, each counting half after [`HALF_LIFE`].
    failures: f64,
    counted: Option<Instant>,
}

impl Health {
    /// A ping has come back.
    pub(super) fn answered(&mut self, rtt: Duration) {
        self.rtt = Some(self.rtt.map_or(rtt, |before| (before * 7 + rtt) / 8));
    }

    /// A connection has ended otherwise than by our will.
    pub(super) fn failed(&mut self, now: Instant) {
        self.failures = self.recent_failures(now) + 1.0;
        self.counted = Some(now);
    }

    pub(super) fn rtt_s(&self) -> Option<f64> {
        self.rtt.map(|rtt| rtt.as_secs_f64())
    }

    /// Lower is better: the round-trip time in seconds, and a quarter of a second for each recent failure.
    pub(super) fn score(&self, now: Instant) -> f64 {
        self.rtt_s().unwrap_or(UNKNOWN_RTT_S) + FAILURE_S * self.recent_failures(now)
    }

    /// Whether it pays to leave the other link for this one: half the score and 5 ms less.
    pub(super) fn is_clearly_better(&self, other: &Self, now: Instant) -> bool {
        2.0 * self.score(now) + 0.005 < other.score(now)
    }

    fn recent_failures(&self, now: Instant) -> f64 {
        let Some(counted) = self.counted else { return 0.0 };
        let lives = now.saturating_duration_since(counted).as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.failures * 0.5_f64.powf(lives)
    }
}

const HALF_LIFE: Duration = Duration::from_secs(60);
const UNKNOWN_RTT_S: f64 = 0.05;
const FAILURE_S: f64 = 0.25;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_weigh_and_are_forgiven() {
        let start = Instant::now();
        let mut stable = Health::default();
        stable.answered(Duration::from_millis(40));
        let mut flapping = Health::default();
        flapping.answered(Duration::from_millis(2));
        assert!(flapping.is_clearly_better(&stable, start));
        flapping.failed(start);
        assert!(stable.is_clearly_better(&flapping, start));
        let later = start + 20 * HALF_LIFE;
        assert!(flapping.is_clearly_better(&stable, later));
    }

    #[test]
    fn small_differences_are_no_reason_to_change() {
        let now = Instant::now();
        let [mut a, mut b] = [Health::default(), Health::default()];
        a.answered(Duration::from_micros(100));
        b.answered(Duration::from_micros(900));
        assert!(!a.is_clearly_better(&b, now) && !b.is_clearly_better(&a, now));
    }
}
