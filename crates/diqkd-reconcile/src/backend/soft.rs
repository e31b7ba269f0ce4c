//! Portable reference.

use super::{BlockRow, LANES, Scratch};
use crate::check_rule::{MESSAGE_SHIFT, NEUTRAL, Rule, box_plus};
use crate::code::Edge;

pub(super) fn update(row: &mut BlockRow<'_>, rule: Rule, scratch: &mut Scratch) {
    for lane in (0..row.lift).step_by(LANES) {
        match rule {
            Rule::Exact => exact(row, lane, scratch),
            Rule::Quick => quick(row, lane, scratch),
        }
    }
}

pub(super) fn signs(posterior: &[i16], words: &mut [u64]) {
    for (word, lanes) in words.iter_mut().zip(posterior.chunks_exact(64)) {
        *word = lanes.iter().rev().fold(0, |word, &p| word << 1 | u64::from(p < 0));
    }
}

/// The rule [`Rule::Exact`] on a group of lanes.
fn exact(row: &mut BlockRow<'_>, lane: usize, scratch: &mut Scratch) {
    let Some(last) = row.edges.len().checked_sub(1) else { return };
    let mut sign = syndrome_sign(row, lane);
    let mut forward = [NEUTRAL; LANES];
    for (i, edge) in row.edges.iter().enumerate() {
        let extrinsic = extrinsic(row, (i, edge, lane));
        for z in 0..LANES {
            sign[z] ^= extrinsic[z];
            let magnitude = extrinsic[z].unsigned_abs();
            forward[z] = if i == 0 { magnitude } else { box_plus(forward[z], magnitude) };
        }
        scratch.extrinsic[i] = extrinsic;
        scratch.forward[i] = forward;
    }
    let mut backward = [NEUTRAL; LANES];
    for (i, edge) in row.edges.iter().enumerate().rev() {
        let extrinsic = scratch.extrinsic[i];
        let mut strength = [0; LANES];
        for z in 0..LANES {
            let others = match (i == 0, i == last) {
                (true, _) => backward[z],
                (false, true) => scratch.forward[i - 1][z],
                (false, false) => box_plus(scratch.forward[i - 1][z], backward[z]),
            };
            let magnitude = extrinsic[z].unsigned_abs();
            backward[z] = if i == last { magnitude } else { box_plus(backward[z], magnitude) };
            strength[z] = message(others);
        }
        send(row, (i, edge, lane), extrinsic, sign, strength);
    }
}

/// The rule [`Rule::Quick`] on a group of lanes.
fn quick(row: &mut BlockRow<'_>, lane: usize, scratch: &mut Scratch) {
    let mut sign = syndrome_sign(row, lane);
    let (mut first, mut second, mut rest) = ([NEUTRAL; LANES], [NEUTRAL; LANES], [[NEUTRAL; LANES]; 2]);
    for (i, edge) in row.edges.iter().enumerate() {
        let extrinsic = extrinsic(row, (i, edge, lane));
        for z in 0..LANES {
            sign[z] ^= extrinsic[z];
            let magnitude = extrinsic[z].unsigned_abs();
            let other = first[z].max(magnitude);
            first[z] = first[z].min(magnitude);
            let strong = second[z].max(other);
            second[z] = second[z].min(other);
            rest[i % 2][z] = if i < 4 { strong } else { box_plus(rest[i % 2][z], strong) };
        }
        scratch.extrinsic[i] = extrinsic;
    }
    for (i, edge) in row.edges.iter().enumerate() {
        let extrinsic = scratch.extrinsic[i];
        let mut strength = [0; LANES];
        for z in 0..LANES {
            let rest = box_plus(rest[0][z], rest[1][z]);
            strength[z] = message(match extrinsic[z].unsigned_abs() {
                own if own == first[z] => box_plus(rest, second[z]),
                own if own == second[z] => box_plus(rest, first[z]),
                _ => box_plus(box_plus(rest, second[z]), first[z]),
            });
        }
        send(row, (i, edge, lane), extrinsic, sign, strength);
    }
}

/// -1 where the syndrome bit is 1, else 0.
fn syndrome_sign(row: &BlockRow<'_>, lane: usize) -> [i16; LANES] {
    core::array::from_fn(|z| i16::from(row.syndrome[lane + z]))
}

/// The posterior of the bits of an edge without what the row last said about them.
fn extrinsic(row: &BlockRow<'_>, (i, edge, lane): (usize, &Edge, usize)) -> [i16; LANES] {
    let place = row.posteriors.place(edge.column, (lane + edge.shift as usize) % row.lift);
    let (posterior, old) = (row.posteriors.lanes(place), &row.messages[i * row.lift + lane..][..LANES]);
    core::array::from_fn(|z| posterior[z].saturating_sub(i16::from(old[z]) << MESSAGE_SHIFT))
}

/// Keeps the message of an edge and adds it to the posterior.
fn send(
    row: &mut BlockRow<'_>,
    (i, edge, lane): (usize, &Edge, usize),
    extrinsic: [i16; LANES],
    sign: [i16; LANES],
    strength: [u16; LANES],
) {
    let mut posterior = extrinsic;
    let new = &mut row.messages[i * row.lift + lane..][..LANES];
    for z in 0..LANES {
        let strength = strength[z].min(row.caps[i].into()) as i8;
        new[z] = if (sign[z] ^ extrinsic[z]) < 0 { -strength } else { strength };
        posterior[z] = extrinsic[z].saturating_add(i16::from(new[z]) << MESSAGE_SHIFT);
    }
    let start = (lane + edge.shift as usize) % row.lift;
    let place = row.posteriors.place(edge.column, start);
    *row.posteriors.lanes_mut(place) = posterior;
    for again in row.posteriors.mirrors(place, start).into_iter().flatten() {
        *row.posteriors.lanes_mut(again) = posterior;
    }
}

/// From steps to messages.
fn message(strength: u16) -> u16 {
    (strength + (1 << MESSAGE_SHIFT >> 1)) >> MESSAGE_SHIFT
}
