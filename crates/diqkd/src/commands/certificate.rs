//! `diqkd certificate check`: a certificate re-verified by code that shares nothing with the optimiser.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use diqkd_entropy::{Certificate, check};
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::input::Input;

/// Certificates of key lengths.
#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// Verify a certificate in interval arithmetic.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The certificate, or the whole JSON output of `keylength`; `-` is standard input.
    file: PathBuf,
}

impl CertificateCommand {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let Self::Check(Check { file }) = self;
        let bytes = Input::open(&file)?.read_limited(MOST_BYTES, "a certificate")?;
        let named = |what: &str| format!("{}: {what}", file.display());
        let document: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| {
            Failure::because(
                named("not JSON; save the output of `diqkd keylength ... --json` and give that file"),
                e,
            )
        })?;
        let inner = document.get("certificate").unwrap_or(&document);
        let certificate = Certificate::from_json(&inner.to_string())
            .map_err(|e| Failure::because(named("not a certificate"), e))?;
        match check::check(&certificate) {
            Ok(checked) => Ok(Answer::new(
                format!("valid: {} bits ({:.3} proved)", checked.key_bits(), checked.proved_bits()),
                json!({ "valid": true, "key_bits": checked.key_bits(), "proved_bits": checked.proved_bits() }),
            )),
            Err(error) => Ok(Answer::refused(
                format!("not valid: {error}"),
                json!({ "valid": false, "key_bits": 0 }),
                "certificate-invalid",
                [Some(certificate.key_bits() as f64), None],
            )),
        }
    }
}

const MOST_BYTES: u64 = 1 << 20;
