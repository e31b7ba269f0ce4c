//! Probabilities and Bell values that are checked once, where they enter.

/// A number outside the range that its name allows.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{quantity} is {value}, expected a value from {low} to {high}")]
pub struct OutOfRange {
    /// The quantity, in the words of the glossary.
    pub quantity: &'static str,
    /// What was given.
    pub value: f64,
    /// The least allowed value.
    pub low: f64,
    /// The greatest allowed value.
    pub high: f64,
}

/// Quantum bit error rate `Q`: the probability that Bob's key-round outcome differs from Alice's. From 0 to 1/2.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Qber(f64);

impl Qber {
    /// # Errors
    /// [`OutOfRange`] unless `0 <= q <= 1/2`.
    pub fn new(q: f64) -> Result<Self, OutOfRange> {
        in_range("the QBER", q, 0.0, 0.5).map(Self)
    }

    /// The probability.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// CHSH value `S`, from 0 to 4. Values above `2 sqrt 2` are possible in a finite sample.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Chsh(f64);

impl Chsh {
    /// The quantum maximum `2 sqrt 2` (Tsirelson's bound).
    pub const TSIRELSON: f64 = 2.0 * core::f64::consts::SQRT_2;

    /// # Errors
    /// [`OutOfRange`] unless `0 <= s <= 4`.
    pub fn new(s: f64) -> Result<Self, OutOfRange> {
        in_range("the CHSH value S", s, 0.0, 4.0).map(Self)
    }

    /// The value of S.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Winning probability `omega` of the CHSH game (win iff `a XOR b = x AND y`); `omega = (4 + S) / 8`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct WinProbability(f64);

impl WinProbability {
    /// The best that local models reach.
    pub const LOCAL_MAX: f64 = 0.75;
    /// The quantum maximum `(2 + sqrt 2) / 4`, rounded down.
    pub const QUANTUM_MAX: f64 = 0.853_553_390_593_273_7;

    /// # Errors
    /// [`OutOfRange`] unless `0 <= omega <= 1`.
    pub fn new(omega: f64) -> Result<Self, OutOfRange> {
        in_range("the winning probability omega", omega, 0.0, 1.0).map(Self)
    }

    /// `(4 + S) / 8`.
    ///
    /// # Errors
    /// None in practice, since every [`Chsh`] maps into the range; kept for callers that chain with `?`.
    pub fn from_chsh(s: Chsh) -> Result<Self, OutOfRange> {
        Self::new((4.0 + s.get()) / 8.0)
    }

    /// The probability.
    pub fn get(self) -> f64 {
        self.0
    }

    /// `S = 8 omega - 4`.
    pub fn chsh_s(self) -> f64 {
        8.0 * self.0 - 4.0
    }
}

/// Binary entropy `h(p)` in bits for display and planning; 0 at both ends. Not an enclosure: certified code bounds it
/// outward itself.
pub fn binary_entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return 0.0;
    }
    -(p * libm::log2(p) + (1.0 - p) * libm::log1p(-p) * core::f64::consts::LOG2_E)
}

fn in_range(quantity: &'static str, value: f64, low: f64, high: f64) -> Result<f64, OutOfRange> {
    if value >= low && value <= high { Ok(value) } else { Err(OutOfRange { quantity, value, low, high }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        assert!(Chsh::new(4.1).is_err());
        assert!(Chsh::new(f64::NAN).is_err());
        assert!(Qber::new(-0.1).is_err());
        assert!(WinProbability::new(1.5).is_err());
    }

    #[test]
    fn tsirelson_maps_to_the_quantum_maximum() {
        let w = WinProbability::from_chsh(Chsh::new(Chsh::TSIRELSON).unwrap()).unwrap();
        assert!((w.get() - WinProbability::QUANTUM_MAX).abs() < 1e-15);
        assert!((w.chsh_s() - Chsh::TSIRELSON).abs() < 1e-15);
    }

    #[test]
    fn entropy_is_symmetric_with_its_maximum_at_a_half() {
        assert_eq!(binary_entropy(0.5), 1.0);
        assert!((binary_entropy(0.11) - binary_entropy(0.89)).abs() < 1e-15);
        assert!((binary_entropy(0.0144) - 0.108_766).abs() < 1e-4);
    }
}
