//! The functionals of the literature, with outcome 0 as the value +1 and local bounds as usual.

use super::{BellFunctional, FunctionalError};
use crate::counts::{Cell, Shape};

impl BellFunctional {
    /// `S = E00 + E01 + E10 - E11`; local bound 2, quantum bound `2 sqrt 2`.
    pub fn chsh() -> Self {
        Self::asymmetric_chsh(1.0).expect("a finite weight")
    }

    /// `weight E00 + weight E01 + E10 - E11`; local bound `2 max(1, |weight|)`, quantum bound
    /// `2 sqrt(1 + weight^2)` for a weight of at least 1 in size (E. Woodhead, A. Acin, S. Pironio 2021).
    ///
    /// # Errors
    /// [`FunctionalError::NotFinite`].
    pub fn asymmetric_chsh(weight: f64) -> Result<Self, FunctionalError> {
        Self::correlations(Shape::CHSH, |x, y| match (x, y) {
            (0, _) => weight,
            (_, 0) => 1.0,
            _ => -1.0,
        })
    }

    /// `tilt <A0> + S`; local bound `2 + tilt`, quantum bound `sqrt(8 + 2 tilt^2)` for tilts from 0 to 2.
    ///
    /// # Errors
    /// [`FunctionalError::NotFinite`].
    pub fn tilted_chsh(tilt: f64) -> Result<Self, FunctionalError> {
        let chsh = Self::chsh();
        Self::new(Shape::CHSH, |cell| {
            let marginal = if cell.x == 0 { 0.5 * tilt * sign(cell.a) } else { 0.0 };
            chsh.coefficient(cell) + marginal
        })
    }

    /// `J = P(00|00) - P(01|01) - P(10|10) - P(00|11)`; local bound 0, quantum bound `(sqrt 2 - 1)/2`.
    pub fn eberhard() -> Self {
        Self::new(Shape::CHSH, |cell| match (cell.x, cell.y, cell.a, cell.b) {
            (0, 0, 0, 0) => 1.0,
            (0, 1, 0, 1) | (1, 0, 1, 0) | (1, 1, 0, 0) => -1.0,
            _ => 0.0,
        })
        .expect("finite coefficients")
    }

    /// The chained inequality with `n` settings a side: `sum_i E_ii + sum_i E_(i+1)i - E_0(n-1)`; local bound `2n - 2`,
    /// quantum bound `2n cos(pi/2n)`; two settings give CHSH up to a renaming.
    ///
    /// # Errors
    /// [`FunctionalError::Shape`] unless `n` is from 2 to 20.
    pub fn chained(n: u8) -> Result<Self, FunctionalError> {
        let shape = Shape { settings_a: n, settings_b: n, outcomes_a: 2, outcomes_b: 2 };
        if n < 2 {
            return Err(FunctionalError::Shape { shape });
        }
        Self::correlations(shape, |x, y| {
            if x == y || x == y + 1 {
                1.0
            } else if x == 0 && y == n - 1 {
                -1.0
            } else {
                0.0
            }
        })
    }

    /// I3322 of D. Collins and N. Gisin (2004), three settings a side:
    /// `P00 + P01 + P02 + P10 + P11 - P12 + P20 - P21 - P_A0 - 2 P_B0 - P_B1` with `Pxy = P(00|xy)`; local bound 0.
    /// Marginals are averaged over the other side's settings.
    pub fn i3322() -> Self {
        let shape = Shape { settings_a: 3, settings_b: 3, outcomes_a: 2, outcomes_b: 2 };
        let joint = [[1.0, 1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, 0.0]];
        let (alice, bob) = ([-1.0, 0.0, 0.0], [-2.0, -1.0, 0.0]);
        Self::new(shape, |Cell { x, y, a, b }| {
            let (x, y) = (usize::from(x), usize::from(y));
            let mut coefficient = 0.0;
            if a == 0 {
                coefficient += alice[x] / 3.0;
            }
            if b == 0 {
                coefficient += bob[y] / 3.0;
            }
            if (a, b) == (0, 0) {
                coefficient += joint[x][y];
            }
            coefficient
        })
        .expect("finite coefficients")
    }

