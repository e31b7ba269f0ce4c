//! The layers of the additive transform.
//!
//! A polynomial in the basis `X_j` of `basis`, of degree below `2^(b+1)`, is `f = f0 + s_b f1`. On the coset `u + V_b`
//! of the roots of `s_b` the factor `s_b` is the constant `s_b(u)`, and on `u + beta_b + V_b` it is `s_b(u) + 1`, so
//! with `s = s_b(u)` the two halves go on as `f0 + s f1` and `f0 + s f1 + f1`. Block `v` of layer `b` has
//! `s = s_b(alpha) + point(v)` where `point` is the same function for all layers.
//!
//! Two layers are done in one pass over the memory, blocks are finished before the next is begun, and the last layers,
//! which pair elements of one register, shuffle registers instead. The order of the results is that of the shuffles:
//! it differs between backends, and nobody sees it.

use crate::backend::{Kernel, Lanes, Vectorized};
use crate::transform::OldSums;
use crate::transform::cantor::{BETA, Walk, point};
use crate::transform::pool::{self, Team};

/// Which linear map the layers compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Map {
    /// The values of a polynomial.
    Values,
    /// The transpose of the inverse of [`Map::Values`].
    InverseTransposed,
    /// The transpose of [`Map::Values`].
    Transposed,
}

/// All layers, in place, on `2^k` elements.
pub(crate) fn all_layers<K: Kernel>(kernel: K, team: Team, map: Map, values: &mut [u64]) {
    let k = values.len().ilog2() as usize;
    block(kernel, team, Layers { map, k }, values, 0);
}

#[derive(Clone, Copy)]
struct Layers {
    map: Map,
    /// Layers of the whole transform.
    k: usize,
}

impl Layers {
    /// `s_b(alpha)` for `alpha = beta_(k+32)`.
    #[inline(always)]
    fn offset(self, b: usize) -> u64 {
        BETA[self.k + 32 - b]
    }
}

/// The layers within block `v` of the blocks as long as `values`.
fn block<K: Kernel>(kernel: K, team: Team, layers: Layers, values: &mut [u64], v: usize) {
    if values.len() <= LEAF {
        kernel.vectorize(Leaf { layers, values, v });
        return;
    }
    if layers.map == Map::Transposed {
        quarters(kernel, team, layers, values, v);
        quad(kernel, team, layers, values, v);
    } else {
        quad(kernel, team, layers, values, v);
        quarters(kernel, team, layers, values, v);
    }
}

fn quarters<K: Kernel>(kernel: K, team: Team, layers: Layers, values: &mut [u64], v: usize) {
    let [a, b, c, d] = pool::quarters(values);
    let (v, layers) = (4 * v, &layers);
    let pair = |team: Team, left: &mut [u64], right: &mut [u64], v| {
        team.both(
            |team| block(kernel, team, *layers, left, v),
            |team| block(kernel, team, *layers, right, v + 1),
        );
    };
    team.both(|team| pair(team, a, b, v), |team| pair(team, c, d, v + 2));
}

fn quad<K: Kernel>(kernel: K, team: Team, layers: Layers, values: &mut [u64], v: usize) {
    let b = values.len().ilog2() as usize - 1;
    let high = layers.offset(b) ^ point(v);
    let low = layers.offset(b - 1) ^ point(2 * v);
    team.quads(pool::quarters(values), QUAD_GRAIN, &|quarters| {
        kernel.vectorize(Quad { map: layers.map, high, low, quarters })
    });
}

/// Two layers on pieces of the four quarters of a block.
struct Quad<'a> {
    map: Map,
    high: u64,
    low: u64,
    quarters: [&'a mut [u64]; 4],
}

impl Vectorized for Quad<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        match self.map {
            Map::Values => two_layers::<L, VALUES>(lanes, self.high, self.low, self.quarters),
            Map::InverseTransposed => {
                two_layers::<L, INVERSE_TRANSPOSED>(lanes, self.high, self.low, self.quarters)
            }
            Map::Transposed => two_layers::<L, TRANSPOSED>(lanes, self.high, self.low, self.quarters),
        }
    }
}

/// All layers of a block that fits into the first-level cache.
struct Leaf<'a> {
    layers: Layers,
    values: &'a mut [u64],
    v: usize,
}

impl Vectorized for Leaf<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { layers, values, v } = self;
        match layers.map {
            Map::Values => down::<L, VALUES>(lanes, layers, values, v),
            Map::InverseTransposed => down::<L, INVERSE_TRANSPOSED>(lanes, layers, values, v),
            Map::Transposed => up(lanes, layers, values, v),
        }
    }
}

#[inline(always)]
fn down<L: Lanes, const MAP: u8>(lanes: L, layers: Layers, values: &mut [u64], v: usize) {
    let mut b = values.len().ilog2() as usize;
    while b >= L::LOG + 2 {
        double_layer::<L, MAP>(lanes, layers, b - 1, values, v);
        b -= 2;
    }
    if b > L::LOG {
        single_layer::<L, MAP>(lanes, layers, b - 1, values, v);
    }
    shuffled_layers::<L, MAP>(lanes, layers, values, v);
}

