//! Maps of planes as sums of planes, by tables of the sums of four (whose indices are bits of the constants and therefore
//! public). A transposition of 64 × 64 bits makes elements of planes.
//!
//! Cost: some 19 additions and 6 exchanges for every element.

use crate::backend::Lanes;
use crate::transform::planes::{LANES, PlaneMap, Planes, Tables};

/// [`Lanes::encode`]
#[inline(always)]
pub(crate) fn encode<L: Lanes>(
    lanes: L,
    map: &PlaneMap,
    planes: &mut Planes,
    space: &mut Tables,
    block: &mut [u64],
) {
    apply(lanes, &map.rows, planes, space);
    transpose(lanes, planes);
    for (eight, planes) in planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        lanes.transpose_words(planes);
        for (group, elements) in block.chunks_exact_mut(64).zip(planes) {
            group[8 * eight..][..8].copy_from_slice(elements);
        }
    }
}

/// [`Lanes::decode`]
#[inline(always)]
pub(crate) fn decode<L: Lanes>(
    lanes: L,
    map: &PlaneMap,
    block: &[u64],
    planes: &mut Planes,
    space: &mut Tables,
) {
    for (eight, planes) in planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        for (group, elements) in block.chunks_exact(64).zip(&mut *planes) {
            elements.copy_from_slice(&group[8 * eight..][..8]);
        }
        lanes.transpose_words(planes);
    }
    transpose(lanes, planes);
    apply(lanes, &map.rows, planes, space);
}

#[inline(always)]
fn apply<L: Lanes>(lanes: L, rows: &[u64; 64], planes: &mut Planes, tables: &mut Tables) {
    let register = 1 << L::LOG;
    for (four, table) in tables.iter_mut().enumerate() {
        for i in 1..16usize {
            let plane = &planes[4 * four + i.trailing_zeros() as usize];
            let (done, rest) = table.split_at_mut(i);
            let (from, to) = (&done[i & (i - 1)], &mut rest[0]);
            for lane in (0..LANES).step_by(register) {
                let sum = lanes.xor(lanes.load(&from[lane..]), lanes.load(&plane[lane..]));
                lanes.store(sum, &mut to[lane..]);
            }
        }
    }
    // Registers written out: left to itself the compiler gathers one word from each table.
    for (plane, row) in planes.iter_mut().zip(rows) {
        let mut sums = [lanes.splat(0); LANES];
        let sums = &mut sums[..LANES >> L::LOG];
        for (four, table) in tables.iter().enumerate() {
            let entry = &table[(row >> (4 * four)) as usize & 15];
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = lanes.xor(*sum, lanes.load(&entry[i << L::LOG..]));
            }
        }
        for (i, sum) in sums.iter().enumerate() {
            lanes.store(*sum, &mut plane[i << L::LOG..]);
        }
    }
}

/// Bit `i` of plane `p` and bit `p` of plane `i` change places, in every lane.
#[inline(always)]
fn transpose<L: Lanes>(lanes: L, planes: &mut Planes) {
    for first in 0..8 {
        eight_planes::<L, 8>(lanes, planes, first);
    }
    for eight in 0..8 {
        eight_planes::<L, 1>(lanes, planes, 8 * eight);
    }
}

/// Three levels of the transposition on the planes `first`, `first + BY`, .. , `first + 7 BY`.
#[inline(always)]
fn eight_planes<L: Lanes, const BY: usize>(lanes: L, planes: &mut Planes, first: usize) {
    for lane in (0..LANES).step_by(1 << L::LOG) {
        let mut v = [lanes.splat(0); 8];
        for (i, v) in v.iter_mut().enumerate() {
            *v = lanes.load(&planes[first + i * BY][lane..]);
        }
        for i in 0..4 {
            (v[i], v[i + 4]) = exchange::<L>(lanes, 4 * BY, v[i], v[i + 4]);
        }
        for i in [0, 1, 4, 5] {
            (v[i], v[i + 2]) = exchange::<L>(lanes, 2 * BY, v[i], v[i + 2]);
        }
        for i in [0, 2, 4, 6] {
            (v[i], v[i + 1]) = exchange::<L>(lanes, BY, v[i], v[i + 1]);
        }
        for (i, v) in v.into_iter().enumerate() {
            lanes.store(v, &mut planes[first + i * BY][lane..]);
        }
    }
}

/// In every square of `2 by` bits of two planes that lie `by` apart the two off-diagonal quarters change places.
#[inline(always)]
fn exchange<L: Lanes>(lanes: L, by: usize, a: L::V, b: L::V) -> (L::V, L::V) {
    let mask = lanes.splat(u64::MAX / ((1 << by) + 1));
    let differ = lanes.and(lanes.xor(lanes.shr(a, by as u32), b), mask);
    (lanes.xor(a, lanes.shl(differ, by as u32)), lanes.xor(b, differ))
}
