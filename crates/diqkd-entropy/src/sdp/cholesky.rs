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
        let across = corner.solve_lower_triangular(&matrix.view((end, start), (rest, width)).transpose())?;
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
