//! Sum-product decoding in double precision: what the fast decoder is measured against.
//!
//! The same layered schedule on the same matrix, with the exact check rule: the product of `tanh(x/2)` over all other
//! inputs. Slow and plain on purpose.

use alloc::vec;
use alloc::vec::Vec;

use crate::code::QcCode;
use crate::propagation::Ended;

/// Decodes one error pattern of `syndrome` (`rows·lift/64` words) with a log-likelihood ratio for each code bit,
/// positive where no error is likelier. Returns how it ended and the pattern, `columns·lift/64` words.
pub(crate) fn decode(code: &QcCode, priors: &[f64], syndrome: &[u64], most: u32) -> (Ended, Vec<u64>) {
    let lift = code.lift();
    let mut posterior = priors.to_vec();
    let mut messages = vec![0.0f64; code.edge_count() * lift];
    let mut halves = vec![0.0f64; code.largest_row_degree()];
    let mut before = vec![0.0f64; code.largest_row_degree()];
    for iterations in 1..=most {
        for r in 0..code.rows() {
            let edges = code.row(r);
            for z in 0..lift {
                let bit = |i: usize| edges[i].column as usize * lift + (z + edges[i].shift as usize) % lift;
                let message = |i: usize| (code.first_edge(r) + i) * lift + z;
                let parity = syndrome[(r * lift + z) / 64] >> (z % 64) & 1;
                let mut product = if parity == 1 { -1.0 } else { 1.0 };
                for i in 0..edges.len() {
                    posterior[bit(i)] -= messages[message(i)];
                    halves[i] = libm::tanh(posterior[bit(i)] / 2.0);
                    before[i] = product;
                    product *= halves[i];
                }
                let mut after = 1.0;
                for i in (0..edges.len()).rev() {
                    let others = (before[i] * after).clamp(-MOST, MOST);
                    after *= halves[i];
                    messages[message(i)] = 2.0 * libm::atanh(others);
                    posterior[bit(i)] += messages[message(i)];
                }
            }
        }
        let decisions = hard(&posterior);
        if code.syndrome(&decisions) == syndrome {
            return (Ended { converged: true, iterations }, decisions);
        }
    }
    (Ended { converged: false, iterations: most }, hard(&posterior))
}

fn hard(posterior: &[f64]) -> Vec<u64> {
    let word = |lanes: &[f64]| lanes.iter().rev().fold(0, |word, &p| word << 1 | u64::from(p < 0.0));
    posterior.chunks(64).map(word).collect()
}

/// Beyond this a hyperbolic tangent is 1 in double precision.
const MOST: f64 = 1.0 - 1e-15;
