//! Evaluation of long polynomials over GF(2^128) at one point, many coefficients for every reduction.
//!
//! Horner's rule `s <- (s + c) k` for coefficients `c_1 .. c_l` gives `s k^l + c_1 k^l + ... + c_l k`. As many steps at a
//! time as there are powers `k, k^2, ..` take a carry-less product each and a single reduction together.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::backend::Backend;
use crate::gf128::Gf128;

/// A point of GF(2^128) with its first powers; wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct PolyEval {
    /// Ends in `.., k^2, k`.
    powers: [u128; STRIDE],
    #[zeroize(skip)]
    backend: Backend,
}

impl PolyEval {
    /// Prepares the point `k`.
    pub fn new(point: Gf128) -> Self {
        Self::with_backend(point, Backend::detect())
    }

    /// Prepares the point `k` for a chosen backend.
    pub fn with_backend(point: Gf128, backend: Backend) -> Self {
        let mut powers = [point.get(); STRIDE];
        for i in (0..STRIDE - 1).rev() {
            powers[i] = backend.gf128_mul(powers[i + 1], point.get());
        }
        Self { powers, backend }
    }

    /// The state after absorbing `coefficients`: `s <- (s + c) k` for each of them in turn.
    #[must_use]
    pub fn absorb(&self, state: Gf128, coefficients: &[u128]) -> Gf128 {
        Gf128::new(self.backend.gf128_horner(state.get(), &self.powers, coefficients))
    }
}

/// Coefficients per reduction.
const STRIDE: usize = 32;
