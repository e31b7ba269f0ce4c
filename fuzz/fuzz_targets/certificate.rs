//! Certificates from arbitrary text: what is read is written the same, and the checker has an answer for it.

#![no_main]

use diqkd_entropy::{Certificate, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(certificate) = Certificate::from_json(text) else { return };
    let written = certificate.to_json();
    let again = Certificate::from_json(&written).expect("what was written is a certificate");
    assert_eq!(again.to_json(), written);
    if let Ok(checked) = check::check(&certificate) {
        assert_eq!(checked.key_bits(), certificate.key_bits());
        assert!(checked.proved_bits() >= checked.key_bits() as f64);
    }
});
