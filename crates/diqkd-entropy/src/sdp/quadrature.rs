//! Gauss-Radau quadrature on (0, 1] with a node at 1.

/// The `m` nodes and their weights; the last is 1, of weight `1/m^2`.
pub(super) fn radau_nodes(m: usize) -> Vec<(f64, f64)> {
    let order = m as f64;
    // On [-1, 1] with a node at -1: zeros of P_(m-1) + P_m other than -1; t = (1 - x)/2.
    let f = |x: f64| {
        let (previous, last) = legendre(m, x);
        previous + last
    };
    let grid = 64 * m * m;
    let at = |k: usize| -libm::cos(core::f64::consts::PI * (k as f64 + 0.5) / grid as f64);
    let mut nodes = Vec::with_capacity(m);
    for k in 0..grid - 1 {
        let (mut low, mut high) = (at(k), at(k + 1));
        let rising = f(high) > 0.0;
        if (f(low) > 0.0) == rising {
            continue;
        }
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if (f(middle) > 0.0) == rising { high = middle } else { low = middle }
        }
        let x = high;
        let (previous, _) = legendre(m, x);
        nodes.push(((1.0 - x) / 2.0, (1.0 - x) / (2.0 * order * order * previous * previous)));
    }
    nodes.push((1.0, 1.0 / (order * order)));
    nodes
}

/// `P_(m-1)(x)` and `P_m(x)`.
fn legendre(m: usize, x: f64) -> (f64, f64) {
    let (mut previous, mut last) = (1.0, x);
    for k in 1..m {
        let k = k as f64;
        (previous, last) = (last, ((2.0 * k + 1.0) * x * last - k * previous) / (k + 1.0));
    }
    (previous, last)
}

/// Bits subtracted for nodes and weights that are good to 1e-14 only: their sensitivities, `1/t^2` and
/// `1/(1-t)^2` with `t` no closer to 0 or 1 than 0.002, add up to less than a thousandth of this.
pub(super) const ALLOWANCE: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_of_degree_2m_minus_2_are_integrated_exactly() {
        for m in [2, 3, 8, 16, 24] {
            let nodes = radau_nodes(m);
            assert_eq!(nodes.len(), m);
            for degree in 0..=(2 * m - 2) as i32 {
                let sum: f64 = nodes.iter().map(|(t, w)| w * t.powi(degree)).sum();
                assert!((sum - 1.0 / f64::from(degree + 1)).abs() < 1e-13, "{m} {degree} {sum}");
            }
        }
    }

    #[test]
    fn the_logarithm_is_bounded_from_one_side() {
        // sum of w (x-1)/(t (x-1) + 1) is at most ln x.
        for m in [2, 5, 12] {
            for k in 1..200 {
                let x = f64::from(k) / 20.0;
                let term = |t: f64, w: f64| w * (x - 1.0) / (t * (x - 1.0) + 1.0);
                let sum: f64 = radau_nodes(m).into_iter().map(|(t, w)| term(t, w)).sum();
                assert!(sum <= x.ln() + 1e-13, "{m} {x}: {sum} {}", x.ln());
            }
        }
    }
}
