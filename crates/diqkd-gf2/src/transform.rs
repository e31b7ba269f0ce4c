//! Long products of binary polynomials by a bit-packed additive Fourier transform, and middle products by its transpose.
//!
//! **Values.** Let `N = 64 K`, `K = 2^k`. A binary polynomial of degree below `N` has `N` coefficients of one bit; its
//! values at `K` points of GF(2^64) have as many bits. The points are `alpha + V_k`, where `V_k` is the span of
//! `beta_0 .. beta_(k-1)` of Cantor's basis and `alpha = beta_(k+32)`. Squaring a value gives the value at the square
//! of the point, so `K` points stand for all their conjugates; that they determine the polynomial is seen from the way
//! they are computed, all steps of which are invertible:
//!
//! 1. `basis`: the polynomial in the basis `X_j = prod s_b^(j_b)` over the bits of `j`.
//! 2. `planes`: in the six highest layers only the half with `alpha` is kept. There `s_(k+i)(alpha) = beta_(32-i)`, so
//!    element `j` of the rest is `sum_c a_(cK+j) w_c` with `w_c = prod beta_(32-i)^(c_i)` over the bits of `c`, that is
//!    `X_c(beta_32)`: a polynomial of degree `c` in `beta_32`. As `beta_32` lies in no proper subfield (GF(2^32) is the
//!    span of `beta_0 .. beta_31`), `w_0 .. w_63` are a basis of GF(2^64) over GF(2).
//! 3. `butterflies`: the other `k` layers, `K / 2` products of the field each.
//!
//! Values of a product are products of values, if its degree is below `N`.
//!
//! **Middle products.** For fixed `x` of `a` bits the product with `u` of `b` bits, `a + b <= N + 1`, is the linear map
//! `V^-1 D V`, with `V` the values and `D` the multiplication by those of `x`. Its transpose takes `t` of `N` bits to
//! `y_i = XOR_j x_j t_(i+j)`, `i < b`: a Toeplitz product. With the trace of GF(2^64) as bilinear form `D` and the
//! factors of the layers are their own transposes; so `y` is `V^T` of the values of `x` times `V^-T` of `t`, three
//! transforms of `N` bits, where a full product would need twice the length.
//!
//! Several products can be added up before the last step, so a long product is cut into tiles of any size.
//!
//! Cost: `O(N log N loglog N)`; branches and addresses depend on lengths and constants alone.
//!
//! References: M.-S. Chen, C.-M. Cheng, P.-C. Kuo, W.-D. Li, B.-Y. Yang, "Multiplying boolean polynomials with Frobenius
//! partitions in additive fast Fourier transform", arXiv:1803.11301 (the points); the same, "Faster multiplication for
//! long binary polynomials", arXiv:1708.09746. The middle product is G. Hanrot, M. Quercia, P. Zimmermann, Appl. Algebra
//! Eng. Commun. Comput. 14, 415 (2004).

mod basis;
mod butterflies;
mod cantor;
mod cells;
mod planes;
mod pool;

use core::fmt;

use crate::backend::{Backend, Kernel, Task};
use crate::length_error::LengthError;

use basis::{BasisChange, Direction};
use butterflies::{AddProducts, Map, Multiply};
use planes::{Decode, Encode};

/// The transform of `64 K` bits to `K` elements of GF(2^64), and the maps that make middle products of it.
///
/// For `x` of `a` bits, `t` of `64 K` bits and `b <= 64 K + 1 - a`:
///
/// ```
/// use diqkd_gf2::{Backend, Transform};
///
/// // y_i = XOR_j x_j t_(i+j)
/// let transform = Transform::new(Backend::detect(), 6);
/// let k = transform.elements();
/// let (mut work, mut x, mut y, mut out) = (vec![0; k], vec![0; k], vec![0; k], vec![0; 1]);
/// work[0] = 0b1001;
/// transform.values(&mut work, &mut x)?;
/// work.fill(0);
/// work[0] = 0xf0;
/// transform.inverse_transposed(&mut work, &mut y)?;
/// transform.multiply(&mut y, &x)?;
/// transform.transposed(&mut y, &mut work, &mut out)?;
/// assert_eq!(out, [0xf0 ^ 0xf0 >> 3]);
/// # Ok::<(), diqkd_gf2::LengthError>(())
/// ```
#[derive(Clone)]
pub struct Transform {
    backend: Backend,
    elements: usize,
    basis: BasisChange,
}

impl Transform {
    /// The transform to `2^elements_log` elements; the exponent is taken as at least [`Transform::MIN_LOG`] and at most
    /// [`Transform::MAX_LOG`].
    pub fn new(backend: Backend, elements_log: u32) -> Self {
        let log = elements_log.clamp(Self::MIN_LOG, Self::MAX_LOG);
        Self { backend, elements: 1 << log, basis: BasisChange::new(log + 6) }
    }

    /// The least exponent of a number of elements.
    pub const MIN_LOG: u32 = 6;
    /// The greatest exponent of a number of elements.
    pub const MAX_LOG: u32 = 26;

    /// How many elements there are: `K`. Bit strings have as many words.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// The instruction set.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// About how long a transform to `2^elements_log` elements takes, in units of about a cycle.
    pub fn cost(backend: Backend, elements_log: u32) -> u128 {
        backend.run(Cost { elements_log })
    }

