//! Toeplitz products by transforms of `K` words.
//!
//! In the notation of `engine`, with the piece reversed, `x'_l = x_(64 a - 1 - l)`, and the output cut into `R` chunks
//! of `b` words, piece `c` adds to bit `i` of chunk `r`
//!
//! ```text
//! XOR_l x'_l t_(64 (r b + c a) + l + i)
//! ```
//!
//! which is a middle product of `x'` and the window of `K` words of the seed from bit `64 (r b + c a)` on, if
//! `a + b <= K`. Sums over the pieces are taken of the transforms, so that every chunk needs one last transform.
//! Several pieces are multiplied at a time, with one reduction for all.
//!
//! With `a = b` windows of equal `r + c` are the same: `R + C - 1` windows, `C` pieces and `R` chunks are transformed.
//! With one row or one column nothing is shared, and `a + b = K` in whatever proportion is best.
//!
//! Memory: `R` sums, the windows of the pieces that are multiplied at a time (`R - 1` more where they are shared), the
//! pieces and the work space; about four times the output and some transforms, however long the input is.

mod shape;

use core::ops::Range;

use diqkd_gf2::{Backend, OldSums, Transform, side_by_side, threads};

use crate::algorithm::Algorithm;
use crate::blocks::shape::Shape;
use crate::engine::Windows;
use crate::piece::Piece;
use crate::seed::SeedSource;

#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    transform: Transform,
    /// The same for two at a time.
    paired: Transform,
    /// The same beside another one that takes less time.
    longer: Transform,
    shape: Shape,
    /// Pieces multiplied at a time.
    batch: usize,
}

impl Blocks {
    /// The fastest blocks for a matrix of `rows` by `columns` bits, and about how long a product takes, cycles.
    pub(crate) fn cheapest(rows: usize, columns: usize, backend: Backend) -> Option<(Self, u128)> {
        let (rows, columns) = (rows.div_ceil(64), columns.div_ceil(64));
        let mut best: Option<(u128, u32, Shape)> = None;
        for log in Transform::MIN_LOG..=LOG_MAX {
            if log > LONG_LOG && (rows >> log == 0 || columns >> log < LEAST_PARTS) {
                break;
            }
            for shape in Shape::candidates(rows, columns, 1 << log) {
                let cost = shape.cost(backend, log);
                if best.is_none_or(|(least, ..)| cost < least) {
                    best = Some((cost, log, shape));
                }
            }
        }
        best.map(|(cost, log, shape)| (Self::with_shape(backend, log, shape), cost))
    }

    /// Blocks of one transform length.
    pub(crate) fn new(rows: usize, columns: usize, backend: Backend, elements_log: u32) -> Self {
        let log = elements_log.clamp(Transform::MIN_LOG, Transform::MAX_LOG);
        let (rows, columns) = (rows.div_ceil(64), columns.div_ceil(64));
        let shape = Shape::candidates(rows, columns, 1 << log)
            .min_by_key(|shape| shape.cost(backend, log))
            .expect("squares cover every matrix");
        Self::with_shape(backend, log, shape)
    }

    fn with_shape(backend: Backend, log: u32, shape: Shape) -> Self {
        let transform = Transform::new(backend, log);
        let paired = transform.clone().sharing(WORKERS);
        let longer = paired.clone().in_parts(2 * WORKERS);
        Self { transform, paired, longer, shape, batch: shape.batch() }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        let Shape { rows, columns, .. } = self.shape;
        let backend = self.transform.backend();
        Algorithm::Transform { bits: 64 * self.transform.elements(), rows, columns, backend }
    }

    pub(crate) fn piece_words(&self) -> usize {
        self.shape.column_words
    }

    pub(crate) fn pieces(&self) -> usize {
        self.shape.columns
    }

    pub(crate) fn scratch_words(&self) -> usize {
        let transforms = self.shape.rows + self.batch + self.slots() + WORKERS;
        transforms * self.transform.elements()
    }

    pub(crate) fn prepared_words(&self) -> usize {
        self.shape.windows() * self.transform.elements()
    }

    pub(crate) fn prepare<S: SeedSource>(
        &self,
        seed: &mut S,
        prepared: &mut [u64],
        scratch: &mut [u64],
    ) -> Result<(), S::Error> {
        let k = self.transform.elements();
        for (pair, windows) in prepared.chunks_mut(WORKERS * k).enumerate() {
            self.windows(seed, WORKERS * pair, windows, &mut scratch[..WORKERS * k])?;
        }
        Ok(())
    }

