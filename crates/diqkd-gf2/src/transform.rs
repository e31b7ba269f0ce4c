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
pub(crate) mod planes;
mod pool;

use core::fmt;

use crate::backend::{Backend, ElementCost, Kernel, Lanes, Task, Vectorized};
use crate::length_error::LengthError;

use basis::{BasisChange, Direction};
use butterflies::{Add, AddProducts, Map, Multiply};
use planes::{Decode, Encode};
use pool::Team;

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
/// let (mut work, mut x, mut y) = (vec![0; k], vec![0; k], vec![0; k]);
/// work[0] = 0b1001;
/// transform.values(1, &mut work, &mut x)?;
/// work.fill(0);
/// work[0] = 0xf0;
/// transform.inverse_transposed(&mut work, &mut y)?;
/// transform.multiply(&mut y, &x)?;
/// transform.transposed(&mut y, 1, &mut work)?;
/// assert_eq!(work[0], 0xf0 ^ 0xf0 >> 3);
/// # Ok::<(), diqkd_gf2::LengthError>(())
/// ```
#[derive(Clone)]
pub struct Transform {
    backend: Backend,
    elements: usize,
    basis: BasisChange,
    /// Into how many parts the threads are divided, one of which is for this transform.
    share: usize,
    /// Into how many parts it is cut at least.
    parts: usize,
}

impl Transform {
    /// The transform to `2^elements_log` elements; the exponent is taken as at least [`Transform::MIN_LOG`] and at most
    /// [`Transform::MAX_LOG`].
    pub fn new(backend: Backend, elements_log: u32) -> Self {
        let log = elements_log.clamp(Self::MIN_LOG, Self::MAX_LOG);
        Self { backend, elements: 1 << log, basis: BasisChange::new(log + 6), share: 1, parts: 1 }
    }

    /// The same transform for work that goes on `share` times side by side: with the feature `rayon` each takes this part
    /// of the threads of the current pool, and at least one. Without it there is one thread anyway.
    #[must_use]
    pub fn sharing(self, share: usize) -> Self {
        Self { share: share.max(1), ..self }
    }

