//! Where a key comes from and what its security rests on.

use diqkd_core::{Assumption, Epsilon, SecurityModel, SessionId};

use crate::codec::{Reader, Writer};
use crate::error::Error;

/// Where a key comes from and what its security rests on; travels with the key, never contains key bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// The session that made the key.
    pub session: SessionId,
    /// The block of the session, from 0.
    pub block: u64,
    /// The key's place in the block's output, in keys, from 0.
    pub position: u32,
    /// The security model of the certificate.
    pub security_model: SecurityModel,
    /// How the key came here; a relayed key is never labelled device-independent.
    pub route: Route,
    /// The assumptions that the certificate lists.
    pub assumptions: Vec<Assumption>,
    /// blake3 digest of the certificate that allowed the key.
    pub certificate_digest: [u8; 32],
    /// Soundness of the block that the key is part of; keys of one block share it.
    pub eps_sound: Epsilon,
    /// Attestation or certificate of the generator that chose this site's settings, as the generator or the operator
    /// states it; empty when there is none. At most [`Provenance::MAX_ATTESTATION_BYTES`] are kept.
    pub rng_attestation: String,
    /// When the block was finished, in seconds since 1970-01-01 UTC.
    pub created_unix_s: u64,
}

/// How a key came into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// Made with the peer itself.
    Direct,
    /// Forwarded by a trusted node.
    Relayed,
}

impl Provenance {
    /// The longest attestation that a record keeps, in bytes.
    pub const MAX_ATTESTATION_BYTES: usize = 128;

    /// The value of the provenance field `trust`: `di` only for direct keys of the device-independent model.
    pub fn trust_label(&self) -> &'static str {
        match self.route {
            Route::Direct => self.security_model.trust_label(),
            Route::Relayed => "relayed",
        }
    }

    /// Everything but the position, which is the only part that differs within a block.
    pub(crate) fn encode_shared(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u8(VERSION);
        w.array(&self.session.0);
        w.u64(self.block);
        w.text(self.security_model.trust_label());
        w.u8(match self.route {
            Route::Direct => 0,
            Route::Relayed => 1,
        });
        w.u8(self.assumptions.len().min(MAX_ASSUMPTIONS) as u8);
        for assumption in self.assumptions.iter().take(MAX_ASSUMPTIONS) {
            w.text(assumption.label());
        }
        w.array(&self.certificate_digest);
        w.u64(self.eps_sound.log2().to_bits());
        w.u64(self.created_unix_s);
        let attestation = &self.rng_attestation;
        w.text(&attestation[..attestation.floor_char_boundary(Self::MAX_ATTESTATION_BYTES)]);
        w.finish()
    }

    pub(crate) fn decode_shared(bytes: &[u8], position: u32) -> Result<Self, Error> {
        let mut r = Reader::new("provenance", bytes);
        let version = r.u8()?;
        if version != VERSION && version != WITHOUT_ATTESTATION {
            return Err(Error::Version { found: version, expected: VERSION });
        }
        let session = SessionId(r.array()?);
        let block = r.u64()?;
        let model = r.text(MAX_LABEL)?;
        let security_model = MODELS
            .into_iter()
            .find(|m| m.trust_label() == model)
            .ok_or(Error::Corrupt { table: "provenance", what: "unknown security model" })?;
        let route = match r.u8()? {
            0 => Route::Direct,
            1 => Route::Relayed,
            _ => return Err(Error::Corrupt { table: "provenance", what: "unknown route" }),
        };
        let count = r.u8()?;
        let assumptions = (0..count)
            .map(|_| {
                let label = r.text(MAX_LABEL)?;
                ASSUMPTIONS
                    .into_iter()
                    .find(|a| a.label() == label)
                    .ok_or(Error::Corrupt { table: "provenance", what: "unknown assumption" })
            })
            .collect::<Result<_, _>>()?;
        let certificate_digest = r.array()?;
        let eps_sound = Epsilon::from_log2(f64::from_bits(r.u64()?))
            .map_err(|_| Error::Corrupt { table: "provenance", what: "epsilon out of range" })?;
        let created_unix_s = r.u64()?;
        let rng_attestation = match version {
            WITHOUT_ATTESTATION => String::new(),
            _ => r.text(Self::MAX_ATTESTATION_BYTES)?.to_owned(),
        };
        r.end()?;
        Ok(Self {
            session,
            block,
            position,
            security_model,
            route,
            assumptions,
            certificate_digest,
            eps_sound,
            rng_attestation,
            created_unix_s,
        })
    }
}

const VERSION: u8 = 2;
const WITHOUT_ATTESTATION: u8 = 1;
const MAX_LABEL: usize = 64;

/// The most assumptions that a record keeps.
pub(crate) const MAX_ASSUMPTIONS: usize = 32;

const MODELS: [SecurityModel; 5] = [
    SecurityModel::DeviceIndependent,
    SecurityModel::OneSidedDeviceIndependent,
    SecurityModel::MeasurementDeviceIndependent,
    SecurityModel::DeviceDependent,
    SecurityModel::PostQuantum,
];

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

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Provenance {
        Provenance {
            session: SessionId([7; 16]),
            block: 3,
            position: 11,
            security_model: SecurityModel::DeviceIndependent,
            route: Route::Direct,
            assumptions: ASSUMPTIONS.to_vec(),
            certificate_digest: [9; 32],
            eps_sound: Epsilon::from_log2(-33.25).unwrap(),
            rng_attestation: "lab 7, QRNG 42, 2026-03".into(),
            created_unix_s: 1_790_000_000,
        }
    }

    #[test]
    fn survives_storage_for_every_model_and_route() {
        for security_model in MODELS {
            for route in [Route::Direct, Route::Relayed] {
                let provenance = Provenance { security_model, route, ..example() };
                assert_eq!(Provenance::decode_shared(&provenance.encode_shared(), 11).unwrap(), provenance);
            }
        }
    }

    #[test]
    fn relayed_keys_are_never_device_independent() {
        assert_eq!(example().trust_label(), "di");
        assert_eq!(Provenance { route: Route::Relayed, ..example() }.trust_label(), "relayed");
    }

    /// A record of version 1 is one of version 2 without its last field.
    #[test]
    fn records_without_an_attestation_are_read() {
        let without = Provenance { rng_attestation: String::new(), ..example() };
        let mut bytes = without.encode_shared();
        bytes.truncate(bytes.len() - 2);
        bytes[0] = WITHOUT_ATTESTATION;
        assert_eq!(Provenance::decode_shared(&bytes, 11).unwrap(), without);
    }

    #[test]
    fn a_long_attestation_is_cut_between_characters() {
        let long = Provenance { rng_attestation: "\u{e4}".repeat(100) + "x", ..example() };
        let kept = Provenance::decode_shared(&long.encode_shared(), 11).unwrap();
        assert_eq!(kept.rng_attestation, "\u{e4}".repeat(64));
    }

    #[test]
    fn every_cut_and_every_extension_is_an_error() {
        let bytes = example().encode_shared();
        for cut in 0..bytes.len() {
            assert!(Provenance::decode_shared(&bytes[..cut], 0).is_err());
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Provenance::decode_shared(&longer, 0).is_err());
    }
}
