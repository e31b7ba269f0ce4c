//! The form of a certificate in JSON: real numbers in shortest decimal form that reads back to the same `f64`,
//! epsilons as log2.

use diqkd_core::{Assumption, Epsilon, LeakBits, OutOfRange, SecurityModel, WinProbability};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    Accumulation, Certificate, Eat2018Witness, Epsilons, ReatWitness, SecondOrderWitness, Term, Witness,
};
use crate::error::Error;
use crate::local_flags::LocalFlags;
use crate::params::SingleRound;
use crate::theorem::UnknownTheorem;

impl Certificate {
    /// The certificate as a JSON object.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads what [`Certificate::to_json`] wrote. Reading proves nothing: see [`check::check`](crate::check::check).
    ///
    /// # Errors
    /// [`MalformedCertificate`] with the place in the text.
    pub fn from_json(text: &str) -> Result<Self, MalformedCertificate> {
        Ok(serde_json::from_str(text)?)
    }
}

/// A text that is not a certificate.
#[derive(Debug, thiserror::Error)]
#[error("not a certificate of format version {FORMAT_VERSION}")]
pub struct MalformedCertificate(#[from] serde_json::Error);

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Document::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Certificate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Document::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

const FORMAT_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document {
    certificate_version: u32,
    /// Certificates that were written before it was named are of the same kind.
    #[serde(default = "device_independent")]
    security_model: String,
    theorem: String,
    key_bits: u64,
    rounds: u64,
    gamma: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    local_flags: Option<LocalFlagsDocument>,
    omega_threshold: f64,
    leak_bits: u64,
    bound: BoundDocument,
    epsilons_log2: EpsilonsDocument,
    witness: WitnessDocument,
    terms: Vec<TermDocument>,
    assumptions: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct LocalFlagsDocument {
    alice: f64,
    bob: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "name")]
enum BoundDocument {
    #[serde(rename = "chsh")]
    Chsh,
    #[serde(rename = "chsh-two-basis-tests")]
    ChshTwoBasisTests,
    #[serde(rename = "two-basis")]
    TwoBases,
    #[serde(rename = "npp")]
    NoisyPreprocessing { q: f64 },
    #[serde(rename = "npp-two-basis-tests")]
    NoisyTwoBasisTests { q: f64 },
    #[serde(rename = "npp-two-basis")]
    NoisyTwoBases { q: f64 },
    #[serde(rename = "biased-settings")]
    BiasedSettings { q: f64, tau: f64 },
}

#[derive(Serialize, Deserialize)]
struct EpsilonsDocument {
    sound: f64,
    privacy_amplification: f64,
    verification: f64,
    authentication: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    smoothing: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accumulation: Option<AccumulationDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AccumulationDocument {
    Alternative(f64),
    AlternativeWithVerification(f64),
    Added(f64),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WitnessDocument {
    Reat {
        alpha: f64,
        s_none: f64,
        s_win: f64,
        s_lose: f64,
        q_win: f64,
        kappa: f64,
    },
    SecondOrder {
        tangent_at: f64,
        none_position: f64,
        order_entropy: f64,
        order_outcomes: f64,
        smoothing_entropy: f64,
        smoothing_outcomes: f64,
    },
    Eat2018 {
        tangent_at: f64,
    },
}

#[derive(Serialize, Deserialize)]
struct TermDocument {
    name: String,
    bits: f64,
}

impl From<&Certificate> for Document {
    fn from(certificate: &Certificate) -> Self {
        let epsilons = &certificate.epsilons;
        Self {
            certificate_version: FORMAT_VERSION,
            security_model: certificate.security_model().trust_label().to_owned(),
            theorem: certificate.theorem.to_string(),
            key_bits: certificate.key_bits,
            rounds: certificate.rounds,
            gamma: certificate.gamma,
            local_flags: certificate
                .local_flags
                .map(|flags| LocalFlagsDocument { alice: flags.alice(), bob: flags.bob() }),
            omega_threshold: certificate.omega_threshold.get(),
            leak_bits: certificate.leak_bits.0,
            bound: match certificate.bound {
                SingleRound::Chsh => BoundDocument::Chsh,
                SingleRound::ChshTwoBasisTests => BoundDocument::ChshTwoBasisTests,
                SingleRound::TwoBases => BoundDocument::TwoBases,
                SingleRound::NoisyTwoBases { q } => BoundDocument::NoisyTwoBases { q },
                SingleRound::BiasedSettings { q, tau } => BoundDocument::BiasedSettings { q, tau },
                SingleRound::NoisyTwoBasisTests { q } => BoundDocument::NoisyTwoBasisTests { q },
                SingleRound::NoisyPreprocessing { q } => BoundDocument::NoisyPreprocessing { q },
            },
            epsilons_log2: EpsilonsDocument {
                sound: certificate.eps_sound.log2(),
                privacy_amplification: epsilons.pa.log2(),
                verification: epsilons.ev.log2(),
                authentication: epsilons.auth.log2(),
                smoothing: epsilons.smoothing.map(Epsilon::log2),
                accumulation: epsilons.accumulation.map(|accumulation| match accumulation {
                    Accumulation::Alternative(epsilon) => AccumulationDocument::Alternative(epsilon.log2()),
                    Accumulation::AlternativeWithVerification(epsilon) => {
                        AccumulationDocument::AlternativeWithVerification(epsilon.log2())
                    }
                    Accumulation::Added(epsilon) => AccumulationDocument::Added(epsilon.log2()),
                }),
            },
            witness: match certificate.witness {
                Witness::Reat(ReatWitness { alpha, s_none, s_win, s_lose, q_win, kappa }) => {
                    WitnessDocument::Reat { alpha, s_none, s_win, s_lose, q_win, kappa }
                }
                Witness::SecondOrder(SecondOrderWitness {
                    tangent_at,
                    none_position,
                    order_entropy,
                    order_outcomes,
                    smoothing_entropy,
                    smoothing_outcomes,
                }) => WitnessDocument::SecondOrder {
                    tangent_at,
                    none_position,
                    order_entropy,
                    order_outcomes,
                    smoothing_entropy,
                    smoothing_outcomes,
                },
                Witness::Eat2018(Eat2018Witness { tangent_at }) => WitnessDocument::Eat2018 { tangent_at },
            },
            terms: certificate
                .terms
                .iter()
                .map(|term| TermDocument { name: term.name.clone(), bits: term.bits })
                .collect(),
            assumptions: certificate
                .assumptions
                .iter()
                .map(|assumption| assumption.label().to_owned())
                .collect(),
        }
    }
}

impl TryFrom<Document> for Certificate {
    type Error = FieldError;

    fn try_from(document: Document) -> Result<Self, FieldError> {
        if document.certificate_version != FORMAT_VERSION {
            return Err(FieldError::Version { found: document.certificate_version });
        }
        if document.security_model != device_independent() {
            return Err(FieldError::SecurityModel { found: document.security_model });
        }
        let epsilons = &document.epsilons_log2;
        let epsilon = Epsilon::from_log2;
        Ok(Self {
            theorem: document.theorem.parse()?,
            bound: match document.bound {
                BoundDocument::Chsh => SingleRound::Chsh,
                BoundDocument::ChshTwoBasisTests => SingleRound::ChshTwoBasisTests,
                BoundDocument::TwoBases => SingleRound::TwoBases,
                BoundDocument::NoisyTwoBases { q } => SingleRound::NoisyTwoBases { q },
                BoundDocument::BiasedSettings { q, tau } => SingleRound::BiasedSettings { q, tau },
                BoundDocument::NoisyTwoBasisTests { q } => SingleRound::NoisyTwoBasisTests { q },
                BoundDocument::NoisyPreprocessing { q } => SingleRound::NoisyPreprocessing { q },
            },
            rounds: document.rounds,
            gamma: document.gamma,
            local_flags: document
                .local_flags
                .map(|flags| LocalFlags::new(flags.alice, flags.bob))
                .transpose()?,
            omega_threshold: WinProbability::new(document.omega_threshold)?,
            leak_bits: LeakBits(document.leak_bits),
            eps_sound: epsilon(epsilons.sound)?,
            epsilons: Epsilons {
                pa: epsilon(epsilons.privacy_amplification)?,
                ev: epsilon(epsilons.verification)?,
                auth: epsilon(epsilons.authentication)?,
                smoothing: epsilons.smoothing.map(epsilon).transpose()?,
                accumulation: match epsilons.accumulation {
                    None => None,
                    Some(AccumulationDocument::Alternative(log2)) => {
                        Some(Accumulation::Alternative(epsilon(log2)?))
                    }
                    Some(AccumulationDocument::AlternativeWithVerification(log2)) => {
                        Some(Accumulation::AlternativeWithVerification(epsilon(log2)?))
                    }
                    Some(AccumulationDocument::Added(log2)) => Some(Accumulation::Added(epsilon(log2)?)),
                },
            },
            assumptions: document
                .assumptions
                .iter()
                .map(|label| ASSUMPTIONS.into_iter().find(|known| known.label() == label))
                .collect::<Option<_>>()
                .ok_or(FieldError::Assumption)?,
            witness: match document.witness {
                WitnessDocument::Reat { alpha, s_none, s_win, s_lose, q_win, kappa } => {
                    Witness::Reat(ReatWitness { alpha, s_none, s_win, s_lose, q_win, kappa })
                }
                WitnessDocument::SecondOrder {
                    tangent_at,
                    none_position,
                    order_entropy,
                    order_outcomes,
                    smoothing_entropy,
                    smoothing_outcomes,
                } => Witness::SecondOrder(SecondOrderWitness {
                    tangent_at,
                    none_position,
                    order_entropy,
                    order_outcomes,
                    smoothing_entropy,
                    smoothing_outcomes,
                }),
                WitnessDocument::Eat2018 { tangent_at } => Witness::Eat2018(Eat2018Witness { tangent_at }),
            },
            terms: document.terms.into_iter().map(|term| Term { name: term.name, bits: term.bits }).collect(),
            key_bits: document.key_bits,
        })
    }
}

/// A field that no certificate of this version has.
#[derive(Debug, thiserror::Error)]
enum FieldError {
    #[error("certificate_version is {found}, expected {FORMAT_VERSION}")]
    Version { found: u32 },
    #[error(
        "security_model is `{found}`, but only device-independent lengths (`di`) have certificates of this kind"
    )]
    SecurityModel { found: String },
    #[error("theorem: {0}")]
    Theorem(#[from] UnknownTheorem),
    #[error("{0}")]
    OutOfRange(#[from] OutOfRange),
    #[error("{0}")]
    LocalFlags(#[from] Error),
    #[error("assumptions: a label is not known to this version")]
    Assumption,
}

fn device_independent() -> String {
    SecurityModel::DeviceIndependent.trust_label().to_owned()
}

/// Every assumption this version can name.
const ASSUMPTIONS: [Assumption; 10] = [
    Assumption::QuantumTheory,
    Assumption::IsolatedLaboratories,
    Assumption::TrustedSettingRng,
    Assumption::ExpandedTestFlags,
    Assumption::AuthenticatedChannel,
    Assumption::TrustedClassicalEndpoints,
    Assumption::DataIndependentEmission,
    Assumption::NoDeviceReuse,
    Assumption::PostQuantumPreSharedKey,
    Assumption::KeyManagement,
];
