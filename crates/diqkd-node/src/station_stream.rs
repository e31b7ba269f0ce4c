//! The stream between a node and the process that drives a vendor's station; `docs/station-stream.md` has it in words.
//!
//! ```text
//! frame    length u32 of kind and body   kind u8   body   CRC-32 u32 of everything before
//! ```
//! All integers are little-endian. At most [`MOST_BODY_BYTES`] bytes a body, checked before anything is allocated. The node
//! is the client (`StationClient` inside it), the vendor's process the server; [`serve`] is one in Rust, around any
//! [`TimeTagger`](diqkd_hal::TimeTagger).

mod client;
mod server;

use std::io::{self, Read, Write};

use diqkd_core::{Role, SessionId, TestProbability};
use zeroize::Zeroizing;

pub(crate) use client::{ClientError, StationClient};
pub use server::{Recorder, Station, serve};

/// What a station's process says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromStation {
    /// Kind 1, the first frame: magic `DIQKDSTN`, version u16, channels u16, resolution in ps u32, name in UTF-8.
    Hello {
        /// What the station speaks: 1 or 2.
        version: u16,
        /// Every channel lies below.
        channels: u16,
        /// Two tags closer than this may carry the same time, in picoseconds.
        resolution_ps: u32,
        /// For the log, at most 255 bytes.
        name: String,
    },
    /// Kind 2: number of tags u32, times i64 each, channels u16 each. Times never decrease within a block.
    Tags {
        /// Picoseconds on the station's clock.
        time_ps: Vec<i64>,
        /// One for each time.
        channel: Vec<u16>,
    },
    /// Kind 3: so many tags were lost here, u64. The block is of no use.
    Lost {
        /// How many.
        missed: u64,
    },
    /// Kind 4: the station was blind from one time to another, i64 each. The block is of no use.
    Gap {
        /// The beginning.
        from_ps: i64,
        /// The end.
        to_ps: i64,
    },
    /// Kind 5: the station's clock lost its reference. The block is of no use.
    SyncLost,
    /// Kind 6: the block has ended; the station records nothing before the next [`ToStation::Begin`].
    End,
    /// Kind 7: the station can't go on; why in UTF-8, for the log.
    Failed {
        /// Why, at most 1024 bytes.
        why: String,
    },
    /// Kind 8: a tamper sensor fired, or can't be read; what it saw in UTF-8. The block is of no use, and the event enters
    /// the audit chain of the keys.
    Tampered {
        /// Which sensor and what it saw, at most 1024 bytes; the chain keeps 256.
        report: String,
    },
    /// Kind 9, before [`FromStation::End`] of a block whose flags the station drew ([`Flags::Own`]): the rounds in which its flag
    /// was up, as the gaps of a [`RoundList`](diqkd_core::RoundList). Each frame goes on where the one before ended.
    Raised {
        /// Whole gaps.
        gaps: Vec<u8>,
    },
}

/// What a node says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToStation {
    /// Kind 65 or, with flags of the station's own, 67: record a block.
    Begin(Begin),
    /// Kind 66: enough; send what is left and [`FromStation::End`].
    Stop,
}

/// Everything that a station needs to know for a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The session, 16 bytes.
    pub session: SessionId,
    /// Rounds to record, u64. A station may record more.
    pub rounds: u64,
    /// Whose side this is, u8: 0 Alice, 1 Bob.
    pub role: Role,
    /// In which rounds the station draws its setting; in the others it takes 0 (Alice) or 2 (Bob).
    pub flags: Flags,
}

/// Where the flags of a block's rounds come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flags {
    /// Both stations expand them from one seed: a flag that is up makes a test round.
    Expanded {
        /// Probability of a test round times 65536, u16.
        gamma: TestProbability,
        /// 32 bytes, secret: the flag of round r is up iff the 16-bit word at byte 2 r of the keyed BLAKE3 stream of
        /// `diqkd test flags v1` under this key is below gamma * 65536.
        seed: Zeroizing<[u8; 32]>,
    },
    /// The station draws them from its own generator, and tells when it has stopped ([`FromStation::Raised`]).
    Own {
        /// Probability that a flag is up times 65536, u16.
        probability: TestProbability,
    },
}

