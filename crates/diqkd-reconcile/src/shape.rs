//! The size of a code: how many block rows and columns of how many lanes.

use crate::lanes;

/// Block rows and columns and their lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) lift: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Bits of the leak beyond whole rows, fewer than `lift`.
    pub(crate) rest: usize,
}

impl Shape {
    /// Syndrome bits.
    pub(crate) fn leak(&self) -> u64 {
        (self.rows * self.lift + self.rest) as u64
    }

    /// The shape for frames of `frame_bits` whose leak of `leak_bits` is nearest below whole rows, and among equals the
    /// one with the fewest unused code bits. There are two rows at least, so a tiny leak becomes theirs.
    pub(crate) fn choose(frame_bits: u64, leak_bits: u64) -> Self {
        let step = |bits: u64| (bits / 64 * 64).max(64);
        let most_rows = (EDGES * leak_bits / frame_bits.max(1)).clamp(MOST_ROWS.0, MOST_ROWS.1);
        let (low, high) = (step(leak_bits / most_rows), step(leak_bits * 4 / 3 / most_rows));
        let cost = |&lift: &u64| (leak_bits.next_multiple_of(lift), frame_bits.next_multiple_of(lift));
        let lift = if leak_bits < 64 * FEW_ROWS {
            lanes::HALF as u64
        } else {
            (low..=high).step_by(64).min_by_key(cost).unwrap_or(64)
        };
        let rows = (leak_bits / lift).max(2);
        Self {
            lift: lift as usize,
            rows: rows as usize,
            columns: frame_bits.div_ceil(lift) as usize,
            rest: leak_bits.saturating_sub(rows * lift) as usize,
        }
    }
}

/// Block rows per unit of leak rate: about 8000 edges, which take some ten milliseconds to place.
const EDGES: u64 = 1200;
/// Bounds on the block rows that a shape may have at most; the least number is three quarters of that.
const MOST_ROWS: (u64, u64) = (64, 1200);
/// With fewer block rows of 64 lanes they have 32 lanes: columns of many edges have room, and rows differ less.
const FEW_ROWS: u64 = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_rest_are_the_leak() {
        for (frame_bits, leak) in [(1_500_000, 221_000), (20_000, 3_400), (2_000_000, 1_800_000), (4096, 128)]
        {
            let shape = Shape::choose(frame_bits, leak);
            assert!((shape.columns * shape.lift) as u64 >= frame_bits);
            assert_eq!((shape.rows * shape.lift + shape.rest) as u64, leak, "{shape:?}");
            assert!(shape.rest < shape.lift && shape.rows >= 2, "{shape:?}");
        }
        assert_eq!(Shape::choose(4096, 5), Shape { lift: 32, rows: 2, columns: 128, rest: 0 });
    }
}
