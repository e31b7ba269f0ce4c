//! Section 6.3.8: the next sample is guessed to be the one 1 to 128 places back. `O(128 n)` in vector operations.

use super::prediction::Tally;

/// `symbols` holds at least 3 samples.
pub(super) fn lag(symbols: &[u8], alphabet: usize) -> f64 {
    // Place `LAGS - 1 - d` belongs to the sample `d + 1` places back, so that places run as the samples do.
    let mut scores = [0u32; LAGS];
    let mut winner = LAGS - 1;
    let mut high = 0;
    let mut tally = Tally::default();
    for (i, &symbol) in symbols.iter().enumerate().skip(1) {
        tally.count(symbols[i - (LAGS - winner)] == symbol);
        let seen = i.min(LAGS);
        let (past, scores) = (&symbols[i - seen..i], &mut scores[LAGS - seen..]);
        let best = raise(scores, past, symbol);
        // Of the lags that were right, the longest among those with the best score wins, if none has a better one.
        if best >= high && best > 0 {
            high = best;
            let longest = past.iter().zip(&*scores).position(|(&old, &score)| old == symbol && score == best);
            winner = longest.map_or(winner, |place| place + LAGS - seen);
        }
    }
    tally.min_entropy(alphabet)
}

/// Raises the scores of the lags that guessed `symbol`; returns the highest among them.
fn raise(scores: &mut [u32], past: &[u8], symbol: u8) -> u32 {
    let mut best = 0;
    for (score, &old) in scores.iter_mut().zip(past) {
        let right = u32::from(old == symbol);
        *score += right;
        best = best.max(*score * right);
    }
    best
}

const LAGS: usize = 128;
