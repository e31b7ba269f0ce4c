//! Products of binary polynomials by Karatsuba's method.
//!
//! With halves of `h` words, `a b = a0 b0 + z^(64h) ((a0 + a1)(b0 + b1) + a0 b0 + a1 b1) + z^(128h) a1 b1`. A longer
//! operand is cut into pieces as long as the shorter one. Cost: `O(l s^0.585)` time for lengths `l >= s`; branches and
//! addresses depend on the lengths alone.

use crate::backend::{Backend, Kernel, Task};
use crate::length_error::LengthError;

/// `out = a b`, all of it: `a.len() + b.len()` words.
///
/// `scratch`: at least [`multiply_scratch_words`], any content, left with intermediate results (wipe it if an operand
/// is secret).
///
/// # Errors
/// [`LengthError`] if `out` or `scratch` has another length.
///
/// ```
/// use diqkd_gf2::{Backend, multiply, multiply_scratch_words};
///
/// let (a, b) = ([0b11, 1 << 63], [0b10]);
/// let mut out = [0; 3];
/// let mut scratch = vec![0; multiply_scratch_words(a.len(), b.len())];
/// multiply(Backend::detect(), &a, &b, &mut out, &mut scratch)?;
/// assert_eq!(out, [0b110, 0, 1]);
/// # Ok::<(), diqkd_gf2::LengthError>(())
/// ```
pub fn multiply(
    backend: Backend,
    a: &[u64],
    b: &[u64],
    out: &mut [u64],
    scratch: &mut [u64],
) -> Result<(), LengthError> {
    LengthError::exact("out", a.len() + b.len(), out.len())?;
    LengthError::at_least("scratch", multiply_scratch_words(a.len(), b.len()), scratch.len())?;
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    backend.run(Multiply { short, long, out, scratch });
    Ok(())
}

/// Scratch that [`multiply`] needs for operands of these lengths, words.
pub fn multiply_scratch_words(a: usize, b: usize) -> usize {
    let short = a.min(b);
    3 * short + karatsuba_scratch(short)
}

struct Multiply<'a> {
    short: &'a [u64],
    long: &'a [u64],
    out: &'a mut [u64],
    scratch: &'a mut [u64],
}

impl Task for Multiply<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let Self { short, long, out, scratch } = self;
        out.fill(0);
        let n = short.len();
        if n == 0 {
            return;
        }
        let (piece, scratch) = scratch.split_at_mut(n);
        let (product, scratch) = scratch.split_at_mut(2 * n);
        for (i, chunk) in long.chunks(n).enumerate() {
            piece[..chunk.len()].copy_from_slice(chunk);
            piece[chunk.len()..].fill(0);
            karatsuba(kernel, short, piece, product, scratch);
            add(&mut out[i * n..], &product[..n + chunk.len()]);
        }
    }
}

/// `out = a b` for operands of one length `n`; `out` has `2n` words.
fn karatsuba<K: Kernel>(kernel: K, a: &[u64], b: &[u64], out: &mut [u64], scratch: &mut [u64]) {
    let n = a.len();
    if n < KARATSUBA_FROM {
        kernel.product_block(a, b, out);
        return;
    }
    let h = n.div_ceil(2);
    let (middle, scratch) = scratch.split_at_mut(2 * h);
    let (sum_a, scratch) = scratch.split_at_mut(h);
    let (sum_b, scratch) = scratch.split_at_mut(h);
    let ((a0, a1), (b0, b1)) = (a.split_at(h), b.split_at(h));
    sum_a.copy_from_slice(a0);
    add(sum_a, a1);
    sum_b.copy_from_slice(b0);
    add(sum_b, b1);
    karatsuba(kernel, sum_a, sum_b, middle, scratch);
    karatsuba(kernel, a0, b0, &mut out[..2 * h], scratch);
    karatsuba(kernel, a1, b1, &mut out[2 * h..], scratch);
    add(middle, &out[..2 * h]);
    add(middle, &out[2 * h..]);
    let middle_words = middle.len().min(2 * n - h);
    add(&mut out[h..], &middle[..middle_words]);
}

fn karatsuba_scratch(n: usize) -> usize {
    if n < KARATSUBA_FROM {
        return 0;
    }
    let h = n.div_ceil(2);
    4 * h + karatsuba_scratch(h)
}

/// `sum += v` over the length of `v`.
fn add(sum: &mut [u64], v: &[u64]) {
    for (sum, v) in sum.iter_mut().zip(v) {
        *sum ^= v;
    }
}

/// Shorter operands go to the quadratic kernel, words.
const KARATSUBA_FROM: usize = 12;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn products_match_the_quadratic_kernel(
            a in proptest::collection::vec(any::<u64>(), 0..90),
            b in proptest::collection::vec(any::<u64>(), 0..90),
        ) {
            for backend in Backend::available() {
                let mut out = vec![u64::MAX; a.len() + b.len()];
                let mut scratch = vec![u64::MAX; multiply_scratch_words(a.len(), b.len())];
                multiply(backend, &a, &b, &mut out, &mut scratch).unwrap();
                let mut naive = vec![0; a.len() + b.len()];
                for (i, &a) in a.iter().enumerate() {
                    for (j, &b) in b.iter().enumerate() {
                        let p = Backend::soft().clmul(a, b);
                        naive[i + j] ^= p as u64;
                        naive[i + j + 1] ^= (p >> 64) as u64;
                    }
                }
                prop_assert_eq!(&out, &naive, "{}", backend);
            }
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let refused = multiply(Backend::soft(), &[1], &[1, 2], &mut [0; 2], &mut [0; 9]);
        assert_eq!(refused, Err(LengthError { operand: "out", expected: 3, found: 2 }));
    }
}
