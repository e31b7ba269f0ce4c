//! The trunk on the wire, version 1; `docs/node.md` has the same in words.
//!
//! ```text
//! greeting  8 bytes "DIQKDTRK"   version u16   role u8 (0 alice, 1 bob)   5 bytes zero   incarnation u64   nonce 32 bytes
//! frame     length u32 of kind and body   kind u8   body   tag 16 bytes
//!   kind 1  proof         nothing                               the first frame, by which each end shows that it has the key
//!   kind 2  resume        next expected u64, agreed fields      the second frame
//!   kind 3  data          number u64, channel u16, message
//!   kind 4  acknowledge   next expected u64
//!   kind 5  ping          u64, comes back in kind 6, pong
//! ```
//! All integers are little-endian. The tag is the first half of a keyed BLAKE3 digest of the frame's place in its direction
//! (u64), length, kind and body. Its key is a digest, under the key that both sites share, of both greetings and the sender.

use std::io::{self, Read, Write};

use diqkd_core::Role;
use zeroize::Zeroizing;

/// Bytes of a greeting.
pub(super) const GREETING_BYTES: usize = 56;

/// What each end says first, before anything is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Greeting {
    pub(super) role: Role,
    pub(super) incarnation: u64,
    pub(super) nonce: [u8; 32],
}

impl Greeting {
    pub(super) fn encode(&self) -> [u8; GREETING_BYTES] {
        let mut bytes = [0; GREETING_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[10] = role_byte(self.role);
        bytes[16..24].copy_from_slice(&self.incarnation.to_le_bytes());
        bytes[24..].copy_from_slice(&self.nonce);
        bytes
    }

    pub(super) fn decode(bytes: &[u8; GREETING_BYTES]) -> Result<Self, WireError> {
        if &bytes[..8] != MAGIC {
            return Err(WireError::Stranger);
        }
        let version = u16::from_le_bytes([bytes[8], bytes[9]]);
        if version != VERSION {
            return Err(WireError::Version { found: version });
        }
        let role = match bytes[10..16] {
            [0, 0, 0, 0, 0, 0] => Role::Alice,
            [1, 0, 0, 0, 0, 0] => Role::Bob,
            _ => return Err(WireError::Stranger),
        };
        let mut incarnation = [0; 8];
        incarnation.copy_from_slice(&bytes[16..24]);
        let mut nonce = [0; 32];
        nonce.copy_from_slice(&bytes[24..]);
        Ok(Self { role, incarnation: u64::from_le_bytes(incarnation), nonce })
    }
}

/// Keys of one connection by sender.
pub(super) fn keys(shared: &[u8; 32], alice: &Greeting, bob: &Greeting) -> [Zeroizing<[u8; 32]>; 2] {
    let mut hasher = blake3::Hasher::new_keyed(shared);
    hasher.update(b"diqkd trunk v1").update(&alice.encode()).update(&bob.encode());
    let connection = Zeroizing::new(*hasher.finalize().as_bytes());
    [Role::Alice, Role::Bob]
        .map(|sender| Zeroizing::new(*blake3::keyed_hash(&connection, &[role_byte(sender)]).as_bytes()))
}

/// Tags frames of one direction of a connection.
pub(super) struct Tagger {
    key: Zeroizing<[u8; 32]>,
    place: u64,
}

impl Tagger {
    pub(super) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key, place: 0 }
    }

    fn tag(&mut self, head: &[u8; 5], parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&self.place.to_le_bytes()).update(head);
        for part in parts {
            hasher.update(part);
        }
        self.place += 1;
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&hasher.finalize().as_bytes()[..TAG_BYTES]);
        tag
    }
}

/// A frame to send; `parts` are the body.
pub(super) fn write_frame(
    stream: &mut impl Write,
    tagger: &mut Tagger,
    kind: Kind,
    parts: &[&[u8]],
) -> io::Result<()> {
    let body: usize = parts.iter().map(|part| part.len()).sum();
    let mut head = [0; 5];
    head[..4].copy_from_slice(&(body as u32 + 1).to_le_bytes());
    head[4] = kind as u8;
    let tag = tagger.tag(&head, parts);
    let mut bytes = Vec::with_capacity(5 + body + TAG_BYTES);
    bytes.extend_from_slice(&head);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes.extend_from_slice(&tag);
    stream.write_all(&bytes)
}

