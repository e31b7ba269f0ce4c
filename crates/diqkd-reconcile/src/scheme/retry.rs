//! Extra syndrome bits by splitting checks: the parity of half of a check's positions makes two checks of one.

use alloc::vec;
use alloc::vec::Vec;

use crate::code::{Edge, QcCode};
use crate::frame_code::FrameCode;
use crate::lanes;

/// The code after a retry and what it takes to get there.
#[derive(Debug)]
pub(crate) struct Retry {
    /// The most frames that may be retried.
    pub(crate) most_frames: u32,
    /// Block rows of the first code that are split; row `split[i]` keeps the half that Alice discloses and row
    /// `first.rows() + i` of `code` is the other half.
    split: Vec<usize>,
    code: QcCode,
    lift: usize,
}

impl Retry {
    /// Splits `count` evenly spaced block rows, no more than there are plain ones.
    pub(super) fn split_rows(code: &FrameCode, count: usize, most_frames: u32) -> Self {
        let first = code.decoded();
        let split: Vec<usize> = (0..count).map(|i| i * code.plain_rows() / count).collect();
        let mut rows: Vec<Vec<Edge>> = (0..first.rows()).map(|r| first.row(r).to_vec()).collect();
        for &r in &split {
            let half = |parity| first.row(r).iter().copied().skip(parity).step_by(2).collect::<Vec<_>>();
            rows[r] = half(0);
            rows.push(half(1));
        }
        let code = QcCode::new(first.lift(), first.columns(), &rows);
        Self { most_frames, split, code, lift: first.lift() }
    }

    pub(crate) fn code(&self) -> &QcCode {
        &self.code
    }

    /// Extra bits a frame.
    pub(crate) fn extra_bits(&self) -> usize {
        self.split.len() * self.lift
    }

    /// The disclosed parities of a frame, `extra_bits` of them. Rows with hidden columns are never split, so the
    /// frame's own code bits are all that it takes.
    pub(crate) fn extra(&self, frame: &[u64]) -> Vec<u64> {
        let mut out = Vec::new();
        for (i, &r) in self.split.iter().enumerate() {
            let mut disclosed = vec![0; lanes::words(self.lift)];
            self.code.add_row(r, frame, &mut disclosed);
            lanes::put(self.lift, &mut out, i, &disclosed);
        }
        out
    }

    /// The syndrome under the split code, out of the first syndrome as Bob decodes it and the disclosed parities.
    pub(crate) fn syndrome(&self, first: &[u64], extra: &[u64]) -> Vec<u64> {
        let rows = self.code.rows() - self.split.len();
        let mut out = first.to_vec();
        let (mut disclosed, mut other) = (vec![0; lanes::words(self.lift)], vec![0; lanes::words(self.lift)]);
        for (i, &r) in self.split.iter().enumerate() {
            lanes::get(self.lift, extra, i, &mut disclosed);
            lanes::get(self.lift, first, r, &mut other);
            other.iter_mut().zip(&disclosed).for_each(|(row, disclosed)| *row ^= disclosed);
            lanes::put(self.lift, &mut out, r, &disclosed);
            lanes::put(self.lift, &mut out, rows + i, &other);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ensemble::Ensembles;
    use crate::shape::Shape;
    use crate::splitmix::SplitMix64;

    #[test]
    fn a_split_syndrome_is_the_syndrome_of_the_split_code() {
        let mut rng = SplitMix64::new(1);
        for (lift, rest) in [(64, 0), (64, 20), (32, 0), (32, 20)] {
            let shape = Shape { lift, rows: 12, columns: 40, rest };
            let first = FrameCode::of(&shape, Ensembles::narrow(), 5);
            let retry = Retry::split_rows(&first, 5, 1);
            let mut bits: Vec<u64> = (0..40 * lift / 64).map(|_| rng.next()).collect();
            let sent = first.syndrome(&bits);
            let syndrome = retry.syndrome(&first.expand(&sent), &retry.extra(&bits));
            let hidden = first.decoded().columns() - 40;
            bits.extend(core::iter::repeat_n(0, hidden));
            let wrong: u32 =
                retry.code().syndrome(&bits).iter().zip(&syndrome).map(|(a, b)| (a ^ b).count_ones()).sum();
            // With 0 for what is hidden, the halves of lanes that are not split add up to the row.
            assert!(
                wrong.is_multiple_of(2) && wrong as usize <= 2 * hidden * (lift - rest),
                "{rest}: {wrong}"
            );
            assert_eq!(syndrome.len(), ((12 + hidden) * lift + retry.extra_bits()).div_ceil(64));
        }
    }
}
