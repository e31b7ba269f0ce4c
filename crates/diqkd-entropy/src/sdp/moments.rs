//! Moment matrices as linear matrix inequalities with one variable for each distinct moment.

use std::collections::BTreeMap;

use super::word::Word;

/// A real linear combination of words, each standing for the real part of its moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Polynomial {
    terms: BTreeMap<Word, f64>,
}

impl Polynomial {
    pub(super) fn add(&mut self, word: Word, weight: f64) {
        if weight != 0.0 {
            *self.terms.entry(word.canonical()).or_insert(0.0) += weight;
        }
    }

    pub(super) fn negated(mut self) -> Self {
        self.terms.values_mut().for_each(|weight| *weight = -*weight);
        self
    }
}

/// Minimise a polynomial over moments, given the values of other polynomials.
pub(super) struct MomentProblem {
    /// Rows and columns of the moment matrix; the first is 1.
    pub(super) words: Vec<Word>,
    pub(super) objective: Polynomial,
    pub(super) constraints: Vec<(Polynomial, f64)>,
    /// Norm of the operators that are not observables.
    pub(super) z_norm: f64,
}

/// The problem in coordinates: variable 0 is the constant 1.
pub(super) struct Coordinates {
    /// Size of the moment matrix.
    pub(super) size: usize,
    /// Variable of each entry, row by row.
    pub(super) variable: Vec<usize>,
    /// Bound on the size of each variable.
    pub(super) bound: Vec<f64>,
    pub(super) objective: Vec<f64>,
    /// Coefficients and value of each constraint.
    pub(super) constraints: Vec<(Vec<f64>, f64)>,
}

impl MomentProblem {
    /// `None` when a polynomial has a word that the matrix does not hold.
    pub(super) fn coordinates(&self) -> Option<Coordinates> {
        let size = self.words.len();
        let mut index = BTreeMap::from([(Word::default(), 0)]);
        let mut bound = vec![1.0];
        let mut variable = Vec::with_capacity(size * size);
        for row in &self.words {
            let adjoint = row.adjoint();
            for column in &self.words {
                let word = adjoint.times(column).canonical();
                let next = index.len();
                let entry = *index.entry(word.clone()).or_insert(next);
                if entry == next {
                    bound.push(self.z_norm.powi(word.z_degree() as i32) * (1.0 + 1e-9));
                }
                variable.push(entry);
            }
        }
        let dense = |polynomial: &Polynomial| {
            let mut coefficients = vec![0.0; index.len()];
            for (word, weight) in &polynomial.terms {
                coefficients[*index.get(word)?] += weight;
            }
            Some(coefficients)
        };
        Some(Coordinates {
            size,
            variable,
            bound,
            objective: dense(&self.objective)?,
            constraints: self
                .constraints
                .iter()
                .map(|(p, value)| Some((dense(p)?, *value)))
                .collect::<Option<_>>()?,
        })
    }
}
