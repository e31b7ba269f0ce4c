//! A connected stream: a TCP connection, or the near end of one that is wrapped in TLS.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

pub(super) enum Stream {
    Tcp(TcpStream),
    /// The plain side of a relay that speaks TLS with the peer.
    #[cfg(all(unix, feature = "tls"))]
    Relay(std::os::unix::net::UnixStream),
}

macro_rules! each {
    ($self:expr, $stream:ident => $do:expr) => {
        match $self {
            Self::Tcp($stream) => $do,
            #[cfg(all(unix, feature = "tls"))]
            Self::Relay($stream) => $do,
        }
    };
}

impl Stream {
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            #[cfg(all(unix, feature = "tls"))]
            Self::Relay(stream) => Self::Relay(stream.try_clone()?),
        })
    }

    /// Nothing is read or written for longer than this.
    pub(super) fn set_timeout(&self, limit: Duration) -> io::Result<()> {
        each!(self, stream => {
            stream.set_read_timeout(Some(limit))?;
            stream.set_write_timeout(Some(limit))
        })
    }

    pub(super) fn shutdown(&self) {
        let _ = each!(self, stream => stream.shutdown(Shutdown::Both));
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        each!(self, stream => stream.read(bytes))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, stream => stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        each!(self, stream => stream.flush())
    }
}
