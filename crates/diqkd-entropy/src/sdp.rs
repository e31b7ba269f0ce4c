//! Entropy bounds for any Bell scenario, by semidefinite programming. Feature `sdp`.
//!
//! Two outcomes a setting are stated in correlators ([`SdpQuery`]), more in probabilities ([`OutcomesQuery`]).
//!
//! The set of quantum behaviours is relaxed to moment matrices (Navascués, Pironio and Acín): for a list of operator
//! words `u`, the matrix of all `<u* v>` is positive semidefinite, and entries whose words reduce to the same operator
//! are equal. Observables of different parties commute, the square of an observable is 1; projectors of one setting are
//! orthogonal.
//!
//! * [`quantum_maximum`]: the greatest value of a Bell expression.
//! * [`min_entropy`]: Eve holds one more observable that commutes with all others and guesses Alice's outcome.
//! * [`von_neumann`]: the bound of Brown, Fawzi and Fawzi by Gauss-Radau quadrature. With nodes `t_i` and weights `w_i` on
//!   (0, 1], `H(A|E) >= sum_i w_i/(t_i ln 2) (1 + inf sum_a <M_a (Z_a + Z_a* + (1-t_i) Z_a* Z_a)> + t_i <Z_a Z_a*>)`,
//!   the infimum over operators `Z_a` that commute with all observables.
//!
//! Moments that a relabelling of settings and outcomes maps to each other, where it leaves the problem as it is, are one
//! variable (or 0), and commuting relabellings of order 2 split the matrix into blocks for the solver. Derivations are in `docs/theory.md`, section 3.9.
//!
//! The interior-point solver is not trusted. A matrix from its solution is turned into a dual certificate: what it fails
//! to satisfy is multiplied by a bound on the moment concerned, a negative part of its spectrum by a bound on the trace
//! of the moment matrix, all in interval arithmetic. The result is affine in the observed values: each bound comes with
//! its slopes and holds for all behaviours, not only for those observed.
//!
//! Cost: a Schur complement over all distinct moments, `O(m^3 + B N^4)` a step for `m` of them and `B` blocks of size `N`.

mod blocks;
mod certify;
mod cholesky;
mod expression;
mod moments;
mod outcomes;
mod program;
mod quadrature;
mod solver;
mod symmetry;
mod word;

pub use expression::BellExpression;
pub use outcomes::{Event, ObservedSum, Outcomes, OutcomesQuery};
pub use word::{OperatorWord, UnknownWord};

use crate::error::Error;
use certify::certified_minimum;
use moments::{MomentProblem, Polynomial};
use program::{Constraint, Program};
use symmetry::Symmetry;
use word::{Letter, Word};

/// Which words index the moment matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// 1 and all observables.
    One,
    /// And all products of one observable of each party.
    OnePlusAb,
    /// And all products of two of Alice's observables: what the von Neumann entropy of CHSH needs.
    OnePlusAbAa,
    /// And all products of two observables.
    Two,
}

/// What is known about a behaviour and asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SdpQuery {
    /// Bell expressions of one scenario and their values.
    pub observed: Vec<(BellExpression, f64)>,
    /// Alice's setting whose outcome is the key bit.
    pub key_setting: usize,
    /// Flip probability of Alice's bit, from 0 to 1/2.
    pub q: f64,
    /// Words of Alice and Bob.
    pub level: Level,
    /// Further words of Alice and Bob.
    pub extra: Vec<OperatorWord>,
    /// Quadrature nodes of [`von_neumann`], from 2 to 24; the gap to the exact entropy falls with their square.
    pub nodes: usize,
}

/// A certified bound for a behaviour, with its slopes.
#[derive(Clone, Debug, PartialEq)]
pub struct SdpBound {
    /// Certified lower bound on the entropy in bits, not negative.
    pub entropy_bits: f64,
    /// Its slope in each observed value.
    pub slopes: Vec<f64>,
    /// How it was proved.
    pub method: String,
}

/// An upper bound, rounded up, on a Bell expression over all quantum behaviours.
///
/// # Errors
/// [`Error`] when the expression is not of one scenario or the solver makes no progress.
///
/// # Examples
/// ```
/// use diqkd_entropy::sdp::{BellExpression, Level, quantum_maximum};
///
/// let most = quantum_maximum(&BellExpression::chsh(), Level::One, &[])?;
/// assert!(most >= 8f64.sqrt() && most < 8f64.sqrt() + 1e-6);
/// # Ok::<(), diqkd_entropy::Error>(())
/// ```
pub fn quantum_maximum(
    expression: &BellExpression,
    level: Level,
    extra: &[OperatorWord],
) -> Result<f64, Error> {
    let objective = expression.polynomial().negated();
    let words = party_words(expression, level, extra)?;
    let symmetry = Symmetry::of(expression.settings(), None, &[&objective]).keeping(&words);
    let problem = MomentProblem { words, objective, constraints: Vec::new(), z_norm: 1.0, symmetry };
    Ok((-certified_minimum(&problem)?.at(&[])).hi())
}

