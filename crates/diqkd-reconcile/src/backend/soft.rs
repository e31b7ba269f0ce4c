//! Portable reference.

use super::{BlockRow, LANES, Scratch, gather, scatter};

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
    let lift = row.lift;
    let mut sign = [0i8; LANES];
    sign.copy_from_slice(&row.syndrome[lane..lane + LANES]);
    let mut least = [255u8; LANES];
    let mut others = [255u8; LANES];
    for (i, edge) in row.edges.iter().enumerate() {
        let start = (lane + edge.shift as usize) % lift;
        let column = &row.posterior[edge.column as usize * lift..][..lift];
        let old = &row.messages[i * lift + lane..][..LANES];
        let extrinsic = &mut scratch.extrinsic[i];
        *extrinsic = gather(column, start);
        for z in 0..LANES {
            extrinsic[z] = extrinsic[z].saturating_sub(i16::from(old[z]));
            let input = message(extrinsic[z]);
            let magnitude = input.unsigned_abs();
            sign[z] ^= input;
            if i == 0 {
                least[z] = magnitude;
            } else {
                others[z] = row.rule.box_plus(others[z], magnitude.max(least[z]));
                least[z] = least[z].min(magnitude);
            }
        }
    }
    let mut all = [0u8; LANES];
    for z in 0..LANES {
        all[z] = row.rule.box_plus(others[z], least[z]).min(127);
        others[z] = others[z].min(127);
    }
    for (i, edge) in row.edges.iter().enumerate() {
        let start = (lane + edge.shift as usize) % lift;
        let new = &mut row.messages[i * lift + lane..][..LANES];
        let extrinsic = &mut scratch.extrinsic[i];
        for z in 0..LANES {
            let input = message(extrinsic[z]);
            let magnitude = if input.unsigned_abs() == least[z] { others[z] } else { all[z] } as i8;
            new[z] = if (sign[z] ^ input) < 0 { -magnitude } else { magnitude };
            extrinsic[z] = extrinsic[z].saturating_add(i16::from(new[z]));
        }
        scatter(&mut row.posterior[edge.column as usize * lift..][..lift], start, extrinsic);
    }
}

/// The message a bit sends to a check.
fn message(extrinsic: i16) -> i8 {
    extrinsic.clamp(-127, 127) as i8
}
