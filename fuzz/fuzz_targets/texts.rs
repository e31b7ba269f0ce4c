//! Small texts that people write: loss profiles, logs of a source, scenarios of faults, fibres, numbers and names. No
//! panic; what has a written form reads back from it.

#![no_main]

use diqkd_core::{Epsilon, KeyId, SessionId};
use diqkd_entropy::Theorem;
use diqkd_hal::mock::SourceLog;
use diqkd_planner::LossProfile;
use diqkd_sim::{Fault, Fibre, Preset, Strategy, parse_scenario};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match kind & 3 {
        0 => {
            if let Ok(profile) = LossProfile::parse(text) {
                assert!(profile.length_km() > 0.0 && profile.loss_db() >= 0.0);
                for spans in [1, 2, 7] {
                    assert_eq!(profile.spans_of_equal_loss(spans).len(), spans);
                }
            }
        }
        1 => {
            let _ = text.parse::<SourceLog>();
        }
        2 => {
            if let Ok(faults) = parse_scenario(text) {
                let written: Vec<String> = faults.iter().map(Fault::to_string).collect();
                assert_eq!(parse_scenario(&written.join("\n")), Ok(faults));
            }
        }
        _ => {
            if let Ok(fault) = text.parse::<Fault>() {
                assert_eq!(fault.to_string().parse(), Ok(fault));
            }
            if let Ok(fibre) = text.parse::<Fibre>() {
                assert!(fibre.loss_db() >= 0.0 && (0.0..=1.0).contains(&fibre.transmission()));
            }
            if let Ok(epsilon) = text.parse::<Epsilon>() {
                assert!(epsilon.log2() <= 0.0);
            }
            if let Ok(theorem) = text.parse::<Theorem>() {
                assert_eq!(theorem.to_string(), text);
            }
            let _ = (text.parse::<Preset>(), text.parse::<Strategy>());
            let _ = (KeyId::parse(text), SessionId::parse(text));
        }
    }
});