    /// The same transform for work beside other work that is done earlier: cut into at least so many parts, some of which
    /// a thread takes over that has nothing to do. Without the feature `rayon` there is one thread anyway.
    #[must_use]
    pub fn in_parts(self, parts: usize) -> Self {
        Self { parts, ..self }
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

    /// About how long a transform of `words` words to or from `2^elements_log` elements takes, in units of about a cycle.
    pub fn cost(backend: Backend, elements_log: u32, words: usize) -> u128 {
        backend.run(Cost { elements_log, words })
    }

    /// About how long it takes to add one product in `2^elements_log` places, in units of about a cycle, if so many
    /// `operands` take part in turn, factors and sums.
    pub fn product_cost(backend: Backend, elements_log: u32, operands: usize) -> u128 {
        backend.run(ProductCost { elements_log, operands })
    }

    /// Puts the bits of `words` in reversed order, the last one first.
    pub fn reverse(&self, words: &mut [u64]) {
        self.backend.run(Reverse { words });
    }

    /// The values of the polynomial whose coefficients are the first `words` words of `bits`. All of `bits` is
    /// overwritten. Up to a half or a quarter of `K` words take less time.
    ///
    /// # Errors
    /// [`LengthError`] if `bits` or `out` has not `K` words or `words` are more.
    pub fn values(&self, words: usize, bits: &mut [u64], out: &mut [u64]) -> Result<(), LengthError> {
        self.check("bits", bits)?;
        self.check("out", out)?;
        LengthError::at_least("bits", words, bits.len())?;
        bits[words..].fill(0);
        self.backend.run(Descend { transform: self, map: Map::Values, words, bits, out });
        Ok(())
    }

    /// The transpose of the inverse of [`Transform::values`], applied to `bits`, which are overwritten.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words.
    pub fn inverse_transposed(&self, bits: &mut [u64], out: &mut [u64]) -> Result<(), LengthError> {
        self.check("bits", bits)?;
        self.check("out", out)?;
        self.backend.run(Descend {
            transform: self,
            map: Map::InverseTransposed,
            words: self.elements,
            bits,
            out,
        });
        Ok(())
    }

    /// The transpose of [`Transform::values`] for as many `words`: the first `words` words of the transpose for all of
    /// them, applied to `values`, which are overwritten. They come to lie in the first words of `work`, which has `K` of any
    /// content; the others are left with intermediate results.
    ///
    /// # Errors
    /// [`LengthError`] if `values` or `work` has not `K` words or `words` are more.
    pub fn transposed(&self, values: &mut [u64], words: usize, work: &mut [u64]) -> Result<(), LengthError> {
        self.check("values", values)?;
        self.check("work", work)?;
        LengthError::at_least("work", words, work.len())?;
        self.backend.run(Ascend { transform: self, values, words, work });
        Ok(())
    }

    /// `a = a b` in every place.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words.
    pub fn multiply(&self, a: &mut [u64], b: &[u64]) -> Result<(), LengthError> {
        self.check("a", a)?;
        self.check("b", b)?;
        self.backend.run(Pointwise { team: self.team(), a, b });
        Ok(())
    }

    /// `sum = sum + a + b` in every place, or the same without the old sum.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words.
    pub fn add(&self, old: OldSums, sum: &mut [u64], a: &[u64], b: &[u64]) -> Result<(), LengthError> {
        self.check("sum", sum)?;
        self.check("a", a)?;
        self.check("b", b)?;
        self.backend.run(PointwiseSum { team: self.team(), old, sum, a, b });
        Ok(())
    }

    /// `sums[r] = sums[r] + a_0 b_r + a_1 b_(r+1) + ..` in every place for all `r`, or the same without the old sums, with one
    /// reduction for all products of a sum: as many `b` as there are sums and `a` together, less one.
    ///
    /// # Errors
    /// [`LengthError`] if a slice has not `K` words, if there are more than [`Transform::MOST_SUMS`] sums, or if the
    /// number of factors does not fit them.
    pub fn add_products(
        &self,
        old: OldSums,
        sums: &mut [&mut [u64]],
        a: &[&[u64]],
        b: &[&[u64]],
    ) -> Result<(), LengthError> {
        LengthError::at_least("sums", sums.len(), Self::MOST_SUMS)?;
        LengthError::exact("b", (sums.len() + a.len()).saturating_sub(1), b.len())?;
        sums.iter().try_for_each(|sum| self.check("sum", sum))?;
        a.iter().try_for_each(|a| self.check("a", a))?;
        b.iter().try_for_each(|b| self.check("b", b))?;
        self.backend.run(PointwiseSums { team: self.team(), old, sums, a, b });
        Ok(())
    }

    /// The greatest number of sums that [`Transform::add_products`] takes at a time.
    pub const MOST_SUMS: usize = 16;

    fn team(&self) -> Team {
        Team::one_of(self.share).at_least(self.parts)
    }

    fn check(&self, operand: &'static str, words: &[u64]) -> Result<(), LengthError> {
        LengthError::exact(operand, self.elements, words.len())
    }
}

/// What becomes of the sums to which products are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldSums {
    /// They count.
    Kept,
    /// They are overwritten, whatever they are.
    Dropped,
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transform")
            .field("backend", &self.backend)
            .field("elements", &self.elements)
            .finish_non_exhaustive()
    }
}

struct Reverse<'a> {
    words: &'a mut [u64],
}

impl Task for Reverse<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        kernel.vectorize(self);
    }
}

