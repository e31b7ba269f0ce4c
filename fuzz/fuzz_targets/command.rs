//! Files that the command alone reads: logs for `diqkd report`, scenarios of `diqkd entropy`, slot rules of `diqkd tags trials`.

#![no_main]

use diqkd::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, bytes)) = data.split_first() else { return };
    match kind & 3 {
        0 => fuzzing::report(bytes),
        1 => fuzzing::scenario(bytes),
        _ => slot_rule(bytes),
    }
});

/// A clock of eight bytes, a rule that ends with a zero, and records of a quTAU that both stations have.
fn slot_rule(bytes: &[u8]) {
    let Some((offset_ps, bytes)) = bytes.split_first_chunk() else { return };
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let (rule, records) = bytes.split_at(end);
    let recording = [&[0; 40], records.get(1..).unwrap_or_default()].concat();
    fuzzing::slot_rule(rule, &recording, i64::from_le_bytes(*offset_ps));
}
