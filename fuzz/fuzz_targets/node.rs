//! What reaches a node before a session believes anything: greetings and frames of the trunk, words on a lane; and requests
//! of those who ask how it is or want keys.

#![no_main]

use diqkd_node::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    match kind & 3 {
        0 => fuzzing::trunk(bytes),
        1 => fuzzing::word(bytes),
        _ => {
            if let Some((&piece, bytes)) = bytes.split_first() {
                fuzzing::request(bytes, piece.into());
            }
        }
    }
});
