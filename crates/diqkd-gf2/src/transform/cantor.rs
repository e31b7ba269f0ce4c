//! Cantor's basis of GF(2^64) and what follows from it, computed when the crate is compiled.
//!
//! `beta_0 = 1` and `beta_(i-1) = beta_i^2 + beta_i`. With `s_0(x) = x`, `s_(i+1) = s_i^2 + s_i` the roots of `s_i` are
//! the span of `beta_0 .. beta_(i-1)`, `s_i(beta_(i+j)) = beta_j`, and `s_i(x) = x^(2^i) + x` where `i` is a power of
//! two.
//!
//! Reference: D. G. Cantor, "On arithmetical algorithms over finite fields", J. Comb. Theory A 50, 285 (1989).

/// `beta_0 .. beta_63`.
pub(crate) const BETA: [u64; 64] = basis();

/// `PREFIX[i] = beta_1 + .. + beta_(i+1)`: what is added to a point when the number of its block goes from
/// `v` to `v + 1` and `v + 1` is divisible by `2^i` and no more.
const PREFIX: [u64; 63] = prefixes();

/// `v_0 beta_1 + v_1 beta_2 + ..` for the bits of `v`.
pub(crate) const fn point(mut v: usize) -> u64 {
    let mut sum = 0;
    while v != 0 {
        sum ^= BETA[v.trailing_zeros() as usize + 1];
        v &= v - 1;
    }
    sum
}

/// The points of `2^scale v` for consecutive `v`.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    v: usize,
    scale: usize,
    below: u64,
    point: u64,
}

impl Walk {
    #[inline(always)]
    pub(crate) fn new(v: usize, scale: usize) -> Self {
        let below = if scale == 0 { 0 } else { PREFIX[scale - 1] };
        Self { v, scale, below, point: point(v << scale) }
    }

    /// The point of this `v`; goes on to the next.
    #[inline(always)]
    pub(crate) fn step(&mut self) -> u64 {
        let here = self.point;
        self.v += 1;
        self.point ^= PREFIX[self.v.trailing_zeros() as usize + self.scale] ^ self.below;
        here
    }
}

/// Multiplication in GF(2^64) modulo `z^64 + z^4 + z^3 + z + 1`, for public constants.
pub(crate) const fn multiply(a: u64, b: u64) -> u64 {
    let (mut sum, mut a, mut i) = (0, a, 0);
    while i < 64 {
        sum ^= a & (b >> i & 1).wrapping_neg();
        a = a << 1 ^ ((a >> 63).wrapping_neg() & 0b11011);
        i += 1;
    }
    sum
}

/// The trace onto GF(2), the sum of all 64 conjugates, is the parity of the bits of an element that are set here too.
pub(crate) const TRACE: u64 = {
    let (mut mask, mut i) = (0, 0);
    while i < 64 {
        let (mut power, mut sum, mut k) = (1 << i, 0, 0);
        while k < 64 {
            sum ^= power;
            power = multiply(power, power);
            k += 1;
        }
        mask |= sum << i;
        i += 1;
    }
    mask
};

/// `s_63` maps the field onto `{0, 1}`, so half of all elements can be `beta_63`; the first power of `z` that can is.
const fn basis() -> [u64; 64] {
    let mut beta = [0; 64];
    let mut exponent = 0;
    while beta[0] != 1 {
        beta[63] = 1 << exponent;
        exponent += 1;
        let mut i = 63;
        while i > 0 {
            beta[i - 1] = multiply(beta[i], beta[i]) ^ beta[i];
            i -= 1;
        }
    }
    beta
}

const fn prefixes() -> [u64; 63] {
    let mut prefix = [0; 63];
    let (mut sum, mut i) = (0, 0);
    while i < 63 {
        sum ^= BETA[i + 1];
        prefix[i] = sum;
        i += 1;
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basis_is_cantors_and_spans_the_subfield() {
        assert_eq!(BETA[0], 1);
        for i in 1..64 {
            assert_eq!(multiply(BETA[i], BETA[i]) ^ BETA[i], BETA[i - 1], "{i}");
        }
        // beta_31 lies in GF(2^32), beta_32 does not
        let frobenius_32 = |a: u64| (0..32).fold(a, |a, _| multiply(a, a));
        assert_eq!(frobenius_32(BETA[31]), BETA[31]);
        assert_eq!(frobenius_32(BETA[32]), BETA[32] ^ 1);
    }

    #[test]
    fn walks_visit_the_points_in_order() {
        for scale in 0..4 {
            for start in [0, 1, 6, 1023] {
                let mut walk = Walk::new(start, scale);
                for v in start..start + 40 {
                    assert_eq!(walk.step(), point(v << scale), "{v} {scale}");
                }
            }
        }
    }

    #[test]
    fn the_trace_is_that_of_squares_and_not_constant() {
        let trace = |a: u64| (a & TRACE).count_ones() & 1;
        assert_ne!(TRACE, 0);
        for beta in BETA {
            assert_eq!(trace(beta), trace(multiply(beta, beta)), "{beta:x}");
        }
        // s_63 maps beta_63 to 1
        assert_eq!(trace(BETA[63]), 1);
    }
}
