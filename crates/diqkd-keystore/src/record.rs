//! The stored form of what is known about a key.

use crate::codec::{Reader, Writer};
use crate::error::Error;
use crate::key::{KeyState, MAX_CONSUMER_BYTES};

/// One entry of the table of records.
pub(crate) struct Stored {
    pub(crate) fixed: Fixed,
    pub(crate) state: KeyState,
    /// The audit entry that led to the state.
    pub(crate) last_entry: u64,
}

/// The part that never changes and that the audit chain vouches for.
pub(crate) struct Fixed {
    pub(crate) secret_bytes: u32,
    pub(crate) provenance_digest: [u8; 32],
    pub(crate) position: u32,
    pub(crate) inserted_unix_s: u64,
    pub(crate) expires_unix_s: Option<u64>,
    pub(crate) fingerprint: [u8; 32],
    /// The audit entry of the insertion; also the key's place in the queue of available keys.
    pub(crate) inserted_entry: u64,
}

impl Fixed {
    pub(crate) fn digest(&self) -> [u8; 32] {
        *blake3::hash(&self.encode()).as_bytes()
    }

    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u8(VERSION);
        w.u32(self.secret_bytes);
        w.array(&self.provenance_digest);
        w.u32(self.position);
        w.u64(self.inserted_unix_s);
        w.u8(self.expires_unix_s.is_some().into());
        w.u64(self.expires_unix_s.unwrap_or(0));
        w.array(&self.fingerprint);
        w.u64(self.inserted_entry);
        w.finish()
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, Error> {
        r.version(VERSION)?;
        Ok(Self {
            secret_bytes: r.u32()?,
            provenance_digest: r.array()?,
            position: r.u32()?,
            inserted_unix_s: r.u64()?,
            expires_unix_s: match (r.u8()?, r.u64()?) {
                (0, 0) => None,
                (1, time) => Some(time),
                _ => return Err(r.corrupt("expiry")),
            },
            fingerprint: r.array()?,
            inserted_entry: r.u64()?,
        })
    }
}

impl Stored {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.raw(&self.fixed.encode());
        w.u64(self.last_entry);
        match &self.state {
            KeyState::Available => w.u8(0),
            KeyState::Delivered { consumer, at_unix_s } => {
                w.u8(1);
                w.u64(*at_unix_s);
                w.text(consumer);
            }
            KeyState::Expired { at_unix_s } => {
                w.u8(2);
                w.u64(*at_unix_s);
            }
            KeyState::Destroyed { at_unix_s } => {
                w.u8(3);
                w.u64(*at_unix_s);
            }
            KeyState::Prepared => w.u8(4),
        }
        w.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut r = Reader::new("records", bytes);
        let fixed = Fixed::decode(&mut r)?;
        let last_entry = r.u64()?;
        let state = match r.u8()? {
            0 => KeyState::Available,
            1 => {
                KeyState::Delivered { at_unix_s: r.u64()?, consumer: r.text(MAX_CONSUMER_BYTES)?.to_owned() }
            }
            2 => KeyState::Expired { at_unix_s: r.u64()? },
            3 => KeyState::Destroyed { at_unix_s: r.u64()? },
            4 => KeyState::Prepared,
            _ => return Err(r.corrupt("unknown state")),
        };
        r.end()?;
        Ok(Self { fixed, state, last_entry })
    }
}

const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_storage_in_every_state_and_no_cut_does() {
        for state in [
            KeyState::Prepared,
            KeyState::Available,
            KeyState::Delivered { consumer: "vpn ü".into(), at_unix_s: 5 },
            KeyState::Expired { at_unix_s: 6 },
            KeyState::Destroyed { at_unix_s: 7 },
        ] {
            let fixed = Fixed {
                secret_bytes: 32,
                provenance_digest: [1; 32],
                position: 2,
                inserted_unix_s: 3,
                expires_unix_s: Some(4),
                fingerprint: [5; 32],
                inserted_entry: 6,
            };
            let digest = fixed.digest();
            let bytes = Stored { fixed, state: state.clone(), last_entry: 9 }.encode();
            let back = Stored::decode(&bytes).unwrap();
            assert_eq!((back.state, back.last_entry, back.fixed.digest()), (state, 9, digest));
            for cut in 0..bytes.len() {
                assert!(Stored::decode(&bytes[..cut]).is_err());
            }
        }
    }
}
