//! Fetches keys over the REST interface of ETSI GS QKD 014 V1.1.1: the master application takes two from the key management
//! entity of its site, the slave asks the one of its own site for the same by their ids.
//!
//! ```sh
//! cargo run --release --example etsi014_client                   # against a mock in this process
//! cargo run --release --example etsi014_client -- MASTER_KME SLAVE_KME MASTER_SAE SLAVE_SAE
//! ```
//!
//! A KME is `HOST:PORT`, or `unix:PATH` for a socket of `diqkd node` (docs/node.md). The standard wants TLS with certificates,
//! which also say which application calls; this client speaks plain HTTP, to a proxy on its host that adds them, one for each
//! application (tried so with `qkd_kme_server` of thomasarmel, commit 4d53a3d). Without addresses it talks to a mock whose keys
//! are made up and protect nothing.

use std::error::Error;
use std::io::{Read, Write};

use diqkd_examples::{MockKme, connect};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [here, there, master, slave] = match <[String; 4]>::try_from(arguments) {
        Ok(arguments) => arguments,
        Err(none) if none.is_empty() => {
            let mock = MockKme::start()?.address().to_string();
            [mock.clone(), mock, "alice-app".to_owned(), "bob-app".to_owned()]
        }
        Err(_) => return Err("usage: etsi014_client [MASTER_KME SLAVE_KME MASTER_SAE SLAVE_SAE]".into()),
    };
    let status = request(&here, &format!("/api/v1/keys/{slave}/status"), None)?;
    println!("{} keys of {} bits are stored", status["stored_key_count"], status["key_size"]);

    let wanted = json!({ "number": 2, "size": status["key_size"] });
    let taken = keys(request(&here, &format!("/api/v1/keys/{slave}/enc_keys"), Some(wanted))?)?;
    // The ids travel to the other site in the clear; the keys never do.
    let ids: Vec<Value> = taken.iter().map(|key| json!({ "key_ID": key["key_ID"] })).collect();
    let asked = Some(json!({ "key_IDs": ids }));
    let same = keys(request(&there, &format!("/api/v1/keys/{master}/dec_keys"), asked)?)?;
    for ours in &taken {
        let theirs =
            same.iter().find(|key| key["key_ID"] == ours["key_ID"]).ok_or("a key is missing there")?;
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

fn keys(mut answer: Value) -> Result<Vec<Value>, Box<dyn Error>> {
    let keys = answer["keys"].as_array_mut().ok_or("the answer has no keys")?;
    Ok(std::mem::take(keys))
}

/// A GET, or a POST with a JSON body; the JSON of the answer. By HTTP/1.0, whose answers come in one piece.
fn request(server: &str, path: &str, body: Option<Value>) -> Result<Value, Box<dyn Error>> {
    let mut connection = connect(server).map_err(|e| format!("{server} does not answer: {e}"))?;
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.map_or(String::new(), |body| body.to_string());
    write!(
        connection,
        "{method} {path} HTTP/1.0\r\nHost: {server}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    let read = connection.take(1 << 20).read_to_string(&mut answer);
    read.map_err(|e| format!("{server}: no whole answer within 10 s: {e}"))?;
    let (head, text) = answer.split_once("\r\n\r\n").ok_or("the answer is no HTTP")?;
    if head.split(' ').nth(1) != Some("200") {
        return Err(format!("{path}: {}: {text}", head.lines().next().unwrap_or("")).into());
    }
    Ok(serde_json::from_str(text)?)
}
