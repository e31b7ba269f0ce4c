//! A primal-dual interior-point method for small linear matrix inequalities. Untrusted.
//!
//! Minimises `cost . y` subject to `constant + sum_j y_j matrices_j >= 0` with the HKM direction and a predictor-corrector
//! step; dense Schur complement, so `O(m^3 + N^4)` a step for `m` variables and size `N`.

use nalgebra::{Cholesky, DMatrix, DVector, SymmetricEigen};

/// A symmetric matrix as a list of entries, both triangles listed.
pub(super) type Sparse = Vec<(usize, usize, f64)>;

/// The problem.
pub(super) struct Lmi {
    pub(super) constant: DMatrix<f64>,
    pub(super) matrices: Vec<Sparse>,
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
        project: impl Fn(&DMatrix<f64>) -> Option<DMatrix<f64>>,
    ) -> Option<DMatrix<f64>> {
        let size = self.constant.nrows();
        let scale = 1.0 + self.cost.amax();
        let mut state = State {
            x: DMatrix::identity(size, size) * (scale * 10.0),
            s: DMatrix::identity(size, size) * 10.0,
            y: DVector::zeros(self.matrices.len()),
        };
        let mut best = None;
        let mut idle = 0;
        for _ in 0..MOST_STEPS {
            let residual = self.residual(&state);
            let gap = state.x.dot(&state.s) / size as f64;
            if idle > MOST_IDLE_STEPS || self.step(&mut state, &residual, gap).is_none() {
                break;
            }
            idle += usize::from(best.is_some());
            if let Some(projected) = project(&state.x).filter(|x| Cholesky::new(x.clone()).is_some()) {
                state.x = projected;
                let value = -self.constant.dot(&state.x);
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
        Residual {
            primal: DVector::from_iterator(
                self.matrices.len(),
                self.matrices.iter().zip(self.cost.iter()).map(|(a, c)| c - inner(a, &state.x)),
            ),
            dual: self.constant.clone() + self.combination(&state.y) - &state.s,
        }
    }

    fn combination(&self, y: &DVector<f64>) -> DMatrix<f64> {
        let size = self.constant.nrows();
        let mut sum = DMatrix::zeros(size, size);
        for (matrix, weight) in self.matrices.iter().zip(y.iter()) {
            for &(i, j, value) in matrix {
                sum[(i, j)] += value * weight;
            }
        }
        sum
    }

    fn step(&self, state: &mut State, residual: &Residual, gap: f64) -> Option<()> {
        let inverse = Cholesky::new(state.s.clone())?.inverse();
        let schur = Schur::new(self.schur(&state.x, &inverse)?)?;
        let predictor = self.direction(state, residual, &inverse, &schur, 0.0, None);
        let (primal, dual) = (step_length(&state.x, &predictor.x)?, step_length(&state.s, &predictor.s)?);
        let after = (&state.x + &predictor.x * primal).dot(&(&state.s + &predictor.s * dual));
        let centring = (after / state.x.dot(&state.s)).clamp(1e-6, 1.0).powi(3).max(1e-6);
        // Equations first: a gap far below what they lack leaves no room to satisfy them later.
        let centring = if residual.primal.amax() * 30.0 > gap { centring.max(0.8) } else { centring };
        let full = self.direction(state, residual, &inverse, &schur, centring * gap, Some(&predictor));
        let primal = (0.95 * step_length(&state.x, &full.x)?).min(1.0);
        let dual = (0.95 * step_length(&state.s, &full.s)?).min(1.0);
        if primal.max(dual) < 1e-9 || !primal.is_finite() || !dual.is_finite() {
            return None;
        }
        state.x += full.x * primal;
        state.s += full.s * dual;
        state.y += full.y * dual;
        Some(())
    }

    /// `<A_i, X A_j S^-1>`.
    fn schur(&self, x: &DMatrix<f64>, inverse: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        let (m, size) = (self.matrices.len(), x.nrows());
        let mut schur = DMatrix::zeros(m, m);
        // Columns as slices, entries by their place in storage: the inner loops are nearly all of the time.
        let placed: Vec<Vec<(usize, f64)>> = self
            .matrices
            .iter()
            .map(|matrix| matrix.iter().map(|&(r, c, value)| (r + c * size, value)).collect())
            .collect();
        let columns: Vec<&[f64]> = x.as_slice().chunks_exact(size).collect();
        let mut product = vec![0.0; size * size];
        for (j, matrix) in self.matrices.iter().enumerate() {
            product.fill(0.0);
            for &(p, q, value) in matrix {
                // X e_p e_q' S^-1 is an outer product of a column of X and a row (a column) of the inverse.
                for (out, entry) in product.chunks_exact_mut(size).zip(inverse.column(q).iter()) {
                    let weight = value * entry;
                    for (sum, factor) in out.iter_mut().zip(columns[p]) {
                        *sum += factor * weight;
                    }
                }
            }
            for (i, other) in placed.iter().enumerate().skip(j) {
                let entry: f64 = other.iter().map(|&(place, value)| value * product[place]).sum();
                schur[(i, j)] = entry;
                schur[(j, i)] = entry;
            }
        }
        schur.iter().all(|entry| entry.is_finite()).then_some(schur)
    }

    fn direction(
        &self,
        state: &State,
        residual: &Residual,
        inverse: &DMatrix<f64>,
        schur: &Schur,
        target: f64,
        predictor: Option<&State>,
    ) -> State {
        // In terms of S = constant + sum y A: dS = residual + sum dy A, and X S = target 1 linearised.
        let mut fixed = inverse * target - &state.x - &state.x * &residual.dual * inverse;
        if let Some(predictor) = predictor {
            fixed -= &predictor.x * &predictor.s * inverse;
        }
        symmetrise(&mut fixed);
        let right = DVector::from_iterator(
            self.matrices.len(),
            self.matrices.iter().zip(residual.primal.iter()).map(|(a, rest)| inner(a, &fixed) - rest),
        );
        let y = schur.solve(&right);
        let change = self.combination(&y);
        let mut x = fixed - &state.x * &change * inverse;
        symmetrise(&mut x);
        State { x, s: change + &residual.dual, y }
    }
}

struct State {
    x: DMatrix<f64>,
    s: DMatrix<f64>,
    y: DVector<f64>,
}

struct Residual {
    primal: DVector<f64>,
    dual: DMatrix<f64>,
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
        Some(Self { factor: Cholesky::new(ridged)?, matrix })
    }

    /// Solves with iterative refinement, which takes back the ridge.
    fn solve(&self, right: &DVector<f64>) -> DVector<f64> {
        let mut solution = self.factor.solve(right);
        for _ in 0..3 {
            solution += self.factor.solve(&(right - &self.matrix * &solution));
        }
        solution
    }
}

fn inner(sparse: &Sparse, dense: &DMatrix<f64>) -> f64 {
    sparse.iter().map(|&(i, j, value)| value * dense[(i, j)]).sum()
}

fn symmetrise(matrix: &mut DMatrix<f64>) {
    let transposed = matrix.transpose();
    *matrix += transposed;
    *matrix *= 0.5;
}

/// The longest step, at most 1/0.95, that keeps a positive definite matrix positive semidefinite.
fn step_length(at: &DMatrix<f64>, direction: &DMatrix<f64>) -> Option<f64> {
    let root = Cholesky::new(at.clone())?.l();
    let half = root.solve_lower_triangular(direction)?;
    let mut scaled = root.solve_lower_triangular(&half.transpose())?;
    symmetrise(&mut scaled);
    let least = SymmetricEigen::new(scaled).eigenvalues.min();
    Some(if least < -0.95 { -1.0 / least } else { 1.0 / 0.95 })
}

const MOST_STEPS: usize = 60;
const MOST_IDLE_STEPS: usize = 8;
const GOOD_ENOUGH: f64 = 1e-11;
