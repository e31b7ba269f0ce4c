//! The check-node rule on quantised log-likelihood ratios.
//!
//! A message is a sign and a magnitude 0..=127, `scale` steps to the nat. Two magnitudes combine by the box-plus rule
//!
//! `a ⊞ b = min(a, b) + c(a + b) - c(|a - b|)`, `c(x) = scale · ln(1 + exp(-x / scale))`,
//!
//! with `c` rounded and read from 32 entries. A check of `d` inputs hands back, as A-min* does, to every input of the
//! least magnitude the box-plus of all others, and to the rest the box-plus of everything: one box-plus an edge
//! instead of three.
//!
//! # References
//! C. Jones, E. Vallés, M. Smith, J. Villasenor, "Approximate-min* constraint node updating for LDPC code
//! decoding" (2003).

/// Correction table for one scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CheckRule {
    /// Steps to the nat.
    scale: u32,
    /// Arguments are shifted right by this much before the table is read.
    shift: u32,
    table: [u8; 32],
}

impl CheckRule {
    /// Table for 8, 16 or 32 steps to the nat.
    pub(crate) fn new(scale: u32) -> Self {
        let shift = (scale / 8).max(1).ilog2();
        let width = f64::from(1u32 << shift);
        let table = core::array::from_fn(|i| {
            let middle = (i as f64 + 0.5) * width - 0.5;
            let nats = libm::log1p(libm::exp(-middle / f64::from(scale)));
            libm::round(nats * f64::from(scale)) as u8
        });
        Self { scale, shift, table }
    }

    pub(crate) fn shift(&self) -> u32 {
        self.shift
    }

    pub(crate) fn table(&self) -> &[u8; 32] {
        &self.table
    }

    /// The message for a prior error probability: `ln((1-p)/p)`, at least 1 step below a probability of 1/2.
    pub(crate) fn prior(&self, error_probability: f64) -> i8 {
        let nats = libm::log((1.0 - error_probability) / error_probability);
        libm::round((nats * f64::from(self.scale)).clamp(0.0, 127.0)) as i8
    }

    /// Box-plus of two magnitudes; 255 is the neutral element.
    pub(crate) fn box_plus(&self, a: u8, b: u8) -> u8 {
        let (low, high) = (a.min(b), a.max(b));
        (low + self.correction(low.saturating_add(high))).saturating_sub(self.correction(high - low))
    }

    fn correction(&self, x: u8) -> u8 {
        self.table.get(usize::from(x >> self.shift)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn box_plus_is_close_to_the_exact_rule() {
        for scale in [8, 16, 32] {
            let rule = CheckRule::new(scale);
            let s = f64::from(scale);
            for a in 0..=127u8 {
                assert_eq!(rule.box_plus(255, a), a);
                for b in 0..=127u8 {
                    let product = libm::tanh(f64::from(a) / s / 2.0) * libm::tanh(f64::from(b) / s / 2.0);
                    let exact = 2.0 * libm::atanh(product) * s;
                    let got = rule.box_plus(a, b);
                    assert!((f64::from(got) - exact).abs() <= 1.0 + s / 16.0, "{a} {b}: {got} {exact}");
                    assert_eq!(got, rule.box_plus(b, a));
                    assert!(got <= a.min(b));
                }
            }
        }
    }

    #[test]
    fn certain_positions_get_the_strongest_prior() {
        assert_eq!(CheckRule::new(8).prior(0.0), 127);
        assert_eq!(CheckRule::new(8).prior(0.5), 0);
        assert_eq!(CheckRule::new(8).prior(0.0144), 34);
    }
}
