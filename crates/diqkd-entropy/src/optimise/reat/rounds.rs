//! The weighted single-round functionals of `reat` in plain floating point.

use crate::optimise::scalar::{one_basis_correlation, renyi};
use crate::params::SingleRound;

/// Functionals of one order for key rounds and test rounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounds {
    order: f64,
    q: f64,
    settings: Settings,
    counts_tests: bool,
}

#[derive(Clone, Copy, Debug)]
enum Settings {
    /// One key basis; test rounds have the same bound.
    One,
    /// One key basis; the other setting of test rounds is unknown to Eve where that pays her least.
    OtherApart { tangents: [Tangent; HALVINGS.len()] },
    /// Two key bases, with the concave hulls of both functionals.
    Two { key: Hull, test: Hull },
}

/// How steep a tangent of the functional is, and its value where nothing is known.
#[derive(Clone, Copy, Debug)]
struct Tangent {
    steepness: f64,
    excess: f64,
}

/// `G - 1` along equal correlations of both settings, and the line from the local point that touches it.
#[derive(Clone, Copy, Debug)]
struct Hull {
    order: f64,
    q: f64,
    touch: f64,
    local: f64,
    slope: f64,
}

impl Rounds {
    pub(super) fn new(bound: SingleRound, order: f64, counts_tests: bool) -> Self {
        let q = bound.flip_probability();
        let settings = match bound {
            SingleRound::TwoBases | SingleRound::NoisyTwoBases { .. } => {
                Settings::Two { key: Hull::new(order, q), test: Hull::new(order, 0.0) }
            }
            SingleRound::ChshTwoBasisTests | SingleRound::NoisyTwoBasisTests { .. } => Settings::OtherApart {
                tangents: HALVINGS.map(|k| Tangent::new(order, (-f64::from(k)).exp2())),
            },
            SingleRound::Chsh
            | SingleRound::NoisyPreprocessing { .. }
            | SingleRound::BiasedSettings { .. } => Settings::One,
        };
        Self { order, q, settings, counts_tests }
    }

    /// `G_key - 1` and its derivative in the winning probability.
    pub(super) fn key(&self, omega: f64) -> (f64, f64) {
        match self.settings {
            Settings::Two { key, .. } => key.at(omega),
            _ => excess(self.order, self.q, one_basis_correlation(omega)),
        }
    }

    /// `G_test - 1` and its derivative.
    pub(super) fn test(&self, omega: f64) -> (f64, f64) {
        if !self.counts_tests {
            return (0.0, 0.0);
        }
        let one = || excess(self.order, 0.0, one_basis_correlation(omega));
        match self.settings {
            Settings::Two { test, .. } => test.at(omega),
            Settings::One => one(),
            Settings::OtherApart { .. } => {
                let (value, slope) = one();
                let unknown = libm::expm1(-self.order * core::f64::consts::LN_2);
                (f64::midpoint(value, unknown), slope / 2.0)
            }
        }
    }

    /// What can be proved of `key (G_key - 1) + test (G_test - 1)` at a winning probability.
    pub(super) fn proved(&self, key: f64, test: f64, omega: f64) -> f64 {
        match self.settings {
            Settings::One => key * self.key(omega).0 + test * self.test(omega).0,
            Settings::Two { key: own, test: other } => {
                key * own.along(omega).0 + if self.counts_tests { test * other.along(omega).0 } else { 0.0 }
            }
            Settings::OtherApart { tangents } => {
                let (t, _) = one_basis_correlation(omega);
                let (own, own_slope) = excess(self.order, self.q, (t, 1.0));
                let (plain, plain_slope) = excess(self.order, 0.0, (t, 1.0));
                let v = t * t;
                let exchange = v * v / (2.0 - v * v) * (1.0 + t) / 2.0;
                // A little less than what is allowed, so that a grid sees both sides of a change of tangents.
                let allowed =
                    -CAUTION * exchange * (key * own_slope + test / 2.0 * plain_slope) / (test / 2.0);
                let other = tangents
                    .iter()
                    .take_while(|tangent| tangent.steepness <= allowed)
                    .last()
                    .map_or(plain, |tangent| tangent.excess.min(plain));
                key * own + test / 2.0 * (plain + other)
            }
        }
    }

    /// `key (G_key - 1) + test (G_test - 1)` at the local point, where it matters beside the rest.
    pub(super) fn local(&self, key: f64, test: f64) -> Option<f64> {
        match self.settings {
            Settings::Two { key: own, test: other } => Some(key * own.local + test * other.local),
            _ => None,
        }
    }
}

impl Tangent {
    fn new(order: f64, minority: f64) -> Self {
        let (value, slope) = excess(order, 0.0, (1.0 - 2.0 * minority, 1.0));
        Self { steepness: -slope, excess: value + slope * 2.0 * minority }
    }
}

impl Hull {
    fn new(order: f64, q: f64) -> Self {
        let local = excess(order, q, (0.0, 0.0)).0;
        let at = |t: f64| excess(order, q, (t, 1.0));
        // Above the touching point the tangent passes above the local value.
        let (mut low, mut high) = (LEAST, 1.0 - 1e-12);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            let (value, slope) = at(middle);
            if value - slope * (middle - LEAST) > local { high = middle } else { low = middle }
        }
        let touch = f64::midpoint(low, high);
        // dt/dw = 2 sqrt 2.
        Self { order, q, touch, local, slope: (at(touch).0 - local) / (touch - LEAST) * 8f64.sqrt() }
    }

    /// Equal correlations `t = S/(2 sqrt 2)`.
    fn along(self, omega: f64) -> (f64, f64) {
        let t = (8.0 * omega - 4.0) / 8f64.sqrt();
        excess(self.order, self.q, (t.min(1.0), 8f64.sqrt()))
    }

    fn at(self, omega: f64) -> (f64, f64) {
        if (8.0 * omega - 4.0) / 8f64.sqrt() >= self.touch {
            self.along(omega)
        } else {
            (self.local + self.slope * (omega - 0.75), self.slope)
        }
    }
}

fn excess(order: f64, q: f64, correlation: (f64, f64)) -> (f64, f64) {
    let (ln, slope) = renyi(order, q, correlation);
    (libm::expm1(ln), slope)
}

/// More than `allowed` changes by between neighbours of the grid on which scores are settled.
const CAUTION: f64 = 0.97;

/// `1/sqrt 2`: the correlation at `S = 2`.
const LEAST: f64 = core::f64::consts::FRAC_1_SQRT_2;

/// Where tangents touch that the checker knows: `(1 - t)/2` is 2 to minus these.
const HALVINGS: [u8; 16] = [2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 30, 38, 46, 54];
