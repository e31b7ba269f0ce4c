//! A primal-dual interior-point method for small linear matrix inequalities. Untrusted.
//!
//! Minimises `cost . y` subject to `constant + sum_j y_j matrices_j >= 0` with the HKM direction and a predictor-corrector
//! step, block by block; dense Schur complement, so `O(m^3 + N^4)` a step for `m` variables and blocks of size `N`.

use core::cmp::Ordering;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::cholesky::cholesky;

/// A symmetric matrix as a list of entries, both triangles listed.
pub(super) type Sparse = Vec<(usize, usize, f64)>;

/// A block-diagonal matrix.
type BlockMatrix = Vec<DMatrix<f64>>;

/// The problem, block by block.
pub(super) struct Lmi {
    pub(super) constant: BlockMatrix,
    /// For each variable, its blocks.
    pub(super) matrices: Vec<Vec<Sparse>>,
    pub(super) cost: DVector<f64>,
}

impl Lmi {
    /// A positive definite dual matrix `X` with `<matrices_j, X> = cost_j` to rounding that nearly maximises
    /// `-<constant, X>`; `None` when none was found.
    ///
    /// `project` moves a matrix onto the affine space of these equations; it is applied wherever the result stays
    /// positive definite, which keeps rounding errors of the Schur complement from accumulating.
    pub(super) fn dual_solution(
        &self,
        project: impl Fn(&[DMatrix<f64>]) -> Option<BlockMatrix>,
    ) -> Option<BlockMatrix> {
        let size: usize = self.constant.iter().map(DMatrix::nrows).sum();
        let scale = 1.0 + self.cost.amax();
        let identity = |factor: f64| -> BlockMatrix {
            let block = |a: &DMatrix<f64>| DMatrix::identity(a.nrows(), a.nrows()) * factor;
            self.constant.iter().map(block).collect()
        };
        let mut state =
            State { x: identity(scale * 10.0), s: identity(10.0), y: DVector::zeros(self.matrices.len()) };
        let mut best = None;
        let mut idle = 0;
        for _ in 0..MOST_STEPS {
            let residual = self.residual(&state);
            let gap = dot(&state.x, &state.s) / size as f64;
            if idle > MOST_IDLE_STEPS || self.step(&mut state, &residual, gap).is_none() {
                break;
            }
            idle += usize::from(best.is_some());
            let positive = |x: &BlockMatrix| x.iter().all(|block| Cholesky::new(block.clone()).is_some());
            if let Some(projected) = project(&state.x).filter(positive) {
                state.x = projected;
                let value = -dot(&self.constant, &state.x);
                if best.as_ref().is_none_or(|(most, _)| value > *most) {
                    best = Some((value, state.x.clone()));
                    idle = 0;
                }
            }
            if gap < GOOD_ENOUGH && best.is_some() {
                break;
            }
        }
        best.map(|(_, x)| x)
    }

    fn residual(&self, state: &State) -> Residual {
        let lacks = self.matrices.iter().zip(self.cost.iter()).map(|(a, c)| c - inner(a, &state.x));
        let mut dual = self.combination(&state.y);
        for ((rest, constant), s) in dual.iter_mut().zip(&self.constant).zip(&state.s) {
            *rest += constant;
            *rest -= s;
        }
        Residual { primal: DVector::from_iterator(self.matrices.len(), lacks), dual }
    }

    fn combination(&self, y: &DVector<f64>) -> BlockMatrix {
        let mut sums: BlockMatrix =
            self.constant.iter().map(|a| DMatrix::zeros(a.nrows(), a.nrows())).collect();
        for (matrix, weight) in self.matrices.iter().zip(y.iter()) {
            for (sum, part) in sums.iter_mut().zip(matrix) {
                for &(i, j, value) in part {
                    sum[(i, j)] += value * weight;
                }
            }
        }
        sums
    }

