//! Connections to a server at an address or behind a socket.

use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// What can be written to and read from.
pub trait Connection: Read + Write {}

impl<T: Read + Write> Connection for T {}

/// Connects to `HOST:PORT`, or on Unix to the socket `unix:PATH`; reading fails after ten seconds of silence.
///
/// # Errors
/// Whatever keeps it from connecting.
pub fn connect(server: &str) -> io::Result<Box<dyn Connection>> {
    let patience = Some(Duration::from_secs(10));
    #[cfg(unix)]
    if let Some(path) = server.strip_prefix("unix:") {
        let connection = UnixStream::connect(path)?;
        connection.set_read_timeout(patience)?;
        return Ok(Box::new(connection));
    }
    let connection = TcpStream::connect(server)?;
    connection.set_read_timeout(patience)?;
    Ok(Box::new(connection))
}
