//! Parity-check matrices in text: no panic, nothing allocated that the text does not pay for, and a matrix that is read is
//! the same once it is written as an alist.

#![no_main]

use diqkd_reconcile::ParityMatrix;
use libfuzzer_sys::fuzz_target;

fn alist(matrix: &ParityMatrix) -> String {
    let rows: Vec<Vec<u32>> = (0..matrix.rows()).map(|row| matrix.row(row).collect()).collect();
    let mut columns = vec![Vec::new(); matrix.columns()];
    for (row, ones) in rows.iter().enumerate() {
        for &column in ones {
            columns[column as usize].push(row as u32);
        }
    }
    let most = |lists: &[Vec<u32>]| lists.iter().map(Vec::len).max().unwrap_or(0);
    let mut text = format!("{} {}\n{} {}\n", columns.len(), rows.len(), most(&columns), most(&rows));
    for lists in [&columns, &rows] {
        lists.iter().for_each(|list| text.push_str(&format!("{} ", list.len())));
        text.push('\n');
    }
    for list in columns.iter().chain(&rows) {
        match list.is_empty() {
            true => text.push('0'),
            false => list.iter().for_each(|one| text.push_str(&format!("{} ", one + 1))),
        }
        text.push('\n');
    }
    text
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A few bytes of exponents may stand for a matrix of 2^24 entries, which takes its time: large lifts are left out.
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if header.split_whitespace().nth(2).is_some_and(|lift| lift.len() > 4) {
        return;
    }
    let Ok(matrix) = ParityMatrix::from_text(text) else { return };
    // A circulant may be large for few bytes of exponents; such a one is not written out here.
    if matrix.columns() + matrix.rows() <= 1 << 14 {
        assert_eq!(ParityMatrix::from_text(&alist(&matrix)), Ok(matrix));
    }
});
