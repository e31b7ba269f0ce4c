//! Formats of equal records (Becker & Hickl, Swabian, quTAG, quTAU, NIST, the older qcrypto card): no panic, no dependence
//! on the pieces, every record accounted for, and resynchronisation that ends.
#![no_main]

#[path = "pieces.rs"]
mod pieces;

use diqkd_timetag::formats::{Decoder, Format, OnDamage, ReadOptions, TagSummary, read_with};
use libfuzzer_sys::fuzz_target;

/// Each with the length of its records.
const FORMATS: [(Format, u64); 9] = [
    (Format::Spc130, 4),
    (Format::Spc600x256, 4),
    (Format::Spc600x4096, 6),
    (Format::Swabian, 16),
    (Format::QuTag, 10),
    (Format::QuTau, 10),
    (Format::Nist, 24),
    (Format::A1Card49, 8),
    (Format::A2Card49, 1),
];

fuzz_target!(|input: &[u8]| {
    let &[piece, kind, ref bytes @ ..] = input else { return };
    let (format, record) = FORMATS[usize::from(kind) % FORMATS.len()];
    let room = usize::from(kind) / FORMATS.len() + 1;
    let whole = pieces::decode(Decoder::with_format(format), bytes, bytes.len().max(1), bytes.len() + 1);
    let cut = pieces::decode(Decoder::with_format(format), bytes, usize::from(piece) + 1, room);
    whole.assert_same(&cut);
    let [records, overflows, _] = whole.counts;
    assert!(records * record <= bytes.len() as u64);
    assert!(whole.tags.len() as u64 + overflows <= records);
    assert!(whole.tags.iter().all(|tag| tag.0 >= 0));

    let mut rest = bytes;
    let mut summary = TagSummary::default();
    let options =
        ReadOptions { format: Some(format), damage: OnDamage::Resynchronise, ..ReadOptions::default() };
    let source = |buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer);
    if let Ok(recording) = read_with(options, source, &mut summary) {
        assert!(recording.records * record <= bytes.len() as u64);
    }
});
