//! Entropies of a key outcome as moment problems, whatever the number of outcomes.

use super::certify::certified_minimum;
use super::moments::{MomentProblem, Polynomial};
use super::quadrature;
use super::symmetry::Symmetry;
use super::word::{Letter, Word};
use super::{Level, SdpBound};
use crate::error::Error;
use crate::interval::Interval;

/// A polynomial and its observed value.
pub(super) type Constraint = (Polynomial, f64);

/// What is known, what indexes the moment matrix, and Alice's key outcome.
pub(super) struct Program<S> {
    pub(super) level: Level,
    /// Words of Alice and Bob at the level, and single ones.
    pub(super) words: Vec<Word>,
    pub(super) single: Vec<Word>,
    pub(super) constraints: Vec<Constraint>,
    /// The effects of the key outcomes.
    pub(super) effects: Vec<Polynomial>,
    /// The effects of Eve's guesses, one for each key outcome, and the letters they are made of.
    pub(super) guesses: Vec<Polynomial>,
    pub(super) guess_letters: Vec<Letter>,
    /// The relabellings that keep an objective and the constraints.
    pub(super) symmetry: S,
}

impl<S: Fn(&Polynomial) -> Symmetry> Program<S> {
    /// Minus the logarithm of the probability with which Eve guesses the outcome.
    pub(super) fn min_entropy(self) -> Result<SdpBound, Error> {
        let mut words = self.words;
        for &letter in &self.guess_letters {
            let guess = Word::letter(letter);
            words.extend(self.single.iter().map(|word| word.times(&guess)));
        }
        let objective = self
            .effects
            .iter()
            .zip(&self.guesses)
            .fold(Polynomial::default(), |sum, (effect, guess)| sum.plus(&effect.times(guess)))
            .negated();
        let values: Vec<f64> = self.constraints.iter().map(|(_, value)| *value).collect();
        let symmetry = (self.symmetry)(&objective);
        let constraints = self.constraints;
        let bound =
            certified_minimum(&MomentProblem { words, objective, constraints, z_norm: 1.0, symmetry })?;
        let guessed = (-bound.at(&values)).min(Interval::point(1.0));
        let scale = 1.0 / (guessed.hi() * core::f64::consts::LN_2);
        Ok(SdpBound {
            entropy_bits: (-guessed.log2()).lo().max(0.0),
            slopes: bound.slopes.iter().map(|slope| slope * scale).collect(),
            method: format!(
                "guessing probability, moment matrices of {:?}, dual certificate in interval arithmetic",
                self.level
            ),
        })
    }

    /// The Gauss-Radau bound with a number of nodes.
    pub(super) fn von_neumann(self, nodes: usize) -> Result<SdpBound, Error> {
        if !(2..=24).contains(&nodes) {
            return Err(Error::QuadratureNodes { nodes });
        }
        let outcomes = self.effects.len() as u8;
        let products = |eve: &mut dyn Iterator<Item = Letter>| -> Vec<Word> {
            let eve: Vec<Word> = [Word::default()].into_iter().chain(eve.map(Word::letter)).collect();
            eve.iter().flat_map(|z| self.words.iter().map(move |word| word.times(z))).collect()
        };
        let inner = products(&mut (0..outcomes).flat_map(|a| [Letter::Z(a), Letter::ZStar(a)]));
        // At t = 1 no Z* Z occurs, and <Z Z*> is at most 1: the norm of Z need not be bounded.
        let last = products(&mut (0..outcomes).map(Letter::ZStar));
        let values: Vec<f64> = self.constraints.iter().map(|(_, value)| *value).collect();
        let mut entropy = Interval::point(0.0);
        let mut slopes = vec![0.0; values.len()];
        let mut solved = false;
        for (node, weight) in quadrature::radau_nodes(nodes) {
            let (words, z_norm) =
                if node == 1.0 { (&last, 1.0) } else { (&inner, 0.5 / (node * (1.0 - node)).sqrt()) };
            let objective = self.objective(node);
            let symmetry = (self.symmetry)(&objective);
            let (words, constraints) = (words.clone(), self.constraints.clone());
            let problem = MomentProblem { words, objective, constraints, z_norm, symmetry };
            let Ok(bound) = certified_minimum(&problem) else { continue };
            solved = true;
            let scale = Interval::point(weight) / (Interval::point(node) * Interval::ln_2());
            // Every term of the sum is at least 0: the infimum is at least -1.
            let term = scale * (1.0 + bound.at(&values));
            if term.lo() > 0.0 {
                entropy = entropy + term;
                for (slope, part) in slopes.iter_mut().zip(&bound.slopes) {
                    *slope += part * scale.lo();
                }
            }
        }
        if !solved {
            return Err(Error::SemidefiniteProgram);
        }
        let most = Interval::count(u64::from(outcomes)).log2().lo();
        Ok(SdpBound {
            entropy_bits: (entropy - quadrature::ALLOWANCE).lo().clamp(0.0, most),
            slopes,
            method: format!(
                "Gauss-Radau with {nodes} nodes, moment matrices of {:?}, dual certificates in interval arithmetic",
                self.level
            ),
        })
    }

    /// `sum_a <M_a (Z_a + Z_a* + (1-t) Z_a* Z_a)> + t <Z_a Z_a*>`.
    fn objective(&self, t: f64) -> Polynomial {
        let mut objective = Polynomial::default();
        for (a, effect) in self.effects.iter().enumerate() {
            let (z, z_star) = (Word::letter(Letter::Z(a as u8)), Word::letter(Letter::ZStar(a as u8)));
            let mut inner = Polynomial::default();
            inner.add(z.clone(), 1.0);
            inner.add(z_star.clone(), 1.0);
            inner.add(z_star.times(&z), 1.0 - t);
            objective = objective.plus(&effect.times(&inner));
            objective.add(z.times(&z_star), t);
        }
        objective
    }
}
