//! Fetches keys over the REST interface of ETSI GS QKD 014: the master application takes two, the other asks for the
//! same by their ids.
//!
//! ```sh
//! cargo run --release --example etsi014_client                   # against a mock in this process
//! cargo run --release --example etsi014_client -- HOST:PORT MASTER_SAE SLAVE_SAE
//! ```
//!
//! The standard wants TLS with certificates of both sides; this client speaks plain HTTP, to a proxy on the same host
//! that adds it, say. Without an address it talks to a mock whose keys are made up and protect nothing.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use diqkd_examples::MockKme;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (server, master, slave) = match &arguments[..] {
        [server, master, slave] => (server.clone(), master.as_str(), slave.as_str()),
        [] => (MockKme::start()?.address().to_string(), "alice-app", "bob-app"),
        _ => return Err("usage: etsi014_client [HOST:PORT MASTER_SAE SLAVE_SAE]".into()),
    };
    let status = request(&server, &format!("/api/v1/keys/{slave}/status"), None)?;
    println!("{} keys of {} bits are stored", status["stored_key_count"], status["key_size"]);

    let taken = request(
        &server,
        &format!("/api/v1/keys/{slave}/enc_keys"),
        Some(json!({ "number": 2, "size": 256 })),
    )?;
    let keys = taken["keys"].as_array().ok_or("the answer has no keys")?;
    // The ids travel to the other site in the clear; the keys never do.
    let ids: Vec<Value> = keys.iter().map(|key| json!({ "key_ID": key["key_ID"] })).collect();
    let same = request(&server, &format!("/api/v1/keys/{master}/dec_keys"), Some(json!({ "key_IDs": ids })))?;
    for (ours, theirs) in keys.iter().zip(same["keys"].as_array().ok_or("the answer has no keys")?) {
        // Keys are base64: four characters for three bytes, `=` for a byte less.
        let text = ours["key"].as_str().ok_or("a key is no text")?;
        let bits = 8 * (text.len() / 4 * 3 - text.matches('=').count());
        println!(
            "key {}: {bits} bits, equal at both sites: {}",
            ours["key_ID"],
            ours["key"] == theirs["key"]
        );
    }
    Ok(())
}

/// A GET, or a POST with a JSON body; the JSON of the answer.
fn request(server: &str, path: &str, body: Option<Value>) -> Result<Value, Box<dyn Error>> {
    let mut connection = TcpStream::connect(server).map_err(|e| format!("{server} does not answer: {e}"))?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.map_or(String::new(), |body| body.to_string());
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nHost: {server}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    connection.take(1 << 20).read_to_string(&mut answer)?;
    let (head, text) = answer.split_once("\r\n\r\n").ok_or("the answer is no HTTP")?;
    if head.split(' ').nth(1) != Some("200") {
        return Err(format!("{path}: {}: {text}", head.lines().next().unwrap_or("")).into());
    }
    Ok(serde_json::from_str(text)?)
}
