//! From an untrusted solution to a certified affine bound.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::moments::{Coordinates, Entry, MomentProblem};
use super::solver::{Lmi, Sparse};
use crate::error::Error;
use crate::interval::Interval;

/// A lower bound on the objective that is affine in the observed values and holds for all of them.
#[derive(Clone, Debug)]
pub(super) struct AffineBound {
    constant: Interval,
    pub(super) slopes: Vec<f64>,
}

impl AffineBound {
    pub(super) fn at(&self, values: &[f64]) -> Interval {
        self.slopes.iter().zip(values).fold(self.constant, |sum, (&slope, &value)| {
            sum + Interval::point(slope) * Interval::point(value)
        })
    }
}

/// Solves, repairs and certifies.
///
/// # Errors
/// [`Error::SemidefiniteProgram`] when the solver finds nothing to certify, as for values that are not quantum.
pub(super) fn certified_minimum(problem: &MomentProblem) -> Result<AffineBound, Error> {
    let coordinates = problem.coordinates().ok_or(Error::BellExpression)?;
    let pivots = pivots(&coordinates).ok_or(Error::BellExpression)?;
    let blocks = &coordinates.blocks;
    // The last block of the solver, if any, holds the multipliers of the caps.
    let put_together = |parts: &[DMatrix<f64>]| {
        let mut caps = vec![0.0; coordinates.bound.len()];
        if let Some(block) = parts.get(blocks.count()) {
            coordinates.capped.iter().enumerate().for_each(|(k, &variable)| caps[variable] = block[(k, k)]);
        }
        (blocks.join(parts), caps)
    };
    let project = |parts: &[DMatrix<f64>]| {
        let (x, caps) = put_together(parts);
        let repaired = repaired(&coordinates, &multipliers(&coordinates, &pivots, &x)?, &caps, &x);
        let mut projected = blocks.split(all_entries(&repaired));
        projected.extend(parts.iter().skip(blocks.count()).cloned());
        Some(projected)
    };
    let certify = || {
        let (solution, caps) = put_together(&reduced(&coordinates, &pivots).dual_solution(project)?);
        let slopes = multipliers(&coordinates, &pivots, &solution)?;
        let solution = repaired(&coordinates, &slopes, &caps, &solution);
        Some(AffineBound { constant: certified_constant(&coordinates, &slopes, &solution)?, slopes })
    };
    certify().ok_or(Error::SemidefiniteProgram)
}

fn all_entries(matrix: &DMatrix<f64>) -> impl Iterator<Item = (usize, usize, f64)> {
    let size = matrix.nrows();
    matrix.iter().enumerate().map(move |(place, &value)| (place % size, place / size, value))
}

/// One variable for each constraint, chosen so that the constraints can be solved for them.
fn pivots(coordinates: &Coordinates) -> Option<Vec<usize>> {
    let mut rows: Vec<Vec<f64>> = coordinates.constraints.iter().map(|(row, _)| row.clone()).collect();
    let mut pivots = Vec::with_capacity(rows.len());
    for k in 0..rows.len() {
        let pivot = (1..rows[k].len()).max_by(|&i, &j| rows[k][i].abs().total_cmp(&rows[k][j].abs()))?;
        if rows[k][pivot].abs() < 1e-9 {
            return None;
        }
        let row = rows[k].clone();
        for later in rows.iter_mut().skip(k + 1) {
            let factor = later[pivot] / row[pivot];
            later.iter_mut().zip(&row).for_each(|(entry, other)| *entry -= factor * other);
        }
        pivots.push(pivot);
    }
    Some(pivots)
}

