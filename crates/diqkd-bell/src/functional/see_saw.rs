//! Quantum values by see-saw: state, Alice's and Bob's measurements are improved in turn, each exactly for the others.
//!
//! With fixed measurements the best state is the top eigenvector of the Bell operator; with a fixed state and fixed
//! measurements of one side the other's best projector for a setting is that on the positive part of the difference of
//! the two outcomes' operators. The value never falls, and what is reached is reached by an explicit strategy: a lower
//! bound on the quantum maximum, from several starts in practice the maximum itself for small scenarios. Real
//! amplitudes; a step costs `O(d^6)`.

use alloc::vec::Vec;

use nalgebra::DMatrix;

use super::BellFunctional;

impl BellFunctional {
    /// The greatest value found with entangled pairs of `dimension`-level systems (2 to 6), from `starts` starts; `None`
    /// for other dimensions and for settings with more than two outcomes.
    ///
    /// ```
    /// use diqkd_bell::BellFunctional;
    ///
    /// // I3322 reaches 1/4 with qubits.
    /// let value = BellFunctional::i3322().see_saw(2, 40).ok_or("two outcomes")?;
    /// assert!((value - 0.25).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # References
    /// R. F. Werner and M. M. Wolf, Quantum Inf. Comput. 1, 1 (2001).
    pub fn see_saw(&self, dimension: usize, starts: u32) -> Option<f64> {
        let two_outcomes = self.shape.outcomes_a == 2 && self.shape.outcomes_b == 2;
        if !two_outcomes || !(2..=6).contains(&dimension) {
            return None;
        }
        (0..starts).map(|start| self.climb(dimension, u64::from(start))).reduce(f64::max)
    }

    fn climb(&self, d: usize, seed: u64) -> f64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
        let mut start = |settings: u8| -> Vec<DMatrix<f64>> {
            (0..settings)
                .map(|_| {
                    let any = DMatrix::from_fn(d, d, |_, _| random.next());
                    positive_part(&any + any.transpose())
                })
                .collect()
        };
        let (mut alice, mut bob) = (start(self.shape.settings_a), start(self.shape.settings_b));
        let mut value = f64::NEG_INFINITY;
        for _ in 0..MOST_STEPS {
            let (now, state) = self.best_state(&alice, &bob, d);
            if now <= value + SMALLEST_GAIN {
                return now.max(value);
            }
            value = now;
            alice = (0..self.shape.settings_a)
                .map(|x| {
                    positive_part(&state * self.gain(&bob, |y, a, b| self.at(x, y, a, b)) * state.transpose())
                })
                .collect();
            bob = (0..self.shape.settings_b)
                .map(|y| {
                    positive_part(
                        state.transpose() * self.gain(&alice, |x, b, a| self.at(x, y, a, b)) * &state,
                    )
                })
                .collect();
        }
        value
    }

    fn at(&self, x: u8, y: u8, a: usize, b: usize) -> f64 {
        self.coefficients[self.shape.place(x.into(), y.into(), a, b)]
    }

    /// What outcome 0 gains over outcome 1 of one side, as an operator of the other: `c(s, own, other)` is the
    /// coefficient at the other side's setting `s`.
    fn gain(&self, other: &[DMatrix<f64>], c: impl Fn(u8, usize, usize) -> f64) -> DMatrix<f64> {
        let d = other[0].nrows();
        let mut sum = DMatrix::zeros(d, d);
        for (s, zero) in (0u8..).zip(other) {
            let one = DMatrix::identity(d, d) - zero;
            sum += zero * (c(s, 0, 0) - c(s, 1, 0)) + one * (c(s, 0, 1) - c(s, 1, 1));
        }
        sum
    }

    /// The greatest eigenvalue of the Bell operator, with its eigenvector as the matrix of amplitudes.
    fn best_state(&self, alice: &[DMatrix<f64>], bob: &[DMatrix<f64>], d: usize) -> (f64, DMatrix<f64>) {
        let mut operator = DMatrix::zeros(d * d, d * d);
        let identity = DMatrix::identity(d, d);
        for (x, alice_zero) in (0u8..).zip(alice) {
            for (y, bob_zero) in (0u8..).zip(bob) {
                for a in 0..2 {
                    let p = if a == 0 { alice_zero.clone() } else { &identity - alice_zero };
                    let q = bob_zero * self.at(x, y, a, 0) + (&identity - bob_zero) * self.at(x, y, a, 1);
                    operator += p.kronecker(&q);
                }
            }
        }
        let eigen = operator.symmetric_eigen();
        let top = eigen.eigenvalues.imax();
        let vector = eigen.eigenvectors.column(top);
        (eigen.eigenvalues[top], DMatrix::from_fn(d, d, |i, j| vector[i * d + j]))
    }
}

/// The projector on the eigenvectors of positive eigenvalues.
fn positive_part(symmetric: DMatrix<f64>) -> DMatrix<f64> {
    let d = symmetric.nrows();
    let eigen = symmetric.symmetric_eigen();
    let mut projector = DMatrix::zeros(d, d);
    for (value, vector) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
        if *value > 0.0 {
            projector += vector * vector.transpose();
        }
    }
    projector
}

/// A deterministic start needs no better generator.
struct Random(u64);

impl Random {
    /// Uniform on -1 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

const MOST_STEPS: usize = 2000;
const SMALLEST_GAIN: f64 = 1e-13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantum_values_of_the_literature() {
        let value = |functional: BellFunctional| functional.see_saw(2, 12).unwrap();
        assert!((value(BellFunctional::chsh()) - 8f64.sqrt()).abs() < 1e-10);
        assert!((value(BellFunctional::eberhard()) - (2f64.sqrt() - 1.0) / 2.0).abs() < 1e-10);
        for tilt in [0.3, 1.0, 1.5f64] {
            let tilted = value(BellFunctional::tilted_chsh(tilt).unwrap());
            assert!((tilted - (8.0 + 2.0 * tilt * tilt).sqrt()).abs() < 1e-9, "{tilt}: {tilted}");
        }
        for n in 2..=4u8 {
            let known = 2.0 * f64::from(n) * (core::f64::consts::FRAC_PI_2 / f64::from(n)).cos();
            assert!((value(BellFunctional::chained(n).unwrap()) - known).abs() < 1e-9, "{n}");
        }
        assert_eq!(BellFunctional::cglmp(3).unwrap().see_saw(3, 1), None);
        assert_eq!(BellFunctional::chsh().see_saw(7, 1), None);
    }

    /// Closed form and see-saw know nothing of each other.
    #[test]
    fn closed_form_and_see_saw_agree() {
        for (i, weight) in [1.0, 1.4, -3.0].into_iter().enumerate() {
            let functional = BellFunctional::asymmetric_chsh(weight).unwrap();
            let (closed, found) = (functional.tsirelson_bound().unwrap(), functional.see_saw(2, 8).unwrap());
            assert!((closed - found).abs() < 1e-9, "{i}: {closed} {found}");
        }
    }
}