impl Vectorized for Reverse<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let half = self.words.len() / 2 / EIGHT * EIGHT;
        let (low, rest) = self.words.split_at_mut(half);
        let (middle, high) = rest.split_at_mut(rest.len() - half);
        let (low, high) = (low.as_chunks_mut::<EIGHT>().0, high.as_chunks_mut::<EIGHT>().0);
        for (low, high) in low.iter_mut().zip(high.iter_mut().rev()) {
            (*low, *high) = (turned(high), turned(low));
        }
        middle.reverse();
        middle.iter_mut().for_each(|word| *word = word.reverse_bits());
    }
}

/// The bits of some words in reversed order.
#[inline(always)]
fn turned(words: &[u64; EIGHT]) -> [u64; EIGHT] {
    let mut turned = [0; EIGHT];
    for (turned, word) in turned.iter_mut().zip(words.iter().rev()) {
        *turned = word.reverse_bits();
    }
    turned
}

struct Descend<'a> {
    transform: &'a Transform,
    map: Map,
    /// Words that are not zero for certain.
    words: usize,
    bits: &'a mut [u64],
    out: &'a mut [u64],
}

impl Task for Descend<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { transform, map, words, bits, out } = self;
        let (direction, constants) = match map {
            Map::InverseTransposed => (Direction::InverseTransposed, &planes::INVERSE_TRANSPOSED),
            _ => (Direction::Change, &planes::VALUES),
        };
        let team = transform.team();
        team.enter(|| {
            // The change of basis leaves zeros behind the others.
            let part = transform.basis.part_of(words);
            transform.basis.apply(kernel, team, direction, &mut bits[..part]);
            let words = &*bits;
            team.chunks(out, GRAIN, &|from, elements| {
                kernel.vectorize(Encode { map: constants, words, from, elements });
            });
            butterflies::all_layers(kernel, team, map, out);
        });
    }
}

struct Ascend<'a> {
    transform: &'a Transform,
    values: &'a mut [u64],
    /// Words that somebody wants to know.
    words: usize,
    work: &'a mut [u64],
}

impl Task for Ascend<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { transform, values, words, work } = self;
        let team = transform.team();
        team.enter(|| {
            butterflies::all_layers(kernel, team, Map::Transposed, values);
            team.chunks(values, GRAIN, &|_, elements| {
                kernel.vectorize(Decode { map: &planes::TRANSPOSED, elements });
            });
            let decoded = &*values;
            // Later words have no part in them from here on.
            let work = &mut work[..transform.basis.part_of(words)];
            team.chunks(work, GRAIN, &|from, words| planes::gather(decoded, from, words));
            transform.basis.apply(kernel, team, Direction::Transposed, work);
        });
    }
}

struct Pointwise<'a> {
    team: Team,
    a: &'a mut [u64],
    b: &'a [u64],
}

impl Task for Pointwise<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { team, a, b } = self;
        team.chunks(a, GRAIN, &|from, a| {
            kernel.vectorize(Multiply { b: &b[from..from + a.len()], a });
        });
    }
}

struct PointwiseSum<'a> {
    team: Team,
    old: OldSums,
    sum: &'a mut [u64],
    a: &'a [u64],
    b: &'a [u64],
}

impl Task for PointwiseSum<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { team, old, sum, a, b } = self;
        team.chunks(sum, GRAIN, &|from, sum| {
            let here = from..from + sum.len();
            kernel.vectorize(Add { old, a: &a[here.clone()], b: &b[here], sum });
        });
    }
}

struct PointwiseSums<'a, 'b> {
    team: Team,
    old: OldSums,
    sums: &'a mut [&'b mut [u64]],
    a: &'a [&'a [u64]],
    b: &'a [&'a [u64]],
}

impl Task for PointwiseSums<'_, '_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { team, old, sums, a, b } = self;
        let mut parts: Sums<'_> = [const { None }; Transform::MOST_SUMS];
        parts.iter_mut().zip(sums).for_each(|(part, sum)| *part = Some(&mut **sum));
        team.enter(|| add_products(kernel, team, old, 0, parts, a, b));
    }
}