    pub(crate) fn absorb<S: SeedSource>(
        &self,
        c: usize,
        x: Piece<'_>,
        seed: &mut Windows<'_, S>,
        scratch: &mut [u64],
    ) -> Result<(), S::Error> {
        let k = self.transform.elements();
        let Parts { sums, pieces, windows, work } = self.parts(scratch);
        let slot = (self.shape.columns - 1 - c) % self.batch;
        let is_last = slot + 1 == self.batch || c == 0;
        // The window that comes with this piece alone; those that earlier pieces would have brought come first.
        let mut reader = match seed {
            Windows::Read(seed) if !self.one_column() => Some(&mut **seed),
            _ => None,
        };
        if let Some(seed) = &mut reader
            && c == self.shape.columns - 1
        {
            self.first_windows(*seed, windows, work)?;
        }
        let [left, right] = workers(work, k);
        if slot.is_multiple_of(WORKERS) && !is_last {
            // It waits in the work space for the next one, because two take equally long on both threads.
            let mut read = Ok(());
            side_by_side(
                || reversed(&self.paired, &x, left),
                || {
                    // The next one's window: who transforms it has it near.
                    if let Some(seed) = reader {
                        read = seed.read(self.window_start(c - 1), right);
                    }
                },
            );
            return read;
        }
        if slot.is_multiple_of(WORKERS) {
            self.one(c, &x, reader, &mut pieces[slot * k..][..k], windows, [left, right])?;
        } else {
            // With one row a batch is two pieces.
            let apart = reader.is_some() && self.multiplies_apart();
            let pieces = &mut pieces[(slot - 1) * k..][..2 * k];
            self.two(c, &x, reader, pieces, windows, [left, right])?;
            if apart {
                let (before, piece) = pieces.split_at(k);
                self.transform.add(self.old_sums(c + 1), sums, before, piece).expect(CUT);
                return Ok(());
            }
        }
        if is_last {
            self.multiply(c, slot + 1, seed, Parts { sums, pieces, windows, work })?;
        }
        Ok(())
    }

    /// The transforms of piece `c` and, if there is a reader, of its window.
    fn one<S: SeedSource>(
        &self,
        c: usize,
        x: &Piece<'_>,
        reader: Option<&mut S>,
        piece: &mut [u64],
        windows: &mut [u64],
        [left, right]: [&mut [u64]; 2],
    ) -> Result<(), S::Error> {
        let Some(seed) = reader else {
            reversed(&self.transform, x, left);
            values(&self.transform, x.len(), left, piece);
            return Ok(());
        };
        let window = &mut windows[self.place(c)];
        let mut read = Ok(());
        side_by_side(
            || {
                reversed(&self.paired, x, left);
                values(&self.paired, x.len(), left, piece);
            },
            || {
                read = seed.read(self.window_start(c), right);
                if read.is_ok() {
                    inverse_transposed(&self.longer, right, window);
                }
            },
        );
        read
    }

    /// The same for piece `c + 1`, which is in the left work space, and for piece `c`, whose window is in the right one.
    ///
    /// If there is a reader and products are [made apart](Self::multiplies_apart), they are left in the pieces' places.
    fn two<S: SeedSource>(
        &self,
        c: usize,
        x: &Piece<'_>,
        reader: Option<&mut S>,
        pieces: &mut [u64],
        windows: &mut [u64],
        [left, right]: [&mut [u64]; 2],
    ) -> Result<(), S::Error> {
        let (before, piece) = pieces.split_at_mut(self.transform.elements());
        let Some(seed) = reader else {
            side_by_side(
                || values(&self.paired, x.len(), left, before),
                || {
                    reversed(&self.paired, x, right);
                    values(&self.paired, x.len(), right, piece);
                },
            );
            return Ok(());
        };
        let [window, window_before] = windows
            .get_disjoint_mut([self.place(c), self.place(c + 1)])
            .expect("a window has a place of its own");
        let apart = self.multiplies_apart();
        let mut read = Ok(());
        side_by_side(
            || {
                values(&self.paired, x.len(), left, before);
                read = seed.read(self.window_start(c + 1), left);
                if read.is_ok() {
                    inverse_transposed(&self.paired, left, window_before);
                    if apart {
                        self.paired.multiply(before, window_before).expect(CUT);
                    }
                }
            },
            || {
                inverse_transposed(&self.paired, right, window);
                reversed(&self.paired, x, right);
                values(&self.paired, x.len(), right, piece);
                if apart {
                    self.paired.multiply(piece, window).expect(CUT);
                }
            },
        );
        read
    }

