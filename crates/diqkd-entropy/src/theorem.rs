//! The accumulation theorems by name.

use core::fmt;
use core::str::FromStr;

/// An accumulation theorem: what turns a bound for one round into a bound for `n` rounds with memory.
///
/// Every theorem takes the same [`Params`](crate::Params) and yields the same [`Certificate`](crate::Certificate);
/// the statements are in `docs/theory.md`, section 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Theorem {
    /// Fully Rényi, no smoothing, test rounds counted: the tightest here. `reat`.
    Reat,
    /// Its earlier form with a uniform score distribution and the trivial bound in test rounds. `reat-basic`.
    ReatBasic,
    /// Second-order entropy accumulation (Dupuis and Fawzi 2019) with an optimised score of a round without test.
    /// `df19`.
    Df19,
    /// The same with the common choice that a round without test scores like a win. `df19-fixed`.
    Df19FixedCPerp,
    /// Generalised entropy accumulation (Metger, Fawzi, Sutter and Renner 2022). `geat`.
    Geat,
    /// Entropy accumulation as first applied to device-independent QKD (Arnon-Friedman et al. 2018). `eat2018`.
    Eat2018,
}

impl Theorem {
    /// Every theorem, tightest first as observed.
    pub const ALL: [Self; 6] =
        [Self::Reat, Self::ReatBasic, Self::Df19, Self::Geat, Self::Df19FixedCPerp, Self::Eat2018];

    /// The name used on the command line and in certificates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reat => "reat",
            Self::ReatBasic => "reat-basic",
            Self::Df19 => "df19",
            Self::Df19FixedCPerp => "df19-fixed",
            Self::Geat => "geat",
            Self::Eat2018 => "eat2018",
        }
    }
}

impl fmt::Display for Theorem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Theorem {
    type Err = UnknownTheorem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|theorem| theorem.name() == text).ok_or(UnknownTheorem)
    }
}

/// A text that names no theorem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such theorem; choose one of reat, reat-basic, df19, df19-fixed, geat, eat2018")]
pub struct UnknownTheorem;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for theorem in Theorem::ALL {
            assert_eq!(theorem.to_string().parse(), Ok(theorem));
        }
        assert_eq!("eat".parse::<Theorem>(), Err(UnknownTheorem));
    }
}
