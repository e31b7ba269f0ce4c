//! The records of the journal of the pre-shared key.

use diqkd_core::SessionId;

/// One session, as it stands in the journal.
///
/// ```text
/// offset  0           16          24         32                    40            48
///         session     start u64   end u64    log2 of eps f64       number u64    blake3 of the 48 bytes before, first half
/// ```
pub(super) struct Record {
    pub(super) session: SessionId,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) eps_log2: f64,
}

impl Record {
    pub(super) fn encode(&self, number: u64) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..16].copy_from_slice(&self.session.0);
        bytes[16..24].copy_from_slice(&self.start.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.end.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.eps_log2.to_bits().to_le_bytes());
        bytes[40..48].copy_from_slice(&number.to_le_bytes());
        let check = checksum(&bytes);
        bytes[48..].copy_from_slice(&check);
        bytes
    }

    pub(super) fn decode(bytes: &[u8; RECORD_BYTES], number: u64) -> Option<Self> {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        if checksum(bytes) != bytes[48..] || word(40) != number {
            return None;
        }
        let mut session = [0; 16];
        session.copy_from_slice(&bytes[..16]);
        Some(Self {
            session: SessionId(session),
            start: word(16),
            end: word(24),
            eps_log2: f64::from_bits(word(32)),
        })
    }
}

fn checksum(bytes: &[u8; RECORD_BYTES]) -> [u8; 16] {
    let mut check = [0; 16];
    check.copy_from_slice(&blake3::derive_key("diqkd pads journal v1", &bytes[..48])[..16]);
    check
}

pub(super) const RECORD_BYTES: usize = 64;
