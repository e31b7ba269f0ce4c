//! Frames over TCP: a reader thread cuts the stream into frames, the caller's thread writes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use diqkd_protocol::wire::{Frame, FrameError, HEADER_BYTES};

/// A connected peer.
pub struct TcpLink {
    stream: TcpStream,
    frames: Receiver<Result<Vec<u8>, TcpError>>,
    reader: Option<JoinHandle<()>>,
}

impl TcpLink {
    /// Takes over a connected stream.
    ///
    /// # Errors
    /// [`TcpError::Io`] when the stream can't be set up or no thread can be started.
    pub fn new(stream: TcpStream) -> Result<Self, TcpError> {
        stream.set_nodelay(true)?;
        let incoming = stream.try_clone()?;
        let (sender, frames) = sync_channel(FRAMES_HELD);
        let reader = std::thread::Builder::new()
            .name("link-reader".to_owned())
            .spawn(move || read_frames(incoming, &sender))?;
        Ok(Self { stream, frames, reader: Some(reader) })
    }

    /// Writes one frame.
    ///
    /// # Errors
    /// [`TcpError::Io`].
    pub fn send(&mut self, frame: &[u8]) -> Result<(), TcpError> {
        Ok(self.stream.write_all(frame)?)
    }

    /// The next frame; `None` when none came within `wait`.
    ///
    /// # Errors
    /// [`TcpError`] once the peer has closed or what comes is not a frame.
    pub fn receive(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, TcpError> {
        match self.frames.recv_timeout(wait) {
            Ok(frame) => frame.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(TcpError::Closed),
        }
    }
}

impl Drop for TcpLink {
    fn drop(&mut self) {
        // Only our writing half: the peer may still be reading what was sent last. The reader ends with the peer.
        let _ = self.stream.shutdown(Shutdown::Write);
        if let Some(reader) = self.reader.take() {
            // A peer that never closes must not keep us: give up reading after a while.
            let _ = self.stream.set_read_timeout(Some(LINGER));
            while self.frames.recv_timeout(LINGER).is_ok() {}
            let _ = self.stream.shutdown(Shutdown::Both);
            let _ = reader.join();
        }
    }
}

fn read_frames(mut stream: TcpStream, sender: &SyncSender<Result<Vec<u8>, TcpError>>) {
    loop {
        let frame = read_frame(&mut stream);
        let over = frame.is_err();
        if sender.send(frame).is_err() || over {
            return;
        }
    }
}

fn read_frame(stream: &mut TcpStream) -> Result<Vec<u8>, TcpError> {
    let mut header = [0; HEADER_BYTES];
    stream.read_exact(&mut header).map_err(closed_or_io)?;
    let length = Frame::length_from_header(&header)?;
    let mut frame = vec![0; length];
    frame[..HEADER_BYTES].copy_from_slice(&header);
    stream.read_exact(&mut frame[HEADER_BYTES..]).map_err(closed_or_io)?;
    Ok(frame)
}

fn closed_or_io(error: std::io::Error) -> TcpError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof { TcpError::Closed } else { TcpError::Io(error) }
}

/// Why a link carries no more frames.
#[derive(Debug, thiserror::Error)]
pub enum TcpError {
    /// The peer closed the connection.
    #[error("the peer closed the connection; look at its log for the reason")]
    Closed,
    /// The operating system refused.
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    /// The stream carries something else.
    #[error("the connection carries something else than this protocol")]
    NotAFrame(#[from] FrameError),
}

/// Frames read ahead of the session; with the payload limit this bounds memory.
const FRAMES_HELD: usize = 16;

/// How long a closing link waits for the peer to close too.
const LINGER: Duration = Duration::from_secs(2);
