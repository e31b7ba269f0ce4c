//! F1: the Bell test loses its margin, or wanders.

use alloc::vec::Vec;

use diqkd_core::Epsilon;

use crate::drift::{Band, ShareDrift};
use crate::{Alarm, Cause, HealthError, Signal};

/// What a healthy Bell test keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BellLimits {
    /// The share of wins below which the margin to the session's threshold is gone; between threshold and expectation.
    pub floor: f64,
    /// The expected share of wins at settings `(x, y)`, `expected[x][y]`.
    pub expected: [[f64; 2]; 2],
    /// How far the shares of single pairs of settings may be from the expectation.
    pub tolerance: f64,
    /// The expected share of test rounds in which a side had no click, for the likely cause.
    pub expected_no_click: f64,
    /// False-alarm probability an update, all alarms together.
    pub alpha: Epsilon,
}

/// The test rounds of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BellWindow {
    /// Tests at settings `(x, y)`, `tests[x][y]`.
    pub tests: [[u64; 2]; 2],
    /// Wins among them.
    pub wins: [[u64; 2]; 2],
    /// Test rounds in which either side had no click (or more than one).
    pub no_clicks: u64,
}

/// Watches margin and stability of the Bell test.
#[derive(Clone, Debug)]
pub struct BellWatch {
    limits: BellLimits,
    margin: ShareDrift,
    pairs: [ShareDrift; 4],
    trailing: Trailing,
}

impl BellWatch {
    /// A watch that has seen nothing.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for a tolerance that makes no band.
    pub fn new(limits: BellLimits) -> Result<Self, HealthError> {
        // Half of the budget for the margin, an eighth for each pair of settings.
        let band = |x: usize, y: usize| {
            let centre = limits.expected[x][y];
            let band = Band { low: centre - limits.tolerance, high: centre + limits.tolerance };
            ShareDrift::new(band, share_of(limits.alpha, 8.0))
        };
        Ok(Self {
            limits,
            margin: ShareDrift::new(Band::at_least(limits.floor), share_of(limits.alpha, 2.0))?,
            pairs: [band(0, 0)?, band(0, 1)?, band(1, 0)?, band(1, 1)?],
            trailing: Trailing::default(),
        })
    }

    /// Takes one window that ends at position `at`.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`] for more wins than tests.
    pub fn push(&mut self, at: u64, window: &BellWindow) -> Result<Vec<Alarm>, HealthError> {
        let (tests, wins) = (sum(&window.tests), sum(&window.wins));
        let margin = self.margin.push(at, wins, tests)?;
        self.trailing.push(at, *window);
        let mut excursions = Vec::new();
        excursions.extend(margin.map(|excursion| (Signal::BellMargin, excursion)));
        for (place, pair) in self.pairs.iter_mut().enumerate() {
            let (x, y) = (place / 2, place % 2);
            let excursion = pair.push(at, window.wins[x][y], window.tests[x][y])?;
            excursions.extend(excursion.map(|excursion| (Signal::BellStability, excursion)));
        }
        let alarms = excursions.into_iter().map(|(signal, excursion)| Alarm {
            signal,
            observed: excursion.observed,
            threshold: excursion.limit,
            since: excursion.since,
            raised: at,
            cause: self.cause(excursion.since),
            false_alarm: Some(self.limits.alpha),
        });
        let alarms = alarms.collect();
        Ok(alarms)
    }

    /// Standard deviation of S over the trailing windows, at most 32; `None` below two windows with all four pairs of
    /// settings.
    pub fn chsh_s_stddev(&self) -> Option<f64> {
        self.trailing.stddev()
    }

    /// The pair of settings that fell most below its expectation in the trailing windows, with its deviation.
    pub fn worst_pair(&self) -> ((usize, usize), f64) {
        let recent = self.trailing.since(0);
        let worst = PAIRS.map(|(x, y)| ((x, y), self.deviation(&recent, x, y)));
        worst.into_iter().fold(((0, 0), f64::INFINITY), |a, b| if b.1 < a.1 { b } else { a })
    }

