//! Blocks of the quadratic algorithm and Horner's rule, for instructions that multiply registers of two words.
//!
//! The Toeplitz block computes the diagonals `P_c = sum_i x_i t_(c-i)` for `c = w-1 .. 2w`; word `k` of the result is the
//! low half of `P_(w+k)` plus the high half of `P_(w+k-1)`. Diagonals are made by twos, of three products where four would
//! be expected (Winograd's trick of `toeplitz`, for words): with `i` even
//!
//! ```text
//! p = t_(c-i) (x_i + x_(i+1)),   P_c = p + (t_(c-i-1) + t_(c-i)) x_(i+1),   P_(c+1) = p + (t_(c-i) + t_(c-i+1)) x_i
//! ```
//!
//! where each of the three is summed over `i` before they are added. `(x_i, x_(i+1))` are one register, and the sums of
//! neighbours in `t` are another.
//!
//! Everything here is inlined into functions that are compiled for the instructions.

use crate::backend::Lanes;

/// Two words to a register; a product is that of the low and that of the high words.
pub(super) trait Pairs: Lanes<Wide = [<Self as Lanes>::V; 2]> {
    /// Low times high word, and high times low word.
    fn crossed(self, a: Self::V, b: Self::V) -> [Self::V; 2];

    /// The sum of both.
    #[inline(always)]
    fn cross(self, a: Self::V, b: Self::V) -> Self::V {
        let [up, down] = self.crossed(a, b);
        self.xor(up, down)
    }
}

#[inline(always)]
pub(super) fn clmul<P: Pairs>(p: P, a: u64, b: u64) -> u128 {
    value(p, p.product(p.load(&[a, 0]), p.load(&[b, 0]))[0])
}

/// [`crate::backend::Kernel::gf128_horner`]
#[inline(always)]
pub(super) fn horner<P: Pairs>(p: P, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
    let mut state = register(p, state);
    for chunk in coefficients.chunks(powers.len()) {
        state = remainder(p, products(p, state, &powers[powers.len() - chunk.len()..], chunk));
    }
    value(p, state)
}

/// The sum of the products of coefficients and powers, with the state added to the first coefficient: upper halves,
/// what stands in the middle, and lower halves.
#[inline(always)]
fn products<P: Pairs>(p: P, state: P::V, powers: &[u128], coefficients: &[u128]) -> [P::V; 3] {
    let zero = p.splat(0);
    let (mut high, mut middle, mut low, mut state) = (zero, zero, zero, state);
    for (&c, &power) in coefficients.iter().zip(powers) {
        let (c, power) = (p.xor(register(p, c), state), register(p, power));
        state = zero;
        let [lows, highs] = p.product(c, power);
        low = p.xor(low, lows);
        high = p.xor(high, highs);
        middle = p.xor(middle, p.cross(c, power));
    }
    [high, middle, low]
}

/// Registers of several elements of GF(2^128).
#[cfg(target_arch = "x86_64")]
pub(super) trait Elements: Lanes<Wide = [<Self as Lanes>::V; 2]> {
    type One: Pairs;

    /// For one element.
    fn one(self) -> Self::One;

    /// The first elements of a slice.
    fn elements(self, elements: &[u128]) -> Self::V;

    /// The element and zeros.
    fn first(self, element: <Self::One as Lanes>::V) -> Self::V;

    /// As [`Pairs::cross`], for every element.
    fn cross(self, a: Self::V, b: Self::V) -> Self::V;

    /// The sum of all elements.
    fn sum(self, v: Self::V) -> <Self::One as Lanes>::V;
}

/// The same as [`horner`], `N` products at a time, as many as a register of `E` has elements.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn horner_of_several<E: Elements, const N: usize>(
    e: E,
    state: u128,
    powers: &[u128],
    coefficients: &[u128],
) -> u128 {
    let one = e.one();
    let mut state = register(one, state);
    for chunk in coefficients.chunks(powers.len()) {
        // Those that don't fill a register come first, so that powers and coefficients end together.
        let (first, chunk) = chunk.split_at(chunk.len() % N);
        let (first_powers, powers) = powers[powers.len() - first.len() - chunk.len()..].split_at(first.len());
        let [high, middle, low] = products(one, state, first_powers, first);
        let (mut high, mut middle, mut low) = (e.first(high), e.first(middle), e.first(low));
        let mut before = if first.is_empty() { e.first(state) } else { e.splat(0) };
        for (c, power) in chunk.chunks_exact(N).zip(powers.chunks_exact(N)) {
            let (c, power) = (e.xor(e.elements(c), before), e.elements(power));
            before = e.splat(0);
            let [lows, highs] = e.product(c, power);
            low = e.xor(low, lows);
            high = e.xor(high, highs);
            middle = e.xor(middle, e.cross(c, power));
        }
        state = remainder(one, [e.sum(high), e.sum(middle), e.sum(low)]);
    }
    value(one, state)
}

