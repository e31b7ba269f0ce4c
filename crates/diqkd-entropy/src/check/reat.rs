//! `reat` and `reat-basic`: `K <= 1` by branch and bound, then `kappa - leak - alpha/(alpha-1) log2(1/eps_pa) + 2`.

use super::{CheckError, EnclosedTerm, in_range, prove, term};
use crate::certificate::{Certificate, ReatWitness};
use crate::enclosure::{Correlation, LEAST_COSINE, OMEGA_MAX_UP, RenyiFunctional, two_basis_point};
use crate::interval::Interval;
use crate::params::SingleRound;
use crate::theorem::Theorem;

pub(super) fn evaluate(
    certificate: &Certificate,
    witness: &ReatWitness,
) -> Result<Vec<EnclosedTerm>, CheckError> {
    in_range("alpha", witness.alpha, 1.0f64.next_up()..=2.0)?;
    in_range("q_win", witness.q_win, f64::MIN_POSITIVE..=1.0f64.next_down())?;
    for (field, score) in [("s_none", witness.s_none), ("s_win", witness.s_win), ("s_lose", witness.s_lose)] {
        in_range(field, score, -LARGEST_SCORE..=LARGEST_SCORE)?;
    }
    let functional = ScoreFunctional::new(certificate, witness);
    prove("a win scores at least as much as a loss", witness.s_win >= witness.s_lose)?;
    prove("u_win is at least u_lose", functional.win_premium().lo() >= 0.0)?;
    if certificate.theorem == Theorem::ReatBasic {
        prove("reat-basic weighs wins and losses equally", witness.q_win == 0.5)?;
    }

    let omega = Interval::point(certificate.omega_threshold.get());
    let test_score = omega * witness.s_win + (1.0 - omega) * witness.s_lose;
    prove("test rounds at the threshold score at least s_none", test_score.lo() >= witness.s_none)?;
    let accepted_score = Interval::count(certificate.rounds) * witness.s_none;
    prove("an accepted run has a total score of kappa", accepted_score.lo() >= witness.kappa)?;
    prove("the weighted functional K is at most 1", functional.excess_is_never_positive())?;

    let order = Interval::point(witness.alpha) - 1.0;
    let hashing = Interval::point(witness.alpha) / order * certificate.epsilons.pa.log2();
    Ok(vec![
        term("accepted score kappa", Interval::point(witness.kappa)),
        term("leak", -Interval::count(certificate.leak_bits.0)),
        term("privacy amplification", hashing),
        term("linear hashing", Interval::point(2.0)),
    ])
}

/// `K = (1-gamma) u_none G_key + gamma [u_lose G_test + (u_win - u_lose) w]` along a path of quantum behaviours.
struct ScoreFunctional {
    gamma: Interval,
    ln_u_none: Interval,
    ln_u_win: Interval,
    ln_u_lose: Interval,
    path: Path,
    key: (RenyiFunctional, Bases),
    /// `None`: the trivial bound 1 of `reat-basic`.
    test: Option<(RenyiFunctional, Bases)>,
}

/// Whether a functional bounds one basis of Alice or the mean over both.
#[derive(Clone, Copy)]
enum Bases {
    One,
    Two,
}

/// A parameter that runs through all winning probabilities from 3/4 to the quantum maximum.
#[derive(Clone, Copy)]
enum Path {
    /// The winning probability itself.
    Omega,
    /// The parameter of the two-basis curve; the winning probability falls with it.
    Cosine,
}

/// Enclosures on a box of the parameter.
struct PathPoint {
    omega: Interval,
    omega_slope: Interval,
    one: (Correlation, Interval),
    two: (Correlation, Interval),
}

impl Path {
    fn range(self) -> (f64, f64) {
        match self {
            Self::Omega => (0.75, OMEGA_MAX_UP),
            Self::Cosine => (LEAST_COSINE, 1.0),
        }
    }

    /// The ends of a box with the lower and the higher winning probability.
    fn by_omega(self, low: f64, high: f64) -> (f64, f64) {
        match self {
            Self::Omega => (low, high),
            Self::Cosine => (high, low),
        }
    }

    fn at(self, t: Interval) -> PathPoint {
        match self {
            Self::Omega => {
                let correlation = Correlation::at_omega(t);
                let one = (correlation, correlation.slope_in_omega(t));
                PathPoint { omega: t, omega_slope: Interval::point(1.0), one, two: one }
            }
            Self::Cosine => {
                let point = two_basis_point(t);
                let one = Correlation::at_chsh(point.bell_value);
                let one_slope = point.bell_value / 4.0 / one.x * point.bell_slope;
                let two_slope = point.v_slope / (2.0 * point.correlation.x);
                PathPoint {
                    omega: (4.0 + point.bell_value) / 8.0,
                    omega_slope: point.bell_slope / 8.0,
                    one: (one, one_slope),
                    two: (point.correlation, two_slope),
                }
            }
        }
    }
}

