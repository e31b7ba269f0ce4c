//! Entropy bounds for any Bell scenario with two outcomes, by semidefinite programming. Feature `sdp`.
//!
//! The set of quantum behaviours is relaxed to moment matrices (Navascués, Pironio and Acín): for a list of operator
//! words `u`, the matrix of all `<u* v>` is positive semidefinite, and entries whose words reduce to the same operator
//! are equal. Observables of different parties commute, the square of an observable is 1.
//!
//! * [`quantum_maximum`]: the greatest value of a Bell expression.
//! * [`min_entropy`]: Eve holds one more observable that commutes with all others and guesses Alice's outcome.
//! * [`von_neumann`]: the bound of Brown, Fawzi and Fawzi by Gauss-Radau quadrature. With nodes `t_i` and weights `w_i` on
//!   (0, 1], `H(A|E) >= sum_i w_i/(t_i ln 2) (1 + inf sum_a <M_a (Z_a + Z_a* + (1-t_i) Z_a* Z_a)> + t_i <Z_a Z_a*>)`,
//!   the infimum over operators `Z_a` that commute with all observables.
//!
//! Moments that a relabelling of settings and outcomes maps to each other, where it leaves the problem as it is, are one
//! variable (or 0). Derivations are in `docs/theory.md`, section 3.9.
//!
//! The interior-point solver is not trusted. A matrix from its solution is turned into a dual certificate: what it fails
//! to satisfy is multiplied by a bound on the moment concerned, a negative part of its spectrum by a bound on the trace
//! of the moment matrix, all in interval arithmetic. The result is affine in the observed values: each bound comes with
//! its slopes and holds for all behaviours, not only for those observed.
//!
//! Cost: a Schur complement over all distinct moments, `O(m^3 + N^4)` a step for `m` of them and `N` words.

mod certify;
mod expression;
mod moments;
mod quadrature;
mod solver;
mod symmetry;
mod word;

pub use expression::BellExpression;
pub use word::{OperatorWord, UnknownWord};

use crate::error::Error;
use crate::interval::Interval;
use certify::certified_minimum;
use moments::{MomentProblem, Polynomial};
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
    let symmetry = Symmetry::of(expression.settings(), None, &[&objective]);
    let problem = MomentProblem { words, objective, constraints: Vec::new(), z_norm: 1.0, symmetry };
    Ok((-certified_minimum(&problem)?.at(&[])).hi())
}

