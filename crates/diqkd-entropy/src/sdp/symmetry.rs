//! Relabellings of settings and outcomes that leave a problem as it is.
//!
//! If a relabelling maps the objective and every constraint to themselves, then the mean of a feasible moment matrix
//! and its images is feasible with the same objective, so it is enough to bound matrices whose moments are equal along
//! orbits. The orbit of a moment that also holds its negative is 0.

use super::blocks::Blocks;
use super::moments::Polynomial;
use super::word::{Letter, Word};

/// Alice's and Bob's settings permuted and their outcomes flipped; Eve's guess follows the key bit. Or both parties
/// exchanged: then each table says which setting of the other party a setting becomes.
#[derive(Clone, Debug, PartialEq)]
struct Relabelling {
    exchanges_parties: bool,
    alice: Vec<(u8, bool)>,
    bob: Vec<(u8, bool)>,
    flips_key: bool,
}

impl Relabelling {
    fn image(&self, word: &Word) -> (Word, bool) {
        let mut negative = false;
        let mut moved = |table: &[(u8, bool)], setting: u8| {
            let (to, flipped) = table.get(usize::from(setting)).copied().unwrap_or((setting, false));
            negative ^= flipped;
            to
        };
        let mut flips_of_eve = false;
        let image = word.map(|letter| match letter {
            Letter::Alice(x) if self.exchanges_parties => Letter::Bob(moved(&self.alice, x)),
            Letter::Bob(y) if self.exchanges_parties => Letter::Alice(moved(&self.bob, y)),
            Letter::Alice(x) => Letter::Alice(moved(&self.alice, x)),
            Letter::Bob(y) => Letter::Bob(moved(&self.bob, y)),
            Letter::Eve => {
                flips_of_eve ^= self.flips_key;
                Letter::Eve
            }
            Letter::Z(a) => Letter::Z(a ^ u8::from(self.flips_key)),
            Letter::ZStar(a) => Letter::ZStar(a ^ u8::from(self.flips_key)),
            other @ (Letter::Projector { .. } | Letter::Zero) => other,
        });
        (image, negative ^ flips_of_eve)
    }

    fn leaves(&self, polynomial: &Polynomial) -> bool {
        polynomial.terms().all(|(word, weight)| {
            let (image, negative) = self.image(word);
            polynomial.weight(&image.canonical()) == if negative { -weight } else { weight }
        })
    }
}

/// The relabellings that leave a problem as it is.
#[derive(Clone, Debug)]
pub(super) struct Symmetry {
    group: Vec<Relabelling>,
}

impl Symmetry {
    /// All relabellings of up to three settings a side; of more, only the flip of all outcomes. Without a key setting also
    /// those that exchange the parties, where both have as many settings.
    pub(super) fn of(settings: (usize, usize), key: Option<usize>, fixed: &[&Polynomial]) -> Self {
        let mut group = Vec::new();
        let tables = |count: usize| -> Vec<Vec<(u8, bool)>> {
            let orders = if count <= MOST_PERMUTED { permutations(count) } else { vec![identity(count)] };
            let signs: Vec<u32> =
                if count <= MOST_PERMUTED { (0..1 << count).collect() } else { vec![0, (1 << count) - 1] };
            let signed = |order: &Vec<u8>, signs: u32| {
                order.iter().enumerate().map(|(k, &to)| (to, signs >> k & 1 == 1)).collect()
            };
            orders
                .iter()
                .flat_map(|order| signs.iter().map(move |&signs| (order, signs)))
                .map(|(order, signs)| signed(order, signs))
                .collect()
        };
        let bobs = tables(settings.1);
        let exchanges: &[bool] =
            if key.is_none() && settings.0 == settings.1 { &[false, true] } else { &[false] };
        for alice in tables(settings.0) {
            let moved = key.map(|key| alice[key]);
            if let (Some(key), Some((to, _))) = (key, moved)
                && usize::from(to) != key
            {
                continue;
            }
            for bob in &bobs {
                let flips_key = moved.is_some_and(|(_, flipped)| flipped);
                for &exchanges_parties in exchanges {
                    let (alice, bob) = (alice.clone(), bob.clone());
                    let relabelling = Relabelling { exchanges_parties, alice, bob, flips_key };
                    if fixed.iter().all(|polynomial| relabelling.leaves(polynomial)) {
                        group.push(relabelling);
                    }
                }
            }
        }
        Self { group }
    }

    /// No relabelling.
    pub(super) fn none() -> Self {
        Self { group: Vec::new() }
    }