/// The same places of some sums.
type Sums<'a> = [Option<&'a mut [u64]>; Transform::MOST_SUMS];

/// `sums` begin at place `from` of the factors.
fn add_products<K: Kernel>(
    kernel: K,
    team: Team,
    old: OldSums,
    from: usize,
    sums: Sums<'_>,
    a: &[&[u64]],
    b: &[&[u64]],
) {
    let words = sums.iter().flatten().map(|sum| sum.len()).next().unwrap_or_default();
    if let Some(cut) = team.cut(words, GRAIN) {
        let mut right: Sums<'_> = [const { None }; Transform::MOST_SUMS];
        let mut left: Sums<'_> = [const { None }; Transform::MOST_SUMS];
        for ((left, right), sum) in left.iter_mut().zip(&mut right).zip(sums.into_iter().flatten()) {
            let (low, high) = sum.split_at_mut(cut);
            (*left, *right) = (Some(low), Some(high));
        }
        team.both(
            |team| add_products(kernel, team, old, from, left, a, b),
            |team| add_products(kernel, team, old, from + cut, right, a, b),
        );
        return;
    }
    let mut sums = sums;
    // A stretch of all factors stays in the cache for all sums.
    for start in (0..words).step_by(STRETCH) {
        for (r, sum) in sums.iter_mut().flatten().enumerate() {
            let sum = &mut sum[start..words.min(start + STRETCH)];
            kernel.vectorize(AddProducts { old, sum, from: from + start, a, b: &b[r..r + a.len()] });
        }
    }
}

struct Cost {
    elements_log: u32,
    words: usize,
}

impl Task for Cost {
    type Output = u128;

    fn run<K: Kernel>(self, _: K) -> u128 {
        let ElementCost { planes, basis, layer, .. } = K::ELEMENT_COST;
        let least = |words: usize| words.max(GRAIN) as u128;
        let (elements, layers) = (1 << self.elements_log, u128::from(self.elements_log));
        let part = self.words.next_power_of_two().max(basis::CHUNK_WORDS).min(elements);
        let ends = planes * least(elements) + basis * layers.max(LEAST_LAYERS) * least(part);
        let memory = MEMORY_COST * layers.saturating_sub(NEAR_LOG.into());
        TRANSFORM_COST + (ends + (layer * layers + memory) * elements as u128) / 16
    }
}

struct ProductCost {
    elements_log: u32,
    operands: usize,
}

impl Task for ProductCost {
    type Output = u128;

    fn run<K: Kernel>(self, _: K) -> u128 {
        let far = self.operands.saturating_mul(1 << self.elements_log) > NEAR_ELEMENTS;
        let cost = K::ELEMENT_COST.product + if far { FAR_COST } else { 0 };
        (cost << self.elements_log) / 16
    }
}

/// What an element costs more for every layer beyond [`NEAR_LOG`], because memory is further away, sixteenths of a cycle.
const MEMORY_COST: u128 = 9;
/// Transforms of two to this many words stay in the second-level cache.
const NEAR_LOG: u32 = 14;
/// What a product costs more for every element, if its operands come from further away, sixteenths of a cycle.
const FAR_COST: u128 = 11;
/// So many elements stay in the second-level cache.
const NEAR_ELEMENTS: usize = 1 << 17;
/// What a transform costs however short it is, above all for space that is wiped, cycles.
const TRANSFORM_COST: u128 = 1300;
/// Of the change of basis short transforms cost as much as those with so many layers.
const LEAST_LAYERS: u128 = 11;
/// Words that are reversed at a time, a register or some.
const EIGHT: usize = 8;
/// The fewest elements that one thread takes; a multiple of what the planes are grouped by.
const GRAIN: usize = 1 << 9;
/// Elements of each factor that are multiplied before the next ones.
const STRETCH: usize = 1 << 9;
