//! The size of a code: how many block rows and columns of how many lanes.

/// Block rows and columns and their lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) lift: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Shape {
    /// The shape for frames of `frame_bits` with the least syndrome of at least `leak_bits`, and among equals the one
    /// with the fewest unused code bits.
    pub(crate) fn choose(frame_bits: u64, leak_bits: u64) -> Self {
        let step = |bits: u64| (bits / 64 * 64).max(64);
        let most_rows = (EDGES * leak_bits / frame_bits.max(1)).clamp(MOST_ROWS.0, MOST_ROWS.1);
        let (low, high) = (step(leak_bits / most_rows), step(leak_bits * 4 / 3 / most_rows));
        let shapes = (low..=high).step_by(64).map(|lift| Self {
            lift: lift as usize,
            rows: leak_bits.div_ceil(lift).max(2) as usize,
            columns: frame_bits.div_ceil(lift) as usize,
        });
        let cost = |s: &Self| (s.rows * s.lift, s.columns * s.lift);
        shapes.min_by_key(cost).unwrap_or(Self {
            lift: 64,
            rows: 2,
            columns: frame_bits.div_ceil(64) as usize,
        })
    }
}

/// Block rows per unit of leak rate: about 8000 edges, which take some ten milliseconds to place.
const EDGES: u64 = 1200;
/// Bounds on the block rows that a shape may have at most; the least number is three quarters of that.
const MOST_ROWS: (u64, u64) = (64, 1200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_syndrome_covers_the_leak_with_little_waste() {
        for (frame_bits, leak, waste) in
            [(1_500_000, 221_000, 0.002), (20_000, 3_400, 0.02), (2_000_000, 1_800_000, 0.002)]
        {
            let shape = Shape::choose(frame_bits, leak);
            assert!((shape.columns * shape.lift) as u64 >= frame_bits);
            let syndrome = (shape.rows * shape.lift) as u64;
            assert!(syndrome >= leak && (syndrome - leak) as f64 <= waste * leak as f64, "{shape:?}");
        }
    }
}
