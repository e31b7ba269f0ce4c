//! From outcomes to clicks and back: detectors with losses and dark counts, and the fixed rule that gives every round
//! an outcome.

use diqkd_core::Outcome;

use crate::behaviour::Behaviour;

/// Which of a station's two detectors clicked in the detection window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clicks {
    /// The detector that stands for [`Outcome::Plus`].
    pub plus: bool,
    /// The detector that stands for [`Outcome::Minus`].
    pub minus: bool,
}

impl Clicks {
    /// No click.
    pub const NONE: Self = Self { plus: false, minus: false };

    /// A click on the detector of `outcome` alone.
    pub fn only(outcome: Outcome) -> Self {
        Self { plus: !outcome.bit(), minus: outcome.bit() }
    }

    /// The outcome under a fixed rule.
    pub fn outcome(self, no_click: Outcome, multi_click: Outcome) -> Outcome {
        match (self.plus, self.minus) {
            (true, false) => Outcome::Plus,
            (false, true) => Outcome::Minus,
            (false, false) => no_click,
            (true, true) => multi_click,
        }
    }

    pub(crate) fn from_index(index: usize) -> Self {
        Self { plus: index & 1 == 1, minus: index & 2 == 2 }
    }
}

/// How a station turns an outcome into clicks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Readout {
    /// State-dependent fluorescence on one detector: `Plus` is bright, `Minus` is dark.
    Fluorescence {
        /// Probability that a bright state gives no click.
        bright_lost: f64,
        /// Probability that a dark state gives a click.
        dark_clicks: f64,
    },
    /// One detector for each outcome.
    TwoDetectors {
        /// Probability that the photon is detected.
        efficiency: f64,
        /// Probability of a dark count in the window, for each detector.
        dark_counts: f64,
    },
}

impl Readout {
    /// The same detectors without losses and dark counts.
    pub fn ideal(self) -> Self {
        match self {
            Self::Fluorescence { .. } => Self::Fluorescence { bright_lost: 0.0, dark_clicks: 0.0 },
            Self::TwoDetectors { .. } => Self::TwoDetectors { efficiency: 1.0, dark_counts: 0.0 },
        }
    }

    /// `p(clicks | outcome)`, indexed by clicks.
    fn distribution(self, outcome: Outcome) -> [f64; 4] {
        match self {
            Self::Fluorescence { bright_lost, dark_clicks } => {
                let click = if outcome.bit() { dark_clicks } else { 1.0 - bright_lost };
                [1.0 - click, click, 0.0, 0.0]
            }
            Self::TwoDetectors { efficiency, dark_counts } => {
                let hit = 1.0 - (1.0 - efficiency) * (1.0 - dark_counts);
                let (plus, minus) = if outcome.bit() { (dark_counts, hit) } else { (hit, dark_counts) };
                [(1.0 - plus) * (1.0 - minus), plus * (1.0 - minus), (1.0 - plus) * minus, plus * minus]
            }
        }
    }
}

/// `p(clicks of Alice, clicks of Bob | x, y)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClickTable {
    /// Index `[x][y][Bob's clicks << 2 | Alice's clicks]`.
    probability: [[[f64; 16]; 4]; 4],
}

impl ClickTable {
    /// The clicks of a behaviour read out by the two stations' detectors.
    pub fn new(behaviour: &Behaviour, alice: Readout, bob: Readout) -> Self {
        let alice = [Outcome::Plus, Outcome::Minus].map(|outcome| alice.distribution(outcome));
        let bob = [Outcome::Plus, Outcome::Minus].map(|outcome| bob.distribution(outcome));
        Self::from_fn(|x, y, i| {
            let (i_a, i_b) = (i & 3, i >> 2);
            let cell = behaviour.cell(x, y);
            (0..2)
                .flat_map(|a| (0..2).map(move |b| (a, b)))
                .map(|(a, b)| cell[a][b] * alice[a][i_a] * bob[b][i_b])
                .sum()
        })
    }

    /// No light at all: dark counts alone.
    pub fn dark(alice: Readout, bob: Readout) -> Self {
        let blind = |readout| match readout {
            Readout::Fluorescence { .. } => readout,
            Readout::TwoDetectors { dark_counts, .. } => {
                Readout::TwoDetectors { efficiency: 0.0, dark_counts }
            }
        };
        let (alice, bob) = (blind(alice), blind(bob));
        let (alice, bob) = (alice.distribution(Outcome::Minus), bob.distribution(Outcome::Minus));
        Self::from_fn(|_, _, i| alice[i & 3] * bob[i >> 2])
    }

    /// Two independent emissions in one window: a detector clicks when either makes it click.
    pub fn overlaid(&self, other: &Self) -> Self {
        Self::from_fn(|x, y, i| {
            let (mine, theirs) = (self.cell(x, y), other.cell(x, y));
            let pairs = (0..16).flat_map(|j| (0..16).map(move |k| (j, k)));
            pairs.filter(|(j, k)| j | k == i).map(|(j, k)| mine[j] * theirs[k]).sum()
        })
    }

    /// The same clicks at each side, but independent of each other.
    pub fn uncorrelated(&self) -> Self {
        Self::from_fn(|x, y, i| {
            let cell = self.cell(x, y);
            let alice: f64 = (0..4).map(|j| cell[i & 3 | j << 2]).sum();
            let bob: f64 = (0..4).map(|j| cell[i & 12 | j]).sum();
            alice * bob
        })
    }