    /// About how long it takes to add one product in `2^elements_log` places, in units of about a cycle.
    pub fn product_cost(elements_log: u32) -> u128 {
        PRODUCT_COST << elements_log
    }

    /// The values of the polynomial `bits`, which are overwritten.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words.
    pub fn values(&self, bits: &mut [u64], out: &mut [u64]) -> Result<(), LengthError> {
        self.check("bits", bits)?;
        self.check("out", out)?;
        self.backend.run(Descend { transform: self, map: Map::Values, bits, out });
        Ok(())
    }

    /// The transpose of the inverse of [`Transform::values`], applied to `bits`, which are overwritten.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words.
    pub fn inverse_transposed(&self, bits: &mut [u64], out: &mut [u64]) -> Result<(), LengthError> {
        self.check("bits", bits)?;
        self.check("out", out)?;
        self.backend.run(Descend { transform: self, map: Map::InverseTransposed, bits, out });
        Ok(())
    }

    /// `out`: the first words of the transpose of [`Transform::values`], applied to `values`, which are overwritten;
    /// `work`: `K` words, any content, left with intermediate results.
    ///
    /// # Errors
    /// [`LengthError`] if `values` or `work` has not `K` words or `out` has more.
    pub fn transposed(
        &self,
        values: &mut [u64],
        work: &mut [u64],
        out: &mut [u64],
    ) -> Result<(), LengthError> {
        self.check("values", values)?;
        self.check("work", work)?;
        LengthError::at_least("work", out.len(), work.len())?;
        self.backend.run(Ascend { transform: self, values, work });
        out.copy_from_slice(&work[..out.len()]);
        Ok(())
    }

    /// `a = a b` in every place.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words.
    pub fn multiply(&self, a: &mut [u64], b: &[u64]) -> Result<(), LengthError> {
        self.check("a", a)?;
        self.check("b", b)?;
        self.backend.run(Pointwise { a, b });
        Ok(())
    }

    /// `sum = sum + a_0 b_0 + a_1 b_1 + ..` in every place, with one reduction for all products.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words or there are not as many factors on both sides.
    pub fn add_products(&self, sum: &mut [u64], a: &[&[u64]], b: &[&[u64]]) -> Result<(), LengthError> {
        self.check("sum", sum)?;
        LengthError::exact("b", a.len(), b.len())?;
        for (a, b) in a.iter().zip(b) {
            self.check("a", a)?;
            self.check("b", b)?;
        }
        self.backend.run(PointwiseSum { sum, a, b });
        Ok(())
    }

    fn check(&self, operand: &'static str, words: &[u64]) -> Result<(), LengthError> {
        LengthError::exact(operand, self.elements, words.len())
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transform")
            .field("backend", &self.backend)
            .field("elements", &self.elements)
            .finish_non_exhaustive()
    }
}

struct Descend<'a> {
    transform: &'a Transform,
    map: Map,
    bits: &'a mut [u64],
    out: &'a mut [u64],
}

impl Task for Descend<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { transform, map, bits, out } = self;
        let (direction, constants) = match map {
            Map::InverseTransposed => (Direction::InverseTransposed, &planes::INVERSE_TRANSPOSED),
            _ => (Direction::Change, &planes::VALUES),
        };
        transform.basis.apply(kernel, direction, bits);
        let words = &*bits;
        pool::for_each_chunk(out, piece(out.len()), |from, elements| {
            kernel.vectorize(Encode { map: constants, words, from, elements });
        });
        butterflies::all_layers(kernel, map, out);
    }
}

struct Ascend<'a> {
    transform: &'a Transform,
    values: &'a mut [u64],
    work: &'a mut [u64],
}

impl Task for Ascend<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { transform, values, work } = self;
        butterflies::all_layers(kernel, Map::Transposed, values);
        pool::for_each_chunk(values, piece(values.len()), |_, elements| {
            kernel.vectorize(Decode { map: &planes::TRANSPOSED, elements });
        });
        let decoded = &*values;
        pool::for_each_chunk(work, piece(work.len()), |from, words| planes::gather(decoded, from, words));
        transform.basis.apply(kernel, Direction::Transposed, work);
    }
}

struct Pointwise<'a> {
    a: &'a mut [u64],
    b: &'a [u64],
}

impl Task for Pointwise<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { a, b } = self;
        pool::for_each_chunk(a, piece(a.len()), |from, a| {
            kernel.vectorize(Multiply { b: &b[from..from + a.len()], a })
        });
    }
}

struct PointwiseSum<'a> {
    sum: &'a mut [u64],
    a: &'a [&'a [u64]],
    b: &'a [&'a [u64]],
}

impl Task for PointwiseSum<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { sum, a, b } = self;
        pool::for_each_chunk(sum, piece(sum.len()), |from, sum| {
            kernel.vectorize(AddProducts { sum, from, a, b })
        });
    }
}

struct Cost {
    elements_log: u32,
}

impl Task for Cost {
    type Output = u128;

    fn run<K: Kernel>(self, _: K) -> u128 {
        let (fixed, layer) = K::ELEMENT_COST;
        ((fixed + layer * u128::from(self.elements_log)) << self.elements_log) / 16
    }
}

/// Cost of a product that is added to a sum, cycles: mostly that of loading the factors.
const PRODUCT_COST: u128 = 2;
/// Elements that one task takes; a multiple of what the planes are grouped by, but for one piece in all.
fn piece(elements: usize) -> usize {
    pool::piece(elements, 1 << 9, 1 << 14)
}
