//! `p(a, b | x, y)` by Born's rule.

use diqkd_core::{Outcome, Setting};

use crate::error::Error;
use crate::measurement::Measurement;
use crate::state::TwoQubitState;

/// The probabilities `p(a, b | x, y)` of two measured qubits for settings 0 to 3 on each side.
///
/// It can only be made from a state and local measurements, so it is a quantum behaviour and does not signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// Index `[x][y][a][b]`.
    probability: [[[[f64; 2]; 2]; 4]; 4],
}

impl Behaviour {
    /// Born's rule: `p(a, b | x, y) = tr(rho P_a|x (x) P_b|y)`. A setting beyond the given measurements measures like
    /// setting 0.
    ///
    /// # Errors
    /// [`Error::MeasurementCount`] unless there are 1 to 4 measurements on each side.
    pub fn born(state: &TwoQubitState, alice: &[Measurement], bob: &[Measurement]) -> Result<Self, Error> {
        for side in [alice, bob] {
            if !(1..=4).contains(&side.len()) {
                return Err(Error::MeasurementCount { count: side.len() });
            }
        }
        let mut probability = [[[[0.0; 2]; 2]; 4]; 4];
        for (x, row) in probability.iter_mut().enumerate() {
            for (y, cell) in row.iter_mut().enumerate() {
                for (a, line) in cell.iter_mut().enumerate() {
                    for (b, p) in line.iter_mut().enumerate() {
                        let alices = alice.get(x).unwrap_or(&alice[0]).projector(a == 1);
                        let bobs = bob.get(y).unwrap_or(&bob[0]).projector(b == 1);
                        *p = (state.matrix() * alices.kronecker(&bobs)).trace().re.clamp(0.0, 1.0);
                    }
                }
            }
        }
        Ok(Self { probability })
    }

    /// A table that is a behaviour by construction elsewhere in this crate.
    pub(crate) fn from_table(probability: [[[[f64; 2]; 2]; 4]; 4]) -> Self {
        Self { probability }
    }

    /// `p(a, b | x, y)`.
    pub fn probability(&self, a: Outcome, b: Outcome, x: Setting, y: Setting) -> f64 {
        self.cell(x.index(), y.index())[usize::from(a.bit())][usize::from(b.bit())]
    }

    /// The correlator `<A_x B_y>`, with outcomes +1 and -1.
    pub fn correlator(&self, x: Setting, y: Setting) -> f64 {
        let [[pp, pm], [mp, mm]] = *self.cell(x.index(), y.index());
        pp + mm - pm - mp
    }

    /// `S = <A0 B0> + <A0 B1> + <A1 B0> - <A1 B1>`.
    pub fn chsh_s(&self) -> f64 {
        let [zero, one] = [Setting::from_bit(false), Setting::from_bit(true)];
        self.correlator(zero, zero) + self.correlator(zero, one) + self.correlator(one, zero)
            - self.correlator(one, one)
    }

    /// The probability that the outcomes differ at the key settings `x = 0`, `y = 2`.
    pub fn qber(&self) -> f64 {
        let [[_, pm], [mp, _]] = *self.cell(Setting::ALICE_KEY.index(), Setting::BOB_KEY.index());
        pm + mp
    }

    /// The greatest difference that one side's setting makes in the other side's outcome probabilities; 0 but for
    /// rounding.
    pub fn signalling(&self) -> f64 {
        let mut greatest = 0.0f64;
        for outcome in 0..2 {
            for own in 0..4u8 {
                let alice = |y: u8| self.cell(own, y)[outcome].iter().sum::<f64>();
                let bob = |x: u8| self.cell(x, own).iter().map(|line| line[outcome]).sum::<f64>();
                for other in 1..4u8 {
                    greatest = greatest.max((alice(other) - alice(0)).abs()).max((bob(other) - bob(0)).abs());
                }
            }
        }
        greatest
    }

    pub(crate) fn cell(&self, x: u8, y: u8) -> &[[f64; 2]; 2] {
        &self.probability[usize::from(x & 3)][usize::from(y & 3)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::{FRAC_PI_2, FRAC_PI_4, SQRT_2};
    use proptest::prelude::*;

    fn angles(list: &[f64]) -> Vec<Measurement> {
        list.iter().map(|&theta| Measurement::in_xz_plane(theta).unwrap()).collect()
    }

    #[test]
    fn tsirelsons_bound_is_reached() {
        let state = TwoQubitState::werner(1.0).unwrap();
        let behaviour =
            Behaviour::born(&state, &angles(&[0.0, FRAC_PI_2]), &angles(&[FRAC_PI_4, -FRAC_PI_4, 0.0]))
                .unwrap();
        assert!((behaviour.chsh_s() - 2.0 * SQRT_2).abs() < 1e-14);
        assert!(behaviour.qber() < 1e-15);
    }

    #[test]
    fn a_partially_entangled_state_violates_by_its_known_value() {
        // max S of cos t |00> + sin t |11> is 2 sqrt(1 + sin^2 2t), reached by A0 = Z, A1 = X and Bob's
        // directions Z cos + X sin with tan = +- sin 2t.
        for theta in [0.1, 0.4, 0.7f64] {
            let k = (2.0 * theta).sin();
            let state = TwoQubitState::partially_entangled(theta).unwrap();
            let bob = angles(&[k.atan(), -k.atan()]);
            let behaviour = Behaviour::born(&state, &angles(&[0.0, FRAC_PI_2]), &bob).unwrap();
            assert!((behaviour.chsh_s() - 2.0 * (1.0 + k * k).sqrt()).abs() < 1e-13);
        }
    }

    #[test]
    fn the_number_of_measurements_is_checked() {
        let state = TwoQubitState::werner(0.5).unwrap();
        let five = angles(&[0.0; 5]);
        assert_eq!(Behaviour::born(&state, &five, &five[..1]), Err(Error::MeasurementCount { count: 5 }));
        assert_eq!(Behaviour::born(&state, &five[..1], &[]), Err(Error::MeasurementCount { count: 0 }));
    }

    proptest! {
        #[test]
        fn nothing_signals_and_everything_sums_to_one(
            v in 0.0..1.0f64, theta in 0.0..1.6f64, alice in prop::array::uniform4(-4.0..4.0f64),
            bob in prop::array::uniform4(-4.0..4.0f64), mixed in any::<bool>(),
        ) {
            let state =
                if mixed { TwoQubitState::werner(v) } else { TwoQubitState::partially_entangled(theta) }.unwrap();
            let behaviour = Behaviour::born(&state, &angles(&alice), &angles(&bob)).unwrap();
            prop_assert!(behaviour.signalling() < 1e-12);
            prop_assert!(behaviour.chsh_s().abs() <= 2.0 * SQRT_2 + 1e-12);
            for x in 0..4 {
                for y in 0..4 {
                    let sum: f64 = behaviour.cell(x, y).iter().flatten().sum();
                    prop_assert!((sum - 1.0).abs() < 1e-12);
                }
            }
        }
    }
}