    fn step(&self, state: &mut State, residual: &Residual, gap: f64) -> Option<()> {
        let inverses: BlockMatrix =
            state.s.iter().map(|s| Some(Cholesky::new(s.clone())?.inverse())).collect::<Option<_>>()?;
        let schur = Schur::new(self.schur(&state.x, &inverses)?)?;
        let predictor = self.direction(state, residual, &inverses, &schur, 0.0, None);
        let (primal, dual) = (step_length(&state.x, &predictor.x)?, step_length(&state.s, &predictor.s)?);
        let reached = |at: &BlockMatrix, direction: &BlockMatrix, step: f64| -> BlockMatrix {
            at.iter().zip(direction).map(|(a, d)| a + d * step).collect()
        };
        let after = dot(&reached(&state.x, &predictor.x, primal), &reached(&state.s, &predictor.s, dual));
        let centring = (after / dot(&state.x, &state.s)).clamp(1e-6, 1.0).powi(3).max(1e-6);
        // Equations first: a gap far below what they lack leaves no room to satisfy them later.
        let centring = if residual.primal.amax() * 30.0 > gap { centring.max(0.8) } else { centring };
        let full = self.direction(state, residual, &inverses, &schur, centring * gap, Some(&predictor));
        let primal = (0.95 * step_length(&state.x, &full.x)?).min(1.0);
        let dual = (0.95 * step_length(&state.s, &full.s)?).min(1.0);
        if primal.max(dual) < 1e-9 || !primal.is_finite() || !dual.is_finite() {
            return None;
        }
        state.x = reached(&state.x, &full.x, primal);
        state.s = reached(&state.s, &full.s, dual);
        state.y += full.y * dual;
        Some(())
    }

    /// `<A_i, X A_j S^-1>`.
    fn schur(&self, x: &BlockMatrix, inverses: &BlockMatrix) -> Option<DMatrix<f64>> {
        let count = self.matrices.len();
        let mut schur = DMatrix::<f64>::zeros(count, count);
        for (block, (x, inverse)) in x.iter().zip(inverses).enumerate() {
            let size = x.nrows();
            // Entries of the lower triangle by their place in storage, of the variables that occur in the block; those off the
            // diagonal meet a sum of two.
            let lower = |&(r, c, v): &(usize, usize, f64)| match r.cmp(&c) {
                Ordering::Less => None,
                Ordering::Equal => Some((r + c * size, v / 2.0)),
                Ordering::Greater => Some((r + c * size, v)),
            };
            let placed: Vec<(usize, Vec<(usize, f64)>)> = (self.matrices.iter().enumerate())
                .filter(|(_, matrix)| !matrix[block].is_empty())
                .map(|(i, matrix)| (i, matrix[block].iter().filter_map(lower).collect()))
                .collect();
            let mut product = DMatrix::zeros(size, size);
            for (start, (j, _)) in placed.iter().enumerate() {
                // X A_j, of which few columns are not 0, times these rows (columns) of the inverse.
                let mut columns: Vec<usize> = self.matrices[*j][block].iter().map(|&(_, q, _)| q).collect();
                columns.sort_unstable();
                columns.dedup();
                let mut left = DMatrix::zeros(size, columns.len());
                for &(p, q, value) in &self.matrices[*j][block] {
                    if let Ok(k) = columns.binary_search(&q) {
                        left.column_mut(k).axpy(value, &x.column(p), 1.0);
                    }
                }
                let right = DMatrix::from_fn(columns.len(), size, |k, c| inverse[(c, columns[k])]);
                product.gemm(1.0, &left, &right, 0.0);
                for c in 0..size {
                    for r in c..size {
                        product[(r, c)] += product[(c, r)];
                    }
                }
                let product = product.as_slice();
                for (i, entries) in &placed[start..] {
                    schur[(*i, *j)] +=
                        entries.iter().map(|&(place, value)| value * product[place]).sum::<f64>();
                }
            }
        }
        schur.fill_upper_triangle_with_lower_triangle();
        schur.iter().all(|entry| entry.is_finite()).then_some(schur)
    }

