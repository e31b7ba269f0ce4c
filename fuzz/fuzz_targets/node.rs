//! What reaches a node before a session believes anything: greetings and frames of the trunk, words on a lane.

#![no_main]

use diqkd_node::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    match kind & 3 {
        0 | 1 => fuzzing::trunk(bytes),
        _ => fuzzing::word(bytes),
    }
});
