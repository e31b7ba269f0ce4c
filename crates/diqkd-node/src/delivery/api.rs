//! The three calls of ETSI GS QKD 014 V1.1.1 (clauses 5 and 6), for one pair of applications at one site.

use base64ct::{Base64, Encoding};
use diqkd_core::{KeyId, Role};
use diqkd_keystore::{DeliveredKey, Error, StateName};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::config::DeliveryConfig;
use crate::error::with_causes;
use crate::http::{Answer, Request};
use crate::vault::Vault;

/// Where the application of one site gets its keys.
pub(crate) struct Counter<'a> {
    pub(crate) role: Role,
    pub(crate) pair: &'a DeliveryConfig,
    pub(crate) vault: &'a Vault,
    /// Which of the vault's shares is this pair's.
    pub(crate) share: usize,
    pub(crate) key_bits: u32,
}

/// What a call came to.
pub(crate) struct Served {
    pub(crate) answer: Answer,
    /// Keys that have left the store with it.
    pub(crate) keys: usize,
}

/// Status and message of a refusal.
type Refusal = (u16, String);

impl Counter<'_> {
    /// Answers a call. Keys have left the store, durably, before they are in an answer.
    pub(crate) fn serve(&self, request: &Request) -> Served {
        match self.call(request) {
            Ok(served) => served,
            Err((status, message)) => {
                Served { answer: in_json(status, &json!({ "message": message })), keys: 0 }
            }
        }
    }

    fn call(&self, request: &Request) -> Result<Served, Refusal> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let words: Vec<&str> = path.split('/').collect();
        let ["", "api", "v1", "keys", other, call] = words[..] else {
            return Err(refused(
                "no such resource; expected /api/v1/keys/SAE_ID/status, enc_keys or dec_keys",
            ));
        };
        let is_master = self.role == self.pair.master;
        let (peer, calls) = match is_master {
            true => (&self.pair.slave_sae, "status and enc_keys"),
            false => (&self.pair.master_sae, "dec_keys"),
        };
        if other != peer {
            return Err(refused(&format!("keys here are shared with {peer} alone")));
        }
        let arguments = match request.method.as_str() {
            "GET" => simple(call, query),
            "POST" => serde_json::from_slice(&request.body).ok().filter(Value::is_object),
            _ => None,
        };
        match (call, is_master, arguments) {
            ("status", true, _) if request.method == "GET" => self.status(),
            ("enc_keys", true, Some(arguments)) => self.give_next(&arguments),
            ("dec_keys", false, Some(arguments)) => self.give_named(&arguments),
            ("status" | "enc_keys", false, _) | ("dec_keys", true, _) => Err(refused(&format!(
                "the application at this site is the {}'s; it calls {calls}",
                if is_master { "master" } else { "slave" }
            ))),
            _ => Err(refused("bad request format")),
        }
    }

    /// Clause 6.1.
    fn status(&self) -> Result<Served, Refusal> {
        let stored = self.vault.share_available(self.share).map_err(|error| self.failed(&error))?;
        let status = json!({
            "source_KME_ID": self.role.to_string(), "target_KME_ID": self.role.peer().to_string(),
            "master_SAE_ID": self.pair.master_sae, "slave_SAE_ID": self.pair.slave_sae,
            "key_size": self.key_bits, "stored_key_count": stored, "max_key_count": u32::MAX,
            "max_key_per_request": MOST_KEYS, "max_key_size": self.key_bits, "min_key_size": self.key_bits,
            "max_SAE_ID_count": 0,
        });
        Ok(Served { answer: in_json(200, &status), keys: 0 })
    }

    /// Get key: clauses 5.3 and 6.2.
    fn give_next(&self, arguments: &Value) -> Result<Served, Refusal> {
        let number = |name: &str, default| arguments.get(name).map_or(Some(default), Value::as_u64);
        let key_bits = u64::from(self.key_bits);
        let (Some(count), Some(bits)) = (number("number", 1), number("size", key_bits)) else {
            return Err(refused("number and size shall be integers"));
        };
        let is_empty = |name: &str| match &arguments[name] {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if !is_empty("extension_mandatory") {
            return Err(refused("not all extension_mandatory parameters are supported"));
        }
        if !is_empty("additional_slave_SAE_IDs") {
            return Err(refused("additional_slave_SAE_IDs are not supported: max_SAE_ID_count is 0"));
        }
        if !bits.is_multiple_of(8) {
            return Err(refused("size shall be a multiple of 8"));
        }
        if bits != key_bits {
            return Err(refused(&format!("size is {bits}, expected {key_bits}: all keys here are as long")));
        }
        if !(1..=MOST_KEYS).contains(&count) {
            return Err(refused(&format!("number is {count}, expected 1 to {MOST_KEYS}")));
        }
        let keys = self
            .vault
            .deliver_next(self.share, count as usize, &self.pair.master_sae)
            .map_err(|error| self.failed(&error))?;
        keys.map(|keys| served(&keys)).ok_or_else(|| (503, "not enough keys yet; ask again".to_owned()))
    }

    /// Get key with key IDs: clauses 5.4 and 6.4. All of them or none.
    fn give_named(&self, arguments: &Value) -> Result<Served, Refusal> {
        let ids: Option<Vec<KeyId>> = arguments["key_IDs"]
            .as_array()
            .and_then(|ids| ids.iter().map(|id| KeyId::parse(id["key_ID"].as_str()?)).collect());
        let Some(ids) = ids.filter(|ids| (1..=MOST_KEYS as usize).contains(&ids.len())) else {
            return Err(refused(&format!("expected key_IDs: 1 to {MOST_KEYS} objects {{\"key_ID\": UUID}}")));
        };
        match self.vault.deliver_named(self.share, &ids, &self.pair.slave_sae) {
            Ok(keys) => Ok(served(&keys)),
            // The master's site may know sooner than this one that both hold it.
            Err(Error::IllegalTransition { state: StateName::Prepared, .. }) => {
                Err((503, "one or more keys are not released at this site yet; ask again".to_owned()))
            }
            Err(Error::UnknownKey { .. } | Error::IllegalTransition { .. } | Error::Expired { .. }) => {
                Err(refused("one or more keys specified are not found on KME"))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &dyn std::error::Error) -> Refusal {
        let (source, folder) = (&self.pair.source, self.pair.folder());
        tracing::error!(%source, folder, detail = with_causes(error), "a key store failed when keys were asked for");
        (503, "the key store failed; see the log of the node".to_owned())
    }
}

/// The key container, wiped when it has been sent.
fn served(keys: &[DeliveredKey]) -> Served {
    let room: usize = keys.iter().map(|key| 80 + Base64::encoded_len(&key.secret)).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(room + 16));
    text.extend_from_slice(b"{\"keys\":[");
    for (index, key) in keys.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        text.extend_from_slice(format!("{comma}{{\"key_ID\":\"{}\",\"key\":\"", key.id).as_bytes());
        // Straight into the text, which has room, so that no copy is left behind.
        let start = text.len();
        text.resize(start + Base64::encoded_len(&key.secret), 0);
        Base64::encode(&key.secret, &mut text[start..]).expect("the text has grown by the encoded length");
        text.extend_from_slice(b"\"}");
    }
    text.extend_from_slice(b"]}");
    Served { answer: Answer { status: 200, content_type: JSON, body: text }, keys: keys.len() }
}

