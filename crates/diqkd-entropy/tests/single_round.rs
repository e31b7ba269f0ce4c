//! Single-round bounds against values computed at 60 digits, against explicit strategies and at known thresholds.

use diqkd_core::binary_entropy;
use diqkd_entropy::{EntropyBound, Error, RenyiEntropy, SingleRoundBound, TwoBasesRenyi, single_round};
use nalgebra::{Complex, Matrix2, Matrix4, SymmetricEigen};
use proptest::prelude::*;

#[test]
fn values_and_slopes_agree_with_sixty_digits() {
    let mut rows = 0;
    for line in include_str!("data/single_round.csv").lines().skip(2) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().unwrap_or(0.0);
        let (s, q, alpha, weight) = (number(1), number(2), number(3), number(4));
        let bound = match fields[0] {
            "chsh" => EntropyBound::Chsh,
            "npp" => EntropyBound::NoisyPreprocessing { q },
            "hmin" => EntropyBound::MinEntropy,
            "renyi" => EntropyBound::Renyi { alpha, q },
            "two-basis" => EntropyBound::TwoBases { q },
            "two-basis-tight" => EntropyBound::TightTwoBases { q },
            "asymmetric" => EntropyBound::Asymmetric { weight, q },
            other => panic!("{other}"),
        };
        let got = single_round(bound, s).unwrap();
        let (exact, slope) = (number(5), number(6));
        // `exact` was rounded to the nearest f64: half a unit in the last place of 1.
        assert!(got.entropy_bits <= exact + 1.2e-16, "{line}: {}", got.entropy_bits);
        assert!(got.entropy_bits >= exact - 1e-12, "{line}: {}", exact - got.entropy_bits);
        assert!((got.slope - slope).abs() < 2e-8 * slope.max(1.0), "{line}: {}", got.slope);
        rows += 1;
    }
    assert!(rows > 800, "{rows}");
}

#[test]
fn bell_values_and_parameters_out_of_range_are_named() {
    for s in [-0.1, 4.1, 5.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(single_round(EntropyBound::Chsh, s), Err(Error::BellValue { .. })), "{s}");
        assert!(matches!(single_round(EntropyBound::MinEntropy, s), Err(Error::BellValue { .. })), "{s}");
    }
    let noisy = |q| single_round(EntropyBound::NoisyPreprocessing { q }, 2.5);
    assert!(matches!(noisy(0.51), Err(Error::FlipProbability { .. })) && noisy(f64::NAN).is_err());
    for alpha in [1.0, 2.1, f64::NAN, f64::INFINITY] {
        let renyi = single_round(EntropyBound::Renyi { alpha, q: 0.0 }, 2.5);
        assert!(matches!(renyi, Err(Error::Alpha { .. })), "{alpha}");
    }
    for weight in [0.0, f64::NAN, f64::INFINITY] {
        let asymmetric = single_round(EntropyBound::Asymmetric { weight, q: 0.0 }, 2.0);
        assert!(matches!(asymmetric, Err(Error::Weight { .. })), "{weight}");
    }
}

#[test]
fn local_values_give_nothing_but_the_flip() {
    for s in [0.0, 1.0, 2.0] {
        assert_eq!(single_round(EntropyBound::Chsh, s).unwrap().entropy_bits, 0.0);
        assert_eq!(single_round(EntropyBound::TwoBases { q: 0.0 }, s).unwrap().entropy_bits, 0.0);
        let noisy = single_round(EntropyBound::NoisyPreprocessing { q: 0.1 }, s).unwrap();
        assert!((noisy.entropy_bits - binary_entropy(0.1)).abs() < 1e-14 && noisy.slope == 0.0);
    }
}

#[test]
fn the_quantum_maximum_gives_a_full_bit() {
    for bound in every_bound() {
        let most = bound.quantum_max();
        let at_most = single_round(bound, most.next_up().next_up()).unwrap().entropy_bits;
        assert!(at_most > 1.0 - 1e-14 && at_most <= 1.0, "{bound:?} {at_most}");
    }
}