/// The inequality without the pivot variables, and in a further block that capped variables are at most their bound: so
/// there are solutions well inside, from which the solver comes to those with small multipliers of these bounds.
fn reduced(coordinates: &Coordinates, pivots: &[usize]) -> Lmi {
    let count = coordinates.bound.len();
    let system = pivot_system(coordinates, pivots);
    let lu = system.lu();
    // pivot values = offsets - sum over free variables of effects.
    let solve = |right: DVector<f64>| {
        let solution = if pivots.is_empty() { None } else { lu.solve(&right) };
        solution.unwrap_or_else(|| DVector::zeros(pivots.len()))
    };
    let constraint = |k: usize| &coordinates.constraints[k];
    let offsets = solve(DVector::from_fn(pivots.len(), |k, _| constraint(k).1 - constraint(k).0[0]));
    let mut entries: Vec<Sparse> = vec![Vec::new(); count];
    for (position, entry) in coordinates.entries.iter().enumerate().filter(|(_, entry)| entry.sign != 0.0) {
        entries[entry.variable].push((position / coordinates.size, position % coordinates.size, entry.sign));
    }
    let mut constant = DMatrix::zeros(coordinates.size, coordinates.size);
    for &(i, j, sign) in &entries[0] {
        constant[(i, j)] = sign;
    }
    for (&pivot, &offset) in pivots.iter().zip(offsets.iter()) {
        for &(i, j, sign) in &entries[pivot] {
            constant[(i, j)] += sign * offset;
        }
    }
    let capped = !coordinates.capped.is_empty();
    let mut matrices = Vec::new();
    let mut cost = Vec::new();
    for variable in (1..count).filter(|variable| !pivots.contains(variable)) {
        let effects = solve(DVector::from_fn(pivots.len(), |k, _| constraint(k).0[variable]));
        let mut matrix: Sparse = entries[variable].clone();
        let mut price = coordinates.objective[variable];
        for (&pivot, &effect) in pivots.iter().zip(effects.iter()).filter(|(_, effect)| **effect != 0.0) {
            matrix.extend(entries[pivot].iter().map(|&(i, j, sign)| (i, j, -sign * effect)));
            price -= effect * coordinates.objective[pivot];
        }
        let mut parts = coordinates.blocks.split_sparse(&matrix);
        if capped {
            let cap = coordinates.capped.iter().position(|&other| other == variable);
            parts.push(cap.map(|k| vec![(k, k, -1.0)]).unwrap_or_default());
        }
        matrices.push(parts);
        cost.push(price);
    }
    let mut constant = coordinates.blocks.split(all_entries(&constant));
    if capped {
        let caps = coordinates.capped.iter().map(|&variable| coordinates.bound[variable]);
        constant.push(DMatrix::from_diagonal(&DVector::from_vec(caps.collect())));
    }
    Lmi { constant, matrices, cost: DVector::from_vec(cost) }
}

/// Row k: constraint k; column: pivot.
fn pivot_system(coordinates: &Coordinates, pivots: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(pivots.len(), pivots.len(), |k, j| coordinates.constraints[k].0[pivots[j]])
}

/// `<F_i, X>` for every variable.
fn pairings(coordinates: &Coordinates, x: &DMatrix<f64>) -> Vec<f64> {
    let mut pairings = vec![0.0; coordinates.bound.len()];
    for (position, entry) in coordinates.entries.iter().enumerate() {
        pairings[entry.variable] +=
            entry.sign * x[(position / coordinates.size, position % coordinates.size)];
    }
    pairings
}

/// Multipliers of the constraints: those for which the pivot variables have no residual.
fn multipliers(coordinates: &Coordinates, pivots: &[usize], x: &DMatrix<f64>) -> Option<Vec<f64>> {
    let pairings = pairings(coordinates, x);
    if pivots.is_empty() {
        return Some(Vec::new());
    }
    let right = DVector::from_fn(pivots.len(), |j, _| coordinates.objective[pivots[j]] - pairings[pivots[j]]);
    let solution = pivot_system(coordinates, pivots).transpose().lu().solve(&right)?;
    Some(solution.iter().copied().collect())
}

/// Spreads what each variable lacks evenly over its entries, up to the multiplier of its cap, which remains as a residual.
fn repaired(coordinates: &Coordinates, slopes: &[f64], caps: &[f64], x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut count = vec![0.0; coordinates.bound.len()];
    coordinates.entries.iter().for_each(|entry| count[entry.variable] += 1.0);
    let mut repaired = (x + x.transpose()) * 0.5;
    let pairings = pairings(coordinates, &repaired);
    for (position, entry) in coordinates.entries.iter().enumerate().filter(|(_, entry)| entry.variable > 0) {
        let wanted = wanted(coordinates, slopes, entry.variable) + caps[entry.variable];
        let lacks = wanted - pairings[entry.variable];
        repaired[(position / coordinates.size, position % coordinates.size)] +=
            entry.sign * lacks / count[entry.variable];
    }
    (&repaired + repaired.transpose()) * 0.5
}

/// `c_i - sum_k slope_k f_ki`.
fn wanted(coordinates: &Coordinates, slopes: &[f64], variable: usize) -> f64 {
    let by_constraints: f64 =
        coordinates.constraints.iter().zip(slopes).map(|((row, _), s)| row[variable] * s).sum();
    coordinates.objective[variable] - by_constraints
}

