//! Portable reference.

use super::{BlockRow, LANES, Scratch, gather, scatter};
use crate::check_rule::{MESSAGE_SHIFT, box_plus};

pub(super) fn update(row: &mut BlockRow<'_>, scratch: &mut Scratch) {
    for lane in (0..row.lift).step_by(LANES) {
        update_lanes(row, lane, scratch);
    }
}

pub(super) fn signs(posterior: &[i16], words: &mut [u64]) {
    for (word, lanes) in words.iter_mut().zip(posterior.chunks_exact(64)) {
        *word = lanes.iter().rev().fold(0, |word, &p| word << 1 | u64::from(p < 0));
    }
}

fn update_lanes(row: &mut BlockRow<'_>, lane: usize, scratch: &mut Scratch) {
    let Some(last) = row.edges.len().checked_sub(1) else { return };
    let (lift, shift) = (row.lift, MESSAGE_SHIFT);
    let mut sign = [0i16; LANES];
    for (sign, &s) in sign.iter_mut().zip(&row.syndrome[lane..lane + LANES]) {
        *sign = i16::from(s);
    }
    let mut forward = [NEUTRAL; LANES];
    for (i, edge) in row.edges.iter().enumerate() {
        let start = (lane + edge.shift as usize) % lift;
        let column = &row.posterior[edge.column as usize * lift..][..lift];
        let old = &row.messages[i * lift + lane..][..LANES];
        let extrinsic = &mut scratch.extrinsic[i];
        *extrinsic = gather(column, start);
        for z in 0..LANES {
            extrinsic[z] = extrinsic[z].saturating_sub(i16::from(old[z]) << shift);
            sign[z] ^= extrinsic[z];
            let magnitude = magnitude(extrinsic[z]);
            forward[z] = if i == 0 { magnitude } else { box_plus(forward[z], magnitude) };
        }
        scratch.forward[i] = forward;
    }
    let mut backward = [NEUTRAL; LANES];
    for (i, edge) in row.edges.iter().enumerate().rev() {
        let start = (lane + edge.shift as usize) % lift;
        let new = &mut row.messages[i * lift + lane..][..LANES];
        let extrinsic = &mut scratch.extrinsic[i];
        for z in 0..LANES {
            let others = match (i == 0, i == last) {
                (true, _) => backward[z],
                (false, true) => scratch.forward[i - 1][z],
                (false, false) => box_plus(scratch.forward[i - 1][z], backward[z]),
            };
            let magnitude = magnitude(extrinsic[z]);
            backward[z] = if i == last { magnitude } else { box_plus(backward[z], magnitude) };
            let strength = ((others + (1 << shift >> 1)) >> shift).min(127) as i8;
            new[z] = if (sign[z] ^ extrinsic[z]) < 0 { -strength } else { strength };
            extrinsic[z] = extrinsic[z].saturating_add(i16::from(new[z]) << shift);
        }
        scatter(&mut row.posterior[edge.column as usize * lift..][..lift], start, extrinsic);
    }
}

/// The strength of a message from a bit to a check.
fn magnitude(extrinsic: i16) -> u16 {
    extrinsic.unsigned_abs().min(NEUTRAL)
}

/// The strongest message; a check of one input hands it back.
const NEUTRAL: u16 = 32_767;
