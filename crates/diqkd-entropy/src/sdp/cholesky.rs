//! Cholesky factors of large matrices, by blocks, so that nearly all of the work is matrix products. Untrusted.

use nalgebra::{Cholesky, DMatrix, Dyn};

/// The factor of a symmetric matrix of which the lower triangle is read; `None` where it is not positive definite.
pub(super) fn cholesky(mut matrix: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    let size = matrix.nrows();
    for start in (0..size).step_by(BLOCK) {
        let width = BLOCK.min(size - start);
        let (end, rest) = (start + width, size - start - width);
        let corner = Cholesky::new(matrix.view((start, start), (width, width)).into_owned())?.unpack();
        matrix.view_mut((start, start), (width, width)).copy_from(&corner);
        let inverse = corner.solve_lower_triangular(&DMatrix::identity(width, width))?;
        let across = inverse * matrix.view((end, start), (rest, width)).transpose();
        let panel = across.transpose();
        matrix.view_mut((end, start), (rest, width)).copy_from(&panel);
        for left in (0..rest).step_by(BLOCK) {
            let width = BLOCK.min(rest - left);
            matrix.view_mut((end + left, end + left), (rest - left, width)).gemm(
                -1.0,
                &panel.rows(left, rest - left),
                &across.columns(left, width),
                1.0,
            );
        }
    }
    Some(Cholesky::pack_dirty(matrix))
}

/// Columns that are factored together.
const BLOCK: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_of_all_sizes_around_a_block() {
        for size in [1, 2, 47, 48, 49, 96, 130] {
            let noise = |i: usize, j: usize| ((i * 7919 + j * 104_729) % 1_000) as f64 / 1_000.0 - 0.5;
            let root = DMatrix::from_fn(size, size, noise) + DMatrix::identity(size, size) * 3.0;
            let matrix = &root * root.transpose();
            let factor = cholesky(matrix.clone()).unwrap().l();
            assert!((&factor * factor.transpose() - &matrix).amax() < 1e-10, "{size}");
            let mut indefinite = matrix;
            indefinite[(size - 1, size - 1)] = -1.0;
            assert!(cholesky(indefinite).is_none(), "{size}");
        }
    }
}