/// The remainder of `high z^128 + middle z^64 + low`.
#[inline(always)]
fn remainder<P: Pairs>(p: P, [high, middle, low]: [P::V; 3]) -> P::V {
    let (below, above) = halves(p, middle);
    reduce(p, p.xor(high, above), p.xor(low, below))
}

/// The remainder of `high z^128 + low`, a word of `high` at a time: `z^128 = z^7 + z^2 + z + 1`.
#[inline(always)]
fn reduce<P: Pairs>(p: P, high: P::V, low: P::V) -> P::V {
    let tail = p.splat(0x87);
    let (below, above) = halves(p, p.product(high, tail)[1]);
    let rest = p.xor(high, above);
    p.xor(p.xor(low, below), p.product(rest, tail)[0])
}

/// [`crate::backend::Kernel::product_block`]
#[inline(always)]
pub(super) fn product_block<P: Pairs>(p: P, a: &[u64], b: &[u64], out: &mut [u64]) {
    out.fill(0);
    for (i, &a) in a.iter().enumerate() {
        let a = p.load(&[a, 0]);
        let mut carry = p.splat(0);
        for (out, &b) in out[i..].iter_mut().zip(b) {
            let sum = p.xor(carry, p.product(a, p.load(&[b, 0]))[0]);
            *out ^= low_word(p, sum);
            carry = halves(p, sum).1;
        }
        out[i + b.len()] ^= low_word(p, carry);
    }
}

/// [`crate::backend::Kernel::toeplitz_block`]
#[inline(always)]
pub(super) fn toeplitz_block<P: Pairs>(p: P, x: &[u64], t: &[u64], y: &mut [u64]) {
    let w = x.len();
    let mut below = first_diagonal(p, x, &t[..w]);
    let mut at = w;
    let mut groups = y.chunks_exact_mut(2 * GROUP);
    for y in groups.by_ref() {
        below = join(p, diagonals::<GROUP, P>(p, x, t, at), below, y);
        at += 2 * GROUP;
    }
    for y in groups.into_remainder().chunks_exact_mut(2) {
        below = join(p, diagonals::<1, P>(p, x, t, at), below, y);
        at += 2;
    }
}

/// The diagonal `P_(w-1)`, two products per load.
#[inline(always)]
fn first_diagonal<P: Pairs>(p: P, x: &[u64], t: &[u64]) -> P::V {
    let (x, t) = (x.as_chunks::<2>().0, t.as_chunks::<2>().0);
    x.iter().zip(t.iter().rev()).fold(p.splat(0), |sum, (x, t)| p.xor(sum, p.cross(p.load(x), p.load(t))))
}

/// The diagonals `P_first .. P_(first + 2N)`, by twos.
#[inline(always)]
fn diagonals<const N: usize, P: Pairs>(p: P, x: &[u64], t: &[u64], first: usize) -> [[P::V; 2]; N] {
    let mut sums = [[p.splat(0); 3]; N];
    let t = &t[first + 1 - x.len()..first + 2 * N];
    for (i, x) in x.as_chunks::<2>().0.iter().enumerate() {
        let x = p.load(x);
        let (low, high) = p.split(0, x, x);
        let both = p.xor(low, high);
        let from = t.len() - 2 * N - 1 - 2 * i;
        let window = &t[from..from + 2 * N + 1];
        for (j, sums) in sums.iter_mut().enumerate() {
            let (below, here) = (p.load(&window[2 * j..]), p.load(&window[2 * j + 1..]));
            let [common, _] = p.product(both, here);
            let [odd, even] = p.crossed(x, p.xor(below, here));
            *sums = [p.xor(sums[0], common), p.xor(sums[1], even), p.xor(sums[2], odd)];
        }
    }
    sums.map(|[common, even, odd]| [p.xor(common, even), p.xor(common, odd)])
}

/// Joins diagonals into words of the result; returns the last diagonal.
#[inline(always)]
fn join<P: Pairs>(p: P, diagonals: impl AsRef<[[P::V; 2]]>, below: P::V, y: &mut [u64]) -> P::V {
    let mut below = below;
    for (y, &here) in y.iter_mut().zip(diagonals.as_ref().as_flattened()) {
        *y = low_word(p, p.xor(here, p.split(0, below, below).1));
        below = here;
    }
    below
}

/// The register moved up and down by a word, as 128 bits of 256.
#[inline(always)]
fn halves<P: Pairs>(p: P, v: P::V) -> (P::V, P::V) {
    let zero = p.splat(0);
    (p.split(0, zero, v).0, p.split(0, v, zero).1)
}

#[inline(always)]
fn register<P: Pairs>(p: P, v: u128) -> P::V {
    p.load(&[v as u64, (v >> 64) as u64])
}

#[inline(always)]
fn value<P: Pairs>(p: P, v: P::V) -> u128 {
    let mut words = [0; 2];
    p.store(v, &mut words);
    u128::from(words[1]) << 64 | u128::from(words[0])
}

#[inline(always)]
fn low_word<P: Pairs>(p: P, v: P::V) -> u64 {
    value(p, v) as u64
}

/// Twos of diagonals that fit into the registers together.
const GROUP: usize = 4;