/// The QBER up to which the asymptotic rate against a depolarised maximally entangled state stays positive.
fn depolarising_threshold(rate: impl Fn(f64, f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.05, 0.12);
    for _ in 0..40 {
        let qber = (low + high) / 2.0;
        if rate(8f64.sqrt() * (1.0 - 2.0 * qber), qber) > 0.0 { low = qber } else { high = qber }
    }
    low
}

/// `h` of a bit with error rate `qber` that is flipped with probability `q`.
fn flipped_error_entropy(qber: f64, q: f64) -> f64 {
    binary_entropy(qber + q - 2.0 * q * qber)
}

#[test]
fn depolarising_thresholds() {
    let entropy = |bound, s| single_round(bound, s).unwrap().entropy_bits;
    let plain = depolarising_threshold(|s, qber| entropy(EntropyBound::Chsh, s) - binary_entropy(qber));
    assert!((plain - 0.071_49).abs() < 5e-6, "{plain}");
    // Just below q = 1/2, where the rate is small but its sign is sharp; at 1/2 itself it vanishes.
    let q = 0.499;
    let noisy = depolarising_threshold(|s, qber| {
        entropy(EntropyBound::NoisyPreprocessing { q }, s) - flipped_error_entropy(qber, q)
    });
    assert!((noisy - 0.080_848).abs() < 5e-6, "{noisy}");
    let two = depolarising_threshold(|s, qber| {
        entropy(EntropyBound::TwoBases { q: 0.0 }, s) - binary_entropy(qber)
    });
    assert!((two - 0.083_599_5).abs() < 5e-7, "{two}");
    let q = 0.49;
    let both = depolarising_threshold(|s, qber| {
        entropy(EntropyBound::TwoBases { q }, s) - flipped_error_entropy(qber, q)
    });
    assert!((both - 0.092_435).abs() < 1e-5, "{both}");
}

#[test]
fn the_efficiency_threshold_of_maximally_entangled_states() {
    // Both sides bin a missing click to outcome 0: S = eta^2 2 sqrt 2 + 2 (1 - eta)^2, and the key settings err with
    // probability eta (1 - eta).
    let (mut low, mut high) = (0.85, 1.0);
    for _ in 0..40 {
        let eta: f64 = (low + high) / 2.0;
        let s = eta * eta * 8f64.sqrt() + 2.0 * (1.0 - eta).powi(2);
        let joint = [
            eta * eta / 2.0 + (1.0 - eta),
            eta * (1.0 - eta) / 2.0,
            eta * (1.0 - eta) / 2.0,
            eta * eta / 2.0,
        ];
        let rate = single_round(EntropyBound::Chsh, s).unwrap().entropy_bits - conditional_entropy(joint);
        if rate > 0.0 { high = eta } else { low = eta }
    }
    assert!((high - 0.923_1).abs() < 1e-4, "{high}");
}

/// `H(A|B)` of a joint distribution in the order 00, 01, 10, 11 of `(a, b)`, normalised here.
fn conditional_entropy(joint: [f64; 4]) -> f64 {
    let total: f64 = joint.iter().sum();
    let p = joint.map(|p| p / total);
    let b_one = p[1] + p[3];
    let part = |a0: f64, a1: f64| (a0 + a1) * binary_entropy(a0 / (a0 + a1));
    part(p[0], p[2]) * f64::from(b_one < 1.0) + part(p[1], p[3]) * f64::from(b_one > 0.0)
}

fn every_bound() -> Vec<EntropyBound> {
    let mut bounds = vec![EntropyBound::MinEntropy, EntropyBound::TwoBasesRenyi { alpha: 1.01, q: 0.0 }];
    for q in [0.0, 0.03, 0.2] {
        bounds.extend([
            EntropyBound::NoisyPreprocessing { q },
            EntropyBound::TwoBases { q },
            EntropyBound::TightTwoBases { q },
            EntropyBound::TwoBasesRenyi { alpha: 1.3, q },
            EntropyBound::Asymmetric { weight: 1.3, q },
            EntropyBound::Asymmetric { weight: 0.8, q },
            EntropyBound::Renyi { alpha: 1.01, q },
            EntropyBound::Renyi { alpha: 1.6, q },
        ]);
    }
    bounds
}