    /// Without the exchange of parties where it would add rows to a moment matrix.
    pub(super) fn keeping(mut self, rows: &[Word]) -> Self {
        let keeps =
            |relabelling: &Relabelling| rows.iter().all(|row| rows.contains(&relabelling.image(row).0));
        if !self.group.iter().filter(|relabelling| relabelling.exchanges_parties).all(keeps) {
            self.group.retain(|relabelling| !relabelling.exchanges_parties);
        }
        self
    }

    /// The representative of a word's orbit, and whether its moment is the negative of the word's; `None` where the
    /// moment vanishes.
    pub(super) fn representative(&self, word: Word) -> Option<(Word, bool)> {
        if word.is_zero() {
            return None;
        }
        let word = word.canonical();
        let mut least = (word, false);
        let mut both_signs = false;
        let original = least.0.clone();
        for relabelling in &self.group {
            let (image, negative) = relabelling.image(&original);
            let image = image.canonical();
            match image.cmp(&least.0) {
                std::cmp::Ordering::Less => (least, both_signs) = ((image, negative), false),
                std::cmp::Ordering::Equal => both_signs |= negative != least.1,
                std::cmp::Ordering::Greater => {}
            }
        }
        (!both_signs).then_some(least)
    }

    /// The blocks of the moment matrix with these rows, which hold all their images.
    pub(super) fn blocks(&self, words: &[Word]) -> Blocks {
        let images = |relabelling: &Relabelling| {
            let image = |word: &Word| {
                let (image, negative) = relabelling.image(word);
                words.iter().position(|known| *known == image).map(|to| (to, negative))
            };
            words.iter().map(image).collect::<Option<Vec<_>>>()
        };
        Blocks::new(words.len(), self.group.iter().filter_map(images))
    }

    /// The rows of a moment matrix and all their images.
    pub(super) fn closed(&self, words: Vec<Word>) -> Vec<Word> {
        let mut closed = words.clone();
        for word in &words {
            for relabelling in &self.group {
                let (image, _) = relabelling.image(word);
                if !closed.contains(&image) {
                    closed.push(image);
                }
            }
        }
        closed
    }
}

fn identity(count: usize) -> Vec<u8> {
    (0..count as u8).collect()
}

fn permutations(count: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        all = all
            .into_iter()
            .flat_map(|order: Vec<u8>| {
                (0..count as u8)
                    .filter(|next| !order.contains(next))
                    .map(|next| [&order[..], &[next]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

const MOST_PERMUTED: usize = 3;

#[cfg(test)]
mod tests {
    use super::super::BellExpression;
    use super::*;

    #[test]
    fn the_relabellings_of_chsh() {
        let chsh = BellExpression::chsh().polynomial();
        // With the key setting kept: all outcomes flipped, and Bob's settings exchanged with Alice's second flipped.
        assert_eq!(Symmetry::of((2, 2), Some(0), &[&chsh]).group.len(), 4);
        // Without a key setting every setting may go everywhere, and the parties may be exchanged.
        assert_eq!(Symmetry::of((2, 2), None, &[&chsh]).group.len(), 16);
        let tilted = BellExpression::tilted_chsh(0.5).polynomial();
        assert_eq!(Symmetry::of((2, 2), Some(0), &[&tilted]).group.len(), 2);
    }

    #[test]
    fn parties_are_exchanged_where_that_adds_no_rows() {
        let i3322 = BellExpression::i3322().polynomial();
        let symmetry = Symmetry::of((3, 3), None, &[&i3322]);
        let exchanges = |symmetry: &Symmetry| symmetry.group.iter().filter(|r| r.exchanges_parties).count();
        assert_eq!(2 * exchanges(&symmetry), symmetry.group.len());
        let single = |letter: fn(u8) -> Letter| (0..3).map(move |k| Word::letter(letter(k)));
        let rows: Vec<Word> =
            [Word::default()].into_iter().chain(single(Letter::Alice)).chain(single(Letter::Bob)).collect();
        assert_eq!(exchanges(&symmetry.clone().keeping(&rows)), exchanges(&symmetry));
        assert_eq!(exchanges(&symmetry.keeping(&rows[..4])), 0);
    }

    #[test]
    fn moments_along_orbits() {
        let chsh = BellExpression::chsh().polynomial();
        let symmetry = Symmetry::of((2, 2), Some(0), &[&chsh]);
        let (alice, bob) = (|x| Word::letter(Letter::Alice(x)), |y| Word::letter(Letter::Bob(y)));
        assert_eq!(symmetry.representative(alice(0)), None);
        let (first, sign) = symmetry.representative(alice(1).times(&bob(0))).unwrap();
        let (second, other) = symmetry.representative(alice(1).times(&bob(1))).unwrap();
        assert!(first == second && sign != other);
    }
}
