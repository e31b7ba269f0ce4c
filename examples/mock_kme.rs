//! A stand-in for a key management entity that speaks the REST interface of ETSI GS QKD 014 V1.1.1 (2019-02), for examples
//! and tests: plain HTTP on loopback and made-up keys.
//!
//! Paths, JSON shapes, status codes and the texts of errors that the standard spells out are its own (clauses 5 and 6), and an
//! independent client, the Python package `etsi-qkd-014-client` 0.9.0, gets on with it behind TLS. Not in it: who calls. The standard takes that from the client's certificate, refuses strangers with status 401, and gives a
//! key only to the applications that it was made for; here everybody is both of them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

/// Serves made-up keys until the program ends.
#[derive(Debug)]
pub struct MockKme {
    address: SocketAddr,
}

/// The keys: how many were given to masters, and those of them that wait for their slave.
#[derive(Debug, Default)]
struct Pool {
    given: u64,
    waiting: BTreeMap<String, String>,
}

/// Status line and body.
type Answer = (&'static str, Value);

impl MockKme {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// No port is free.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let pool = Arc::new(Mutex::new(Pool::default()));
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that goes away spoils its own request alone.
                let _ = answer(connection, &pool);
            }
        });
        Ok(Self { address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn answer(connection: TcpStream, pool: &Mutex<Pool>) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0).min(LONGEST_BODY);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, answer) =
        pool.lock().unwrap_or_else(PoisonError::into_inner).respond(&method, &target, &body);
    let text = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    reader.get_mut().write_all((head + &text).as_bytes())
}

impl Pool {
    fn respond(&mut self, method: &str, target: &str, body: &[u8]) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let words: Vec<&str> = path.split('/').collect();
        let ["", "api", "v1", "keys", peer, call] = words[..] else { return refused("no such resource") };
        let request = match method {
            "GET" => simple(call, query),
            "POST" => serde_json::from_slice(body).ok().filter(Value::is_object),
            _ => None,
        };
        match (call, request) {
            ("status", _) if method == "GET" => (OK, self.status(peer)),
            ("enc_keys", Some(request)) => self.give(&request),
            ("dec_keys", Some(request)) => self.give_again(&request),
            _ => refused("bad request format"),
        }
    }

    /// Clause 6.1.
    fn status(&self, slave: &str) -> Value {
        json!({
            "source_KME_ID": "mock-kme-here", "target_KME_ID": "mock-kme-there",
            "master_SAE_ID": "whoever-calls", "slave_SAE_ID": slave,
            "key_size": KEY_BITS, "stored_key_count": KEYS - self.given, "max_key_count": KEYS,
            "max_key_per_request": MOST_KEYS, "max_key_size": LONGEST_BITS, "min_key_size": 64, "max_SAE_ID_count": 0,
        })
    }

    /// Get key: clauses 5.3 and 6.2.
    fn give(&mut self, request: &Value) -> Answer {
        let number = |name: &str, default: u64| request.get(name).map_or(Some(default), Value::as_u64);
        let (Some(count), Some(bits)) = (number("number", 1), number("size", KEY_BITS)) else {
            return refused("number and size shall be integers");
        };
        let is_empty = |name: &str| request[name].as_array().is_none_or(Vec::is_empty);
        if !is_empty("extension_mandatory") {
            return refused("not all extension_mandatory parameters are supported");
        }
        if !is_empty("additional_slave_SAE_IDs") {
            return refused("max_SAE_ID_count is 0");
        }
        if !bits.is_multiple_of(8) {
            return refused("size shall be a multiple of 8");
        }
        if !(64..=LONGEST_BITS).contains(&bits) || !(1..=MOST_KEYS).contains(&count) {
            return refused("number or size beyond what the status says");
        }
        if count > KEYS - self.given {
            return ("503 Service Unavailable", json!({ "message": "not enough keys" }));
        }
        let mut keys = Vec::new();
        for serial in self.given..self.given + count {
            let id = format!("00000000-0000-4000-8000-{serial:012x}");
            // Bytes that count upwards, so that everybody sees that they are no key.
            let bytes: Vec<u8> = (0..bits / 8).map(|byte| (serial + byte) as u8).collect();
            let key = Base64::encode_string(&bytes);
            keys.push(json!({ "key_ID": id, "key": key }));
            self.waiting.insert(id, key);
        }
        self.given += count;
        (OK, json!({ "keys": keys }))
    }

    /// Get key with key IDs: clauses 5.4 and 6.4. All of them or none, each once.
    fn give_again(&mut self, request: &Value) -> Answer {
        let ids: Option<Vec<&str>> = request["key_IDs"]
            .as_array()
            .and_then(|ids| ids.iter().map(|id| id["key_ID"].as_str()).collect());
        let Some(ids) = ids.filter(|ids| !ids.is_empty()) else { return refused("key_IDs expected") };
        if ids.iter().any(|id| !self.waiting.contains_key(*id)) {
            return refused("one or more keys specified are not found on KME");
        }
        let keys: Vec<Value> =
            ids.iter().map(|id| json!({ "key_ID": id, "key": self.waiting.remove(*id) })).collect();
        (OK, json!({ "keys": keys }))
    }
}

