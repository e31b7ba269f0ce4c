//! Which of the eight CHSH expressions an experiment means.
//!
//! Laboratories differ in the numbering of settings and the sign of an outcome, so that the minus sign of
//! `S = E00 + E01 + E10 - E11` may sit elsewhere and S may come out negative. The convention is fixed before the data
//! are seen: a p-value of the best of eight conventions is not a p-value, unless multiplied by eight.

use core::fmt;
use core::str::FromStr;

use crate::counts::Counts;

/// One of the eight CHSH expressions.
///
/// The published tables of Delft 2015, NIST 2015, Vienna 2015 and Munich 2016 in the labelling of this crate's test
/// data all mean [`Convention::GAME`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Convention {
    /// The settings `(x, y)` whose correlator carries the sign that the other three do not.
    pub odd: (OddSetting, OddSetting),
    /// Whether the other three correlators are added or subtracted.
    pub sign: Sign,
}

/// A setting of a two-setting scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OddSetting {
    /// Setting 0.
    Zero,
    /// Setting 1.
    One,
}

/// The sign of the three like correlators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `S = + E + E + E - E`.
    Plus,
    /// `S = - E - E - E + E`: one side's outcomes are labelled the other way round.
    Minus,
}

impl Convention {
    /// The CHSH game: win iff `a XOR b = x AND y`; `S = E00 + E01 + E10 - E11`.
    pub const GAME: Self = Self { odd: (OddSetting::One, OddSetting::One), sign: Sign::Plus };

    /// All eight.
    pub fn all() -> impl Iterator<Item = Self> {
        let settings = [OddSetting::Zero, OddSetting::One];
        settings
            .into_iter()
            .flat_map(move |x| settings.map(|y| (x, y)))
            .flat_map(|odd| [Sign::Plus, Sign::Minus].map(|sign| Self { odd, sign }))
    }
}

impl Counts {
    /// The same counts with settings and Bob's outcomes renamed so that `convention` becomes [`Convention::GAME`].
    ///
    /// Only cells of settings 0 and 1 with outcomes 0 and 1 are kept.
    #[must_use]
    pub fn relabelled(&self, convention: Convention) -> Self {
        let shift = |odd: OddSetting| u8::from(odd == OddSetting::Zero);
        let (shift_x, shift_y) = (shift(convention.odd.0), shift(convention.odd.1));
        let shift_b = u8::from(convention.sign == Sign::Minus);
        let mut renamed = Self::new();
        for (mut cell, n) in self.cells() {
            if [cell.x, cell.y, cell.a, cell.b].iter().all(|&i| i < 2) {
                cell.x ^= shift_x;
                cell.y ^= shift_y;
                cell.b ^= shift_b;
                renamed.add(cell, n).expect("a permutation of cells of a valid table");
            }
        }
        renamed
    }
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S =")?;
        for (x, y) in [(0u8, 0u8), (0, 1), (1, 0), (1, 1)] {
            let odd =
                (x == 1) == (self.odd.0 == OddSetting::One) && (y == 1) == (self.odd.1 == OddSetting::One);
            let plus = odd != (self.sign == Sign::Plus);
            write!(f, " {} E{x}{y}", if plus { '+' } else { '-' })?;
        }
        Ok(())
    }
}

impl FromStr for Convention {
    type Err = ParseConventionError;

    /// Reads four signs in the order E00, E01, E10, E11: `+++-` is the game.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|convention| {
                [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().zip(text.bytes()).all(|((x, y), sign)| {
                    let at = |one: bool| if one { OddSetting::One } else { OddSetting::Zero };
                    let odd = (at(x == 1), at(y == 1)) == convention.odd;
                    sign == if odd != (convention.sign == Sign::Plus) { b'+' } else { b'-' }
                }) && text.len() == 4
            })
            .ok_or(ParseConventionError)
    }
}

/// A text that is not one of the eight conventions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the signs of E00, E01, E10, E11 with exactly one or exactly three minus signs, for example +++-"
)]
pub struct ParseConventionError;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Cell;
    use alloc::string::ToString;

    #[test]
    fn names_round_trip() {
        for convention in Convention::all() {
            let name = convention.to_string();
            let signs: alloc::string::String = name.chars().filter(|c| matches!(c, '+' | '-')).collect();
            assert_eq!(signs.parse(), Ok(convention), "{name}");
        }
        assert_eq!(Convention::GAME.to_string(), "S = + E00 + E01 + E10 - E11");
        assert_eq!("++++".parse::<Convention>(), Err(ParseConventionError));
        assert_eq!("+++-x".parse::<Convention>(), Err(ParseConventionError));
        assert_eq!("+++".parse::<Convention>(), Err(ParseConventionError));
    }

    #[test]
    fn a_perfect_box_of_each_convention_wins_its_own_game_alone() {
        for convention in Convention::all() {
            let name = convention.to_string();
            let mut counts = Counts::new();
            for (i, sign) in name.chars().filter(|c| matches!(c, '+' | '-')).enumerate() {
                let (x, y) = (i as u8 / 2, i as u8 % 2);
                counts.add(Cell { x, y, a: 0, b: u8::from(sign == '-') }, 10).unwrap();
            }
            for other in Convention::all() {
                let s = counts.relabelled(other).chsh().unwrap().s;
                assert_eq!(s == 4.0, other == convention, "{convention} {other} {s}");
            }
        }
    }
}
