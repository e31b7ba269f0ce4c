//! Derivative-free maximisation in a few variables.

/// Maximises `f` from `start` by pattern search: steps along each axis, repeated while they help, halved when none does.
/// Deterministic. Returns the point and its value.
pub(crate) fn maximise<const N: usize>(
    start: [f64; N],
    first_step: f64,
    least_step: f64,
    mut f: impl FnMut(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let (mut at, mut best) = (start, f(&start));
    let mut step = first_step;
    while step > least_step {
        let before = at;
        for axis in 0..N {
            for direction in [step, -step] {
                let mut tried = at;
                tried[axis] += direction;
                let value = f(&tried);
                if value > best {
                    (at, best) = (tried, value);
                    break;
                }
            }
        }
        if at == before {
            step /= 2.0;
            continue;
        }
        // A further move the same way: follows ridges that run across the axes.
        let mut further = at;
        for axis in 0..N {
            further[axis] += at[axis] - before[axis];
        }
        let value = f(&further);
        if value > best {
            (at, best) = (further, value);
        }
    }
    (at, best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_top_of_a_tilted_ridge() {
        let (at, value) = maximise([0.0, 0.0], 0.5, 1e-9, |&[x, y]| {
            let (u, v) = (x + y - 3.0, x - y - 1.0);
            -100.0 * u * u - v * v
        });
        assert!(value > -1e-12 && (at[0] - 2.0).abs() < 1e-6 && (at[1] - 1.0).abs() < 1e-6, "{at:?}");
    }
}
