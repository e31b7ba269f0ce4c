//! What a table or a list of trials can tell of the loopholes of its experiment: little, and that is said.

use diqkd_bell::BiasSource;
use diqkd_core::{Assumption, Closure, Loophole, LoopholeChecklist, LoopholeStatus};

/// The checklist of an input read as `event_ready` data or not, its bound on the setting bias from `bias`, with the
/// uniformity of the settings refuted where `alarm`.
pub(super) fn checklist(event_ready: bool, bias: BiasSource, alarm: bool) -> LoopholeChecklist {
    LoopholeChecklist::new(|loophole| match loophole {
        Loophole::Detection if event_ready => LoopholeStatus::Closed {
            by: Closure::Rule,
            how: "every event-ready trial has an outcome by the published rule; no click is an outcome",
        },
        Loophole::Detection => {
            assumed("every trial has its outcome by a rule fixed before the data; none was left out")
        }
        Loophole::Locality => LoopholeStatus::Assumed {
            under: Some(Assumption::IsolatedLaboratories),
            what: "outcomes were made before the other side's setting could be known",
        },
        Loophole::Memory => LoopholeStatus::Closed {
            by: Closure::Proof,
            how: "p-values and e-values of the games hold for devices with memory; standard errors and s_lower_95 do not",
        },
        Loophole::CoincidenceTime if event_ready => LoopholeStatus::Closed {
            by: Closure::Rule,
            how: "the herald, not the outcomes, says what is a trial",
        },
        Loophole::CoincidenceTime => {
            assumed("trials were told apart by a clock or a herald, not by when outcomes came")
        }
        Loophole::SettingIndependence => LoopholeStatus::Assumed {
            under: Some(Assumption::TrustedSettingRng),
            what: match (bias, alarm) {
                (BiasSource::Declared(_), _) => "setting bits are predictable by the declared tau at most",
                (BiasSource::Observed(_), false) => {
                    "setting bits are as predictable as their frequencies; a common cause is not excluded"
                }
                (BiasSource::Observed(_), true) => {
                    "setting bits are NOT uniform; they are as predictable as their frequencies, no more"
                }
            },
        },
    })
}

fn assumed(what: &'static str) -> LoopholeStatus {
    LoopholeStatus::Assumed { under: None, what }
}
