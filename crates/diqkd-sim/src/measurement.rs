//! Projective measurements of a qubit.

use nalgebra::{Complex, Matrix2, Vector3};

use crate::error::Error;

/// The observable `n . sigma` with a unit vector `n`; outcome `Plus` is its eigenvalue +1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    direction: Vector3<f64>,
}

impl Measurement {
    /// Along the Bloch vector `(x, y, z)`, normalised here.
    ///
    /// # Errors
    /// [`Error::NoDirection`] when its length is zero or not finite.
    pub fn along(x: f64, y: f64, z: f64) -> Result<Self, Error> {
        let vector = Vector3::new(x, y, z);
        let length = vector.norm();
        if !(length.is_finite() && length > 0.0) {
            return Err(Error::NoDirection);
        }
        Ok(Self { direction: vector / length })
    }

    /// `cos(theta) Z + sin(theta) X`; `theta` in radians. 0 is Z, `pi/2` is X.
    ///
    /// # Errors
    /// [`Error::NoDirection`] for a non-finite angle.
    pub fn in_xz_plane(theta: f64) -> Result<Self, Error> {
        Self::along(theta.sin(), 0.0, theta.cos())
    }

    /// The Bloch vector.
    pub fn direction(&self) -> [f64; 3] {
        self.direction.into()
    }

    /// The projector onto the outcome +1 (`minus` false) or -1.
    pub(crate) fn projector(&self, minus: bool) -> Matrix2<Complex<f64>> {
        let sign = if minus { -0.5 } else { 0.5 };
        let [x, y, z] = (self.direction * sign).into();
        Matrix2::new(
            Complex::new(0.5 + z, 0.0),
            Complex::new(x, -y),
            Complex::new(x, y),
            Complex::new(0.5 - z, 0.0),
        )
    }
}
