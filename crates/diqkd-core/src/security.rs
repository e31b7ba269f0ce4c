//! What a key's security rests on, as data that travels with the key.

use core::fmt;

/// The security model under which a key was made. Only [`SecurityModel::DeviceIndependent`] sessions may produce keys
/// whose provenance says `trust=di`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecurityModel {
    /// Nothing is assumed about sources and measurement devices.
    DeviceIndependent,
    /// One party's device is trusted.
    OneSidedDeviceIndependent,
    /// Detectors are untrusted, sources trusted.
    MeasurementDeviceIndependent,
    /// Devices follow their model.
    DeviceDependent,
    /// Computational assumptions, no quantum devices.
    PostQuantum,
}

impl SecurityModel {
    /// The value of the provenance field `trust`.
    pub fn trust_label(self) -> &'static str {
        match self {
            Self::DeviceIndependent => "di",
            Self::OneSidedDeviceIndependent => "1sdi",
            Self::MeasurementDeviceIndependent => "mdi",
            Self::DeviceDependent => "device-dependent",
            Self::PostQuantum => "pqc",
        }
    }

    /// What is assumed of the devices, as a sentence.
    pub fn statement(self) -> &'static str {
        match self {
            Self::DeviceIndependent => "nothing is assumed about sources and measurement devices",
            Self::OneSidedDeviceIndependent => "one site's device is trusted",
            Self::MeasurementDeviceIndependent => "sources are trusted, detectors are not",
            Self::DeviceDependent => "devices follow their model",
            Self::PostQuantum => "no quantum devices: the key rests on computational assumptions",
        }
    }
}

/// How the sites came to the key that they share before a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PreSharedKey {
    /// Random bytes that somebody carried, or keys of earlier sessions: no assumption on computing power.
    #[default]
    Carried = 0,
    /// Agreed on by ML-KEM and ML-DSA.
    PostQuantum = 1,
}

impl PreSharedKey {
    /// The name used in reports, and in what the sites compare.
    pub fn label(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::PostQuantum => "post-quantum",
        }
    }

    /// What rests on it.
    pub fn assumption(self) -> Option<Assumption> {
        match self {
            Self::Carried => None,
            Self::PostQuantum => Some(Assumption::PostQuantumPreSharedKey),
        }
    }
}

/// An assumption that remains; every certificate and every key record lists those that apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Assumption {
    /// Quantum theory is correct and complete.
    QuantumTheory,
    /// Laboratories leak nothing but what the protocol sends.
    IsolatedLaboratories,
    /// The setting generators are uniform and independent of everything before.
    TrustedSettingRng,
    /// Test flags come from a pre-shared seed expanded by a keyed function and are as good as independent of source
    /// and devices (provable for a random oracle that is not queried on the seed during the run).
    ExpandedTestFlags,
    /// The classical channel is authenticated (information-theoretically, within the stated epsilon).
    AuthenticatedChannel,
    /// The classical computers of both sites do what they are told.
    TrustedClassicalEndpoints,
    /// Emission, ready signals, heralds and round timing do not depend on data of earlier rounds.
    DataIndependentEmission,
    /// Devices are not used again after this block unless later transcripts are padded.
    NoDeviceReuse,
    /// The pre-shared key was agreed on by post-quantum cryptography instead of being carried.
    PostQuantumPreSharedKey,
    /// The key store and what is behind it keep the key.
    KeyManagement,
}

impl Assumption {
    /// The name used in certificates and key records.
    pub fn label(self) -> &'static str {
        match self {
            Self::QuantumTheory => "quantum-theory",
            Self::IsolatedLaboratories => "isolated-laboratories",
            Self::TrustedSettingRng => "trusted-setting-rng",
            Self::ExpandedTestFlags => "test-flags-expanded-from-pre-shared-seed",
            Self::AuthenticatedChannel => "authenticated-classical-channel",
            Self::TrustedClassicalEndpoints => "trusted-classical-endpoints",
            Self::DataIndependentEmission => "data-independent-emission-and-timing",
            Self::NoDeviceReuse => "no-device-reuse-across-blocks",
            Self::PostQuantumPreSharedKey => "pre-shared-key-by-post-quantum-cryptography",
            Self::KeyManagement => "key-management",
        }
    }

    /// The assumption as a sentence.
    pub fn statement(self) -> &'static str {
        match self {
            Self::QuantumTheory => "quantum theory is correct and complete",
            Self::IsolatedLaboratories => "the laboratories leak nothing but what the protocol sends",
            Self::TrustedSettingRng => {
                "setting bits are uniform and independent of source, devices and earlier rounds, and reach a device \
                 only in their own round"
            }
            Self::ExpandedTestFlags => {
                "test flags are expanded by a keyed function from a pre-shared seed; they are as good as independent \
                 of source and devices (provable for a random oracle whose seed is not queried during the run)"
            }
            Self::AuthenticatedChannel => "the classical channel is authenticated within the stated epsilon",
            Self::TrustedClassicalEndpoints => "the classical computers of both sites are trusted",
            Self::DataIndependentEmission => {
                "emission, ready signals, heralds and round timing do not depend on settings or outcomes of earlier \
                 rounds"
            }
            Self::NoDeviceReuse => {
                "the measurement devices are not used for a later block whose transcript could carry bits of this one"
            }
            Self::PostQuantumPreSharedKey => {
                "the pre-shared key was agreed on by ML-KEM and ML-DSA, which nobody broke before the session had ended"
            }
            Self::KeyManagement => "the key store and its consumers keep the key",
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