    pub(crate) fn finish<'a>(&self, scratch: &'a mut [u64]) -> &'a [u64] {
        let (k, b) = (self.transform.elements(), self.shape.row_words);
        let Parts { sums, work, .. } = self.parts(scratch);
        if self.shape.rows == 1 {
            transposed(&self.transform, sums, b, &mut work[..k]);
            return &work[..b];
        }
        // Chunk r takes b words and lies where the sums of rows up to r, which are done with, have been.
        for r in (0..self.shape.rows).step_by(WORKERS) {
            let [left, right] = workers(work, k);
            let (first, second) = sums[r * k..].split_at_mut(k);
            if let Some(second) = second.get_mut(..k) {
                side_by_side(
                    || transposed(&self.paired, first, b, left),
                    || transposed(&self.paired, second, b, right),
                );
                sums[(r + 1) * b..][..b].copy_from_slice(&right[..b]);
            } else {
                transposed(&self.transform, first, b, left);
            }
            sums[r * b..][..b].copy_from_slice(&left[..b]);
        }
        &sums[..self.shape.rows * b]
    }

    /// The windows of the piece that comes first, but for the one that every piece brings.
    fn first_windows<S: SeedSource>(
        &self,
        seed: &mut S,
        windows: &mut [u64],
        work: &mut [u64],
    ) -> Result<(), S::Error> {
        let k = self.transform.elements();
        let (mut i, end) = (self.shape.columns, self.shape.columns - 1 + self.shape.rows);
        while i < end {
            let at = i % self.slots();
            // Two that lie side by side.
            let count = WORKERS.min(end - i).min(self.slots() - at);
            self.windows(seed, i, &mut windows[at * k..][..count * k], work)?;
            i += count;
        }
        Ok(())
    }

    /// The transforms of one or two neighbouring windows of the seed.
    fn windows<S: SeedSource>(
        &self,
        seed: &mut S,
        i: usize,
        windows: &mut [u64],
        work: &mut [u64],
    ) -> Result<(), S::Error> {
        let k = self.transform.elements();
        let [left, right] = workers(work, k);
        let (first, second) = windows.split_at_mut(k);
        seed.read(self.window_start(i), left)?;
        if second.is_empty() {
            inverse_transposed(&self.transform, left, first);
            return Ok(());
        }
        seed.read(self.window_start(i + 1), right)?;
        side_by_side(
            || inverse_transposed(&self.paired, left, first),
            || inverse_transposed(&self.paired, right, second),
        );
        Ok(())
    }

    /// Adds the products of `count` pieces, the last of them `c`, to the sums.
    fn multiply<S: SeedSource>(
        &self,
        c: usize,
        count: usize,
        seed: &mut Windows<'_, S>,
        parts: Parts<'_>,
    ) -> Result<(), S::Error> {
        let k = self.transform.elements();
        let Parts { sums, pieces, windows, work } = parts;
        let old = self.old_sums(c + count - 1);
        let at_a_time = if self.one_column() { WORKERS } else { Transform::MOST_SUMS };
        for (group, sums) in sums.chunks_mut(at_a_time * k).enumerate() {
            let r = group * at_a_time;
            if let Windows::Read(seed) = seed
                && self.one_column()
            {
                self.windows(*seed, r, &mut windows[..sums.len()], work)?;
            }
            // Piece c + j and sum r + i meet in window c + j + r + i.
            let mut left: [&[u64]; BATCH] = [&[]; BATCH];
            for (j, left) in left[..count].iter_mut().enumerate() {
                *left = &pieces[(count - 1 - j) * k..][..k];
            }
            let mut parts: [&mut [u64]; Transform::MOST_SUMS] = core::array::from_fn(|_| Default::default());
            let rows = sums.len() / k;
            parts.iter_mut().zip(sums.chunks_exact_mut(k)).for_each(|(part, sum)| *part = sum);
            let mut right: [&[u64]; BATCH + Transform::MOST_SUMS] = [&[]; BATCH + Transform::MOST_SUMS];
            let needed = rows + count - 1;
            for (i, right) in (r + c..).zip(&mut right[..needed]) {
                *right = match seed {
                    Windows::Prepared(all) => &all[i * k..][..k],
                    Windows::Read(_) => &windows[self.place(i)],
                };
            }
            self.transform
                .add_products(old, &mut parts[..rows], &left[..count], &right[..needed])
                .expect(CUT);
        }
        Ok(())
    }

    /// Does each of two threads multiply the piece and the window that it has transformed? That is one reduction more, but
    /// only half as many lines go from core to core.
    fn multiplies_apart(&self) -> bool {
        self.shape.rows == 1 && threads() > 1
    }

    /// What becomes of the sums when the products of a batch are added, the first of which is that of piece `c`.
    fn old_sums(&self, c: usize) -> OldSums {
        if c + 1 == self.shape.columns { OldSums::Dropped } else { OldSums::Kept }
    }

    /// The bit of the seed at which window `i` begins: `r + c` where windows are shared, else the one that varies.
    fn window_start(&self, i: usize) -> u64 {
        let step = if self.one_column() { self.shape.row_words } else { self.shape.column_words };
        64 * (i as u64) * (step as u64)
    }

    /// Windows are transformed when their row is multiplied.
    fn one_column(&self) -> bool {
        self.shape.columns == 1 && self.shape.rows > 1
    }

    /// Windows in memory at a time.
    fn slots(&self) -> usize {
        if self.one_column() { WORKERS } else { self.shape.rows + self.batch - 1 }
    }

    /// Where window `i` lies.
    fn place(&self, i: usize) -> Range<usize> {
        let k = self.transform.elements();
        let slot = i % self.slots();
        slot * k..(slot + 1) * k
    }

    fn parts<'a>(&self, scratch: &'a mut [u64]) -> Parts<'a> {
        let k = self.transform.elements();
        let (sums, scratch) = scratch.split_at_mut(self.shape.rows * k);
        let (pieces, scratch) = scratch.split_at_mut(self.batch * k);
        let (windows, work) = scratch.split_at_mut(self.slots() * k);
        Parts { sums, pieces, windows, work }
    }
}

