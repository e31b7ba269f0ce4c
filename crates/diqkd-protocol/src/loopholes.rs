//! What a session says of the loopholes of its Bell test.

use diqkd_core::{Assumption, Closure, Loophole, LoopholeChecklist, LoopholeStatus};

/// The checklist of a session that ended with a key, `dropped` rounds having been recorded at one site only.
pub(crate) fn checklist(dropped: u64) -> LoopholeChecklist {
    LoopholeChecklist::new(|loophole| match loophole {
        // A dropped round is one whose absence a device could have chosen after it saw its setting.
        Loophole::Detection if dropped > 0 => LoopholeStatus::Assumed {
            under: Some(Assumption::DataIndependentEmission),
            what: "rounds that only one site recorded were dropped; that they are missing depends on no setting",
        },
        Loophole::Detection => LoopholeStatus::Closed {
            by: Closure::Type,
            how: "a recorded round has an outcome bit, there is no form for a round without one; none was dropped",
        },
        Loophole::Locality => LoopholeStatus::Assumed {
            under: Some(Assumption::IsolatedLaboratories),
            what: "inside a round a device knows its own setting alone, by shielding or by timing",
        },
        Loophole::Memory => LoopholeStatus::Closed {
            by: Closure::Proof,
            how: "the accumulation theorem of the certificate holds for devices with memory within the block",
        },
        Loophole::CoincidenceTime => LoopholeStatus::Closed {
            by: Closure::Type,
            how: "rounds are numbered by the clock or the herald; the protocol sees no time of an outcome",
        },
        Loophole::SettingIndependence => LoopholeStatus::Assumed {
            under: Some(Assumption::TrustedSettingRng),
            what: "setting bits are unknown to devices and source until applied; their balance was tested",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_rounds_turn_a_closed_loophole_into_an_assumption() {
        let (complete, gaps) = (checklist(0), checklist(1));
        assert!(complete.get(Loophole::Detection).is_closed());
        assert!(!gaps.get(Loophole::Detection).is_closed());
        for loophole in Loophole::ALL.into_iter().filter(|&loophole| loophole != Loophole::Detection) {
            assert_eq!(complete.get(loophole), gaps.get(loophole));
        }
    }
}
