//! A small dense simplex: maximise `c·x` subject to `A x <= b`, `x >= 0`, from a feasible corner at the origin.

/// Solves the program; every `b` is at least 0. Returns the best corner that `MOST_PIVOTS` steps reach.
pub(super) fn maximise(objective: &[f64], rows: &[(Vec<f64>, f64)]) -> Vec<f64> {
    let (n, m) = (objective.len(), rows.len());
    let mut table: Vec<Vec<f64>> = rows.iter().map(|(a, b)| [a.as_slice(), &[*b]].concat()).collect();
    let mut cost: Vec<f64> = [objective, &[0.0]].concat();
    // Which variable each column and each row stands for: below n the user's, above the slacks.
    let mut column_of: Vec<usize> = (0..n).collect();
    let mut row_of: Vec<usize> = (n..n + m).collect();
    for _ in 0..MOST_PIVOTS {
        let Some(enter) = (0..n).filter(|&j| cost[j] > TINY).max_by(|&a, &b| cost[a].total_cmp(&cost[b]))
        else {
            break;
        };
        let ratio = |i: usize| table[i][n] / table[i][enter];
        let leave = (0..m)
            .filter(|&i| table[i][enter] > TINY)
            .min_by(|&a, &b| ratio(a).total_cmp(&ratio(b)).then(row_of[a].cmp(&row_of[b])));
        let Some(leave) = leave else { break };
        pivot(&mut table, &mut cost, leave, enter);
        core::mem::swap(&mut column_of[enter], &mut row_of[leave]);
    }
    let mut x = vec![0.0; n];
    for (i, &variable) in row_of.iter().enumerate() {
        if variable < n {
            x[variable] = table[i][n].max(0.0);
        }
    }
    x
}

fn pivot(table: &mut [Vec<f64>], cost: &mut [f64], leave: usize, enter: usize) {
    let inverse = 1.0 / table[leave][enter];
    let width = cost.len();
    for (j, value) in table[leave].iter_mut().enumerate() {
        *value *= if j == enter { 0.0 } else { inverse };
    }
    table[leave][enter] = inverse;
    let row = table[leave].clone();
    let reduce = |other: &mut [f64]| {
        let factor = other[enter];
        if factor != 0.0 {
            other[enter] = 0.0;
            for j in 0..width {
                other[j] -= factor * row[j];
            }
        }
    };
    for (i, other) in table.iter_mut().enumerate() {
        if i != leave {
            reduce(other);
        }
    }
    reduce(cost);
}

const MOST_PIVOTS: usize = 2000;
const TINY: f64 = 1e-11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_textbook_program() {
        let rows = [(vec![1.0, 0.0], 4.0), (vec![0.0, 2.0], 12.0), (vec![3.0, 2.0], 18.0)];
        let x = maximise(&[3.0, 5.0], &rows);
        assert!((x[0] - 2.0).abs() < 1e-12 && (x[1] - 6.0).abs() < 1e-12, "{x:?}");
    }
}
