//! Scenarios with any number of outcomes, stated in probabilities.

use super::moments::Polynomial;
use super::program::{Constraint, Program};
use super::symmetry::Symmetry;
use super::word::{Letter, Word};
use super::{Level, SdpBound, level_words};
use crate::error::Error;

/// Numbers of outcomes of every setting of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// Alice's, one a setting.
    pub alice: Vec<usize>,
    /// Bob's, one a setting.
    pub bob: Vec<usize>,
}

/// An event of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Alice's outcome `a` at setting `x`.
    Alice {
        /// Setting.
        x: usize,
        /// Outcome.
        a: usize,
    },
    /// Bob's outcome `b` at setting `y`.
    Bob {
        /// Setting.
        y: usize,
        /// Outcome.
        b: usize,
    },
    /// Both outcomes.
    Both {
        /// Alice's setting.
        x: usize,
        /// Bob's setting.
        y: usize,
        /// Alice's outcome.
        a: usize,
        /// Bob's outcome.
        b: usize,
    },
}

/// `sum_k weight_k P(event_k)` and its observed value.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedSum {
    /// Events with their weights.
    pub terms: Vec<(Event, f64)>,
    /// Observed value.
    pub value: f64,
}

/// What is known about a behaviour with any number of outcomes and asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomesQuery {
    /// The scenario.
    pub outcomes: Outcomes,
    /// Sums of probabilities and their values.
    pub observed: Vec<ObservedSum>,
    /// Alice's setting whose outcome is the key symbol.
    pub key_setting: usize,
    /// Words of Alice and Bob.
    pub level: Level,
    /// Quadrature nodes of [`OutcomesQuery::von_neumann`], from 2 to 24.
    pub nodes: usize,
}

impl OutcomesQuery {
    /// The min-entropy of Alice's key symbol given Eve.
    ///
    /// # Errors
    /// [`Error`] when the query does not describe one scenario, the observed values are not quantum, or the solver
    /// makes no progress.
    ///
    /// # Examples
    /// ```
    /// use diqkd_entropy::sdp::{Event, Level, ObservedSum, Outcomes, OutcomesQuery};
    ///
    /// // CHSH as a game: sum of P(a + b = x y) over all settings, 4 w.
    /// let wins = (0..16).map(|k| (k & 1, k >> 1 & 1, k >> 2 & 1, k >> 3));
    /// let terms = wins
    ///     .filter(|&(x, y, a, b)| (a ^ b) == (x & y))
    ///     .map(|(x, y, a, b)| (Event::Both { x, y, a, b }, 1.0))
    ///     .collect();
    /// let query = OutcomesQuery {
    ///     outcomes: Outcomes { alice: vec![2, 2], bob: vec![2, 2] },
    ///     observed: vec![ObservedSum { terms, value: 4.0 * 0.825 }],
    ///     key_setting: 0,
    ///     level: Level::OnePlusAb,
    ///     nodes: 4,
    /// };
    /// // S = 2.6.
    /// let bits = query.min_entropy()?.entropy_bits;
    /// assert!(bits > 0.361_43 && bits < 0.361_438_3);
    /// # Ok::<(), diqkd_entropy::Error>(())
    /// ```
    pub fn min_entropy(&self) -> Result<SdpBound, Error> {
        self.program()?.min_entropy()
    }

    /// The von Neumann entropy of Alice's key symbol given Eve, in bits.
    ///
    /// # Errors
    /// As for [`OutcomesQuery::min_entropy`].
    pub fn von_neumann(&self) -> Result<SdpBound, Error> {
        self.program()?.von_neumann(self.nodes)
    }

    fn program(&self) -> Result<Program<impl Fn(&Polynomial) -> Symmetry>, Error> {
        let Outcomes { alice, bob } = &self.outcomes;
        let sizes = |side: &[usize]| {
            (1..=MOST_SETTINGS).contains(&side.len()) && side.iter().all(|n| (2..=MOST_OUTCOMES).contains(n))
        };
        if !(sizes(alice) && sizes(bob)) {
            return Err(Error::BellExpression);
        }
        let Some(&key_outcomes) = alice.get(self.key_setting) else {
            return Err(Error::KeySetting { setting: self.key_setting, settings: alice.len() });
        };
        if self.observed.is_empty() {
            return Err(Error::NothingObserved);
        }
        let constraints = self.observed.iter().map(|sum| self.constraint(sum)).collect::<Result<_, _>>()?;
        let side = |party: u8, outcomes: &[usize]| -> Vec<Word> {
            let settings = outcomes.iter().enumerate();
            settings
                .flat_map(|(setting, &count)| (0..count - 1).map(move |k| projector(party, setting, k)))
                .map(Word::letter)
                .collect()
        };
        let (alice_words, bob_words) = (side(0, alice), side(1, bob));
        let level = self.level;
        let guess_letters = (0..key_outcomes - 1).map(|k| projector(2, 0, k)).collect();
        Ok(Program {
            level,
            words: level_words(&alice_words, &bob_words, level),
            single: level_words(&alice_words, &bob_words, Level::One),
            constraints,
            effects: (0..key_outcomes).map(|a| effect(0, self.key_setting, a, key_outcomes)).collect(),
            guesses: (0..key_outcomes).map(|a| effect(2, 0, a, key_outcomes)).collect(),
            guess_letters,
            symmetry: |_: &Polynomial| Symmetry::none(),
        })
    }

    fn constraint(&self, sum: &ObservedSum) -> Result<Constraint, Error> {
        let count = |side: &[usize], setting: usize, outcome: usize| {
            side.get(setting).copied().filter(|&count| outcome < count).ok_or(Error::BellExpression)
        };
        let mut polynomial = Polynomial::default();
        let mut most = 0.0;
        for &(event, weight) in &sum.terms {
            let alice = |x, a| Ok::<_, Error>(effect(0, x, a, count(&self.outcomes.alice, x, a)?));
            let bob = |y, b| Ok::<_, Error>(effect(1, y, b, count(&self.outcomes.bob, y, b)?));
            let event = match event {
                Event::Alice { x, a } => alice(x, a)?,
                Event::Bob { y, b } => bob(y, b)?,
                Event::Both { x, y, a, b } => alice(x, a)?.times(&bob(y, b)?),
            };
            polynomial = polynomial.plus(&event.scaled(weight));
            most += weight.abs();
        }
        if sum.value.is_nan() || sum.value.abs() > most || !f64::is_finite(most) {
            return Err(Error::BellValue { value: sum.value, algebraic_max: most });
        }
        Ok((polynomial, sum.value))
    }
}

fn projector(party: u8, setting: usize, outcome: usize) -> Letter {
    Letter::Projector { party, setting: setting as u8, outcome: outcome as u8 }
}

/// The effect of an outcome; the last is 1 minus the others.
fn effect(party: u8, setting: usize, outcome: usize, count: usize) -> Polynomial {
    let mut effect = Polynomial::default();
    if outcome + 1 < count {
        effect.add(Word::letter(projector(party, setting, outcome)), 1.0);
        return effect;
    }
    effect.add(Word::default(), 1.0);
    for other in 0..count - 1 {
        effect.add(Word::letter(projector(party, setting, other)), -1.0);
    }
    effect
}

const MOST_SETTINGS: usize = 6;
const MOST_OUTCOMES: usize = 6;