#[inline(always)]
fn up<L: Lanes>(lanes: L, layers: Layers, values: &mut [u64], v: usize) {
    shuffled_layers::<L, TRANSPOSED>(lanes, layers, values, v);
    let (top, mut b) = (values.len().ilog2() as usize, L::LOG);
    if (top - b) % 2 == 1 {
        single_layer::<L, TRANSPOSED>(lanes, layers, b, values, v);
        b += 1;
    }
    while b < top {
        double_layer::<L, TRANSPOSED>(lanes, layers, b + 1, values, v);
        b += 2;
    }
}

/// Layers `b` and `b - 1` of all blocks.
#[inline(always)]
fn double_layer<L: Lanes, const MAP: u8>(lanes: L, layers: Layers, b: usize, values: &mut [u64], v: usize) {
    let first = v * (values.len() >> (b + 1));
    let (mut high, mut low) = (Walk::new(first, 0), Walk::new(first, 1));
    for block in values.chunks_exact_mut(2 << b) {
        let high = layers.offset(b) ^ high.step();
        let low = layers.offset(b - 1) ^ low.step();
        two_layers::<L, MAP>(lanes, high, low, pool::quarters(block));
    }
}

/// Layer `b` of all blocks.
#[inline(always)]
fn single_layer<L: Lanes, const MAP: u8>(lanes: L, layers: Layers, b: usize, values: &mut [u64], v: usize) {
    let mut walk = Walk::new(v * (values.len() >> (b + 1)), 0);
    for block in values.chunks_exact_mut(2 << b) {
        let factor = lanes.splat(layers.offset(b) ^ walk.step());
        let (low, high) = block.split_at_mut(block.len() / 2);
        for (low, high) in low.chunks_exact_mut(1 << L::LOG).zip(high.chunks_exact_mut(1 << L::LOG)) {
            let (f0, f1) = butterfly::<L, MAP>(lanes, factor, (lanes.load(low), lanes.load(high)));
            lanes.store(f0, low);
            lanes.store(f1, high);
        }
    }
}

/// Two layers on the quarters of a block: `high` belongs to the upper layer, `low` to the first block of the lower one.
#[inline(always)]
fn two_layers<L: Lanes, const MAP: u8>(lanes: L, high: u64, low: u64, quarters: [&mut [u64]; 4]) {
    let factors = [lanes.splat(high), lanes.splat(low), lanes.splat(low ^ BETA[1])];
    let [a, b, c, d] = quarters;
    let (a, b) = (a.chunks_exact_mut(1 << L::LOG), b.chunks_exact_mut(1 << L::LOG));
    let (c, d) = (c.chunks_exact_mut(1 << L::LOG), d.chunks_exact_mut(1 << L::LOG));
    for (((pa, pb), pc), pd) in a.zip(b).zip(c).zip(d) {
        let quarters = [lanes.load(pa), lanes.load(pb), lanes.load(pc), lanes.load(pd)];
        let [a, b, c, d] = double_butterfly::<L, MAP>(lanes, factors, quarters);
        lanes.store(a, pa);
        lanes.store(b, pb);
        lanes.store(c, pc);
        lanes.store(d, pd);
    }
}

/// A butterfly with factor `high` on `(a, c)` and `(b, d)` and then those with `left` on `(a, b)` and `right` on `(c, d)`;
/// the other way round for the transpose. Two of the four products meet in sums before they are reduced, one in both.
#[inline(always)]
fn double_butterfly<L: Lanes, const MAP: u8>(
    lanes: L,
    [high, left, right]: [L::V; 3],
    [a, b, c, d]: [L::V; 4],
) -> [L::V; 4] {
    match MAP {
        VALUES => {
            let b = lanes.xor(b, lanes.scale(d, high));
            let d = lanes.xor(b, d);
            let shared = lanes.product(c, high);
            let c = lanes.xor(a, c);
            let a = lanes.xor(a, lanes.reduce(lanes.add_wide(shared, lanes.product(b, left))));
            let c = lanes.xor(c, lanes.reduce(lanes.add_wide(shared, lanes.product(d, right))));
            [a, lanes.xor(a, b), c, lanes.xor(c, d)]
        }
        INVERSE_TRANSPOSED => {
            // The same with every pair, and so the quarters and the lower factors, in reversed order.
            let reversed = double_butterfly::<L, VALUES>(lanes, [high, right, left], [d, c, b, a]);
            [reversed[3], reversed[2], reversed[1], reversed[0]]
        }
        _ => {
            let (a, c) = (lanes.xor(a, b), lanes.xor(c, d));
            let shared = lanes.product(c, right);
            let b = lanes.xor(lanes.xor(b, d), lanes.reduce(lanes.add_wide(shared, lanes.product(a, left))));
            let a = lanes.xor(a, c);
            let c = lanes.xor(c, lanes.scale(a, high));
            let d = lanes.xor(d, lanes.reduce(lanes.add_wide(shared, lanes.product(b, high))));
            [a, b, c, d]
        }
    }
}

