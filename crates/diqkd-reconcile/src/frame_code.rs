//! The code of a frame with a leak to the bit: whole block rows, and the last of them split on some of its lanes.
//!
//! A split lane is two checks: Alice tells the parity of every other one of the positions, and what she says of all of
//! them tells the rest. In the code that Bob decodes, the last row is two halves joined by a hidden column of degree two,
//! whose bits are known to be 0 on the lanes that are split and unknown on the others, where the halves add up to the
//! row as it was.

use alloc::vec;
use alloc::vec::Vec;

use crate::code::{Edge, QcCode};
use crate::construct::{base, construct, draw};
use crate::ensemble::Ensembles;
use crate::lanes;
use crate::shape::Shape;

/// What Alice sends of a frame and what Bob decodes it with.
#[derive(Clone, Debug)]
pub(crate) struct FrameCode {
    /// The block rows that Alice sends whole.
    whole: QcCode,
    split: Option<Split>,
}

#[derive(Clone, Debug)]
struct Split {
    /// The disclosed half of the last row.
    half: QcCode,
    /// Lanes whose halves are told apart: less than a block row.
    lanes: usize,
    decoded: QcCode,
}

impl FrameCode {
    /// The code of a shape, with the degrees for its leak rate, drawn from `seed` or one of the next (see [`draw`]).
    pub(crate) fn of(shape: &Shape, ensembles: Ensembles, seed: u64) -> Self {
        let degrees = ensembles.degrees(shape.rows, shape.columns);
        let seed = draw::soonest(ensembles, shape, seed, |seed| base(shape.rows, &degrees, seed));
        Self::split_last_row(construct(shape.lift, shape.rows, &degrees, seed), shape.rest)
    }

    /// Splits the last row of `whole` on `lanes` lanes, fewer than its lift.
    fn split_last_row(whole: QcCode, lanes: usize) -> Self {
        debug_assert!(lanes < whole.lift());
        let last = whole.rows() - 1;
        let split = (lanes > 0).then(|| {
            let half = |parity| whole.row(last).iter().copied().skip(parity).step_by(2).collect::<Vec<_>>();
            let joint = Edge { column: whole.columns() as u32, shift: 0 };
            let mut rows: Vec<Vec<Edge>> = (0..last).map(|r| whole.row(r).to_vec()).collect();
            rows.extend([0, 1].map(|parity| [half(parity), vec![joint]].concat()));
            let decoded = QcCode::new(whole.lift(), whole.columns() + 1, &rows);
            Split { half: QcCode::new(whole.lift(), whole.columns(), &[half(0)]), lanes, decoded }
        });
        Self { whole, split }
    }

    /// The code without its splits.
    pub(crate) fn whole(&self) -> &QcCode {
        &self.whole
    }

    /// The code to decode: that of [`FrameCode::whole`], or one row and a hidden column more.
    pub(crate) fn decoded(&self) -> &QcCode {
        self.split.as_ref().map_or(&self.whole, |split| &split.decoded)
    }

    /// How many rows of [`FrameCode::decoded`] hold nothing but code bits, from the first on.
    pub(crate) fn plain_rows(&self) -> usize {
        self.whole.rows() - usize::from(self.split.is_some())
    }

    /// Lanes of the last row that are split.
    pub(crate) fn split_lanes(&self) -> usize {
        self.split.as_ref().map_or(0, |split| split.lanes)
    }

    /// Bits that Alice sends.
    pub(crate) fn syndrome_bits(&self) -> usize {
        self.whole.syndrome_bits() + self.split_lanes()
    }

    /// What Alice sends of code bits in words: [`FrameCode::syndrome_bits`] bits, the rest of the last word 0.
    pub(crate) fn syndrome(&self, frame: &[u64]) -> Vec<u64> {
        let mut out = self.whole.syndrome(frame);
        if let Some(split) = &self.split {
            let mut disclosed = split.half.syndrome(frame);
            let words = split.lanes.div_ceil(64);
            disclosed[words - 1] &= u64::MAX >> (64 * words - split.lanes);
            lanes::put(self.whole.lift(), &mut out, self.whole.rows(), &disclosed[..words]);
        }
        out
    }

    /// The syndrome under [`FrameCode::decoded`] that follows from what [`FrameCode::syndrome`] returns.
    pub(crate) fn expand(&self, sent: &[u64]) -> Vec<u64> {
        let (lift, rows) = (self.whole.lift(), self.whole.rows());
        let mut out = sent[..self.whole.syndrome_bits().div_ceil(64)].to_vec();
        if self.split.is_some() {
            let (mut half, mut other) = (vec![0; lanes::words(lift)], vec![0; lanes::words(lift)]);
            lanes::get(lift, sent, rows, &mut half);
            lanes::get(lift, sent, rows - 1, &mut other);
            other.iter_mut().zip(&half).for_each(|(row, half)| *row ^= half);
            lanes::put(lift, &mut out, rows - 1, &half);
            lanes::put(lift, &mut out, rows, &other);
        }
        out
    }

    /// Priors of the hidden column, if there is one.
    pub(crate) fn hidden_priors(&self, certain: i16) -> impl Iterator<Item = i16> + use<> {
        let lanes = self.split_lanes();
        let hidden = if lanes > 0 { self.whole.lift() - lanes } else { 0 };
        core::iter::repeat_n(certain, lanes).chain(core::iter::repeat_n(0, hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splitmix::SplitMix64;

    /// Under the code that Bob decodes, Alice's bits with the hidden column have the syndrome that follows from what
    /// she sent, and every lane of the hidden column that a prior calls known is 0.
    #[test]
    fn what_is_sent_is_the_syndrome_of_the_decoded_code() {
        let mut rng = SplitMix64::new(3);
        let wide = [0, 1, 63, 64, 100, 127].map(|lanes| (128, 12, lanes));
        for (lift, rows, lanes) in wide.into_iter().chain([(32, 12, 9), (32, 13, 31), (32, 13, 0)]) {
            let code = FrameCode::split_last_row(construct(lift, rows, &[3; 40], 5), lanes);
            assert_eq!(code.syndrome_bits(), rows * lift + lanes);
            let mut bits: Vec<u64> = (0..40 * lift / 64).map(|_| rng.next()).collect();
            let sent = code.syndrome(&bits);
            assert_eq!(sent.len(), code.syndrome_bits().div_ceil(64));
            let used = (rows * lift + lanes) % 64;
            assert!(used == 0 || sent.last().unwrap() >> used == 0);
            let hidden: Vec<i16> = code.hidden_priors(9).collect();
            assert_eq!(hidden.len(), if lanes == 0 { 0 } else { lift });
            if let Some(split) = &code.split {
                let half = split.half.syndrome(&bits);
                let known = |lane: usize| hidden[lane] == 9;
                bits.extend((0..lift.div_ceil(64)).map(|w| {
                    let lanes = 0..lift.min(64);
                    lanes.fold(0, |word, b| word | (half[w] >> b & u64::from(!known(64 * w + b))) << b)
                }));
                assert_eq!((0..lift).filter(|&lane| known(lane)).count(), lanes);
            }
            assert_eq!(code.expand(&sent), code.decoded().syndrome(&bits), "{lanes} lanes");
        }
    }
}
