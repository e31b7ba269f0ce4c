//! Tables of counts and of trials in CSV: no panic, no dependence on the pieces, and a table that is read adds up.

#![no_main]

use diqkd_bell::{Counts, CountsCsv, CsvError, Run, Shape, TrialsCsv, TrialsCsvError};
use libfuzzer_sys::fuzz_target;

fn counts(shape: Shape, bytes: &[u8], piece: usize) -> Result<Counts, CsvError> {
    let mut csv = CountsCsv::new(shape);
    bytes.chunks(piece).try_for_each(|piece| csv.feed(piece))?;
    csv.finish()
}

fn trials(bytes: &[u8], piece: usize) -> Result<(u64, Run), TrialsCsvError> {
    let (mut csv, mut run) = (TrialsCsv::new(), Run::new());
    for piece in bytes.chunks(piece) {
        csv.feed(piece, |trial| run.push(trial).map_err(Into::into))?;
    }
    let rows = csv.finish(|trial| run.push(trial).map_err(Into::into))?;
    Ok((rows, run))
}

fuzz_target!(|input: &[u8]| {
    let &[kind, piece, ref bytes @ ..] = input else { return };
    let (all, piece) = (bytes.len().max(1), usize::from(piece) + 1);
    if kind & 1 == 0 {
        let shape = if kind & 2 == 0 { Shape::CHSH } else { Shape::FULL };
        let whole = counts(shape, bytes, all);
        assert_eq!(whole, counts(shape, bytes, piece));
        if let (Ok(counts), Ok(text)) = (&whole, std::str::from_utf8(bytes)) {
            let (found, most) = (counts.shape(), shape);
            assert!(found.settings_a <= most.settings_a && found.settings_b <= most.settings_b);
            assert!(found.outcomes_a <= most.outcomes_a && found.outcomes_b <= most.outcomes_b);
            if shape == Shape::CHSH {
                assert_eq!(Counts::from_csv(text).as_ref(), Ok(counts));
            }
        }
    } else {
        let (whole, pieces) = (trials(bytes, all), trials(bytes, piece));
        match (whole, pieces) {
            (Ok((rows, run)), Ok((again, same))) => {
                assert_eq!((rows, run.counts()), (again, same.counts()));
                assert_eq!(run.counts().total(), rows);
            }
            (Err(error), Err(same)) => assert_eq!(error, same),
            _ => panic!("whole and in pieces the table is not the same"),
        }
    }
});