    fn direction(
        &self,
        state: &State,
        residual: &Residual,
        inverses: &BlockMatrix,
        schur: &Schur,
        target: f64,
        predictor: Option<&State>,
    ) -> State {
        // In terms of S = constant + sum y A: dS = residual + sum dy A, and X S = target 1 linearised.
        let fixed: BlockMatrix = (0..inverses.len())
            .map(|b| {
                let (x, inverse) = (&state.x[b], &inverses[b]);
                let mut change = x * &residual.dual[b];
                if let Some(predictor) = predictor {
                    change += &predictor.x[b] * &predictor.s[b];
                }
                let mut fixed = inverse * target - x - change * inverse;
                symmetrise(&mut fixed);
                fixed
            })
            .collect();
        let right = DVector::from_iterator(
            self.matrices.len(),
            self.matrices.iter().zip(residual.primal.iter()).map(|(a, rest)| inner(a, &fixed) - rest),
        );
        // A predictor says how far to go; only the step itself has to be exact.
        let y = schur.solve(&right, if predictor.is_some() { REFINEMENTS } else { 0 });
        let mut s = self.combination(&y);
        let mut x = fixed;
        for (b, change) in s.iter_mut().enumerate() {
            x[b] -= &state.x[b] * &*change * &inverses[b];
            symmetrise(&mut x[b]);
            *change += &residual.dual[b];
        }
        State { x, s, y }
    }
}

struct State {
    x: BlockMatrix,
    s: BlockMatrix,
    y: DVector<f64>,
}

struct Residual {
    primal: DVector<f64>,
    dual: BlockMatrix,
}

/// A positive definite system that may be singular to working precision.
struct Schur {
    matrix: DMatrix<f64>,
    factor: Cholesky<f64, nalgebra::Dyn>,
}

impl Schur {
    fn new(matrix: DMatrix<f64>) -> Option<Self> {
        let mut ridged = matrix.clone();
        for i in 0..matrix.nrows() {
            ridged[(i, i)] *= 1.0 + 1e-13;
        }
        Some(Self { factor: cholesky(ridged)?, matrix })
    }

    /// Solves with iterative refinement, which takes back the ridge.
    fn solve(&self, right: &DVector<f64>, refinements: usize) -> DVector<f64> {
        let mut solution = self.factor.solve(right);
        for _ in 0..refinements {
            solution += self.factor.solve(&(right - &self.matrix * &solution));
        }
        solution
    }
}

fn inner(sparse: &[Sparse], dense: &BlockMatrix) -> f64 {
    let entries = sparse.iter().zip(dense).flat_map(|(part, block)| part.iter().map(move |e| (e, block)));
    entries.map(|(&(i, j, value), block)| value * block[(i, j)]).sum()
}

fn dot(a: &BlockMatrix, b: &BlockMatrix) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.dot(b)).sum()
}

fn symmetrise(matrix: &mut DMatrix<f64>) {
    let transposed = matrix.transpose();
    *matrix += transposed;
    *matrix *= 0.5;
}

/// The longest step, at most 1/0.95, that keeps a positive definite matrix positive semidefinite.
fn step_length(at: &BlockMatrix, direction: &BlockMatrix) -> Option<f64> {
    let mut least = f64::INFINITY;
    for (at, direction) in at.iter().zip(direction) {
        let root = Cholesky::new(at.clone())?.l();
        let half = root.solve_lower_triangular(direction)?;
        let mut scaled = root.solve_lower_triangular(&half.transpose())?;
        symmetrise(&mut scaled);
        least = least.min(scaled.symmetric_eigenvalues().min());
    }
    Some(if least < -0.95 { -1.0 / least } else { 1.0 / 0.95 })
}

const MOST_STEPS: usize = 60;
const MOST_IDLE_STEPS: usize = 4;
const REFINEMENTS: usize = 2;
const GOOD_ENOUGH: f64 = 1e-11;
