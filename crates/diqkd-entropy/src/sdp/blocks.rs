//! The basis in which invariant matrices fall into blocks.
//!
//! Commuting relabellings of order 2 permute the rows of a moment matrix up to signs. For every choice of a sign for each of
//! them the vectors that they multiply by these signs span a subspace; a matrix that the relabellings leave as it is has no
//! entries between different subspaces. What the solver finds there is put together again and certified as a whole, so that
//! nothing rests on this file.

use nalgebra::DMatrix;

use super::solver::Sparse;

/// Where a relabelling takes each row, and whether its sign changes.
pub(super) type SignedPermutation = Vec<(usize, bool)>;

/// Orthonormal vectors, sorted into blocks.
pub(super) struct Blocks {
    sizes: Vec<usize>,
    /// For each row: the block, the vector of that block and its component, one a block at most.
    components: Vec<Vec<(usize, usize, f64)>>,
}

impl Blocks {
    /// Of as many commuting relabellings of order 2 as a search in the given order collects.
    pub(super) fn new(rows: usize, relabellings: impl IntoIterator<Item = SignedPermutation>) -> Self {
        let identity: SignedPermutation = (0..rows).map(|row| (row, false)).collect();
        // All products of the collected ones; the k-th bit of an index says whether the k-th takes part.
        let mut products = vec![identity.clone()];
        for next in relabellings {
            let fits = after(&next, &next) == identity
                && products.iter().all(|known| *known != next && after(known, &next) == after(&next, known));
            if fits && products.len() < MOST_PRODUCTS {
                let further: Vec<_> = products.iter().map(|known| after(known, &next)).collect();
                products.extend(further);
            }
        }
        let mut sizes = Vec::new();
        let mut components = vec![Vec::new(); rows];
        for signs in 0..products.len() {
            let block = sizes.len();
            let mut size = 0;
            for row in 0..rows {
                let mut vector: Vec<f64> = Vec::new();
                let mut places: Vec<usize> = Vec::new();
                for (product, images) in products.iter().enumerate() {
                    let (to, negative) = images[row];
                    let minus = ((product & signs).count_ones() % 2 == 1) != negative;
                    let weight = if minus { -1.0 } else { 1.0 };
                    match places.iter().position(|&place| place == to) {
                        Some(known) => vector[known] += weight,
                        None => {
                            places.push(to);
                            vector.push(weight);
                        }
                    }
                }
                let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
                // Each orbit counts once, at its first row.
                if norm > 0.0 && places.iter().all(|&place| place >= row) {
                    for (place, weight) in places.into_iter().zip(vector) {
                        components[place].push((block, size, weight / norm));
                    }
                    size += 1;
                }
            }
            if size > 0 {
                sizes.push(size);
            }
        }
        Self { sizes, components }
    }

    /// Number of blocks.
    pub(super) fn count(&self) -> usize {
        self.sizes.len()
    }

    /// The blocks of an invariant matrix, given by its entries.
    pub(super) fn split(&self, entries: impl Iterator<Item = (usize, usize, f64)>) -> Vec<DMatrix<f64>> {
        let mut parts: Vec<_> = self.sizes.iter().map(|&size| DMatrix::zeros(size, size)).collect();
        self.spread(entries, |block, i, j, value| parts[block][(i, j)] += value);
        parts
    }

    /// The same as lists of entries.
    pub(super) fn split_sparse(&self, entries: &Sparse) -> Vec<Sparse> {
        let mut parts: Vec<Sparse> = vec![Vec::new(); self.sizes.len()];
        self.spread(entries.iter().copied(), |block, i, j, value| parts[block].push((i, j, value)));
        for part in &mut parts {
            part.sort_unstable_by_key(|&(i, j, _)| (i, j));
            part.dedup_by(|next, kept| {
                let same = (next.0, next.1) == (kept.0, kept.1);
                if same {
                    kept.2 += next.2;
                }
                same
            });
            part.retain(|&(_, _, value)| value.abs() > ROUNDING);
        }
        parts
    }

    /// The matrix with these blocks; further ones are passed over.
    pub(super) fn join(&self, parts: &[DMatrix<f64>]) -> DMatrix<f64> {
        let rows = self.components.len();
        DMatrix::from_fn(rows, rows, |i, j| {
            let mut sum = 0.0;
            for &(block, k, left) in &self.components[i] {
                for &(_, l, right) in self.components[j].iter().filter(|other| other.0 == block) {
                    sum += left * parts[block][(k, l)] * right;
                }
            }
            sum
        })
    }

    fn spread(
        &self,
        entries: impl Iterator<Item = (usize, usize, f64)>,
        mut add: impl FnMut(usize, usize, usize, f64),
    ) {
        for (i, j, value) in entries {
            for &(block, k, left) in &self.components[i] {
                for &(_, l, right) in self.components[j].iter().filter(|other| other.0 == block) {
                    add(block, k, l, left * value * right);
                }
            }
        }
    }
}

/// First one, then the other.
fn after(first: &SignedPermutation, then: &SignedPermutation) -> SignedPermutation {
    first
        .iter()
        .map(|&(to, negative)| {
            let (to, again) = then[to];
            (to, negative != again)
        })
        .collect()
}

/// Entries of at most this size are what is left of a sum that vanishes.
const ROUNDING: f64 = 1e-13;
const MOST_PRODUCTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// Two relabellings of four rows: the exchange of the first two and of the last two, and a change of sign of the last two.
    fn blocks() -> Blocks {
        let exchange = vec![(1, false), (0, false), (3, false), (2, false)];
        let sign = vec![(0, false), (1, false), (2, true), (3, true)];
        // A rotation does not commute with them, or is of a higher order: it is passed over.
        let rotation = vec![(1, false), (2, false), (3, false), (0, false)];
        Blocks::new(4, [rotation, exchange, sign])
    }

    #[test]
    fn an_invariant_matrix_is_split_and_put_together() {
        let blocks = blocks();
        assert_eq!(blocks.sizes, [1, 1, 1, 1]);
        let matrix = DMatrix::from_row_slice(
            4,
            4,
            &[
                3.0, 1.0, 0.0, 0.0, //
                1.0, 3.0, 0.0, 0.0, //
                0.0, 0.0, 5.0, -2.0, //
                0.0, 0.0, -2.0, 5.0,
            ],
        );
        let entries: Sparse = (0..16).map(|k| (k / 4, k % 4, matrix[(k / 4, k % 4)])).collect();
        let parts = blocks.split(entries.iter().copied());
        let mut values: Vec<f64> = parts.iter().map(|part| part[(0, 0)]).collect();
        values.sort_by(f64::total_cmp);
        assert!(values.iter().zip([2.0, 3.0, 4.0, 7.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{values:?}");
        assert!((blocks.join(&parts) - &matrix).amax() < 1e-12);
        for (dense, sparse) in parts.iter().zip(blocks.split_sparse(&entries)) {
            assert_eq!(sparse.len(), 1);
            assert!((dense[(0, 0)] - sparse[0].2).abs() < 1e-12);
        }
    }

    #[test]
    fn without_relabellings_there_is_one_block() {
        assert_eq!(Blocks::new(3, []).sizes, [3]);
    }
}
