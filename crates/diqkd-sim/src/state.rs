//! States of two qubits.

use diqkd_core::OutOfRange;
use nalgebra::{Complex, Matrix4, Vector4};

use crate::error::Error;

/// A density matrix of two qubits in the basis 00, 01, 10, 11 (Alice's qubit first).
#[derive(Clone, Debug, PartialEq)]
pub struct TwoQubitState {
    matrix: Matrix4<Complex<f64>>,
}

impl TwoQubitState {
    /// Any density matrix.
    ///
    /// # Errors
    /// [`Error::NotAState`] unless it is Hermitian, positive and of trace 1 within 1e-9.
    pub fn from_density_matrix(matrix: Matrix4<Complex<f64>>) -> Result<Self, Error> {
        let asymmetry = (matrix - matrix.adjoint()).iter().map(|z| z.norm()).fold(0.0, f64::max);
        let trace = (matrix.trace() - Complex::from(1.0)).norm();
        let finite = matrix.iter().all(|z| z.re.is_finite() && z.im.is_finite());
        let negative = if finite { -matrix.symmetric_eigenvalues().min() } else { f64::NAN };
        let deviation = if finite { asymmetry.max(trace).max(negative) } else { f64::NAN };
        if deviation <= TOLERANCE { Ok(Self { matrix }) } else { Err(Error::NotAState { deviation }) }
    }

    /// The pure state `cos(theta) |00> + sin(theta) |11>`; `theta` in radians, `pi/4` is the maximally entangled
    /// state.
    ///
    /// # Errors
    /// [`Error::NotAState`] for a non-finite angle.
    pub fn partially_entangled(theta: f64) -> Result<Self, Error> {
        let psi = Vector4::new(theta.cos(), 0.0, 0.0, theta.sin()).map(Complex::from);
        Self::from_density_matrix(psi * psi.adjoint())
    }

    /// The Werner state `v |Phi+><Phi+| + (1 - v) 1/4`: correlations `v` in Z and X.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the visibility `v` lies between 0 and 1.
    pub fn werner(visibility: f64) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&visibility) {
            let quantity = "the visibility";
            return Err(OutOfRange { quantity, value: visibility, low: 0.0, high: 1.0 }.into());
        }
        Self::bell_diagonal([visibility, -visibility, visibility])
    }

    /// The Bell-diagonal state `(1 + sum_i t_i sigma_i (x) sigma_i) / 4` with `t = [t_x, t_y, t_z]`.
    ///
    /// # Errors
    /// [`Error::NotAState`] when one of its eigenvalues is negative.
    pub fn bell_diagonal(t: [f64; 3]) -> Result<Self, Error> {
        let [x, y, z] = t;
        let (outer, inner) = ((1.0 + z) / 4.0, (1.0 - z) / 4.0);
        let (even, odd) = ((x - y) / 4.0, (x + y) / 4.0);
        #[rustfmt::skip]
        let matrix = Matrix4::new(
            outer, 0.0,   0.0,   even,
            0.0,   inner, odd,   0.0,
            0.0,   odd,   inner, 0.0,
            even,  0.0,   0.0,   outer,
        );
        Self::from_density_matrix(matrix.map(Complex::from))
    }

    /// The state of independent bit flips and phase flips on `|Phi+>` with correlations `t_z` and `t_x`.
    ///
    /// # Errors
    /// [`Error::NotAState`] unless both lie between -1 and 1.
    pub fn flipped(t_x: f64, t_z: f64) -> Result<Self, Error> {
        Self::bell_diagonal([t_x, -t_x * t_z, t_z])
    }

    /// The density matrix.
    pub fn matrix(&self) -> &Matrix4<Complex<f64>> {
        &self.matrix
    }
}

const TOLERANCE: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_state_is_refused() {
        assert!(TwoQubitState::werner(1.1).is_err());
        assert!(TwoQubitState::bell_diagonal([1.0, 1.0, 1.0]).is_err());
        assert!(TwoQubitState::partially_entangled(f64::NAN).is_err());
        let identity = Matrix4::<Complex<f64>>::identity();
        assert!(
            matches!(TwoQubitState::from_density_matrix(identity), Err(Error::NotAState { deviation }) if deviation == 3.0)
        );
        assert!(TwoQubitState::from_density_matrix(identity / Complex::from(4.0)).is_ok());
    }

    #[test]
    fn the_maximally_entangled_states_agree() {
        let pure = TwoQubitState::partially_entangled(core::f64::consts::FRAC_PI_4).unwrap();
        let werner = TwoQubitState::werner(1.0).unwrap();
        assert!((pure.matrix() - werner.matrix()).norm() < 1e-15);
        let flipped = TwoQubitState::flipped(1.0, 1.0).unwrap();
        assert_eq!(flipped, werner);
    }
}