impl PathPoint {
    fn bases(&self, bases: Bases) -> (Correlation, Interval) {
        match bases {
            Bases::One => self.one,
            Bases::Two => self.two,
        }
    }
}

impl ScoreFunctional {
    fn new(certificate: &Certificate, witness: &ReatWitness) -> Self {
        // Exact: alpha lies within a factor 2 of 1.
        let order = witness.alpha - 1.0;
        let q_win = Interval::point(witness.q_win);
        let ln_u = |score: f64, weight: Interval| order * (score * Interval::ln_2() - weight.ln());
        let key = RenyiFunctional { order, q: certificate.bound.flip_probability() };
        let plain = RenyiFunctional { order, q: 0.0 };
        let (path, key_bases, test_bases) = match certificate.bound {
            SingleRound::Chsh | SingleRound::NoisyPreprocessing { .. } => {
                (Path::Omega, Bases::One, Bases::One)
            }
            SingleRound::ChshTwoBasisTests => (Path::Cosine, Bases::One, Bases::Two),
            SingleRound::TwoBases => (Path::Cosine, Bases::Two, Bases::Two),
        };
        Self {
            gamma: Interval::point(certificate.gamma),
            ln_u_none: ln_u(witness.s_none, Interval::point(1.0)),
            ln_u_win: ln_u(witness.s_win, q_win),
            ln_u_lose: ln_u(witness.s_lose, 1.0 - q_win),
            path,
            key: (key, key_bases),
            test: (certificate.theorem == Theorem::Reat).then_some((plain, test_bases)),
        }
    }

    /// `u_win - u_lose`.
    fn win_premium(&self) -> Interval {
        self.ln_u_win.exp_m1() - self.ln_u_lose.exp_m1()
    }

    /// An enclosure of `K - 1` with `G` at one point of the path and the winning probability at another.
    fn excess(&self, functions_at: &PathPoint, omega: Interval) -> Interval {
        let ln = |(functional, bases): &(RenyiFunctional, Bases)| functional.ln(functions_at.bases(*bases).0);
        let key = (self.ln_u_none + ln(&self.key)).exp_m1();
        let test = match &self.test {
            Some(test) => self.ln_u_lose.exp() * ln(test).exp_m1(),
            None => Interval::point(0.0),
        };
        let scores = (1.0 - omega) * self.ln_u_lose.exp_m1() + omega * self.ln_u_win.exp_m1();
        (1.0 - self.gamma) * key + self.gamma * (test + scores)
    }

    /// An enclosure of the derivative of `K` along the path.
    fn slope(&self, point: &PathPoint) -> Interval {
        let slope = |(functional, bases): &(RenyiFunctional, Bases)| {
            let (correlation, x_slope) = point.bases(*bases);
            functional.slope(correlation, x_slope)
        };
        let key = self.ln_u_none.exp() * slope(&self.key);
        let test = match &self.test {
            Some(test) => self.ln_u_lose.exp() * slope(test),
            None => Interval::point(0.0),
        };
        (1.0 - self.gamma) * key + self.gamma * (test + self.win_premium() * point.omega_slope)
    }

    /// Proves `K <= 1` on the whole path.
    fn excess_is_never_positive(&self) -> bool {
        let mut boxes = vec![self.path.range()];
        for _ in 0..MOST_BOXES {
            let Some((low, high)) = boxes.pop() else { return true };
            if self.never_positive_on(low, high) {
                continue;
            }
            if high - low < NARROWEST_BOX {
                return false;
            }
            let middle = low + (high - low) / 2.0;
            boxes.push((low, middle));
            boxes.push((middle, high));
        }
        boxes.is_empty()
    }

    fn never_positive_on(&self, low: f64, high: f64) -> bool {
        let middle = low + (high - low) / 2.0;
        let at = |t: f64| self.path.at(Interval::point(t));
        let centre = at(middle);
        let at_middle = self.excess(&centre, centre.omega);
        if at_middle.hi() > 0.0 {
            return false;
        }
        let on = Interval::new(low, high);
        if (at_middle + self.slope(&self.path.at(on)) * (on - middle)).hi() <= 0.0 {
            return true;
        }
        // Both G decrease in w and the win term increases: corners bound the functional where slopes diverge.
        let (least, most) = self.path.by_omega(low, high);
        self.excess(&at(least), at(most).omega).hi() <= 0.0
    }
}

/// Where so narrow a box is not settled, rounding exceeds the distance of K from 1.
const NARROWEST_BOX: f64 = 1e-9;

/// A branch and bound that needs more boxes than this proves nothing.
const MOST_BOXES: usize = 20_000;

/// Scores beyond this many bits have no use and only lose accuracy.
const LARGEST_SCORE: f64 = 1e12;
