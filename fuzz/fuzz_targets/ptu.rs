//! PicoQuant headers and records: no panic, no dependence on the pieces, every record accounted for.
#![no_main]

#[path = "pieces.rs"]
mod pieces;

use diqkd_timetag::formats::{Decoder, FaultKind, Format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let &[piece, room, ref bytes @ ..] = input else { return };
    let format = [Format::Ptu, Format::Ht2, Format::Pt2][usize::from(room) % 3];
    let whole = pieces::decode(Decoder::with_format(format), bytes, bytes.len().max(1), bytes.len() + 1);
    let cut =
        pieces::decode(Decoder::with_format(format), bytes, usize::from(piece) + 1, usize::from(room) + 1);
    whole.assert_same(&cut);
    let unknown =
        whole.faults.iter().filter(|fault| matches!(fault.kind, FaultKind::UnknownRecord { .. })).count();
    let [records, overflows, _] = whole.counts;
    assert_eq!(records, whole.tags.len() as u64 + overflows + unknown as u64);
    assert!(whole.tags.iter().all(|tag| tag.0 >= 0));
    assert!(whole.faults.iter().all(|fault| fault.offset <= bytes.len() as u64));
});