    /// The deviation from the expectation at one pair of settings; 0 without tests.
    fn deviation(&self, window: &BellWindow, x: usize, y: usize) -> f64 {
        let tests = window.tests[x][y];
        if tests == 0 {
            return 0.0;
        }
        window.wins[x][y] as f64 / tests as f64 - self.limits.expected[x][y]
    }

    /// What the data since the change say: one pair alone if it deviates farther than the other three together and by
    /// more than four standard errors; loss if more rounds than usual lack a click; else noise.
    fn cause(&self, since: u64) -> Cause {
        let changed = self.trailing.since(since);
        let [first, others @ ..] = PAIRS.map(|(x, y)| (self.deviation(&changed, x, y).abs(), x, y));
        let (far, x, y) = others.into_iter().fold(first, |a, b| if b.0 > a.0 { b } else { a });
        let together: f64 = PAIRS.map(|(x, y)| self.deviation(&changed, x, y).abs()).iter().sum();
        let p = self.limits.expected[x][y].clamp(0.0, 1.0);
        let standard_error = libm::sqrt(p * (1.0 - p) / changed.tests[x][y].max(1) as f64);
        if far > together - far && far > 4.0 * standard_error {
            return Cause::OneSetting;
        }
        let rounds = sum(&changed.tests) as f64;
        let p = self.limits.expected_no_click.clamp(0.0, 1.0);
        let usual = p * rounds + 4.0 * libm::sqrt(p * (1.0 - p) * rounds + 1.0);
        if changed.no_clicks as f64 > usual { Cause::Loss } else { Cause::Noise }
    }
}

/// The last windows, with their positions.
#[derive(Clone, Copy, Debug, Default)]
struct Trailing {
    windows: [(u64, BellWindow); TRAILING],
    seen: usize,
}

impl Trailing {
    fn push(&mut self, at: u64, window: BellWindow) {
        self.windows[self.seen % TRAILING] = (at, window);
        self.seen += 1;
    }

    fn windows(&self) -> &[(u64, BellWindow)] {
        &self.windows[..self.seen.min(TRAILING)]
    }

    /// The windows from a position on, added up.
    fn since(&self, position: u64) -> BellWindow {
        let mut total = BellWindow::default();
        for (_, window) in self.windows().iter().filter(|(at, _)| *at >= position) {
            for (x, y) in PAIRS {
                total.tests[x][y] = total.tests[x][y].saturating_add(window.tests[x][y]);
                total.wins[x][y] = total.wins[x][y].saturating_add(window.wins[x][y]);
            }
            total.no_clicks = total.no_clicks.saturating_add(window.no_clicks);
        }
        total
    }

    fn stddev(&self) -> Option<f64> {
        let chsh_s = |window: &BellWindow| {
            PAIRS.iter().try_fold(-4.0, |s, &(x, y)| {
                let tests = window.tests[x][y];
                (tests > 0).then(|| s + 2.0 * window.wins[x][y] as f64 / tests as f64)
            })
        };
        let values: Vec<f64> = self.windows().iter().filter_map(|(_, window)| chsh_s(window)).collect();
        if values.len() < 2 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|s| (s - mean) * (s - mean)).sum();
        Some(libm::sqrt(squares / (values.len() - 1) as f64))
    }
}

fn sum(cells: &[[u64; 2]; 2]) -> u64 {
    cells.iter().flatten().fold(0, |sum, n| sum.saturating_add(*n))
}

const PAIRS: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];
const TRAILING: usize = 32;

/// `alpha / parts`.
pub(super) fn share_of(alpha: Epsilon, parts: f64) -> Epsilon {
    Epsilon::from_log2(alpha.log2() - libm::log2(parts)).unwrap_or(alpha)
}
