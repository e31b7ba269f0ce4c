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
            Self::Alice(_) => 0,
            Self::Bob(_) => 1,
            Self::Eve | Self::Z(_) | Self::ZStar(_) => 2,
        }
    }

    fn is_observable(self) -> bool {
        !matches!(self, Self::Z(_) | Self::ZStar(_))
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
        let mut product = Vec::with_capacity(self.0.len() + other.0.len());
        for party in 0..3 {
            let start = product.len();
            for &letter in self.0.iter().chain(&other.0).filter(|letter| letter.party() == party) {
                if product.len() > start && product.last() == Some(&letter) && letter.is_observable() {
                    product.pop();
                } else {
                    product.push(letter);
                }
            }
        }
        Self(product)
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
        self.0.iter().filter(|letter| !letter.is_observable()).count() as u32
    }
}

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
}