/// The parts of the scratch.
struct Parts<'a> {
    /// Transforms of the chunks of the output.
    sums: &'a mut [u64],
    /// Transforms of the pieces of a batch.
    pieces: &'a mut [u64],
    /// Transforms of windows of the seed; number `i` in place `i % slots`.
    windows: &'a mut [u64],
    /// Space for two transforms at a time.
    work: &'a mut [u64],
}

fn workers(work: &mut [u64], k: usize) -> [&mut [u64]; 2] {
    let (left, right) = work.split_at_mut(k);
    [left, &mut right[..k]]
}

/// A piece in reversed order, at the beginning of `work`.
fn reversed(transform: &Transform, piece: &Piece<'_>, work: &mut [u64]) {
    let work = &mut work[..piece.len()];
    piece.copy(work);
    transform.reverse(work);
}

/// The values of the first `words` words of `bits`.
fn values(transform: &Transform, words: usize, bits: &mut [u64], values: &mut [u64]) {
    transform.values(words, bits, values).expect(CUT);
}

/// The transform of a window of the seed.
fn inverse_transposed(transform: &Transform, bits: &mut [u64], window: &mut [u64]) {
    transform.inverse_transposed(bits, window).expect(CUT);
}

/// The `words` words of a chunk of the output, left in `work`, from its sums.
fn transposed(transform: &Transform, sums: &mut [u64], words: usize, work: &mut [u64]) {
    transform.transposed(sums, words, work).expect(CUT);
}

/// Why no length is wrong.
const CUT: &str = "all slices were cut to the transform's length";
/// Transforms that may run at a time.
const WORKERS: usize = 2;
/// Most pieces that are multiplied at a time.
const BATCH: usize = 4;
/// Longer transforms, of more than 2^23 bits, take space: they are used where the output is as long and the input some times.
const LONG_LOG: u32 = 17;
/// How many times.
const LEAST_PARTS: usize = 4;
/// The longest transforms: 2^26 bits.
const LOG_MAX: u32 = 20;
