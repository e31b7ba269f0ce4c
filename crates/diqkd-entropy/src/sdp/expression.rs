//! Bell expressions with two outcomes a setting.

use super::moments::Polynomial;
use super::word::{Letter, Word};
use crate::error::Error;

/// `sum_x alice[x] <A_x> + sum_y bob[y] <B_y> + sum_xy correlators[x][y] <A_x B_y>`, outcomes +1 and -1.
#[derive(Clone, Debug, PartialEq)]
pub struct BellExpression {
    /// Weights of Alice's marginals; the length is her number of settings.
    pub alice: Vec<f64>,
    /// Weights of Bob's marginals; the length is his number of settings.
    pub bob: Vec<f64>,
    /// Weights of the correlators, one row a setting of Alice.
    pub correlators: Vec<Vec<f64>>,
}

impl BellExpression {
    /// CHSH: local bound 2, quantum maximum `2 sqrt 2`.
    pub fn chsh() -> Self {
        Self::asymmetric_chsh(1.0)
    }

    /// `a<A0B0> + a<A0B1> + <A1B0> - <A1B1>`.
    pub fn asymmetric_chsh(weight: f64) -> Self {
        Self {
            alice: vec![0.0; 2],
            bob: vec![0.0; 2],
            correlators: vec![vec![weight, weight], vec![1.0, -1.0]],
        }
    }

    /// `beta <A0> + CHSH`.
    pub fn tilted_chsh(beta: f64) -> Self {
        Self { alice: vec![beta, 0.0], ..Self::chsh() }
    }

    /// I3322 in correlators: local bound 4, quantum maximum about 5.003.
    pub fn i3322() -> Self {
        Self {
            alice: vec![1.0, 1.0, 0.0],
            bob: vec![-1.0, -1.0, 0.0],
            correlators: vec![vec![1.0, 1.0, 1.0], vec![1.0, 1.0, -1.0], vec![1.0, -1.0, 0.0]],
        }
    }

    /// The chained inequality with `settings` settings a side: local bound `2n - 2`, quantum maximum `2n cos(pi/2n)`.
    pub fn chained(settings: usize) -> Self {
        let mut correlators = vec![vec![0.0; settings]; settings];
        for (x, row) in correlators.iter_mut().enumerate() {
            row[x] = 1.0;
            if x > 0 {
                row[x - 1] = 1.0;
            }
        }
        if let Some(first) = correlators.first_mut()
            && let Some(last) = first.last_mut()
        {
            *last = -1.0;
        }
        Self { alice: vec![0.0; settings], bob: vec![0.0; settings], correlators }
    }

    /// One correlator of a scenario, to state full statistics one value at a time.
    pub fn correlator(alice_settings: usize, bob_settings: usize, x: usize, y: usize) -> Self {
        let cell = |i: usize, j: usize| f64::from(u8::from(i == x && j == y));
        Self {
            alice: vec![0.0; alice_settings],
            bob: vec![0.0; bob_settings],
            correlators: (0..alice_settings)
                .map(|i| (0..bob_settings).map(|j| cell(i, j)).collect())
                .collect(),
        }
    }

    /// The sum of the sizes of all weights.
    pub fn algebraic_maximum(&self) -> f64 {
        self.alice
            .iter()
            .chain(&self.bob)
            .chain(self.correlators.iter().flatten())
            .map(|weight| weight.abs())
            .sum()
    }

    /// Numbers of settings of Alice and Bob.
    pub(super) fn settings(&self) -> (usize, usize) {
        (self.alice.len(), self.bob.len())
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let shape = self.correlators.len() == self.alice.len()
            && self.correlators.iter().all(|row| row.len() == self.bob.len())
            && (1..=MOST_SETTINGS).contains(&self.alice.len())
            && (1..=MOST_SETTINGS).contains(&self.bob.len());
        if shape && self.algebraic_maximum().is_finite() { Ok(()) } else { Err(Error::BellExpression) }
    }

    pub(super) fn polynomial(&self) -> Polynomial {
        let mut polynomial = Polynomial::default();
        let alice = |x: usize| Word::letter(Letter::Alice(x as u8));
        let bob = |y: usize| Word::letter(Letter::Bob(y as u8));
        for (x, &weight) in self.alice.iter().enumerate() {
            polynomial.add(alice(x), weight);
        }
        for (y, &weight) in self.bob.iter().enumerate() {
            polynomial.add(bob(y), weight);
        }
        for (x, row) in self.correlators.iter().enumerate() {
            for (y, &weight) in row.iter().enumerate() {
                polynomial.add(alice(x).times(&bob(y)), weight);
            }
        }
        polynomial
    }
}

/// Settings a side; larger moment matrices are beyond a dense solver.
const MOST_SETTINGS: usize = 6;
