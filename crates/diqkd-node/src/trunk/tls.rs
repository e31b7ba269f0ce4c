//! Links inside TLS 1.3, with certificates at both ends: hides from the network when blocks are made and how long they are.
//!
//! A thread relays between the connection and the near end of a socket pair, so that the trunk reads and writes as it does
//! without TLS. No security of keys rests on it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection};

use super::stream::Stream;
use crate::config::LinkTls;

/// What an end of a link needs for TLS.
#[derive(Clone)]
pub(super) enum Tls {
    Server(Arc<ServerConfig>),
    Client(Arc<ClientConfig>, ServerName<'static>),
}

/// Why the files of a link's TLS can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file has no certificate or key in PEM.
    #[error("{} can't be read as PEM; check the path and that it holds a {what}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was expected in it.
        what: &'static str,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The peer's name is no name.
    #[error(
        "`{0}` is no name that a certificate can have; expected a DNS name or an address in link.tls.name"
    )]
    Name(String),
    /// Certificate and key don't fit, or the peer's certificate is no root.
    #[error("the certificates of the link can't be used: {0}")]
    Refused(String),
}

impl Tls {
    /// Reads the files; `listens` says which end this is.
    pub(super) fn load(files: &LinkTls, listens: bool) -> Result<Self, TlsError> {
        let own = certificates(&files.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|source| TlsError::Pem {
            path: files.key.clone(),
            what: "private key",
            source,
        })?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&files.peer)? {
            roots.add(certificate).map_err(|error| TlsError::Refused(error.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = [&rustls::version::TLS13];
        let refused = |error: rustls::Error| TlsError::Refused(error.to_string());
        if listens {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .map_err(|error| TlsError::Refused(error.to_string()))?;
            let config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(&versions)
                .map_err(refused)?
                .with_client_cert_verifier(verifier)
                .with_single_cert(own, key)
                .map_err(refused)?;
            return Ok(Self::Server(Arc::new(config)));
        }
        let name =
            ServerName::try_from(files.name.clone()).map_err(|_| TlsError::Name(files.name.clone()))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(refused)?
            .with_root_certificates(roots)
            .with_client_auth_cert(own, key)
            .map_err(refused)?;
        Ok(Self::Client(Arc::new(config), name))
    }

    /// Wraps a connection. The handshake takes place on the relay's thread; if it fails the near end is closed.
    pub(super) fn wrap(&self, stream: TcpStream) -> io::Result<Stream> {
        let connection: Connection = match self {
            Self::Server(config) => {
                ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?.into()
            }
            Self::Client(config, name) => {
                ClientConnection::new(Arc::clone(config), name.clone()).map_err(io::Error::other)?.into()
            }
        };
        let (near, far) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        std::thread::Builder::new().name("tls relay".to_owned()).spawn(move || {
            if let Err(error) = (Relay { connection, stream, far, unsent: Vec::new() }).run() {
                tracing::warn!(%error, "the TLS of a link ended");
            }
        })?;
        Ok(Stream::Relay(near))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = |source| TlsError::Pem { path: path.to_path_buf(), what: "certificate", source };
    CertificateDer::pem_file_iter(path).map_err(pem)?.collect::<Result<_, _>>().map_err(pem)
}

struct Relay {
    connection: Connection,
    stream: TcpStream,
    far: UnixStream,
    /// Plain bytes from the peer that the near end has not taken.
    unsent: Vec<u8>,
}

impl Relay {
    fn run(&mut self) -> io::Result<()> {
        let mut busy = Instant::now();
        let mut piece = vec![0; 1 << 14];
        loop {
            let mut moved = false;
            if self.connection.wants_write() {
                moved |= ready(self.connection.write_tls(&mut self.stream))?.unwrap_or(0) > 0;
            }
            if self.unsent.is_empty() && self.connection.wants_read() {
                match ready(self.connection.read_tls(&mut self.stream))? {
                    Some(0) => return Ok(()),
                    Some(_) => {
                        moved = true;
                        if let Err(error) = self.connection.process_new_packets() {
                            // The peer is told why.
                            let _ = self.connection.write_tls(&mut self.stream);
                            return Err(io::Error::other(error));
                        }
                    }
                    None => {}
                }
            }
            if self.unsent.is_empty()
                && let Some(len) = ready(self.connection.reader().read(&mut piece))?
            {
                if len == 0 {
                    return Ok(());
                }
                self.unsent.extend_from_slice(&piece[..len]);
            }
            if !self.unsent.is_empty()
                && let Some(len) = ready(self.far.write(&self.unsent))?
            {
                self.unsent.drain(..len);
                moved = true;
            }
            if !self.connection.is_handshaking()
                && !self.connection.wants_write()
                && let Some(len) = ready(self.far.read(&mut piece))?
            {
                if len == 0 {
                    self.connection.send_close_notify();
                    let _ = self.connection.write_tls(&mut self.stream);
                    return Ok(());
                }
                self.connection.writer().write_all(&piece[..len])?;
                moved = true;
            }
            if moved {
                busy = Instant::now();
            } else {
                // A link that is in use is looked at often, an idle one seldom.
                let idle = busy.elapsed() > Duration::from_millis(50);
                std::thread::sleep(if idle { Duration::from_millis(5) } else { Duration::from_micros(200) });
            }
        }
    }
}

/// `None` for what would block.
fn ready(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(len) => Ok(Some(len)),
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