/// The next frame, authentic: kind and body.
pub(super) fn read_frame(stream: &mut impl Read, tagger: &mut Tagger) -> Result<(Kind, Vec<u8>), WireError> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    if !(1..=MOST_FRAME_BYTES).contains(&length) {
        return Err(WireError::Altered);
    }
    let mut body = vec![0; length - 1];
    stream.read_exact(&mut body)?;
    let mut tag = [0; TAG_BYTES];
    stream.read_exact(&mut tag)?;
    // Equality of digests leaks by its time how many bytes of a forgery are right; a forger has one try a connection.
    if tagger.tag(&head, &[&body]) != tag {
        return Err(WireError::Altered);
    }
    let kind = Kind::from_byte(head[4]).ok_or(WireError::Altered)?;
    Ok((kind, body))
}

/// Channel and message as they stand in a frame of data after its number.
pub(super) fn data_body(channel: u16, message: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(2 + message.len());
    body.extend_from_slice(&channel.to_le_bytes());
    body.extend_from_slice(message);
    body
}

/// Length of the message in what [`data_body`] made.
pub(super) fn message_len(body: &[u8]) -> usize {
    body.len().saturating_sub(2)
}

/// Number, channel and message of a frame of data.
pub(super) fn split_data(body: &[u8]) -> Option<(u64, u16, &[u8])> {
    let (number, rest) = body.split_first_chunk::<8>()?;
    let (channel, message) = rest.split_first_chunk::<2>()?;
    Some((u64::from_le_bytes(*number), u16::from_le_bytes(*channel), message))
}

/// The one number that a frame consists of.
pub(super) fn number(body: &[u8]) -> Option<u64> {
    body.try_into().ok().map(u64::from_le_bytes)
}

pub(super) fn resume_body(next_expected: u64, agreed: &[(String, String)]) -> Vec<u8> {
    let mut body = next_expected.to_le_bytes().to_vec();
    for text in agreed.iter().flat_map(|(name, value)| [name, value]) {
        let bytes = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
        body.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        body.extend_from_slice(bytes);
    }
    body
}

pub(super) fn split_resume(body: &[u8]) -> Option<(u64, Vec<(String, String)>)> {
    let (number, mut rest) = body.split_first_chunk::<8>()?;
    let mut texts = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (text, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        texts.push(String::from_utf8(text.to_vec()).ok()?);
        rest = after;
    }
    let (pairs, []) = texts.as_chunks::<2>() else { return None };
    let pairs = pairs.iter().map(|[name, value]| (name.clone(), value.clone())).collect();
    Some((u64::from_le_bytes(*number), pairs))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Proof = 1,
    Resume = 2,
    Data = 3,
    Acknowledge = 4,
    Ping = 5,
    Pong = 6,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Proof, Self::Resume, Self::Data, Self::Acknowledge, Self::Ping, Self::Pong]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("something else than a diqkd node answers there; check the address and the port")]
    Stranger,
    #[error(
        "the peer speaks version {found} of the trunk, this program version {VERSION}; run the same version at both sites"
    )]
    Version { found: u16 },
    #[error("the peer is {0} too; give node.role = \"alice\" to one site and \"bob\" to the other")]
    SameRole(Role),
    #[error(
        "the peer does not have the same pre-shared key, or someone altered what it said; compare pads.file of both sites"
    )]
    NoProof,
    #[error("a frame was altered on its way or forged")]
    Altered,
    #[error("the peer's configuration differs")]
    Differs,
    #[error("the peer sends far ahead of what is read")]
    Flood,
    #[error(
        "nothing came or could be sent for timing.link_dead_after_ms; see whether the peer and the network are up"
    )]
    Silent,
    #[error("the connection ended")]
    Io(#[source] io::Error),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // What a limit for reads and writes is reported as depends on the system.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Silent,
            _ => Self::Io(error),
        }
    }
}

fn role_byte(role: Role) -> u8 {
    match role {
        Role::Alice => 0,
        Role::Bob => 1,
    }
}