fn in_json(status: u16, value: &Value) -> Answer {
    Answer { status, content_type: JSON, body: Zeroizing::new(value.to_string().into_bytes()) }
}

fn refused(message: &str) -> Refusal {
    (400, message.to_owned())
}

/// What a request by GET says in its address: `number` and `size`, or one `key_ID`.
fn simple(call: &str, query: &str) -> Option<Value> {
    let mut request = json!({});
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        match (call, name) {
            ("enc_keys", "number" | "size") => request[name] = json!(value.parse::<u64>().ok()?),
            ("dec_keys", "key_ID") => request["key_IDs"] = json!([{ "key_ID": value }]),
            _ => return None,
        }
    }
    Some(request)
}

const JSON: &str = "application/json";
/// Keys in one request.
const MOST_KEYS: u64 = 128;

#[cfg(test)]
mod tests {
    use diqkd_core::SessionId;
    use diqkd_keystore::NewKey;

    use super::*;
    use crate::config::Access;
    use crate::randomness::Randomness;
    use crate::vault::tests::new_key;
    use crate::vault::{Contents, Share};

    /// The same keys at both sites: three that may be taken, one that is not released yet.
    struct Sites {
        pair: DeliveryConfig,
        vaults: [Vault; 2],
        folder: std::path::PathBuf,
    }

