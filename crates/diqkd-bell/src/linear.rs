//! Small symmetric positive semidefinite systems, row-major.

use alloc::vec;
use alloc::vec::Vec;

/// Solves `matrix x = right` for a symmetric positive semidefinite matrix, with the rank found.
///
/// `L D L'` with diagonal pivoting on the matrix scaled to unit diagonal; directions whose pivot is below `1e-12` are
/// set to 0. `matrix`: n x n, row-major, n = `right.len()`. Cost `n^3/3`.
pub(crate) fn solve_semidefinite(mut matrix: Vec<f64>, right: &[f64]) -> (Vec<f64>, usize) {
    let n = right.len();
    let scale: Vec<f64> = (0..n)
        .map(|i| matrix[i * n + i])
        .map(|diagonal| if diagonal > 0.0 { 1.0 / libm::sqrt(diagonal) } else { 0.0 })
        .collect();
    for i in 0..n {
        for j in 0..n {
            matrix[i * n + j] *= scale[i] * scale[j];
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    let mut rank = 0;
    while rank < n {
        let pivot = (rank..n)
            .max_by(|&i, &j| matrix[order[i] * n + order[i]].total_cmp(&matrix[order[j] * n + order[j]]))
            .unwrap_or(rank);
        order.swap(rank, pivot);
        let p = order[rank];
        let diagonal = matrix[p * n + p];
        if diagonal < 1e-12 {
            break;
        }
        for &i in &order[rank + 1..] {
            let factor = matrix[i * n + p] / diagonal;
            for &j in &order[rank + 1..] {
                matrix[i * n + j] -= factor * matrix[p * n + j];
            }
            matrix[i * n + p] = factor;
        }
        rank += 1;
    }
    let mut solution = vec![0.0; n];
    for &i in &order[..rank] {
        solution[i] = right[i] * scale[i];
    }
    for (k, &p) in order[..rank].iter().enumerate() {
        for &i in &order[k + 1..rank] {
            solution[i] -= matrix[i * n + p] * solution[p];
        }
    }
    for &p in &order[..rank] {
        solution[p] /= matrix[p * n + p];
    }
    for (k, &p) in order[..rank].iter().enumerate().rev() {
        for &i in &order[k + 1..rank] {
            solution[p] -= matrix[i * n + p] * solution[i];
        }
    }
    for i in 0..n {
        solution[i] *= scale[i];
    }
    (solution, rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_rank_and_deficient_systems() {
        let (x, rank) = solve_semidefinite(vec![4.0, 2.0, 2.0, 3.0], &[2.0, 1.0]);
        assert_eq!(rank, 2);
        assert!((x[0] - 0.5).abs() < 1e-15 && x[1].abs() < 1e-15);
        // Rank 2: the third row is the sum of the first two.
        let m = vec![2.0, 1.0, 3.0, 1.0, 5.0, 6.0, 3.0, 6.0, 9.0];
        let (x, rank) = solve_semidefinite(m.clone(), &[1.0, 2.0, 3.0]);
        assert_eq!(rank, 2);
        for i in 0..3 {
            let row: f64 = (0..3).map(|j| m[i * 3 + j] * x[j]).sum();
            assert!((row - [1.0, 2.0, 3.0][i]).abs() < 1e-12);
        }
        assert_eq!(solve_semidefinite(vec![0.0], &[0.0]), (vec![0.0], 0));
    }
}
