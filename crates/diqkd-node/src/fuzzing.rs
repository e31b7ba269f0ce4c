//! Doors for the fuzz targets to decoders of what peers and strangers send, which nobody else calls. Only in builds with
//! `--cfg fuzzing`.

use crate::http;
use crate::site;
use crate::trunk;

/// Greetings, frames and their bodies on the trunk, from a stranger and from a peer that has the key.
pub fn trunk(bytes: &[u8]) {
    trunk::fuzz(bytes);
}

/// What a peer says on a lane of a site.
pub fn word(bytes: &[u8]) {
    site::fuzz_word(bytes);
}

/// A request as it comes over a socket, the same whole and in pieces; at the counters where applications get their keys it
/// is answered, too, in JSON and without a key where there is none.
pub fn request(bytes: &[u8], piece: usize) {
    let whole = http::in_pieces(bytes, bytes.len().max(1));
    assert_eq!(whole, http::in_pieces(bytes, piece.max(1)));
    #[cfg(unix)]
    if let Ok(request) = &whole {
        counters::serve(request);
    }
}

#[cfg(unix)]
mod counters {
    use std::sync::OnceLock;

    use diqkd_core::Role;

    use crate::config::{Access, DeliveryConfig};
    use crate::delivery::Counter;
    use crate::http::Request;
    use crate::randomness::Randomness;
    use crate::vault::{Contents, Share, Vault};

    /// Both applications of a pair, and a store without keys.
    pub(super) fn serve(request: &Request) {
        static SITE: OnceLock<(DeliveryConfig, Vault)> = OnceLock::new();
        let (pair, vault) = SITE.get_or_init(|| {
            let pair = DeliveryConfig {
                source: "bench".to_owned(),
                master: Role::Alice,
                master_sae: "a".to_owned(),
                slave_sae: "b".to_owned(),
                keys_a_block: None,
                unix: "unused".into(),
                access: Access::Owner,
            };
            let share = Share { name: pair.folder(), keys_a_block: None };
            let contents = Contents { key_length_bits: 256, pad_keys: 0, shares: vec![share] };
            let folder = std::env::temp_dir().join(format!("diqkd-fuzz-vault-{}", std::process::id()));
            let vault = Vault::open(&folder, contents, "", &Randomness::from_seed(1))
                .expect("a folder that can be written to");
            (pair, vault)
        });
        for role in [Role::Alice, Role::Bob] {
            let served = Counter { role, pair, vault, share: 0, key_bits: 256 }.serve(request);
            assert!([200, 400, 503].contains(&served.answer.status) && served.keys == 0);
            assert!(
                serde_json::from_slice::<serde_json::Value>(&served.answer.body)
                    .is_ok_and(|body| body.is_object())
            );
        }
    }
}