#[test]
fn minorants_lie_below_their_bound() {
    for bound in every_bound() {
        let most = bound.quantum_max();
        for at in [2.0, 2.1, 2.3, 2.5, 2.7, most - 1e-3] {
            let minorant = bound.minorant(at).unwrap();
            for k in 0..=20 {
                let s = most * f64::from(k) / 20.0;
                let value = single_round(bound, s).unwrap().entropy_bits;
                assert!(minorant.at(s) <= value + 2e-10, "{bound:?} {at} {s}: {} {value}", minorant.at(s));
            }
        }
    }
}

type C = Complex<f64>;

/// A two-qubit state shared with Eve through its purification, and projective measurements.
#[derive(Clone, Debug)]
struct Strategy {
    state: Matrix4<C>,
    alice: [Matrix2<C>; 2],
    bob: [Matrix2<C>; 2],
}

fn pauli(direction: [f64; 3]) -> Matrix2<C> {
    let norm = direction.iter().map(|d| d * d).sum::<f64>().sqrt().max(1e-9);
    let [x, y, z] = direction.map(|d| d / norm);
    Matrix2::new(C::new(z, 0.0), C::new(x, -y), C::new(x, y), C::new(-z, 0.0))
}

fn eigenvalues(matrix: Matrix4<C>) -> Vec<f64> {
    SymmetricEigen::new(matrix).eigenvalues.iter().map(|&x| x.max(0.0)).collect()
}

fn power(matrix: &Matrix4<C>, exponent: f64) -> Matrix4<C> {
    let eigen = SymmetricEigen::new(*matrix);
    let powers = eigen.eigenvalues.map(|x| C::new(if x > 1e-14 { x.powf(exponent) } else { 0.0 }, 0.0));
    eigen.eigenvectors * Matrix4::from_diagonal(&powers) * eigen.eigenvectors.adjoint()
}

fn shannon(values: &[f64]) -> f64 {
    values.iter().filter(|&&p| p > 1e-300).map(|p| -p * p.log2()).sum()
}

impl Strategy {
    fn correlator(&self, a: &Matrix2<C>, b: &Matrix2<C>) -> f64 {
        (self.state * a.kronecker(b)).trace().re
    }

    fn bell_value(&self, weight: f64) -> f64 {
        let [a0, a1] = &self.alice;
        let [b0, b1] = &self.bob;
        weight * (self.correlator(a0, b0) + self.correlator(a0, b1)) + self.correlator(a1, b0)
            - self.correlator(a1, b1)
    }

    /// Eve's states for both outcomes of Alice's setting after a flip, up to a transposition: her purification holds
    /// `sqrt(rho) (M x 1) sqrt(rho)`; multiplied by `rho` to the given exponent on both sides.
    fn eve(&self, setting: usize, q: f64, root: f64) -> [Matrix4<C>; 2] {
        let side = power(&self.state, root);
        [1.0, -1.0].map(|sign| {
            let bias = sign * (1.0 - 2.0 * q);
            let effect = (Matrix2::identity() + self.alice[setting] * C::new(bias, 0.0)) * C::new(0.5, 0.0);
            side * effect.kronecker(&Matrix2::identity()) * side
        })
    }

    fn von_neumann(&self, setting: usize, q: f64) -> f64 {
        let joint: f64 = self.eve(setting, q, 0.5).into_iter().map(|m| shannon(&eigenvalues(m))).sum();
        joint - shannon(&eigenvalues(self.state))
    }

    fn min_entropy(&self) -> f64 {
        let [zero, one] = self.eve(0, 0.0, 0.5);
        let distance: f64 = SymmetricEigen::new(zero - one).eigenvalues.iter().map(|x| x.abs()).sum();
        1.0 - (1.0 + distance).log2()
    }

    fn renyi_functional(&self, setting: usize, alpha: f64, q: f64) -> f64 {
        self.eve(setting, q, 0.5 / alpha)
            .into_iter()
            .map(|m| eigenvalues(m).iter().map(|x| x.powf(alpha)).sum::<f64>())
            .sum()
    }
}

