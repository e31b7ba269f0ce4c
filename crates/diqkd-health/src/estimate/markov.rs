//! Section 6.3.3: the most likely sequence of 128 bits of a first-order Markov chain. `O(n)`.

/// `bits` holds at least 2 symbols, all 0 or 1.
pub(super) fn markov(bits: &[u8]) -> f64 {
    let mut pairs = [[0u64; 2]; 2];
    for pair in bits.windows(2) {
        pairs[usize::from(pair[0])][usize::from(pair[1])] += 1;
    }
    let ones = bits.iter().filter(|&&bit| bit == 1).count() as f64;
    let p_one = ones / bits.len() as f64;
    // Bits of information; an impossible event has infinitely many.
    let start = [-libm::log2(1.0 - p_one), -libm::log2(p_one)];
    let step = pairs.map(|[to_zero, to_one]| {
        let from = (to_zero + to_one) as f64;
        [to_zero, to_one].map(|n| if n == 0 { f64::INFINITY } else { -libm::log2(n as f64 / from) })
    });
    let constant = |a: usize| start[a] + 127.0 * step[a][a];
    let alternating = |a: usize| start[a] + 64.0 * step[a][1 - a] + 63.0 * step[1 - a][a];
    let switching = |a: usize| start[a] + step[a][1 - a] + 126.0 * step[1 - a][1 - a];
    let least =
        [0, 1].into_iter().flat_map(|a| [constant(a), alternating(a), switching(a)]).fold(128.0, f64::min);
    (least / 128.0).max(0.0)
}
