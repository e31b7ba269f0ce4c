//! Recordings against an independent reader: one file at a time in memory, one `match` per record, no shared code.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod corruption;
mod devices;
mod feed;
mod index;
mod made;
mod naive;
mod pieces;
mod recordings;
