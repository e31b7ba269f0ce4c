//! Products of operators, reduced to a normal form.

/// One operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Letter {
    /// Alice's observable of a setting.
    Alice(u8),
    /// Bob's observable of a setting.
    Bob(u8),
    /// Eve's observable.
    Eve,
    /// A bounded operator of Eve without further relations.
    Z(u8),
    /// Its adjoint.
    ZStar(u8),
    /// The projector of one outcome of a setting of Alice (0), Bob (1) or Eve (2).
    Projector { party: u8, setting: u8, outcome: u8 },
    /// The product of projectors of different outcomes.
    Zero,
}

impl Letter {
    fn adjoint(self) -> Self {
        match self {
            Self::Z(a) => Self::ZStar(a),
            Self::ZStar(a) => Self::Z(a),
            observable => observable,
        }
    }

    /// Parties commute; letters of one party keep their order.
    fn party(self) -> u8 {
        match self {
            Self::Alice(_) | Self::Zero => 0,
            Self::Bob(_) => 1,
            Self::Eve | Self::Z(_) | Self::ZStar(_) => 2,
            Self::Projector { party, .. } => party,
        }
    }

    fn is_observable(self) -> bool {
        matches!(self, Self::Alice(_) | Self::Bob(_) | Self::Eve)
    }

    /// The product with the letter to the right, where both are projectors of one setting.
    fn merged(self, right: Self) -> Option<Self> {
        match (self, right) {
            (
                Self::Projector { party, setting, outcome },
                Self::Projector { party: other, setting: at, outcome: second },
            ) if (party, setting) == (other, at) => Some(if outcome == second { self } else { Self::Zero }),
            _ => None,
        }
    }
}

/// A product of letters: Alice's, then Bob's, then Eve's, equal neighbouring observables cancelled. Empty is 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word(Vec<Letter>);

impl Word {
    pub(super) fn letter(letter: Letter) -> Self {
        Self(vec![letter])
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        if self.is_zero() || other.is_zero() {
            return Self(vec![Letter::Zero]);
        }
        let mut product = Vec::with_capacity(self.0.len() + other.0.len());
        for party in 0..3 {
            let start = product.len();
            for &letter in self.0.iter().chain(&other.0).filter(|letter| letter.party() == party) {
                let before: Option<Letter> = product[start..].last().copied();
                match before.and_then(|before| before.merged(letter)) {
                    Some(Letter::Zero) => return Self(vec![Letter::Zero]),
                    Some(_) => {}
                    None if before == Some(letter) && letter.is_observable() => {
                        product.pop();
                    }
                    None => product.push(letter),
                }
            }
        }
        Self(product)
    }

    /// Whether the product vanishes.
    pub(super) fn is_zero(&self) -> bool {
        self.0.first() == Some(&Letter::Zero)
    }

    /// Replaces every letter by one of the same party, or by one of the other throughout.
    pub(super) fn map(&self, letter: impl FnMut(Letter) -> Letter) -> Self {
        Self::default().times(&Self(self.0.iter().copied().map(letter).collect()))
    }

    pub(super) fn adjoint(&self) -> Self {
        let reversed = Self(self.0.iter().rev().map(|letter| letter.adjoint()).collect());
        Self::default().times(&reversed)
    }

    /// The representative of the word and its adjoint, whose moments have the same real part.
    pub(super) fn canonical(self) -> Self {
        let adjoint = self.adjoint();
        self.min(adjoint)
    }

    /// Number of letters that are not observables: the moment is at most their common norm to this power.
    pub(super) fn z_degree(&self) -> u32 {
        self.0.iter().filter(|letter| matches!(letter, Letter::Z(_) | Letter::ZStar(_))).count() as u32
    }
}

/// A product of Alice's and Bob's observables, written like `A0A1B0`; a further row of a moment matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorWord(Word);

impl OperatorWord {
    pub(super) fn word(&self) -> &Word {
        &self.0
    }

    pub(super) fn is_of(&self, settings: (usize, usize)) -> bool {
        self.0.0.iter().all(|letter| match *letter {
            Letter::Alice(x) => usize::from(x) < settings.0,
            Letter::Bob(y) => usize::from(y) < settings.1,
            _ => false,
        })
    }
}

impl core::str::FromStr for OperatorWord {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord { word: text.chars().take(40).collect() };
        let mut letters = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let mut symbols = rest.chars();
            let party = symbols.next();
            rest = symbols.as_str();
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (setting, after) = rest.split_at(digits);
            let setting: u8 = setting.parse().map_err(|_| unknown())?;
            letters.push(match party {
                Some('A') => Letter::Alice(setting),
                Some('B') => Letter::Bob(setting),
                _ => return Err(unknown()),
            });
            rest = after;
        }
        if letters.is_empty() || letters.len() > LONGEST_WORD {
            return Err(unknown());
        }
        Ok(Self(Word::default().times(&Word(letters))))
    }
}

impl core::fmt::Display for OperatorWord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.0.iter().try_for_each(|letter| match letter {
            Letter::Alice(x) => write!(f, "A{x}"),
            Letter::Bob(y) => write!(f, "B{y}"),
            _ => Ok(()),
        })
    }
}

/// A text that is no product of observables.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a product of 1 to 8 observables such as A0A1B0")]
pub struct UnknownWord {
    word: String,
}

const LONGEST_WORD: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reduce() {
        let (a, b, z) =
            (Word::letter(Letter::Alice(0)), Word::letter(Letter::Bob(1)), Word::letter(Letter::Z(0)));
        assert_eq!(a.times(&a), Word::default());
        assert_eq!(b.times(&a), a.times(&b));
        let long = a.times(&Word::letter(Letter::Alice(1))).times(&z);
        assert_eq!(long.adjoint().adjoint(), long);
        assert_eq!(long.adjoint().times(&long), z.adjoint().times(&z));
        assert_eq!(z.times(&z).z_degree(), 2);
    }

    #[test]
    fn words_are_read_as_written() {
        let read = |text: &str| text.parse::<OperatorWord>();
        assert_eq!(read("A0A1B12").unwrap().to_string(), "A0A1B12");
        assert_eq!(read("B0A1B0").unwrap().to_string(), "A1");
        for bad in ["", "A", "C0", "A0 B1x", "A999", "A0A1A0A1A0A1A0A1A0"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