/// Why bytes are not a frame of this stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The stream ended or failed.
    #[error("the stream ended")]
    Io(#[from] io::Error),
    /// A frame announces more than is allowed.
    #[error("a frame of {found} bytes at byte {offset} of the stream, expected 1 to {}", MOST_BODY_BYTES + 1)]
    Length {
        /// Kind and body, in bytes.
        found: usize,
        /// Where the frame begins.
        offset: u64,
    },
    /// The checksum does not fit.
    #[error(
        "the frame at byte {offset} of the stream is damaged (CRC-32 {found:#010x}, expected {expected:#010x})"
    )]
    Checksum {
        /// Where the frame begins.
        offset: u64,
        /// What stands there.
        found: u32,
        /// What should stand there.
        expected: u32,
    },
    /// A frame that this version can't read.
    #[error("the frame of kind {kind} at byte {offset} of the stream can't be read: {what}")]
    Content {
        /// Where the frame begins.
        offset: u64,
        /// The kind.
        kind: u8,
        /// What is wrong.
        what: &'static str,
    },
    /// Another version.
    #[error("the station speaks version {found} of the stream, this program versions 1 to {VERSION}")]
    Version {
        /// The version.
        found: u16,
    },
}

impl FromStation {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello { version, channels, resolution_ps, name } => frame(
                1,
                &[
                    MAGIC,
                    &version.to_le_bytes(),
                    &channels.to_le_bytes(),
                    &resolution_ps.to_le_bytes(),
                    cut(name, MOST_NAME_BYTES).as_bytes(),
                ],
            ),
            Self::Tags { time_ps, channel } => {
                let count = time_ps.len().min(channel.len()).min(MOST_TAGS);
                let mut body = (count as u32).to_le_bytes().to_vec();
                body.extend(time_ps[..count].iter().flat_map(|time| time.to_le_bytes()));
                body.extend(channel[..count].iter().flat_map(|channel| channel.to_le_bytes()));
                frame(2, &[&body])
            }
            Self::Lost { missed } => frame(3, &[&missed.to_le_bytes()]),
            Self::Gap { from_ps, to_ps } => frame(4, &[&from_ps.to_le_bytes(), &to_ps.to_le_bytes()]),
            Self::SyncLost => frame(5, &[]),
            Self::End => frame(6, &[]),
            Self::Failed { why } => frame(7, &[cut(why, MOST_WHY_BYTES).as_bytes()]),
            Self::Tampered { report } => frame(8, &[cut(report, MOST_WHY_BYTES).as_bytes()]),
            Self::Raised { gaps } => frame(9, &[gaps]),
        }
    }

    fn decode(kind: u8, mut body: &[u8]) -> Result<Self, &'static str> {
        let b = &mut body;
        let message = match kind {
            1 => {
                if take::<8>(b)? != *MAGIC {
                    return Err("no greeting of a station");
                }
                let version = u16::from_le_bytes(take(b)?);
                let channels = u16::from_le_bytes(take(b)?);
                let resolution_ps = u32::from_le_bytes(take(b)?);
                Self::Hello { version, channels, resolution_ps, name: text(b, MOST_NAME_BYTES)? }
            }
            2 => {
                let count = u32::from_le_bytes(take(b)?) as usize;
                if count > MOST_TAGS || b.len() != 10 * count {
                    return Err("the number of tags does not fit its length");
                }
                let (times, channels) = b.split_at(8 * count);
                *b = &[];
                let times = times.as_chunks::<8>().0.iter().map(|time| i64::from_le_bytes(*time));
                let channels = channels.as_chunks::<2>().0.iter().map(|channel| u16::from_le_bytes(*channel));
                Self::Tags { time_ps: times.collect(), channel: channels.collect() }
            }
            3 => Self::Lost { missed: u64::from_le_bytes(take(b)?) },
            4 => Self::Gap { from_ps: i64::from_le_bytes(take(b)?), to_ps: i64::from_le_bytes(take(b)?) },
            5 => Self::SyncLost,
            6 => Self::End,
            7 => Self::Failed { why: text(b, MOST_WHY_BYTES)? },
            8 => Self::Tampered { report: text(b, MOST_WHY_BYTES)? },
            9 => Self::Raised { gaps: std::mem::take(b).to_vec() },
            _ => return Err("no kind that a station sends"),
        };
        if body.is_empty() { Ok(message) } else { Err("bytes are left over") }
    }
}