/// The min-entropy of Alice's key bit given Eve.
///
/// # Errors
/// [`Error`] when the query does not describe one scenario, the observed values are not quantum, or the solver makes no
/// progress.
pub fn min_entropy(query: &SdpQuery) -> Result<SdpBound, Error> {
    let (scenario, constraints) = query.check()?;
    let mut words = party_words(scenario, query.level, &query.extra)?;
    let guess = Word::letter(Letter::Eve);
    words.extend(party_words(scenario, Level::One, &[])?.into_iter().map(|word| word.times(&guess)));
    let key = Word::letter(Letter::Alice(query.key_setting as u8)).times(&guess);
    let mut objective = Polynomial::default();
    objective.add(key, -(1.0 - 2.0 * query.q));
    let symmetry = query.symmetry(scenario, &objective, &constraints);
    let bound = certified_minimum(&MomentProblem { words, objective, constraints, z_norm: 1.0, symmetry })?;
    // Eve's best correlation is at most c; she guesses with probability (1 + c)/2.
    let correlation = -bound.at(&query.values());
    let guess = ((1.0 + correlation) / 2.0).min(Interval::point(1.0));
    let scale = 1.0 / (2.0 * guess.hi() * core::f64::consts::LN_2);
    Ok(SdpBound {
        entropy_bits: (-guess.log2()).lo().max(0.0),
        slopes: bound.slopes.iter().map(|slope| slope * scale).collect(),
        method: format!(
            "guessing probability, moment matrices of {:?}, dual certificate in interval arithmetic",
            query.level
        ),
    })
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
    let (scenario, constraints) = query.check()?;
    if !(2..=24).contains(&query.nodes) {
        return Err(Error::QuadratureNodes { nodes: query.nodes });
    }
    let party = party_words(scenario, query.level, &query.extra)?;
    let products = |eve: &[Word]| -> Vec<Word> {
        eve.iter().flat_map(|z| party.iter().map(move |word| word.times(z))).collect()
    };
    let letters = |letters: &[Letter]| -> Vec<Word> {
        [Word::default()].into_iter().chain(letters.iter().map(|&letter| Word::letter(letter))).collect()
    };
    let stars = [Letter::ZStar(0), Letter::ZStar(1)];
    let inner = products(&letters(&[Letter::Z(0), stars[0], Letter::Z(1), stars[1]]));
    // At t = 1 no Z* Z occurs, and <Z Z*> is at most 1: the norm of Z need not be bounded.
    let last = products(&letters(&stars));
    let values = query.values();
    let mut entropy = Interval::point(0.0);
    let mut slopes = vec![0.0; values.len()];
    let mut solved = false;
    for (node, weight) in quadrature::radau_nodes(query.nodes) {
        let (words, z_norm) =
            if node == 1.0 { (&last, 1.0) } else { (&inner, 0.5 / (node * (1.0 - node)).sqrt()) };
        let Some((price, bound)) = PRICES.into_iter().find_map(|price| {
            let problem = query.node_problem(scenario, &constraints, words, (node, z_norm), price);
            Some((price, certified_minimum(&problem).ok()?))
        }) else {
            continue;
        };
        solved = true;
        let scale = Interval::point(weight) / (Interval::point(node) * Interval::ln_2());
        // Every term of the sum is at least 0: the infimum is at least -1.
        let term = scale * (1.0 + bound.at(&values) - price);
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
    Ok(SdpBound {
        entropy_bits: (entropy - quadrature::ALLOWANCE).lo().clamp(0.0, 1.0),
        slopes,
        method: format!(
            "Gauss-Radau with {} nodes, moment matrices of {:?}, dual certificates in interval arithmetic",
            query.nodes, query.level
        ),
    })
}

/// Prices on `<Z_a* Z_a>` that make the program well posed, as bounds on what they add to the infimum: they are
/// subtracted again. Tried in turn.
const PRICES: [f64; 4] = [1e-8, 1e-7, 1e-6, 1e-5];

/// `sum_a <M_a (Z_a + Z_a* + (1-t) Z_a* Z_a)> + t <Z_a Z_a*>` with `M_a = (1 +- (1-2q) A)/2`.
fn node_objective(query: &SdpQuery, t: f64) -> Polynomial {
    let key = Word::letter(Letter::Alice(query.key_setting as u8));
    let mut objective = Polynomial::default();
    for (a, sign) in [(0, 1.0), (1, -1.0)] {
        let (z, z_star) = (Word::letter(Letter::Z(a)), Word::letter(Letter::ZStar(a)));
        let tilt = sign * (1.0 - 2.0 * query.q) / 2.0;
        for (word, weight) in [(z.clone(), 1.0), (z_star.clone(), 1.0), (z_star.times(&z), 1.0 - t)] {
            objective.add(key.times(&word), tilt * weight);
            objective.add(word, weight / 2.0);
        }
        objective.add(z.times(&z_star), t);
    }
    objective
}

/// A polynomial and its observed value.
type Constraint = (Polynomial, f64);

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

    /// The infimum at one node `(t, norm of Z)`.
    fn node_problem(
        &self,
        scenario: &BellExpression,
        constraints: &[Constraint],
        words: &[Word],
        (node, z_norm): (f64, f64),
        price: f64,
    ) -> MomentProblem {
        let mut objective = node_objective(self, node);
        for a in 0..2 {
            let z = Word::letter(Letter::Z(a));
            // At t = 1 only Z Z* has a moment; it is at most 1.
            let square = if node == 1.0 { z.times(&z.adjoint()) } else { z.adjoint().times(&z) };
            objective.add(square, price / (2.0 * z_norm * z_norm));
        }
        let symmetry = self.symmetry(scenario, &objective, constraints);
        MomentProblem {
            words: words.to_vec(),
            objective,
            constraints: constraints.to_vec(),
            z_norm,
            symmetry,
        }
    }

    fn symmetry(
        &self,
        scenario: &BellExpression,
        objective: &Polynomial,
        constraints: &[Constraint],
    ) -> Symmetry {
        let fixed: Vec<&Polynomial> = constraints.iter().map(|(p, _)| p).chain([objective]).collect();
        Symmetry::of(scenario.settings(), Some(self.key_setting), &fixed)
    }

    fn values(&self) -> Vec<f64> {
        self.observed.iter().map(|(_, value)| *value).collect()
    }
}

fn party_words(scenario: &BellExpression, level: Level, extra: &[OperatorWord]) -> Result<Vec<Word>, Error> {
    scenario.check()?;
    let alice: Vec<Word> = (0..scenario.alice.len()).map(|x| Word::letter(Letter::Alice(x as u8))).collect();
    let bob: Vec<Word> = (0..scenario.bob.len()).map(|y| Word::letter(Letter::Bob(y as u8))).collect();
    let mut words = vec![Word::default()];
    words.extend(alice.iter().chain(&bob).cloned());
    if level != Level::One {
        words.extend(alice.iter().flat_map(|a| bob.iter().map(move |b| a.times(b))));
    }
    let sides = match level {
        Level::One | Level::OnePlusAb => [].as_slice(),
        Level::OnePlusAbAa => &[&alice],
        Level::Two => &[&alice, &bob],
    };
    for side in sides {
        let pairs = side.iter().flat_map(|a| side.iter().map(move |b| a.times(b)));
        words.extend(pairs.filter(|pair| *pair != Word::default()));
    }
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
