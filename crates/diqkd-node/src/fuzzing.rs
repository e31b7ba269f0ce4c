//! Doors for the fuzz targets to decoders of what peers and strangers send, which nobody else calls. Only in builds with
//! `--cfg fuzzing`.

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
