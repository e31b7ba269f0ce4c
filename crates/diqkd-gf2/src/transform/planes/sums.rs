//! Maps of planes as sums of planes, by tables of the sums of four (whose indices are bits of the constants and therefore
//! public). A transposition of 64 × 64 bits makes elements of planes.
//!
//! Cost: some 19 additions and 6 exchanges for every element.

use crate::backend::Lanes;
use crate::transform::planes::{LANES, PlaneMap, Work};

/// For every result the numbers of four inputs to add, in four bits, for 16 fours.
pub(super) type Fours = [[u8; 16]; 64];

pub(super) const fn fours(rows: &[u64; 64]) -> Fours {
    let mut fours = [[0; 16]; 64];
    let mut i = 0;
    while i < 64 * 16 {
        fours[i / 16][i % 16] = (rows[i / 16] >> (4 * (i % 16)) & 15) as u8;
        i += 1;
    }
    fours
}

/// [`Lanes::encode`]
#[inline(always)]
pub(crate) fn encode<L: Lanes>(lanes: L, map: &PlaneMap, work: &mut Work, block: &mut [u64]) {
    apply(lanes, &map.sums, work);
    transpose(lanes, &mut work.planes);
    for (eight, planes) in work.planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        lanes.transpose_words(planes);
        for (group, elements) in block.chunks_exact_mut(64).zip(planes) {
            group[8 * eight..][..8].copy_from_slice(elements);
        }
    }
}

/// [`Lanes::decode`]
#[inline(always)]
pub(crate) fn decode<L: Lanes>(lanes: L, map: &PlaneMap, block: &[u64], work: &mut Work) {
    for (eight, planes) in work.planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        for (group, elements) in block.chunks_exact(64).zip(&mut *planes) {
            elements.copy_from_slice(&group[8 * eight..][..8]);
        }
        lanes.transpose_words(planes);
    }
    transpose(lanes, &mut work.planes);
    apply(lanes, &map.sums, work);
}

#[inline(always)]
fn apply<L: Lanes>(lanes: L, fours: &Fours, Work { planes, space: tables }: &mut Work) {
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
    for (plane, fours) in planes.iter_mut().zip(fours) {
        let mut sums = [lanes.splat(0); LANES];
        let sums = &mut sums[..LANES >> L::LOG];
        for (table, four) in tables.iter().zip(fours) {
            let entry = &table[usize::from(four & 15)];
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
fn transpose<L: Lanes>(lanes: L, planes: &mut [[u64; LANES]; 64]) {
    exchange::<L, 32>(lanes, planes, 0x0000_0000_ffff_ffff);
    exchange::<L, 16>(lanes, planes, 0x0000_ffff_0000_ffff);
    exchange::<L, 8>(lanes, planes, 0x00ff_00ff_00ff_00ff);
    exchange::<L, 4>(lanes, planes, 0x0f0f_0f0f_0f0f_0f0f);
    exchange::<L, 2>(lanes, planes, 0x3333_3333_3333_3333);
    exchange::<L, 1>(lanes, planes, 0x5555_5555_5555_5555);
}

/// In every square of `2 BY` planes and bits the two off-diagonal quarters change places.
#[inline(always)]
fn exchange<L: Lanes, const BY: usize>(lanes: L, planes: &mut [[u64; LANES]; 64], mask: u64) {
    let mask = lanes.splat(mask);
    for square in planes.chunks_exact_mut(2 * BY) {
        let (upper, lower) = square.split_at_mut(BY);
        for (upper, lower) in upper.iter_mut().zip(lower) {
            for lane in (0..LANES).step_by(1 << L::LOG) {
                let (a, b) = (lanes.load(&upper[lane..]), lanes.load(&lower[lane..]));
                let differ = lanes.and(lanes.xor(lanes.shr(a, BY as u32), b), mask);
                lanes.store(lanes.xor(a, lanes.shl(differ, BY as u32)), &mut upper[lane..]);
                lanes.store(lanes.xor(b, differ), &mut lower[lane..]);
            }
        }
    }
}
