//! Frames in which a controller (an FPGA, a microcontroller) tells its host how the station is: over a serial line, a
//! pipe or a socket, one way, without a handshake. No tags: those have formats of their own.
//!
//! ```text
//!  byte  0    1    2        3     4  5      6  7     8 ...          8 + length ... + 3
//!      +----+----+--------+----+---------+--------+----------------+------------------+
//!      | D1 | 51 | version|kind| sequence| length | payload        | CRC-32           |
//!      +----+----+--------+----+---------+--------+----------------+------------------+
//!                 |<------------- covered by the CRC ------------->|
//! ```
//!
//! Numbers are little-endian, `length` is at most [`MAX_PAYLOAD_BYTES`]. The CRC is CRC-32/ISO-HDLC (that of Ethernet:
//! reflected polynomial `EDB88320`, start and final XOR `FFFFFFFF`, check value `CBF43926` for "123456789"). `sequence`
//! counts the frames of one controller and wraps, so a lost frame shows. In every later version of the protocol the
//! mark, the place of `version`, `length` and the CRC stay: a reader skips frames of a version or kind that it does not
//! know, and counts them.
//!
//! | kind | message | payload |
//! |---|---|---|
//! | 1 | heartbeat | uptime in ms u64, frames dropped u32 |
//! | 2 | environment | sensor u16, quantity u8, value i64, time ps i64 |
//! | 3 | detector | channel u16, bias uV i64, temperature mK u32, rate Hz u64, dead time ps u64, saturated u8 |
//! | 4 | clock | source u8, lock u8, known u8 (1 offset, 2 uncertainty), offset ps i64, uncertainty ps u64 |
//! | 5 | setting generator | health u8 (0 starting, 1 healthy, 2 degraded, 3 failed), fault u8 |
//! | 6 | tamper | cause u8, sensor u16, known u8 (1 time), time ps i64 |
//! | 7 | interlock | state u8 |
//! | 8 | source | time ps i64, rate in mHz u64 (at most 2^50), visibility in ppm u32 (`FFFFFFFF` unknown), alignment u8 |
//! | 9 | firmware | 256-bit digest of the running image |
//!
//! Codes inside payloads count the variants of the type in the order of its documentation, from 0.
//!
//! A CRC finds accidents, not attacks: the line from controller to host lies inside the laboratory. What arrives here
//! feeds monitors and stops sessions; it never enters a key length.
//!
//! ```
//! use diqkd_hal::telemetry::{FrameReader, MAX_FRAME_BYTES, Message, encode};
//!
//! let mut frame = [0; MAX_FRAME_BYTES];
//! let len = encode(&Message::Heartbeat { uptime_ms: 1234, dropped: 0 }, 7, &mut frame);
//!
//! let mut reader = FrameReader::default();
//! let mut seen = 0;
//! reader.push(&frame[..len], |received| {
//!     assert_eq!((received.sequence, received.message), (7, Message::Heartbeat { uptime_ms: 1234, dropped: 0 }));
//!     seen += 1;
//! });
//! assert_eq!(seen, 1);
//! ```

mod crc;
mod fields;
mod frame;
mod message;
mod reader;

pub use frame::{MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, VERSION, encode};
pub use message::Message;
pub use reader::{FrameCounts, FrameReader, Received};