/// The layers whose pairs lie in one register, on two registers at a time.
#[inline(always)]
fn shuffled_layers<L: Lanes, const MAP: u8>(lanes: L, layers: Layers, values: &mut [u64], v: usize) {
    if L::LOG == 0 {
        return;
    }
    let first = v * (values.len() >> (L::LOG + 1));
    let mut walks =
        [Walk::new(first, L::LOG), Walk::new(first, L::LOG.max(1) - 1), Walk::new(first, L::LOG.max(2) - 2)];
    let patterns = const { points(L::ORDER) };
    for block in values.chunks_exact_mut(2 << L::LOG) {
        let (low, high) = block.split_at_mut(1 << L::LOG);
        let mut pair = (lanes.load(low), lanes.load(high));
        for i in 0..L::LOG {
            let b = if MAP == TRANSPOSED { i } else { L::LOG - 1 - i };
            let factor = lanes.xor(lanes.splat(layers.offset(b) ^ walks[b].step()), lanes.load(&patterns[b]));
            if MAP == TRANSPOSED {
                let (f0, f1) = butterfly::<L, MAP>(lanes, factor, pair);
                pair = lanes.join(b, f0, f1);
            } else {
                let (f0, f1) = lanes.split(b, pair.0, pair.1);
                pair = butterfly::<L, MAP>(lanes, factor, (f0, f1));
            }
        }
        lanes.store(pair.0, low);
        lanes.store(pair.1, high);
    }
}

/// The points of these numbers.
const fn points(order: [[usize; 8]; 3]) -> [[u64; 8]; 3] {
    let mut points = [[0; 8]; 3];
    let mut i = 0;
    while i < 24 {
        points[i / 8][i % 8] = point(order[i / 8][i % 8]);
        i += 1;
    }
    points
}

/// With `s` the factor: the values `(f0 + s f1, f0 + s f1 + f1)`, the inverse transpose of that, or its transpose.
#[inline(always)]
fn butterfly<L: Lanes, const MAP: u8>(lanes: L, s: L::V, (f0, f1): (L::V, L::V)) -> (L::V, L::V) {
    let scale = |f| lanes.scale(f, s);
    match MAP {
        VALUES => {
            let u = lanes.xor(f0, scale(f1));
            (u, lanes.xor(u, f1))
        }
        INVERSE_TRANSPOSED => {
            let w = lanes.xor(f1, scale(f0));
            (lanes.xor(w, f0), w)
        }
        _ => {
            let sum = lanes.xor(f0, f1);
            (sum, lanes.xor(f1, scale(sum)))
        }
    }
}

/// `out = a b` in every place.
pub(crate) struct Multiply<'a> {
    pub(crate) a: &'a mut [u64],
    pub(crate) b: &'a [u64],
}

impl Vectorized for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        for (a, b) in self.a.chunks_exact_mut(1 << L::LOG).zip(self.b.chunks_exact(1 << L::LOG)) {
            lanes.store(lanes.scale(lanes.load(a), lanes.load(b)), a);
        }
    }
}

/// `sum += a + b` in every place, or `=`.
pub(crate) struct Add<'a> {
    pub(crate) old: OldSums,
    pub(crate) sum: &'a mut [u64],
    pub(crate) a: &'a [u64],
    pub(crate) b: &'a [u64],
}

impl Vectorized for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self { old, sum, a, b } = self;
        for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
            let before = if old == OldSums::Kept { *sum } else { 0 };
            *sum = before ^ a ^ b;
        }
    }
}

/// `sum += a_0 b_0 + a_1 b_1 + ..` in every place, or `=`, where `sum` begins at place `from` of the factors.
pub(crate) struct AddProducts<'a> {
    pub(crate) old: OldSums,
    pub(crate) sum: &'a mut [u64],
    pub(crate) from: usize,
    pub(crate) a: &'a [&'a [u64]],
    pub(crate) b: &'a [&'a [u64]],
}

impl Vectorized for AddProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { old, sum, mut from, a, b } = self;
        for sum in sum.chunks_exact_mut(1 << L::LOG) {
            let mut wide = lanes.product(lanes.splat(0), lanes.splat(0));
            for (a, b) in a.iter().zip(b) {
                let (a, b) = (lanes.load(&a[from..]), lanes.load(&b[from..]));
                wide = lanes.add_wide(wide, lanes.product(a, b));
            }
            let before = if old == OldSums::Kept { lanes.load(sum) } else { lanes.splat(0) };
            lanes.store(lanes.xor(before, lanes.reduce(wide)), sum);
            from += 1 << L::LOG;
        }
    }
}

const VALUES: u8 = 0;
const INVERSE_TRANSPOSED: u8 = 1;
const TRANSPOSED: u8 = 2;

/// Elements of a block that is finished in the first-level cache, 16 KiB.
const LEAF: usize = 1 << 11;
/// The fewest elements of a quarter that one thread takes.
const QUAD_GRAIN: usize = 1 << 9;