impl ToStation {
    /// The frame.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Begin(begin) => {
                let (rounds, role) = (begin.rounds.to_le_bytes(), [u8::from(begin.role == Role::Bob)]);
                let head: [&[u8]; 3] = [&begin.session.0, &rounds, &role];
                let [session, rounds, role] = head;
                match &begin.flags {
                    Flags::Expanded { gamma, seed } => {
                        frame(65, &[session, rounds, role, &gamma.threshold().to_le_bytes(), &**seed])
                    }
                    Flags::Own { probability } => {
                        frame(67, &[session, rounds, role, &probability.threshold().to_le_bytes()])
                    }
                }
            }
            Self::Stop => frame(66, &[]),
        })
    }

    fn decode(kind: u8, mut body: &[u8]) -> Result<Self, &'static str> {
        let b = &mut body;
        let message = match kind {
            65 | 67 => {
                let session = SessionId(take(b)?);
                let rounds = u64::from_le_bytes(take(b)?);
                let role = match take(b)? {
                    [0] => Role::Alice,
                    [1] => Role::Bob,
                    _ => return Err("no role"),
                };
                let probability = TestProbability::from_threshold(u16::from_le_bytes(take(b)?))
                    .map_err(|_| "no probability of a flag")?;
                let flags = match kind {
                    65 => Flags::Expanded { gamma: probability, seed: Zeroizing::new(take(b)?) },
                    _ => Flags::Own { probability },
                };
                Self::Begin(Begin { session, rounds, role, flags })
            }
            66 => Self::Stop,
            _ => return Err("no kind that a node sends"),
        };
        if body.is_empty() { Ok(message) } else { Err("bytes are left over") }
    }
}

/// Reads the frames of one direction.
pub struct Frames<R> {
    reader: R,
    offset: u64,
}

impl<R: Read> Frames<R> {
    /// From the beginning of the stream.
    pub fn new(reader: R) -> Self {
        Self { reader, offset: 0 }
    }

    /// The next thing that the station says.
    ///
    /// # Errors
    /// [`StreamError`]; the stream is of no use then.
    pub fn from_station(&mut self) -> Result<FromStation, StreamError> {
        let (offset, kind, body) = self.frame()?;
        if kind == 1
            && let Some(version) = body.get(8..10)
            && !(1..=VERSION).contains(&u16::from_le_bytes([version[0], version[1]]))
        {
            return Err(StreamError::Version { found: u16::from_le_bytes([version[0], version[1]]) });
        }
        FromStation::decode(kind, &body).map_err(|what| StreamError::Content { offset, kind, what })
    }

    /// The next thing that the node says.
    ///
    /// # Errors
    /// [`StreamError`]; the stream is of no use then.
    pub fn to_station(&mut self) -> Result<ToStation, StreamError> {
        let (offset, kind, body) = self.frame()?;
        ToStation::decode(kind, &body).map_err(|what| StreamError::Content { offset, kind, what })
    }

    /// Place, kind and body of the next frame.
    fn frame(&mut self) -> Result<(u64, u8, Zeroizing<Vec<u8>>), StreamError> {
        let offset = self.offset;
        let mut head = [0; 5];
        self.reader.read_exact(&mut head)?;
        let found = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if !(1..=MOST_BODY_BYTES + 1).contains(&found) {
            return Err(StreamError::Length { found, offset });
        }
        let mut body = Zeroizing::new(vec![0; found - 1]);
        self.reader.read_exact(&mut body)?;
        let mut check = [0; 4];
        self.reader.read_exact(&mut check)?;
        let (found, expected) = (u32::from_le_bytes(check), crc32(&[&head, &body]));
        if found != expected {
            return Err(StreamError::Checksum { offset, found, expected });
        }
        self.offset += 9 + body.len() as u64;
        Ok((offset, head[4], body))
    }
}

/// Writes a frame and sees to it that it leaves.
///
/// # Errors
/// The writer's.
pub fn send(writer: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    writer.write_all(frame)?;
    writer.flush()
}

fn frame(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(length + 8);
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bytes.push(kind);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    let check = crc32(&[&bytes]);
    bytes.extend_from_slice(&check.to_le_bytes());
    bytes
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (taken, rest) = bytes.split_first_chunk::<N>().ok_or("it is cut off")?;
    *bytes = rest;
    Ok(*taken)
}

