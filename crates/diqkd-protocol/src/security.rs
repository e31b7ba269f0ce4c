//! What the key of a session is secure against, and what that rests on.

use diqkd_core::{Assumption, PreSharedKey, SecurityModel};
use diqkd_entropy::Certificate;

use crate::params::SessionParams;

/// The security model of a session. It follows from parameters that both sites compare before anything else is said, so both
/// have the same; nothing but [`Agreement::derive`](crate::Agreement::derive) makes one. `docs/security-model.md` explains
/// each statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSecurity {
    model: SecurityModel,
    pre_shared_key: PreSharedKey,
    padded: bool,
    assumptions: Vec<Assumption>,
}

impl SessionSecurity {
    pub(crate) fn new(params: &SessionParams, certificate: &Certificate) -> Self {
        Self {
            model: certificate.security_model(),
            pre_shared_key: params.pre_shared_key,
            padded: params.variant.padded,
            assumptions: certificate.assumptions().to_vec(),
        }
    }

    /// The model of the certificate. A session of this crate ends with a key of a device-independent certificate or with none:
    /// interactive and other conventional reconciliation is for benchmarks, and no session runs it.
    pub fn model(&self) -> SecurityModel {
        self.model
    }

    /// How the sites came to the key that authenticates the session.
    pub fn pre_shared_key(&self) -> PreSharedKey {
        self.pre_shared_key
    }

    /// Everything that is assumed: the certificate's list.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// Name and sentence of each part of the model: `devices`, `memory`, `adversary`, `channel`.
    pub fn statements(&self) -> [(&'static str, &'static str); 4] {
        let devices = self.model.statement();
        let memory = match self.padded {
            false => {
                "devices may remember every earlier round of the block; no device that has seen a block serves another one"
            }
            true => {
                "devices may remember every earlier round of the block; what is said about the string is one-time padded, so \
                 that a device that has seen an earlier block can speak of it by the session's end and its retried frames alone"
            }
        };
        let adversary = match self.pre_shared_key {
            PreSharedKey::Carried => {
                "general attacks: makes source and devices, keeps quantum memory, reads and alters every message, computes \
                 without limit"
            }
            PreSharedKey::PostQuantum => {
                "general attacks: makes source and devices, keeps quantum memory, reads and alters every message, computes \
                 without limit, but does not break ML-KEM or ML-DSA before the session has ended"
            }
        };
        let channel = match self.pre_shared_key {
            PreSharedKey::Carried => {
                "universal hashing under one-time pads of a carried key: information-theoretic"
            }
            PreSharedKey::PostQuantum => {
                "universal hashing under one-time pads of a key agreed on by ML-KEM and ML-DSA: computational until the \
                 session has ended"
            }
        };
        [("devices", devices), ("memory", memory), ("adversary", adversary), ("channel", channel)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::Agreement;
    use crate::error::SetupError;
    use crate::params::tests::oxford;
    use crate::variant::Variant;

    fn params(pre_shared_key: PreSharedKey, padded: bool) -> SessionParams {
        let variant = Variant { padded, ..Variant::default() };
        SessionParams { pre_shared_key, variant, ..oxford(1_500_000) }
    }

    #[test]
    fn each_session_says_what_it_rests_on_and_no_two_models_say_the_same() {
        let security = |params: SessionParams| Agreement::derive(&params).unwrap().unwrap().security;
        let carried = security(params(PreSharedKey::Carried, false));
        let agreed = security(params(PreSharedKey::PostQuantum, false));
        let padded = security(params(PreSharedKey::Carried, true));
        for security in [&carried, &agreed, &padded] {
            assert_eq!(security.model(), SecurityModel::DeviceIndependent);
            assert_eq!(
                security.statements().map(|(name, _)| name),
                ["devices", "memory", "adversary", "channel"]
            );
        }
        let only = Assumption::PostQuantumPreSharedKey;
        assert!(!carried.assumptions().contains(&only) && !padded.assumptions().contains(&only));
        let listed = agreed.assumptions().iter().filter(|&&assumption| assumption == only).count();
        assert_eq!((listed, agreed.assumptions().len()), (1, carried.assumptions().len() + 1));
        let differ = |a: &SessionSecurity, b: &SessionSecurity| {
            a.statements()
                .into_iter()
                .zip(b.statements())
                .filter(|(a, b)| a != b)
                .map(|(a, _)| a.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(differ(&carried, &agreed), ["adversary", "channel"]);
        assert_eq!(differ(&carried, &padded), ["memory"]);
    }

    #[test]
    fn an_agreed_key_pads_nothing() {
        let refused = Agreement::derive(&params(PreSharedKey::PostQuantum, true));
        assert!(matches!(refused, Err(SetupError::Variant { what }) if what.contains("post-quantum")));
    }

    #[test]
    fn sites_that_came_to_their_key_differently_hear_so() {
        let [ours, theirs] = [PreSharedKey::Carried, PreSharedKey::PostQuantum].map(|key| params(key, false));
        assert_eq!(ours.first_difference(&theirs.hello()), Some("pre_shared_key"));
        assert_ne!(ours.digest(), theirs.digest());
    }

    #[test]
    fn certificates_name_their_model_and_no_other_is_read() {
        let certificate =
            Agreement::derive(&params(PreSharedKey::PostQuantum, false)).unwrap().unwrap().certificate;
        let text = certificate.to_json();
        assert!(text.contains("\"security_model\": \"di\""), "{text}");
        assert_eq!(Certificate::from_json(&text).unwrap(), certificate);
        let before = text.replace("  \"security_model\": \"di\",\n", "");
        assert!(before.len() < text.len());
        assert_eq!(
            Certificate::from_json(&before).unwrap(),
            certificate,
            "written before the model was named"
        );
        let other = Certificate::from_json(&text.replace("\"di\"", "\"mdi\"")).unwrap_err();
        assert!(
            std::error::Error::source(&other)
                .is_some_and(|cause| cause.to_string().contains("security_model is `mdi`"))
        );
    }
}
