//! What happened to the station, in the same chain as what happened to its keys.

use super::KeyStore;
use crate::audit::AuditEvent;
use crate::error::Error;
use crate::key::MAX_CONSUMER_BYTES;

impl KeyStore {
    /// Records that a tamper sensor of the station fired, in the station's words; 256 bytes of them are kept.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn note_tamper(&self, report: &str, now_unix_s: u64) -> Result<(), Error> {
        let report = report[..report.floor_char_boundary(MAX_CONSUMER_BYTES)].to_owned();
        self.change(|tables| tables.audit(now_unix_s, &AuditEvent::StationTampered { report }).map(|_| ()))
    }
}