/// What is read is written the same, a frame without its tag is none, and nothing else happens.
#[cfg(fuzzing)]
pub(crate) fn fuzz(bytes: &[u8]) {
    if let Some(first) = bytes.first_chunk::<GREETING_BYTES>()
        && let Ok(greeting) = Greeting::decode(first)
    {
        assert_eq!(greeting.encode(), *first);
    }
    let tagger = || Tagger::new(Zeroizing::new([7; 32]));
    assert!(read_frame(&mut &*bytes, &mut tagger()).is_err(), "a frame was forged");
    // The same with the tags that somebody with the key would give it.
    let (mut rest, mut signed, mut writer, mut reader) = (bytes, Vec::new(), tagger(), tagger());
    while let Some((&[kind, low, high], after)) = rest.split_first_chunk::<3>() {
        let (body, after) = after.split_at(usize::from(u16::from_le_bytes([low, high])).min(after.len()));
        rest = after;
        let Some(kind) = Kind::from_byte(kind) else { continue };
        signed.clear();
        let written = write_frame(&mut signed, &mut writer, kind, &[body]);
        assert!(written.is_ok());
        let read = read_frame(&mut &*signed, &mut reader);
        assert!(matches!(read, Ok((found, same)) if found == kind && same == body));
        if let Some((number, agreed)) = split_resume(body) {
            assert_eq!(resume_body(number, &agreed), body);
        }
        if let Some((number, channel, message)) = split_data(body) {
            assert_eq!([&number.to_le_bytes()[..], &data_body(channel, message)].concat(), body);
        }
        assert_eq!(self::number(body).is_some(), body.len() == 8);
    }
}

const MAGIC: &[u8; 8] = b"DIQKDTRK";
const VERSION: u16 = 1;
const TAG_BYTES: usize = 16;
/// Room for the longest frame of a session, and some.
const MOST_FRAME_BYTES: usize = (1 << 20) + 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALICE: Greeting = Greeting { role: Role::Alice, incarnation: 5, nonce: [1; 32] };
    const BOB: Greeting = Greeting { role: Role::Bob, incarnation: 6, nonce: [2; 32] };

    fn tagger() -> Tagger {
        let [alice, _] = keys(&[9; 32], &ALICE, &BOB);
        Tagger::new(alice)
    }

    #[test]
    fn greetings_read_back_and_strangers_are_told_apart() {
        assert_eq!(Greeting::decode(&ALICE.encode()).unwrap(), ALICE);
        let mut other = BOB.encode();
        other[8] = 2;
        assert!(matches!(Greeting::decode(&other), Err(WireError::Version { found: 2 })));
        other[0] = b'G';
        assert!(matches!(Greeting::decode(&other), Err(WireError::Stranger)));
    }

    #[test]
    fn directions_and_connections_have_their_own_keys() {
        let [alice, bob] = keys(&[9; 32], &ALICE, &BOB);
        let [next, _] = keys(&[9; 32], &ALICE, &Greeting { nonce: [3; 32], ..BOB });
        assert!(alice != bob && alice != next);
    }

    #[test]
    fn fields_read_back() {
        let agreed = vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())];
        assert_eq!(split_resume(&resume_body(7, &agreed)), Some((7, agreed)));
        assert_eq!(split_resume(&[0; 9]), None);
    }

    proptest! {
        #[test]
        fn every_altered_byte_is_noticed(message in prop::collection::vec(any::<u8>(), 0..64), at in 0usize..200, mask in 1u8..) {
            let mut bytes = Vec::new();
            write_frame(&mut bytes, &mut tagger(), Kind::Data, &[&message]).unwrap();
            prop_assert_eq!(read_frame(&mut &bytes[..], &mut tagger()).unwrap(), (Kind::Data, message));
            let at = at % bytes.len();
            bytes[at] ^= mask;
            prop_assert!(read_frame(&mut &bytes[..], &mut tagger()).is_err());
        }

        #[test]
        fn no_bytes_make_the_readers_fail(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            prop_assert!(read_frame(&mut &bytes[..], &mut tagger()).is_err());
            let _ = split_resume(&bytes);
            let _ = split_data(&bytes);
            let _ = number(&bytes);
        }
    }

    #[test]
    fn a_replayed_frame_is_refused() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &mut tagger(), Kind::Ping, &[&[0; 8]]).unwrap();
        let twice = [bytes.clone(), bytes].concat();
        let (mut reader, mut tagger) = (&twice[..], tagger());
        assert!(read_frame(&mut reader, &mut tagger).is_ok());
        assert!(matches!(read_frame(&mut reader, &mut tagger), Err(WireError::Altered)));
    }
}