/// The constant of the affine bound: for every feasible moment matrix `G` with moments `y`,
/// `c . y >= c . y - <G, X> - e Tr G = constant + sum_k slope_k value_k + sum_i r_i y_i - e Tr G` with residuals `r` and
/// `X >= -e`; residuals are multiplied by the bounds of their moments.
fn certified_constant(coordinates: &Coordinates, slopes: &[f64], x: &DMatrix<f64>) -> Option<Interval> {
    let point = Interval::point;
    let zero = point(0.0);
    let mut pairings = vec![zero; coordinates.bound.len()];
    let mut trace = zero;
    for (position, &Entry { variable, sign }) in coordinates.entries.iter().enumerate() {
        let (i, j) = (position / coordinates.size, position % coordinates.size);
        if sign > 0.0 {
            pairings[variable] = pairings[variable] + point(x[(i, j)]);
        } else if sign < 0.0 {
            pairings[variable] = pairings[variable] - point(x[(i, j)]);
        }
        if i == j {
            trace = trace + point(coordinates.bound[variable]);
        }
    }
    let residual = |variable: usize| {
        coordinates.constraints.iter().zip(slopes).fold(
            point(coordinates.objective[variable]) - pairings[variable],
            |rest, ((row, _), &slope)| {
                if row[variable] == 0.0 { rest } else { rest - point(row[variable]) * slope }
            },
        )
    };
    let mut constant = residual(0);
    for variable in 1..coordinates.bound.len() {
        let rest = residual(variable);
        constant = constant - point(rest.lo().abs().max(rest.hi().abs())) * coordinates.bound[variable];
    }
    constant = constant - negativity(x)? * trace;
    constant.lo().is_finite().then_some(constant)
}

/// A number `e` with `X >= -e`: the largest row sum of the enclosed difference to a product `L L'`.
fn negativity(x: &DMatrix<f64>) -> Option<Interval> {
    let size = x.nrows();
    let lifts = [0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10];
    let scale = x.amax().max(1.0);
    let (lift, root) = lifts.iter().find_map(|&lift| {
        let lift = lift * scale;
        Some((lift, Cholesky::new(x + DMatrix::identity(size, size) * lift)?.l()))
    })?;
    let mut largest = 0.0f64;
    let mut rows = vec![Interval::point(0.0); size];
    for i in 0..size {
        for j in 0..=i {
            let product = (0..=j).fold(Interval::point(0.0), |sum, k| {
                sum + Interval::point(root[(i, k)]) * Interval::point(root[(j, k)])
            });
            let shifted = if i == j { Interval::point(x[(i, j)]) + lift } else { Interval::point(x[(i, j)]) };
            let rest = shifted - product;
            let size = Interval::point(rest.lo().abs().max(rest.hi().abs()));
            rows[i] = rows[i] + size;
            if i != j {
                rows[j] = rows[j] + size;
            }
        }
    }
    for row in rows {
        largest = largest.max(row.hi());
    }
    let negativity = Interval::point(largest) + lift;
    negativity.hi().is_finite().then_some(negativity)
}

#[cfg(test)]
mod tests {
    use super::super::symmetry::Symmetry;
    use super::super::{BellExpression, Level, party_words};
    use super::*;

    /// The certificate is made for the whole matrix, whatever blocks the solver had.
    #[test]
    fn blocks_change_the_time_and_not_the_bound() {
        for expression in
            [BellExpression::chsh(), BellExpression::tilted_chsh(0.5), BellExpression::chained(3)]
        {
            let objective = expression.polynomial().negated();
            let words = party_words(&expression, Level::OnePlusAb, &[]).unwrap();
            let all = Symmetry::of(expression.settings(), None, &[&objective]).keeping(&words);
            let most = |symmetry: Symmetry| {
                let (words, objective) = (words.clone(), objective.clone());
                let problem = MomentProblem { words, objective, constraints: vec![], z_norm: 1.0, symmetry };
                certified_minimum(&problem).unwrap().at(&[]).lo()
            };
            let (split, whole) = (most(all), most(Symmetry::none()));
            assert!((split - whole).abs() < 1e-8, "{split} {whole}");
        }
    }

    /// A solution that is no solution, or whose blocks were mixed up, is repaired at a price or refused: never a better bound.
    #[test]
    fn a_wrong_solution_certifies_no_more() {
        let expression = BellExpression::chsh();
        let objective = expression.polynomial().negated();
        let words = party_words(&expression, Level::One, &[]).unwrap();
        let symmetry = Symmetry::of(expression.settings(), None, &[&objective]).keeping(&words);
        let problem = MomentProblem { words, objective, constraints: vec![], z_norm: 1.0, symmetry };
        let coordinates = problem.coordinates().unwrap();
        let caps = vec![0.0; coordinates.bound.len()];
        for k in 0..40u32 {
            let noise = |i: usize, j: usize| {
                f64::from((k * 7919 + (i * 5 + j) as u32 * 104_729) % 1_000) / 500.0 - 1.0
            };
            let x = DMatrix::from_fn(coordinates.size, coordinates.size, noise);
            let x = (&x * x.transpose()) * (0.1 * f64::from(k % 5));
            if let Some(constant) =
                certified_constant(&coordinates, &[], &repaired(&coordinates, &[], &caps, &x))
            {
                assert!(constant.lo() <= -8f64.sqrt(), "{k}: {constant:?}");
            }
        }
    }
}
