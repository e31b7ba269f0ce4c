//! qcrypto events, text and binary, and the recognition of formats.
#![no_main]

#[path = "pieces.rs"]
mod pieces;

use diqkd_timetag::formats::{Decoder, Format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let &[piece, kind, ref bytes @ ..] = input else { return };
    let decoder = || match kind % 5 {
        0 => Decoder::with_format(Format::A0),
        1 => Decoder::with_format(Format::A1),
        2 => Decoder::with_format(Format::A1HighWordFirst),
        3 => Decoder::with_format(Format::A2),
        _ => Decoder::new(),
    };
    let whole = pieces::decode(decoder(), bytes, bytes.len().max(1), bytes.len() + 1);
    let cut = pieces::decode(decoder(), bytes, usize::from(piece) + 1, usize::from(kind / 5) + 1);
    whole.assert_same(&cut);
    assert!(whole.tags.iter().all(|tag| tag.0 >= 0));
});
