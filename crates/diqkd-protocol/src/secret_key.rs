//! The only form in which a secret leaves this crate.

use std::fmt;

use diqkd_core::{KeyId, SessionId};
use zeroize::Zeroizing;

/// The key of one block, made by hashing a verified, tested string to a certified length. Neither `Clone` nor
/// printable; cut into keys once, by value.
///
/// ```compile_fail,E0382
/// fn twice(key: diqkd_protocol::SecretKey) {
///     let first = key.into_keys(256);
///     let second = key.into_keys(256);
/// }
/// ```
/// ```compile_fail,E0308
/// fn copy(key: &diqkd_protocol::SecretKey) -> diqkd_protocol::SecretKey {
///     key.clone()
/// }
/// ```
pub struct SecretKey {
    bits: Zeroizing<Vec<u64>>,
    length_bits: usize,
    session: SessionId,
    transcript: [u8; 32],
}

impl SecretKey {
    pub(crate) fn new(
        bits: Zeroizing<Vec<u64>>,
        length_bits: usize,
        session: SessionId,
        transcript: [u8; 32],
    ) -> Self {
        Self { bits, length_bits, session, transcript }
    }

    /// Number of secret bits.
    pub fn length_bits(&self) -> usize {
        self.length_bits
    }

    /// The session that made the key.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Cuts the key into pieces of `key_length_bits` (a positive multiple of 8), each with the id that both sites
    /// derive from the public transcript. What is left at the end, shorter than a piece, is destroyed.
    pub fn into_keys(self, key_length_bits: u32) -> Vec<IdentifiedKey> {
        let piece = (key_length_bits / 8).max(1) as usize;
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bits.len() * 8));
        for word in self.bits.iter() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.truncate(self.length_bits / 8);
        let key = |(index, secret): (usize, &[u8])| IdentifiedKey {
            id: key_id(&self.transcript, index as u64),
            index: index as u64,
            secret: Zeroizing::new(secret.to_vec()),
        };
        bytes.chunks_exact(piece).enumerate().map(key).collect()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("length_bits", &self.length_bits)
            .field("session", &self.session)
            .finish()
    }
}

/// One piece of a block's key.
pub struct IdentifiedKey {
    /// The same at both sites.
    pub id: KeyId,
    /// Position in the block.
    pub index: u64,
    /// The key, byte 0 first; bit 0 of the block's key is the lowest bit of byte 0 of piece 0.
    pub secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for IdentifiedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentifiedKey")
            .field("id", &self.id)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// Id of the `index`-th piece: a digest of public data only.
pub(crate) fn key_id(transcript: &[u8; 32], index: u64) -> KeyId {
    let mut hasher = blake3::Hasher::new_derive_key("diqkd key id v1");
    hasher.update(transcript).update(&index.to_le_bytes());
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    KeyId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(words: &[u64], length_bits: usize) -> SecretKey {
        SecretKey::new(Zeroizing::new(words.to_vec()), length_bits, SessionId([0; 16]), [1; 32])
    }

    #[test]
    fn pieces_are_disjoint_and_in_order() {
        let keys = key(&[0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908], 100).into_keys(32);
        let bytes: Vec<Vec<u8>> = keys.iter().map(|key| key.secret.to_vec()).collect();
        assert_eq!(bytes, vec![vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9, 10, 11]]);
        assert!(keys[0].id != keys[1].id && keys[1].id != keys[2].id);
    }

    #[test]
    fn nothing_of_the_bits_is_printed() {
        let text = format!("{:?}", key(&[0xdead_beef], 64));
        assert!(!text.contains("dead") && !text.contains(&0xdead_beef_u64.to_string()));
    }
}
