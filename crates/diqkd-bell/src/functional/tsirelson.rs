//! The quantum maximum in closed form, for correlations of two settings a side.
//!
//! By Tsirelson's theorem the correlators that quantum theory allows are scalar products `a_x . b_y` of unit vectors.
//! Bob's best vectors lie along `sum_x w(x,y) a_x`, so with `c = a_0 . a_1` the value is
//! `sum_y sqrt(w(0,y)^2 + w(1,y)^2 + 2 c w(0,y) w(1,y))`, concave in `c`; where its slope vanishes inside `[-1, 1]` is the
//! maximum, else at an end, which is local.

use super::BellFunctional;

impl BellFunctional {
    /// The greatest value that quantum theory allows, in closed form; `None` unless the functional is
    /// `sum w(x,y) E_xy` with two settings and two outcomes a side.
    ///
    /// ```
    /// use diqkd_bell::BellFunctional;
    ///
    /// let bound = BellFunctional::chsh().tsirelson_bound().ok_or("correlations")?;
    /// assert!((bound - 8f64.sqrt()).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # References
    /// B. S. Cirel'son, Lett. Math. Phys. 4, 93 (1980).
    pub fn tsirelson_bound(&self) -> Option<f64> {
        let w = self.correlation_weights()?;
        let value = |c: f64| -> f64 {
            (0..2)
                .map(|y| {
                    let (first, second) = (w[0][y], w[1][y]);
                    let square = first * first + second * second + 2.0 * c * first * second;
                    libm::sqrt(square.max(0.0))
                })
                .sum()
        };
        let [p, q] = [w[0][0] * w[1][0], w[0][1] * w[1][1]];
        let [alpha, beta] = [0, 1].map(|y| w[0][y] * w[0][y] + w[1][y] * w[1][y]);
        let ends = value(-1.0).max(value(1.0));
        // p / A + q / B = 0 for the two roots A and B; squared, it is linear in c.
        let inner = (p * p * beta - q * q * alpha) / (2.0 * p * q * (q - p));
        let turns = p * q < 0.0 && inner.abs() <= 1.0;
        Some(if turns { value(inner).max(ends) } else { ends })
    }

    /// `w(x,y)` of a functional that has nothing else.
    fn correlation_weights(&self) -> Option<[[f64; 2]; 2]> {
        if self.shape != crate::Shape::CHSH {
            return None;
        }
        let mut weights = [[0.0; 2]; 2];
        for (x, row) in weights.iter_mut().enumerate() {
            for (y, weight) in row.iter_mut().enumerate() {
                let at = |a, b| self.coefficients[self.shape.place(x, y, a, b)];
                *weight = at(0, 0);
                if at(1, 1) != *weight || at(0, 1) != -*weight || at(1, 0) != -*weight {
                    return None;
                }
            }
        }
        Some(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_of_the_literature() {
        for weight in [1.0, 1.3, -2.0, 7.5f64] {
            let bound = BellFunctional::asymmetric_chsh(weight).unwrap().tsirelson_bound().unwrap();
            let known = 2.0 * libm::sqrt(1.0 + weight * weight);
            assert!((bound / known - 1.0).abs() < 1e-14, "{weight}: {bound} {known}");
        }
        let chained = BellFunctional::chained(2).unwrap().tsirelson_bound().unwrap();
        assert!((chained - 8f64.sqrt()).abs() < 1e-14);
        assert_eq!(BellFunctional::tilted_chsh(0.5).unwrap().tsirelson_bound(), None);
        assert_eq!(BellFunctional::i3322().tsirelson_bound(), None);
    }

    /// Against a search over the angles of the vectors; a game that local models win at their best stays local.
    #[test]
    fn weights_of_all_signs() {
        let scan = |w: [[f64; 2]; 2]| {
            (0..=2000).map(|i| libm::cos(f64::from(i) * 1e-3 * core::f64::consts::FRAC_PI_2)).fold(
                0.0,
                |best: f64, c| {
                    let sum: f64 = (0..2)
                        .map(|y| {
                            libm::sqrt(
                                (w[0][y] * w[0][y] + w[1][y] * w[1][y] + 2.0 * c * w[0][y] * w[1][y])
                                    .max(0.0),
                            )
                        })
                        .sum();
                    best.max(sum)
                },
            )
        };
        for w in [
            [[1.0, 0.3], [0.7, -2.0]],
            [[1.0, 1.0], [1.0, 1.0]],
            [[0.0, 1.0], [1.0, -1.0]],
            [[3.0, 0.1], [0.1, -0.1]],
        ] {
            let functional = BellFunctional::new(crate::Shape::CHSH, |cell| {
                let sign = if cell.a == cell.b { 1.0 } else { -1.0 };
                sign * w[usize::from(cell.x)][usize::from(cell.y)]
            })
            .unwrap();
            let bound = functional.tsirelson_bound().unwrap();
            assert!(
                (bound - scan(w)).abs() < 1e-5 && bound >= functional.local_bound() - 1e-12,
                "{w:?} {bound}"
            );
        }
    }
}
