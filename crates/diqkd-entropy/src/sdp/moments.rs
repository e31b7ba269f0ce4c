//! Moment matrices as linear matrix inequalities with one variable for each distinct moment.

use std::collections::BTreeMap;

use super::blocks::Blocks;
use super::symmetry::Symmetry;
use super::word::Word;

/// A real linear combination of words, each standing for the real part of its moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Polynomial {
    terms: BTreeMap<Word, f64>,
}

impl Polynomial {
    pub(super) fn add(&mut self, word: Word, weight: f64) {
        if weight != 0.0 && !word.is_zero() {
            *self.terms.entry(word.canonical()).or_insert(0.0) += weight;
        }
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = (&Word, f64)> {
        self.terms.iter().map(|(word, &weight)| (word, weight))
    }

    /// The weight of a canonical word.
    pub(super) fn weight(&self, word: &Word) -> f64 {
        self.terms.get(word).copied().unwrap_or(0.0)
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        other.terms.iter().for_each(|(word, &weight)| self.add(word.clone(), weight));
        self
    }

    /// The product with a polynomial of other parties.
    pub(super) fn times(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for (left, first) in &self.terms {
            for (right, second) in &other.terms {
                product.add(left.times(right), first * second);
            }
        }
        product
    }

    pub(super) fn scaled(mut self, factor: f64) -> Self {
        self.terms.values_mut().for_each(|weight| *weight *= factor);
        self
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
    /// What a moment grows by at most with each letter that is not an observable.
    pub(super) z_norm: f64,
    /// Relabellings that leave objective and constraints as they are.
    pub(super) symmetry: Symmetry,
}

/// What stands at one place of the moment matrix: a variable times 1 or -1, or nothing (variable 0 times 0).
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) variable: usize,
    pub(super) sign: f64,
}

/// The problem in coordinates: variable 0 is the constant 1.
pub(super) struct Coordinates {
    /// Size of the moment matrix.
    pub(super) size: usize,
    /// The entries, row by row.
    pub(super) entries: Vec<Entry>,
    /// Bound on the size of each variable.
    pub(super) bound: Vec<f64>,
    /// Variables on the diagonal with letters that are not observables: nothing but their bound keeps them from growing.
    pub(super) capped: Vec<usize>,
    pub(super) objective: Vec<f64>,
    /// Coefficients and value of each constraint.
    pub(super) constraints: Vec<(Vec<f64>, f64)>,
    /// For the solver.
    pub(super) blocks: Blocks,
}

impl MomentProblem {
    /// `None` when a polynomial has a word that the matrix does not hold.
    pub(super) fn coordinates(&self) -> Option<Coordinates> {
        let words = self.symmetry.closed(self.words.clone());
        let size = words.len();
        let mut index = BTreeMap::from([(Word::default(), 0)]);
        let (mut bound, mut capped) = (vec![1.0], Vec::new());
        let mut entries = Vec::with_capacity(size * size);
        for row in &words {
            let adjoint = row.adjoint();
            for column in &words {
                let Some((word, negative)) = self.symmetry.representative(adjoint.times(column)) else {
                    entries.push(Entry { variable: 0, sign: 0.0 });
                    continue;
                };
                let next = index.len();
                let degree = word.z_degree();
                let variable = *index.entry(word).or_insert(next);
                if variable == next {
                    bound.push(self.z_norm.powi(degree as i32) * (1.0 + 1e-9));
                }
                if row == column && degree > 0 && !capped.contains(&variable) {
                    capped.push(variable);
                }
                entries.push(Entry { variable, sign: if negative { -1.0 } else { 1.0 } });
            }
        }
        let dense = |polynomial: &Polynomial| {
            let mut coefficients = vec![0.0; index.len()];
            for (word, weight) in &polynomial.terms {
                if let Some((word, negative)) = self.symmetry.representative(word.clone()) {
                    coefficients[*index.get(&word)?] += if negative { -weight } else { *weight };
                }
            }
            Some(coefficients)
        };
        Some(Coordinates {
            blocks: self.symmetry.blocks(&words),
            size,
            entries,
            bound,
            capped,
            objective: dense(&self.objective)?,
            constraints: self
                .constraints
                .iter()
                .map(|(p, value)| Some((dense(p)?, *value)))
                .collect::<Option<_>>()?,
        })
    }
}