fn text(bytes: &mut &[u8], most: usize) -> Result<String, &'static str> {
    if bytes.len() > most {
        return Err("a text is too long");
    }
    let text = std::str::from_utf8(std::mem::take(bytes)).map_err(|_| "a text is no UTF-8")?;
    Ok(text.to_owned())
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    &text[..end]
}

/// CRC-32 of IEEE 802.3 (as in PNG and zlib) of the joined parts.
fn crc32(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

const MAGIC: &[u8; 8] = b"DIQKDSTN";
/// Version 2 added flags of the station's own; everything of version 1 is as it was.
const VERSION: u16 = 2;
/// The most tags of one frame.
pub const MOST_TAGS: usize = 1 << 16;
/// The longest body: that of [`MOST_TAGS`] tags.
pub const MOST_BODY_BYTES: usize = 4 + 10 * MOST_TAGS;
const MOST_NAME_BYTES: usize = 255;
const MOST_WHY_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn begin() -> ToStation {
        ToStation::Begin(Begin {
            session: SessionId([5; 16]),
            rounds: 1 << 40,
            role: Role::Bob,
            flags: Flags::Expanded {
                gamma: TestProbability::from_threshold(3328).unwrap(),
                seed: Zeroizing::new([9; 32]),
            },
        })
    }

    fn begin_with_own_flags() -> ToStation {
        let ToStation::Begin(begin) = begin() else { unreachable!() };
        let flags = Flags::Own { probability: TestProbability::from_threshold(16_384).unwrap() };
        ToStation::Begin(Begin { flags, ..begin })
    }

    fn messages() -> Vec<FromStation> {
        vec![
            FromStation::Hello {
                version: VERSION,
                channels: 7,
                resolution_ps: 4,
                name: "tagger µ".to_owned(),
            },
            FromStation::Tags { time_ps: vec![-1, 5, 5], channel: vec![0, 6, 3] },
            FromStation::Lost { missed: 3 },
            FromStation::Gap { from_ps: 1, to_ps: 2 },
            FromStation::SyncLost,
            FromStation::End,
            FromStation::Failed { why: "no light".to_owned() },
            FromStation::Tampered { report: "sensor 3: enclosure".to_owned() },
            FromStation::Raised { gaps: vec![1, 3, 0x80, 1] },
        ]
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32(&[b"1234", b"56789"]), 0xCBF4_3926);
    }

    #[test]
    fn everything_reads_back() {
        let bytes: Vec<u8> = messages().iter().flat_map(FromStation::encode).collect();
        let mut frames = Frames::new(&bytes[..]);
        for message in messages() {
            assert_eq!(frames.from_station().unwrap(), message);
        }
        assert!(matches!(frames.from_station(), Err(StreamError::Io(_))));
        let orders = [begin(), begin_with_own_flags(), ToStation::Stop];
        let bytes: Vec<u8> = orders.iter().flat_map(|order| order.encode().to_vec()).collect();
        let mut frames = Frames::new(&bytes[..]);
        for order in orders {
            assert_eq!(frames.to_station().unwrap(), order);
        }
    }

    #[test]
    fn another_version_and_a_giant_frame_are_named() {
        let mut hello = messages()[0].encode();
        hello[13] = 3;
        let end = hello.len() - 4;
        let check = crc32(&[&hello[..end]]);
        hello[end..].copy_from_slice(&check.to_le_bytes());
        assert!(matches!(Frames::new(&hello[..]).from_station(), Err(StreamError::Version { found: 3 })));
        let giant = [0xff; 9];
        assert!(matches!(Frames::new(&giant[..]).from_station(), Err(StreamError::Length { offset: 0, .. })));
    }

    proptest! {
        #[test]
        fn a_damaged_byte_never_passes(index in 0usize..9, at in any::<prop::sample::Index>(), mask in 1u8..) {
            let mut bytes = messages()[index].encode();
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
            prop_assert!(Frames::new(&bytes[..]).from_station().is_err());
        }

        #[test]
        fn any_body_is_read_or_refused(kind in any::<u8>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
            let bytes = frame(kind, &[&body]);
            if let Ok(message) = Frames::new(&bytes[..]).from_station() {
                prop_assert_eq!(message.encode(), bytes.clone());
            }
            if let Ok(message) = Frames::new(&bytes[..]).to_station() {
                prop_assert_eq!(&message.encode()[..], &bytes[..]);
            }
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut frames = Frames::new(&bytes[..]);
            while frames.from_station().is_ok() {}
        }
    }
}