/// What a request by GET says in its address: `number` and `size`, or one `key_ID`.
fn simple(call: &str, query: &str) -> Option<Value> {
    let pairs: Option<Vec<(&str, &str)>> =
        query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=')).collect();
    let mut request = json!({});
    for (name, value) in pairs? {
        match (call, name) {
            ("enc_keys", "number" | "size") => request[name] = json!(value.parse::<u64>().ok()?),
            ("dec_keys", "key_ID") => request["key_IDs"] = json!([{ "key_ID": value }]),
            _ => return None,
        }
    }
    Some(request)
}

fn refused(message: &str) -> Answer {
    ("400 Bad Request", json!({ "message": message }))
}

const OK: &str = "200 OK";
const KEYS: u64 = 8;
const KEY_BITS: u64 = 256;
const LONGEST_BITS: u64 = 1024;
const MOST_KEYS: u64 = 4;
const LONGEST_BODY: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn post(pool: &mut Pool, call: &str, body: &Value) -> Answer {
        pool.respond("POST", &format!("/api/v1/keys/bob/{call}"), body.to_string().as_bytes())
    }

    #[test]
    fn a_key_is_given_once_to_each_side() {
        let mut pool = Pool::default();
        let status = pool.respond("GET", "/api/v1/keys/bob/status", b"").1;
        for name in [
            "source_KME_ID",
            "target_KME_ID",
            "master_SAE_ID",
            "slave_SAE_ID",
            "key_size",
            "stored_key_count",
            "max_key_count",
            "max_key_per_request",
            "max_key_size",
            "min_key_size",
            "max_SAE_ID_count",
        ] {
            assert!(!status[name].is_null(), "{name}");
        }
        let (code, taken) = post(&mut pool, "enc_keys", &json!({ "number": 2, "size": 128 }));
        assert_eq!((code, taken["keys"].as_array().unwrap().len()), (OK, 2));
        assert_eq!(taken["keys"][1]["key"].as_str().unwrap().len(), 24);
        let ids = json!({ "key_IDs": [{ "key_ID": taken["keys"][1]["key_ID"] }] });
        let (code, again) = post(&mut pool, "dec_keys", &ids);
        assert_eq!((code, &again["keys"][0]), (OK, &taken["keys"][1]));
        let (code, error) = post(&mut pool, "dec_keys", &ids);
        assert_eq!(code, "400 Bad Request");
        assert_eq!(error["message"], "one or more keys specified are not found on KME");
        // The simple form of the first key.
        let id = taken["keys"][0]["key_ID"].as_str().unwrap();
        let (code, _) = pool.respond("GET", &format!("/api/v1/keys/alice/dec_keys?key_ID={id}"), b"");
        assert_eq!(code, OK);
    }

    #[test]
    fn what_the_standard_refuses_is_refused_in_its_words() {
        let mut pool = Pool::default();
        for (body, message) in [
            (json!({ "size": 127 }), "size shall be a multiple of 8"),
            (
                json!({ "extension_mandatory": [{ "abc_route_type": "direct" }] }),
                "not all extension_mandatory parameters are supported",
            ),
            (json!({ "number": 5 }), "number or size beyond what the status says"),
            (json!({ "number": "many" }), "number and size shall be integers"),
        ] {
            assert_eq!(post(&mut pool, "enc_keys", &body), refused(message));
        }
        assert_eq!(pool.respond("POST", "/api/v1/keys/bob/enc_keys", b"{").0, "400 Bad Request");
        assert_eq!(pool.respond("GET", "/api/v1/keys/bob/enc_keys?colour=red", b"").0, "400 Bad Request");
        for _ in 0..2 {
            assert_eq!(pool.respond("GET", "/api/v1/keys/bob/enc_keys?number=4&size=256", b"").0, OK);
        }
        assert_eq!(post(&mut pool, "enc_keys", &json!({})).0, "503 Service Unavailable");
    }
}