    impl Sites {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("diqkd-api-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            let pair = DeliveryConfig {
                source: "bench".to_owned(),
                master: Role::Bob,
                master_sae: "mail-b".to_owned(),
                slave_sae: "mail-a".to_owned(),
                keys_a_block: None,
                unix: "unused".into(),
                access: Access::Owner,
            };
            let vaults = ["alice", "bob"].map(|site| {
                let share = Share { name: pair.folder(), keys_a_block: None };
                let contents = Contents { key_length_bits: 256, pad_keys: 0, shares: vec![share] };
                let randomness = Randomness::from_seed(1);
                let vault = Vault::open(&folder.join(site), contents, "", &randomness).unwrap();
                let keys: Vec<NewKey> = (0..4).map(key).collect();
                vault.insert_in_share(0, &keys[..3], &keys[3..]);
                vault
            });
            Self { pair, vaults, folder }
        }

        fn ask(&self, role: Role, method: &str, target: &str, body: &Value) -> (u16, Value) {
            let vault = &self.vaults[usize::from(role == Role::Bob)];
            let counter = Counter { role, pair: &self.pair, vault, share: 0, key_bits: 256 };
            let target = format!("/api/v1/keys/{target}");
            let body = body.to_string().into_bytes();
            let served = counter.serve(&Request { method: method.to_owned(), target, body });
            (served.answer.status, serde_json::from_slice(&served.answer.body).unwrap())
        }
    }

    impl Drop for Sites {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    fn key(n: u8) -> NewKey {
        new_key(n, SessionId([n; 16]))
    }

    #[test]
    fn a_key_goes_once_to_the_master_and_once_to_the_slave() {
        let sites = Sites::new("once");
        let (status, said) = sites.ask(Role::Bob, "GET", "mail-a/status", &Value::Null);
        assert_eq!(status, 200);
        for (field, value) in [
            ("source_KME_ID", json!("bob")),
            ("target_KME_ID", json!("alice")),
            ("master_SAE_ID", json!("mail-b")),
            ("slave_SAE_ID", json!("mail-a")),
            ("key_size", json!(256)),
            ("stored_key_count", json!(3)),
            ("max_key_count", json!(4_294_967_295_u32)),
            ("max_key_per_request", json!(128)),
            ("max_key_size", json!(256)),
            ("min_key_size", json!(256)),
            ("max_SAE_ID_count", json!(0)),
        ] {
            assert_eq!(said[field], value, "{field}");
        }
        let two = json!({ "number": 2, "size": 256, "extension_optional": [{ "x": 1 }] });
        let (status, taken) = sites.ask(Role::Bob, "POST", "mail-a/enc_keys", &two);
        assert_eq!(status, 200, "{taken}");
        assert_eq!(taken["keys"][1]["key_ID"], "01010101-0101-0101-0101-010101010101");
        assert_eq!(taken["keys"][1]["key"], "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
        let (status, last) = sites.ask(Role::Bob, "GET", "mail-a/enc_keys?number=1&size=256", &Value::Null);
        assert_eq!((status, &last["keys"][0]["key_ID"]), (200, &json!(KeyId([2; 16]).to_string())));
        // The fourth is not released.
        let (status, said) = sites.ask(Role::Bob, "GET", "mail-a/enc_keys", &Value::Null);
        assert_eq!((status, &said["message"]), (503, &json!("not enough keys yet; ask again")));

        let named = |ids: &[KeyId]| {
            let ids: Vec<Value> = ids.iter().map(|id| json!({ "key_ID": id.to_string() })).collect();
            json!({ "key_IDs": ids })
        };
        let ids = [KeyId([1; 16]), KeyId([0; 16])];
        let not_found = (400, json!({ "message": "one or more keys specified are not found on KME" }));
        // All or none, and none twice.
        let with_unknown = named(&[ids[0], KeyId([9; 16])]);
        assert_eq!(sites.ask(Role::Alice, "POST", "mail-b/dec_keys", &with_unknown), not_found);
        assert_eq!(sites.ask(Role::Alice, "POST", "mail-b/dec_keys", &named(&[ids[0], ids[0]])), not_found);
        let (status, same) = sites.ask(Role::Alice, "POST", "mail-b/dec_keys", &named(&ids));
        assert_eq!(status, 200, "{same}");
        assert_eq!((&same["keys"][0], &same["keys"][1]), (&taken["keys"][1], &taken["keys"][0]));
        assert_eq!(sites.ask(Role::Alice, "POST", "mail-b/dec_keys", &named(&ids[..1])), not_found);
        let target = format!("mail-b/dec_keys?key_ID={}", KeyId([2; 16]));
        assert_eq!(sites.ask(Role::Alice, "GET", &target, &Value::Null), (200, last));
        let (status, said) = sites.ask(Role::Alice, "POST", "mail-b/dec_keys", &named(&[KeyId([3; 16])]));
        assert_eq!(status, 503, "{said}");
    }

    #[test]
    fn what_is_no_call_of_this_application_takes_nothing() {
        let sites = Sites::new("refused");
        for (role, method, target, body, message) in [
            (Role::Bob, "POST", "mail-a/enc_keys", json!({ "size": 255 }), "size shall be a multiple of 8"),
            (Role::Bob, "POST", "mail-a/enc_keys", json!({ "size": 128 }), "size is 128, expected 256"),
            (Role::Bob, "POST", "mail-a/enc_keys", json!({ "number": 129 }), "expected 1 to 128"),
            (Role::Bob, "POST", "mail-a/enc_keys", json!({ "number": 0 }), "expected 1 to 128"),
            (Role::Bob, "POST", "mail-a/enc_keys", json!({ "number": -1 }), "shall be integers"),
            (
                Role::Bob,
                "POST",
                "mail-a/enc_keys",
                json!({ "extension_mandatory": [{}] }),
                "not all extension",
            ),
            (
                Role::Bob,
                "POST",
                "mail-a/enc_keys",
                json!({ "additional_slave_SAE_IDs": ["x"] }),
                "max_SAE_ID_count is 0",
            ),
            (Role::Bob, "POST", "mail-a/enc_keys", json!([]), "bad request format"),
            (Role::Bob, "PUT", "mail-a/enc_keys", json!({}), "bad request format"),
            (Role::Bob, "GET", "mail-a/enc_keys?colour=red", json!({}), "bad request format"),
            (Role::Bob, "GET", "web-a/enc_keys", json!({}), "shared with mail-a alone"),
            (Role::Bob, "GET", "mail-a/keys", json!({}), "bad request format"),
            (Role::Bob, "GET", "mail-a/enc_keys/1", json!({}), "no such resource"),
            (Role::Bob, "POST", "mail-a/dec_keys", json!({}), "calls status and enc_keys"),
            (Role::Alice, "GET", "mail-b/enc_keys", json!({}), "calls dec_keys"),
            (Role::Alice, "GET", "mail-b/status", json!({}), "calls dec_keys"),
            (Role::Alice, "GET", "mail-b/dec_keys", json!({}), "1 to 128 objects"),
            (Role::Alice, "POST", "mail-b/dec_keys", json!({ "key_IDs": ["00"] }), "1 to 128 objects"),
        ] {
            let (status, said) = sites.ask(role, method, target, &body);
            assert_eq!(status, 400, "{method} {target} {body}: {said}");
            assert!(said["message"].as_str().unwrap().contains(message), "{method} {target} {body}: {said}");
        }
        for vault in &sites.vaults {
            assert_eq!(vault.share_available(0).unwrap(), 3);
        }
    }
}
