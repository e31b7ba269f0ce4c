//! The hash families and their seeds.

use core::fmt;

/// A universal family of linear maps from `n` to `m` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `y = T x` with a Toeplitz matrix of `m` rows and `n` columns: `y_i = XOR_j x_j t_(i-j+n-1)`.
    ///
    /// Every `x != 0` maps to every `y` for the same number of seeds, so different inputs collide for exactly `2^-m`
    /// of them.
    Toeplitz,
    /// `y = [I | T'] x`: the first `m` bits of `x` plus a Toeplitz matrix of `m` rows and `n - m` columns times the
    /// rest, `y_i = x_i + XOR_(j < n-m) x_(m+j) t_(i-j+n-m-1)`; needs `m <= n`.
    ///
    /// Inputs that differ beyond the first `m` bits collide for exactly `2^-m` of the seeds, others never.
    ModifiedToeplitz,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Toeplitz => "toeplitz",
            Self::ModifiedToeplitz => "modified-toeplitz",
        })
    }
}
