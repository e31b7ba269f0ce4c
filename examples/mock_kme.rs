//! A stand-in for a key management entity that speaks ETSI GS QKD 014, for examples and tests: plain HTTP on loopback,
//! made-up keys, no access control. It exists so that the client has somebody to talk to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::{Value, json};

/// Serves made-up keys until the program ends.
#[derive(Debug)]
pub struct MockKme {
    address: SocketAddr,
}

impl MockKme {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// No port is free.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // A client that goes away spoils its own request alone.
                let _ = answer(connection);
            }
        });
        Ok(Self { address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn answer(connection: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or("").to_owned();
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
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (status, answer) = respond(&path, &body);
    let text = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    reader.get_mut().write_all((head + &text).as_bytes())
}

fn respond(path: &str, body: &Value) -> (&'static str, Value) {
    let key = |number: u64| {
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        // 32 bytes of 0xNN in base64 would do; these spell their number so that a test can tell them apart.
        json!({ "key_ID": id, "key": format!("{}{}A=", "AAEC".repeat(10), ["AA", "AB", "AC", "AD"][number as usize % 4]) })
    };
    match path.rsplit('/').next() {
        Some("status") => {
            ("200 OK", json!({ "key_size": 256, "stored_key_count": 4, "max_key_per_request": 4 }))
        }
        Some("enc_keys") => {
            let number = body["number"].as_u64().unwrap_or(1).min(4);
            ("200 OK", json!({ "keys": (0..number).map(key).collect::<Vec<_>>() }))
        }
        Some("dec_keys") => {
            let wanted = body["key_IDs"].as_array().cloned().unwrap_or_default();
            let number =
                |id: &Value| u64::from_str_radix(id["key_ID"].as_str()?.rsplit('-').next()?, 16).ok();
            let keys: Option<Vec<Value>> = wanted.iter().map(|id| number(id).map(key)).collect();
            match keys {
                Some(keys) if !keys.is_empty() => ("200 OK", json!({ "keys": keys })),
                _ => ("400 Bad Request", json!({ "message": "key_IDs expected" })),
            }
        }
        _ => ("404 Not Found", json!({ "message": "no such resource" })),
    }
}

const LONGEST_BODY: usize = 1 << 16;
