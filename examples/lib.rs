//! The examples of the workspace; each is a file of this folder: `cargo run --release --example quickstart`.
