//! The node's end: a time tagger whose hardware is a stream.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use diqkd_core::RoundList;
use diqkd_hal::{Capabilities, ErrorKind, ErrorType, Filled, Restart, Status, TagBlock, TimeTagger};

use super::{Begin, Flags, Frames, FromStation, StreamError, ToStation, send};
use crate::config::StationAddress;

/// A connected station.
pub(crate) struct StationClient {
    frames: Receiver<Result<FromStation, StreamError>>,
    writer: Box<dyn Write + Send>,
    line: Line,
    version: u16,
    channels: u16,
    resolution_ps: u32,
    /// Tags that have come and are not delivered yet, and how many of them are.
    tags: (Vec<i64>, Vec<u16>),
    delivered: usize,
    last_ps: i64,
    recording: bool,
    /// The rounds in which the station's own flag was up, in a block whose flags it draws.
    raised: Option<RoundList>,
    /// Set by whoever has enough rounds.
    enough: Arc<AtomicBool>,
    stopping_since: Option<Instant>,
}

/// What has to be ended so that the station's process learns that the node has gone; the reader's thread holds the other
/// direction of the stream.
enum Line {
    Child(Child),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
    Tcp(TcpStream),
}

/// Why a station can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("the station's process can't be reached; check that it runs and its address")]
    Unreachable(#[source] io::Error),
    #[error("the stream of the station failed")]
    Stream(#[from] StreamError),
    #[error("the station's process said nothing for {0:?}")]
    Silent(Duration),
    #[error("the station's process did not begin with its greeting")]
    NoGreeting,
    #[error("the station says: {0}")]
    Failed(String),
    #[error("the station was tampered with: {0}")]
    Tampered(String),
    #[error("tags out of order, or of a channel that the station does not have")]
    Contract,
    #[error(
        "the station speaks version 1 of the stream, in which it can't draw test flags of its own; sessions with security.flag_alice and flag_bob need version 2"
    )]
    NoFlags,
    #[error("the station's list of raised flags is damaged, too long, or not asked for")]
    Flags,
}

impl diqkd_hal::Error for ClientError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable(_) | Self::Stream(StreamError::Io(_)) | Self::Silent(_) => {
                ErrorKind::Disconnected
            }
            Self::Stream(_) | Self::NoGreeting | Self::Contract | Self::Flags => ErrorKind::Corrupt,
            Self::Failed(_) | Self::NoFlags => ErrorKind::Other,
            Self::Tampered(_) => ErrorKind::Tamper,
        }
    }
}

impl StationClient {
    /// Starts or dials the station's process and waits for its greeting.
    pub(crate) fn open(address: &StationAddress) -> Result<Self, ClientError> {
        let (reader, writer, line): (Box<dyn Read + Send>, Box<dyn Write + Send>, _) = match address {
            StationAddress::Command(command) => {
                let (program, arguments) =
                    command.split_first().ok_or(ClientError::Unreachable(io::ErrorKind::NotFound.into()))?;
                let mut child = Command::new(program)
                    .args(arguments)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .map_err(ClientError::Unreachable)?;
                match (child.stdout.take(), child.stdin.take()) {
                    (Some(stdout), Some(stdin)) => (Box::new(stdout), Box::new(stdin), Line::Child(child)),
                    _ => return Err(ClientError::Unreachable(io::ErrorKind::BrokenPipe.into())),
                }
            }
            #[cfg(unix)]
            StationAddress::Unix(path) => {
                let stream =
                    std::os::unix::net::UnixStream::connect(path).map_err(ClientError::Unreachable)?;
                let clone = || stream.try_clone().map_err(ClientError::Unreachable);
                (Box::new(clone()?), Box::new(clone()?), Line::Unix(stream))
            }
            #[cfg(not(unix))]
            StationAddress::Unix(_) => {
                return Err(ClientError::Unreachable(io::ErrorKind::Unsupported.into()));
            }
            StationAddress::Tcp(address) => {
                let stream = dial(address).map_err(ClientError::Unreachable)?;
                let clone = || stream.try_clone().map_err(ClientError::Unreachable);
                (Box::new(clone()?), Box::new(clone()?), Line::Tcp(stream))
            }
        };
        let (sender, frames) = sync_channel(FRAMES_HELD);
        std::thread::Builder::new()
            .name("station reader".to_owned())
            .spawn(move || {
                let mut reader = Frames::new(io::BufReader::with_capacity(1 << 16, reader));
                loop {
                    let frame = reader.from_station();
                    let over = frame.is_err();
                    if sender.send(frame).is_err() || over {
                        return;
                    }
                }
            })
            .map_err(ClientError::Unreachable)?;
        let mut client = Self {
            frames,
            writer,
            line,
            version: 0,
            channels: 0,
            resolution_ps: 1,
            tags: (Vec::new(), Vec::new()),
            delivered: 0,
            last_ps: i64::MIN,
            recording: false,
            raised: None,
            enough: Arc::new(AtomicBool::new(false)),
            stopping_since: None,
        };
        match client.next(PATIENCE)? {
            Some(FromStation::Hello { version, channels, resolution_ps, name }) => {
                tracing::info!(%name, version, channels, resolution_ps, "station connected");
                (client.version, client.channels, client.resolution_ps) = (version, channels, resolution_ps);
                Ok(client)
            }
            Some(_) => Err(ClientError::NoGreeting),
            None => Err(ClientError::Silent(PATIENCE)),
        }
    }