    /// A number of independent emissions in each window that follows a Poisson distribution of this mean (at most 1),
    /// up to three: a pulsed pair source. `self` is one emission, `dark` is none.
    pub fn poissonian(&self, dark: &Self, mean: f64) -> Self {
        let mean = mean.clamp(0.0, 1.0);
        let double = self.overlaid(self);
        let triple = double.overlaid(self);
        let weights = [1.0, mean, mean * mean / 2.0, mean * mean * mean / 6.0];
        let total: f64 = weights.iter().sum();
        Self::from_fn(|x, y, i| {
            let tables = [dark, self, &double, &triple];
            weights.iter().zip(tables).map(|(w, table)| w / total * table.cell(x, y)[i]).sum()
        })
    }

    /// The light of each side gets through with its probability (clamped to 0..1); a side whose light is lost clicks as
    /// in `dark`. Independent losses of one photon a side: exact for single pairs, and for more a lower bound of the
    /// clicks.
    pub fn attenuated(&self, transmission: [f64; 2], dark: &Self) -> Self {
        let [t_a, t_b] = transmission.map(|t| t.clamp(0.0, 1.0));
        Self::from_fn(|x, y, i| {
            let (lit, dark) = (self.cell(x, y), dark.cell(x, y));
            let alice_of = |cell: &[f64; 16]| (0..4).map(|j| cell[i & 3 | j << 2]).sum::<f64>();
            let bob_of = |cell: &[f64; 16]| (0..4).map(|j| cell[i & 12 | j]).sum::<f64>();
            t_a * t_b * lit[i]
                + t_a * (1.0 - t_b) * alice_of(lit) * bob_of(dark)
                + (1.0 - t_a) * t_b * alice_of(dark) * bob_of(lit)
                + (1.0 - t_a) * (1.0 - t_b) * dark[i]
        })
    }

    /// The table `self` with probability `1 - weight` and `other` with probability `weight` (clamped to 0..1).
    pub fn mixed(&self, other: &Self, weight: f64) -> Self {
        let weight = weight.clamp(0.0, 1.0);
        Self::from_fn(|x, y, i| (1.0 - weight) * self.cell(x, y)[i] + weight * other.cell(x, y)[i])
    }

    /// The behaviour that remains when clicks are turned into outcomes by the fixed rule.
    pub fn binned(&self, no_click: Outcome, multi_click: Outcome) -> Behaviour {
        let mut table = [[[[0.0; 2]; 2]; 4]; 4];
        for x in 0..4 {
            for y in 0..4 {
                for (i, p) in self.cell(x, y).iter().enumerate() {
                    let a = Clicks::from_index(i & 3).outcome(no_click, multi_click);
                    let b = Clicks::from_index(i >> 2).outcome(no_click, multi_click);
                    table[usize::from(x)][usize::from(y)][usize::from(a.bit())][usize::from(b.bit())] += p;
                }
            }
        }
        Behaviour::from_table(table)
    }

    fn from_fn(mut f: impl FnMut(u8, u8, usize) -> f64) -> Self {
        let mut probability = [[[0.0; 16]; 4]; 4];
        for (x, row) in probability.iter_mut().enumerate() {
            for (y, cell) in row.iter_mut().enumerate() {
                for (i, p) in cell.iter_mut().enumerate() {
                    *p = f(x as u8, y as u8, i);
                }
            }
        }
        Self { probability }
    }

    pub(crate) fn cell(&self, x: u8, y: u8) -> &[f64; 16] {
        &self.probability[usize::from(x & 3)][usize::from(y & 3)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::Measurement;
    use crate::state::TwoQubitState;
    use core::f64::consts::{FRAC_PI_2, FRAC_PI_4, SQRT_2};

    fn ideal() -> Behaviour {
        let state = TwoQubitState::werner(1.0).unwrap();
        let at = |theta| Measurement::in_xz_plane(theta).unwrap();
        Behaviour::born(&state, &[at(0.0), at(FRAC_PI_2)], &[at(FRAC_PI_4), at(-FRAC_PI_4), at(0.0)]).unwrap()
    }

    #[test]
    fn losses_lower_s_as_the_formula_says() {
        // With no-click binned to one outcome and vanishing marginals: S = eta^2 2 sqrt 2 + 2 (1 - eta)^2.
        for eta in [0.5, 0.83, 0.96] {
            let readout = Readout::TwoDetectors { efficiency: eta, dark_counts: 0.0 };
            let binned = ClickTable::new(&ideal(), readout, readout).binned(Outcome::Minus, Outcome::Plus);
            assert!(
                (binned.chsh_s() - (eta * eta * 2.0 * SQRT_2 + 2.0 * (1.0 - eta) * (1.0 - eta))).abs()
                    < 1e-13
            );
            assert!((binned.qber() - eta * (1.0 - eta)).abs() < 1e-13);
            assert!(binned.signalling() < 1e-14);
        }
    }

    #[test]
    fn perfect_fluorescence_changes_nothing() {
        let readout = Readout::Fluorescence { bright_lost: 0.0, dark_clicks: 0.0 };
        let binned = ClickTable::new(&ideal(), readout, readout).binned(Outcome::Minus, Outcome::Plus);
        assert!((binned.chsh_s() - 2.0 * SQRT_2).abs() < 1e-14);
    }

    #[test]
    fn overlaid_tables_still_sum_to_one() {
        let readout = Readout::TwoDetectors { efficiency: 0.7, dark_counts: 0.01 };
        let one = ClickTable::new(&ideal(), readout, readout);
        let two = one.overlaid(&one).mixed(&ClickTable::dark(readout, readout), 0.3);
        for x in 0..4 {
            for y in 0..4 {
                assert!((two.cell(x, y).iter().sum::<f64>() - 1.0).abs() < 1e-14);
            }
        }
    }
}
