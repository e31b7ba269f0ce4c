//! Frames, messages and journals from arbitrary bytes: what is read back is written the same, nothing panics.

#![no_main]

use diqkd_core::{Role, RoundList, SessionId};
use diqkd_protocol::journal::{Journal, Record, Writer, recover};
use diqkd_protocol::wire::{CHECK_BYTES, Frame, HEADER_BYTES, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut name = [0; 16];
    name.copy_from_slice(data.get(4..20).unwrap_or(&[0; 16]));
    if let Some(header) = data.first_chunk::<HEADER_BYTES>() {
        let _ = Frame::length_from_header(header);
    }
    for sender in [Role::Alice, Role::Bob] {
        if let Ok(Frame::Data { kind, payload, signed, .. }) = Frame::parse(data, sender, SessionId(name)) {
            assert!(signed.len() + CHECK_BYTES <= data.len());
            let _ = Message::decode(kind, payload);
        }
    }
    if let Some((&kind, payload)) = data.split_first() {
        let _ = Message::decode(kind, payload);
    }
    let mut rounds = RoundList::default();
    if rounds.extend_from_bytes(data).is_ok() {
        assert_eq!(rounds.as_bytes(), data);
        let mut pieces = RoundList::default();
        rounds.chunks(10).for_each(|piece| pieces.extend_from_bytes(piece).expect("cut between entries"));
        assert_eq!(pieces.as_bytes(), data);
        assert!(rounds.iter().is_sorted());
    }
    let _ = Record::decode(data);
    if let Ok(found) = recover(data) {
        assert_eq!(found.whole_bytes + found.torn_bytes, data.len() as u64);
        let mut writer = Writer::default();
        let again: Vec<u8> = found.records.iter().flat_map(|record| writer.append(record)).collect();
        assert_eq!(again, &data[..found.whole_bytes as usize]);
        if let Ok(journal) = Journal::replay(&found.records) {
            let compact = Journal::replay(&journal.compact()).expect("a compact journal is a journal");
            for record in &found.records {
                if let Record::Spent { pool, .. } | Record::Opened { pool, .. } = record {
                    assert_eq!(compact.spent_position(*pool), journal.spent_position(*pool));
                }
            }
        }
    }
});
