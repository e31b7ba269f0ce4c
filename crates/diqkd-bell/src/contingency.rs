//! Pearson's test of independence of rows and columns of a table of counts.

use alloc::vec::Vec;

use crate::no_signalling::ChiSquared;

/// Rows and columns without a count have no degree of freedom; a single row or column has none at all.
pub(crate) fn independence(table: &[Vec<u64>]) -> ChiSquared {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<u64>, column: usize| row.get(column).copied().unwrap_or(0) as f64;
    let row_sums: Vec<f64> = table.iter().map(|row| (0..columns).map(|c| cell(row, c)).sum()).collect();
    let column_sums: Vec<f64> =
        (0..columns).map(|column| table.iter().map(|row| cell(row, column)).sum()).collect();
    let total: f64 = row_sums.iter().sum();
    let mut chi2 = 0.0;
    for (row, row_sum) in table.iter().zip(&row_sums) {
        for (column, column_sum) in column_sums.iter().enumerate() {
            let expected = row_sum * column_sum / total;
            if expected > 0.0 {
                let miss = cell(row, column) - expected;
                chi2 += miss * miss / expected;
            }
        }
    }
    let used = |sums: &[f64]| sums.iter().filter(|&&sum| sum > 0.0).count().saturating_sub(1);
    ChiSquared::new(chi2, (used(&row_sums) * used(&column_sums)) as u32)
}