/// The min-entropy of Alice's key bit given Eve.
///
/// # Errors
/// [`Error`] when the query does not describe one scenario, the observed values are not quantum, or the solver makes no
/// progress.
pub fn min_entropy(query: &SdpQuery) -> Result<SdpBound, Error> {
    query.program()?.min_entropy()
}

/// The von Neumann entropy of Alice's key bit given Eve.
///
/// # Errors
/// As for [`min_entropy`].
///
/// # Examples
/// ```
/// use diqkd_entropy::sdp::{BellExpression, Level, SdpQuery, von_neumann};
///
/// let query = SdpQuery {
///     observed: vec![(BellExpression::chsh(), 2.6)],
///     key_setting: 0,
///     q: 0.0,
///     level: Level::OnePlusAb,
///     extra: Vec::new(),
///     nodes: 4,
/// };
/// let bound = von_neumann(&query)?;
/// assert!(bound.entropy_bits > 0.56 && bound.entropy_bits < 0.581_58);
/// # Ok::<(), diqkd_entropy::Error>(())
/// ```
pub fn von_neumann(query: &SdpQuery) -> Result<SdpBound, Error> {
    query.program()?.von_neumann(query.nodes)
}

impl SdpQuery {
    /// The scenario and the constraints.
    fn check(&self) -> Result<(&BellExpression, Vec<Constraint>), Error> {
        let (scenario, _) = self.observed.first().ok_or(Error::NothingObserved)?;
        if !(0.0..=0.5).contains(&self.q) {
            return Err(Error::FlipProbability { q: self.q });
        }
        if self.key_setting >= scenario.alice.len() {
            return Err(Error::KeySetting { setting: self.key_setting, settings: scenario.alice.len() });
        }
        for (expression, value) in &self.observed {
            expression.check()?;
            let same =
                expression.alice.len() == scenario.alice.len() && expression.bob.len() == scenario.bob.len();
            if !same {
                return Err(Error::MixedScenarios);
            }
            let most = expression.algebraic_maximum();
            if value.is_nan() || value.abs() > most {
                return Err(Error::BellValue { value: *value, algebraic_max: most });
            }
        }
        let constraints =
            self.observed.iter().map(|(expression, value)| (expression.polynomial(), *value)).collect();
        Ok((scenario, constraints))
    }

    fn program(&self) -> Result<Program<impl Fn(&Polynomial) -> Symmetry>, Error> {
        let (scenario, constraints) = self.check()?;
        let halves = |letter: Letter, tilt: f64| {
            [tilt, -tilt].map(|tilt| {
                let mut half = Polynomial::default();
                half.add(Word::default(), 0.5);
                half.add(Word::letter(letter), tilt / 2.0);
                half
            })
        };
        let fixed: Vec<Polynomial> = constraints.iter().map(|(p, _)| p.clone()).collect();
        let (settings, key) = (scenario.settings(), self.key_setting);
        Ok(Program {
            level: self.level,
            words: party_words(scenario, self.level, &self.extra)?,
            single: party_words(scenario, Level::One, &[])?,
            constraints,
            effects: halves(Letter::Alice(key as u8), 1.0 - 2.0 * self.q).to_vec(),
            guesses: halves(Letter::Eve, 1.0).to_vec(),
            guess_letters: vec![Letter::Eve],
            symmetry: move |objective: &Polynomial| {
                let fixed: Vec<&Polynomial> = fixed.iter().chain([objective]).collect();
                Symmetry::of(settings, Some(key), &fixed)
            },
        })
    }
}

fn party_words(scenario: &BellExpression, level: Level, extra: &[OperatorWord]) -> Result<Vec<Word>, Error> {
    scenario.check()?;
    let alice: Vec<Word> = (0..scenario.alice.len()).map(|x| Word::letter(Letter::Alice(x as u8))).collect();
    let bob: Vec<Word> = (0..scenario.bob.len()).map(|y| Word::letter(Letter::Bob(y as u8))).collect();
    let mut words = level_words(&alice, &bob, level);
    for word in extra {
        if !word.is_of(scenario.settings()) {
            return Err(Error::OperatorWord { word: word.to_string() });
        }
        if !words.contains(word.word()) {
            words.push(word.word().clone());
        }
    }
    Ok(words)
}

/// The words of a level, from the single operators of both sides.
fn level_words(alice: &[Word], bob: &[Word], level: Level) -> Vec<Word> {
    let mut words = vec![Word::default()];
    words.extend(alice.iter().chain(bob).cloned());
    if level != Level::One {
        words.extend(alice.iter().flat_map(|a| bob.iter().map(move |b| a.times(b))));
    }
    let sides = match level {
        Level::One | Level::OnePlusAb => [].as_slice(),
        Level::OnePlusAbAa => &[alice],
        Level::Two => &[alice, bob],
    };
    for side in sides {
        for pair in side.iter().flat_map(|a| side.iter().map(move |b| a.times(b))) {
            if !pair.is_zero() && !words.contains(&pair) {
                words.push(pair);
            }
        }
    }
    words
}
