//! The check-node rule on quantised log-likelihood ratios.
//!
//! Posteriors count [`STEPS_PER_NAT`] steps to the nat in 16 bits. Messages are kept in 8 bits, coarser by a power of
//! two, and added up in steps. Two magnitudes combine by the box-plus rule
//!
//! `a ⊞ b = min(a, b) + c(a + b) - c(|a - b|)`, `c(x) = ln(1 + exp(-x))`,
//!
//! with `c(x)` replaced by `ln 2 · (1 - x / 10.5)^8`, which three multiplications compute and which is within 0.006
//! nat of it. Two things matter more than the largest error: the slope at 0, on which weak messages depend, and the
//! slope of the exponential tail, by which a strong input weakens the others.

/// How a check answers its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Every input is handed the box-plus of all others, from partial sums of both directions: three box-pluses an input.
    Exact,
    /// So are the two weakest inputs; all others, whose own strength matters little, are handed the box-plus of all
    /// inputs, their own included: one box-plus an input.
    ///
    /// A refinement of the rule A-min* of C. Jones, E. Vallés, M. Smith, J. Villasenor, "Approximate-MIN constraint
    /// node updating for LDPC code decoding" (2003), which tells the weakest input alone apart.
    Quick,
}

impl Rule {
    /// For a row of so many edges: with few inputs none is negligible.
    pub(crate) fn of(row_degree: usize, quick: bool) -> Self {
        if quick && row_degree > FEW_INPUTS { Self::Quick } else { Self::Exact }
    }
}

/// The posterior for a prior error probability: `ln((1-p)/p)`, at most 60 nats.
pub(crate) fn prior(error_probability: f64) -> i16 {
    let nats = libm::log((1.0 - error_probability) / error_probability);
    libm::round((nats * STEPS_PER_NAT).clamp(0.0, f64::from(STRONGEST_PRIOR))) as i16
}

/// The strongest message to a column of so many edges: as strong as 8 bits allow, but together with the strongest prior
/// they never exceed 16 bits.
///
/// A sum that is cut off there loses what the messages that are taken back later still count: columns of forty edges
/// turned to the wrong side as soon as the rows around a last few wrong decisions doubted them, and took the whole frame along.
pub(crate) fn strongest_message(column_degree: usize) -> u8 {
    (ROOM / column_degree.max(1)).clamp(LEAST_CAP, i8::MAX as usize) as u8
}

/// Box-plus of two magnitudes of at most 2^15 steps.
pub(crate) fn box_plus(a: u16, b: u16) -> u16 {
    let (low, high) = (a.min(b), a.max(b));
    (low + correction(a.saturating_add(b))).saturating_sub(correction(high - low))
}

/// `c(x)`, both in steps.
pub(crate) fn correction(x: u16) -> u16 {
    let square = |x: u16| ((u32::from(x) * u32::from(x)) >> 16) as u16;
    square(square(square(CORRECTION_ENDS.saturating_sub(x) << CORRECTION_SHIFT)))
}

/// Steps of a posterior to the nat: with this value the three squarings end at `ln 2` for `x = 0`.
pub(crate) const STEPS_PER_NAT: f64 = 178.0;
/// The prior of a position that never differs: 60 nats.
const STRONGEST_PRIOR: i16 = 10_680;
/// A message of 1 counts `2^MESSAGE_SHIFT` steps, so that messages reach 11 nats. With half of that, chains of columns of
/// degree 2 get stuck in wrong decisions: an error floor of several per cent at high noise.
pub(crate) const MESSAGE_SHIFT: i32 = 4;
/// Steps from which on `c(x)` is 0.
pub(crate) const CORRECTION_ENDS: u16 = 1870;
/// The strength of no input at all; a check of one input hands it back.
pub(crate) const NEUTRAL: u16 = 32_767;
/// Scales the argument to nearly 16 bits.
pub(crate) const CORRECTION_SHIFT: i32 = 4;

/// Messages that fit into a posterior beside the strongest prior.
const ROOM: usize = (i16::MAX as usize - STRONGEST_PRIOR as usize) >> MESSAGE_SHIFT;
/// Columns of more than 170 edges are not held back any further: their messages would hardly count.
const LEAST_CAP: usize = 8;
/// Rows of at most so many edges are always updated exactly.
const FEW_INPUTS: usize = 6;
/// Passes that frames with room to spare need at most. Those that have not converged by then need exact messages: at a
/// million bits and f = 1.033 the quick rule alone fails half of the frames.
pub(crate) const QUICK_PASSES: u32 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn box_plus_is_close_to_the_exact_rule() {
        for a in (0..=2200u16).step_by(7) {
            assert_eq!(box_plus(a, 0), 0);
            for b in (0..=2200u16).step_by(11) {
                let nats = |x: u16| f64::from(x) / STEPS_PER_NAT;
                let exact = 2.0 * libm::atanh(libm::tanh(nats(a) / 2.0) * libm::tanh(nats(b) / 2.0));
                let got = box_plus(a, b);
                assert!((nats(got) - exact).abs() < 0.016, "{a} {b}: {} {exact}", nats(got));
                assert_eq!(got, box_plus(b, a));
                assert!(got <= a.min(b));
            }
        }
    }

    #[test]
    fn nothing_overflows() {
        for a in [0, 1, 1870, 30_000, 32_767, 32_768] {
            for b in [0, 1, 1870, 30_000, 32_767, 32_768] {
                assert!(box_plus(a, b) <= a.min(b));
            }
        }
    }

    #[test]
    fn no_column_of_a_code_can_leave_16_bits() {
        assert_eq!((strongest_message(2), strongest_message(40), strongest_message(5000)), (127, 34, 8));
        for degree in 1..=170 {
            let sum = degree * (i32::from(strongest_message(degree as usize)) << MESSAGE_SHIFT);
            assert!(sum + i32::from(prior(0.0)) <= i32::from(i16::MAX), "{degree}");
        }
    }

    #[test]
    fn certain_positions_get_the_strongest_prior() {
        assert_eq!(prior(0.0), STRONGEST_PRIOR);
        assert_eq!(prior(0.5), 0);
        assert_eq!(prior(0.0144), 752);
    }
}