prop_compose! {
    /// Optimal measurements on a maximally entangled state, moved by a random amount in every parameter.
    fn arb_strategy()(
        size in 0.0f64..1.0,
        mixing in proptest::array::uniform32(-1.0f64..1.0),
        directions in proptest::array::uniform12(-1.0f64..1.0),
    ) -> Strategy {
        let half = C::new(0.5f64.sqrt(), 0.0);
        let mut root = Matrix4::<C>::zeros();
        root[(0, 0)] = half;
        root[(3, 0)] = half;
        for (i, pair) in mixing.chunks(2).enumerate() {
            root[(i / 4, i % 4)] += C::new(pair[0], pair[1]) * (0.3 * size);
        }
        let state = root * root.adjoint();
        let state = state / state.trace();
        let r = 0.5f64.sqrt();
        let ideal = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [r, 0.0, r], [-r, 0.0, r]];
        let observable = |k: usize| {
            pauli(std::array::from_fn(|j| ideal[k][j] + size * directions[3 * k + j]))
        };
        Strategy { state, alice: [observable(0), observable(1)], bob: [observable(2), observable(3)] }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_strategy_beats_a_bound(strategy in arb_strategy(), q in 0.0f64..0.5, alpha in 1.001f64..2.0, a in 1.0f64..2.0) {
        let s = strategy.bell_value(1.0);
        prop_assume!((0.0..=4.0).contains(&s));
        let at = |bound| single_round(bound, s).unwrap().entropy_bits;
        // Eigenvalues are good to about 1e-15; entropies near 0 amplify that to 1e-10 at most.
        let room = 1e-9;
        let noisy = at(EntropyBound::NoisyPreprocessing { q });
        for setting in [0, 1] {
            prop_assert!(strategy.von_neumann(setting, 0.0) >= at(EntropyBound::Chsh) - room);
            prop_assert!(strategy.von_neumann(setting, q) >= noisy - room);
        }
        prop_assert!(strategy.min_entropy() >= at(EntropyBound::MinEntropy) - room);
        let plain = RenyiEntropy { alpha, q: 0.0 }.functional(s).unwrap();
        prop_assert!(strategy.renyi_functional(0, alpha, 0.0) <= plain + room);
        let asymmetric = strategy.bell_value(a);
        if asymmetric >= 0.0 {
            let bound = single_round(EntropyBound::Asymmetric { weight: a, q }, asymmetric).unwrap();
            prop_assert!(strategy.von_neumann(0, q) >= bound.entropy_bits - room);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_strategy_beats_a_hull(
        strategy in arb_strategy(), other in arb_strategy(), mix in 0.0f64..1.0, q in 0.0f64..0.4, a in 0.2f64..1.0,
        alpha in 1.001f64..2.0,
    ) {
        // Eve knows which of two strategies is played: bell values and entropies average.
        let average = |f: &dyn Fn(&Strategy) -> f64| mix * f(&strategy) + (1.0 - mix) * f(&other);
        let room = 1e-9;
        let s = average(&|it| it.bell_value(1.0));
        prop_assume!((2.0..=4.0).contains(&s));
        let two = single_round(EntropyBound::TwoBases { q }, s).unwrap().entropy_bits;
        prop_assert!(average(&|it| (it.von_neumann(0, q) + it.von_neumann(1, q)) / 2.0) >= two - room);
        let few = q.min(0.3);
        let tight = single_round(EntropyBound::TightTwoBases { q: few }, s).unwrap().entropy_bits;
        prop_assert!(average(&|it| (it.von_neumann(0, few) + it.von_neumann(1, few)) / 2.0) >= tight - room);
        let mean = average(&|it| (it.renyi_functional(0, alpha, few) + it.renyi_functional(1, alpha, few)) / 2.0);
        let both = TwoBasesRenyi { alpha, q: few }.functional(s).unwrap();
        prop_assert!(mean <= both + room);
        let functional = RenyiEntropy { alpha, q }.functional(s).unwrap();
        prop_assert!(average(&|it| it.renyi_functional(0, alpha, q)) <= functional + room);
        let asymmetric = average(&|it| it.bell_value(a));
        if asymmetric >= 0.0 {
            let bound = single_round(EntropyBound::Asymmetric { weight: a, q }, asymmetric).unwrap();
            prop_assert!(average(&|it| it.von_neumann(0, q)) >= bound.entropy_bits - room);
        }
    }
}
