//! What happened to the station, in the same chain as what happened to its keys.

use super::KeyStore;
use crate::audit::AuditEvent;
use crate::error::Error;
use crate::key::MAX_CONSUMER_BYTES;

impl KeyStore {
    /// Records that a tamper sensor of the station fired: its number and what it saw, in at most 256 bytes.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn note_tamper(&self, sensor: u16, cause: &str, now_unix_s: u64) -> Result<(), Error> {
        let cause = cause[..cause.floor_char_boundary(MAX_CONSUMER_BYTES)].to_owned();
        self.change(|tables| {
            tables.audit(now_unix_s, &AuditEvent::StationTampered { sensor, cause }).map(|_| ())
        })
    }
}