    /// Has the station begin a block, after the one before has ended.
    pub(crate) fn begin(&mut self, begin: Begin) -> Result<(), ClientError> {
        if self.recording {
            self.enough.store(true, Ordering::Relaxed);
            let until = Instant::now() + PATIENCE;
            while self.recording {
                self.stop_if_enough()?;
                match self.next(TURN)? {
                    Some(FromStation::End) => self.recording = false,
                    _ if Instant::now() > until => return Err(ClientError::Silent(PATIENCE)),
                    _ => {}
                }
            }
        }
        let own_flags = matches!(begin.flags, Flags::Own { .. });
        if own_flags && self.version < 2 {
            return Err(ClientError::NoFlags);
        }
        self.raised = own_flags.then(RoundList::new);
        self.tags = (Vec::new(), Vec::new());
        self.delivered = 0;
        self.last_ps = i64::MIN;
        self.enough.store(false, Ordering::Relaxed);
        self.stopping_since = None;
        self.recording = true;
        self.say(&ToStation::Begin(begin))
    }

    /// To be set once there are enough rounds; the station then ends the block.
    pub(crate) fn enough(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.enough)
    }

    /// The rounds in which the station's own flag was up, once its block has ended; `None` for blocks with other flags.
    pub(crate) fn take_raised(&mut self) -> Option<RoundList> {
        self.raised.take()
    }

    fn add_raised(&mut self, gaps: &[u8]) -> Result<(), ClientError> {
        let raised = self.raised.as_mut().ok_or(ClientError::Flags)?;
        if raised.as_bytes().len() + gaps.len() > MOST_RAISED_BYTES {
            return Err(ClientError::Flags);
        }
        raised.extend_from_bytes(gaps).map_err(|_| ClientError::Flags)
    }

    fn say(&mut self, message: &ToStation) -> Result<(), ClientError> {
        Ok(send(&mut self.writer, &message.encode()).map_err(StreamError::Io)?)
    }

    fn stop_if_enough(&mut self) -> Result<(), ClientError> {
        if self.enough.load(Ordering::Relaxed) && self.stopping_since.is_none() {
            self.stopping_since = Some(Instant::now());
            self.say(&ToStation::Stop)?;
        }
        if self.stopping_since.is_some_and(|since| since.elapsed() > PATIENCE) {
            return Err(ClientError::Silent(PATIENCE));
        }
        Ok(())
    }

    fn next(&mut self, wait: Duration) -> Result<Option<FromStation>, ClientError> {
        match self.frames.recv_timeout(wait) {
            Ok(frame) => Ok(Some(frame?)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(StreamError::Io(io::ErrorKind::UnexpectedEof.into()).into())
            }
        }
    }

    fn check(&mut self, times: &[i64], channels: &[u16]) -> Result<(), ClientError> {
        let ordered = times.is_sorted() && times.first().is_none_or(|&first| first >= self.last_ps);
        if !ordered || channels.iter().any(|&channel| channel >= self.channels) {
            return Err(ClientError::Contract);
        }
        self.last_ps = times.last().copied().unwrap_or(self.last_ps);
        Ok(())
    }
}

impl ErrorType for StationClient {
    type Error = ClientError;
}

impl TimeTagger for StationClient {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            resolution_ps: self.resolution_ps.max(1),
            channels: self.channels,
            max_tag_rate_hz: 0,
            dead_time_ps: 0,
            restart: Restart::Unsupported,
        }
    }

    /// A block begins with [`StationClient::begin`].
    fn start(&mut self) -> Result<(), ClientError> {
        Ok(())
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, ClientError> {
        let ended = Filled { len: 0, status: Status::EndOfData };
        if !self.recording {
            return Ok(ended);
        }
        self.stop_if_enough()?;
        let mut status = Status::Streaming;
        if self.delivered == self.tags.0.len() {
            match self.next(TURN)? {
                None => {}
                Some(FromStation::Tags { time_ps, channel }) => {
                    self.check(&time_ps, &channel)?;
                    self.tags = (time_ps, channel);
                    self.delivered = 0;
                }
                Some(FromStation::Lost { missed }) => status = Status::Overflow { missed },
                Some(FromStation::Gap { from_ps, to_ps }) => status = Status::Gap { from_ps, to_ps },
                Some(FromStation::SyncLost) => status = Status::SyncLost,
                Some(FromStation::End) => {
                    self.recording = false;
                    return Ok(ended);
                }
                Some(FromStation::Failed { why }) => {
                    tracing::error!(%why, "the station can't go on");
                    return Err(ClientError::Failed(why));
                }
                Some(FromStation::Tampered { report }) => return Err(ClientError::Tampered(report)),
                Some(FromStation::Raised { gaps }) => self.add_raised(&gaps)?,
                Some(FromStation::Hello { .. }) => return Err(ClientError::Contract),
            }
        }
        let (times, channels) = (&self.tags.0[self.delivered..], &self.tags.1[self.delivered..]);
        let len = times.len().min(block.capacity());
        block.time_ps[..len].copy_from_slice(&times[..len]);
        block.channel[..len].copy_from_slice(&channels[..len]);
        self.delivered += len;
        Ok(Filled { len, status })
    }

    fn stop(&mut self) -> Result<(), ClientError> {
        Ok(())
    }
}

impl Drop for StationClient {
    fn drop(&mut self) {
        match &mut self.line {
            Line::Child(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            #[cfg(unix)]
            Line::Unix(stream) => {
                let _ = stream.shutdown(Shutdown::Both);
            }
            Line::Tcp(stream) => {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn dial(address: &str) -> io::Result<TcpStream> {
    let address = address.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Frames read ahead: with the limit of a frame this bounds memory, and the station's process waits.
const FRAMES_HELD: usize = 16;
const TURN: Duration = Duration::from_millis(20);
/// A raised flag takes a byte where one round in 127 or more has one, and at most ten.
const MOST_RAISED_BYTES: usize = 1 << 28;
/// How long a station may take to greet and to end a block.
const PATIENCE: Duration = Duration::from_secs(10);