    /// The inequality of D. Collins, N. Gisin, N. Linden, S. Massar and S. Popescu (2002) for `d` outcomes; local
    /// bound 2 (`d = 2` is CHSH up to a renaming).
    ///
    /// # Errors
    /// [`FunctionalError::Shape`] unless `d` is from 2 to 128.
    pub fn cglmp(d: u8) -> Result<Self, FunctionalError> {
        let shape = Shape { settings_a: 2, settings_b: 2, outcomes_a: d, outcomes_b: d };
        if d < 2 {
            return Err(FunctionalError::Shape { shape });
        }
        Self::new(shape, |Cell { x, y, a, b }| {
            let modulus = i32::from(d);
            let (a, b) = (i32::from(a), i32::from(b));
            let step = |difference: i32| difference.rem_euclid(modulus);
            (0..modulus / 2)
                .map(|k| {
                    let (up, down) = match (x, y) {
                        (0, 0) | (1, 1) => (step(a - b - k), step(a - b + k + 1)),
                        (1, 0) => (step(b - a - k - 1), step(b - a + k)),
                        _ => (step(b - a - k), step(b - a + k + 1)),
                    };
                    let weight = 1.0 - 2.0 * f64::from(k) / f64::from(modulus - 1);
                    weight * (f64::from(u8::from(up == 0)) - f64::from(u8::from(down == 0)))
                })
                .sum()
        })
    }

    /// `sum w(x,y) E_xy` for binary outcomes.
    fn correlations(shape: Shape, w: impl Fn(u8, u8) -> f64) -> Result<Self, FunctionalError> {
        Self::new(shape, |cell| w(cell.x, cell.y) * sign(cell.a) * sign(cell.b))
    }
}

/// The value of a binary outcome.
fn sign(outcome: u8) -> f64 {
    if outcome == 0 { 1.0 } else { -1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_bounds_of_the_literature() {
        let bound = |functional: Result<BellFunctional, FunctionalError>| functional.unwrap().local_bound();
        assert_eq!(BellFunctional::chsh().local_bound(), 2.0);
        assert_eq!(BellFunctional::eberhard().local_bound(), 0.0);
        assert!(BellFunctional::i3322().local_bound().abs() < 1e-15);
        for n in 2..=4 {
            assert_eq!(bound(BellFunctional::chained(n)), f64::from(2 * n - 2));
            assert!((bound(BellFunctional::cglmp(n)) - 2.0).abs() < 1e-15);
        }
        for weight in [0.3, 1.0, 1.7, -2.5f64] {
            assert!(
                (bound(BellFunctional::asymmetric_chsh(weight)) - 2.0 * weight.abs().max(1.0)).abs() < 1e-14
            );
        }
        assert_eq!(bound(BellFunctional::tilted_chsh(0.75)), 2.75);
        assert_eq!(bound(BellFunctional::chained(9)), 16.0);
        assert!((bound(BellFunctional::cglmp(6)) - 2.0).abs() < 1e-13);
        for wrong in [0, 1, 21, 255] {
            assert!(BellFunctional::chained(wrong).is_err());
        }
        for wrong in [0, 1, 129, 255] {
            assert!(BellFunctional::cglmp(wrong).is_err());
        }
        assert!(BellFunctional::tilted_chsh(f64::INFINITY).is_err());
    }

    #[test]
    fn enumeration_against_all_pairs_of_strategies() {
        for functional in
            [BellFunctional::i3322(), BellFunctional::chained(3).unwrap(), BellFunctional::cglmp(3).unwrap()]
        {
            let Shape { settings_a, outcomes_a, .. } = functional.shape();
            let (settings, outcomes) = (u32::from(settings_a), usize::from(outcomes_a));
            let answer = |strategy: usize, setting: u32| (strategy / outcomes.pow(setting) % outcomes) as u8;
            let mut best = f64::NEG_INFINITY;
            for alice in 0..outcomes.pow(settings) {
                for bob in 0..outcomes.pow(settings) {
                    let mut value = 0.0;
                    for x in 0..settings {
                        for y in 0..settings {
                            let (a, b) = (answer(alice, x), answer(bob, y));
                            value += functional.coefficient(Cell { x: x as u8, y: y as u8, a, b });
                        }
                    }
                    best = best.max(value);
                }
            }
            assert!((best - functional.local_bound()).abs() < 1e-14);
        }
    }

    #[test]
    fn the_quantum_value_of_the_maximally_entangled_qutrits() {
        // Collins et al. 2002: I_3 = 4 (2 sqrt 3 + 3)/9 = 2.87293 at P(A = B + c) ~ 1/sin^2(pi (c + phase)/d).
        let d = 3.0f64;
        let phase = |x: u8, y: u8| [0.0, 0.5][usize::from(x)] + [0.25, -0.25][usize::from(y)];
        let probability = |cell: Cell| {
            let c = f64::from(cell.a) - f64::from(cell.b) + phase(cell.x, cell.y);
            let s = libm::sin(core::f64::consts::PI * c / d);
            1.0 / (2.0 * d * d * d * s * s)
        };
        let functional = BellFunctional::cglmp(3).unwrap();
        let value: f64 =
            functional.cells().map(|cell| functional.coefficient(cell) * probability(cell)).sum();
        assert!((value - 4.0 * (2.0 * 3.0f64.sqrt() + 3.0) / 9.0).abs() < 1e-12, "{value}");
    }
}
