//! Recordings of time taggers: bytes in, tags out.
//!
//! [`Decoder`] is a push parser: it is fed bytes in pieces of any size and writes tags into two buffers of the caller,
//! times in picoseconds (`i64`, since the epoch of the recording, rounded down) and channels (`u16`). It allocates
//! nothing and holds about 2 KiB whatever a header claims.
//!
//! # Channels
//! | device | photons | markers |
//! |---|---|---|
//! | HydraHarp, TimeHarp 260, MultiHarp, PicoHarp 330, T2 | 0 = sync input, 1.. = input channels | [`MARKER`] + bits |
//! | the same, T3 | the record's channel code, from 0 | [`MARKER`] + bits |
//! | PicoHarp 300 | the record's channel code (T2: 0 and 1, or 1 to 4 with a router; T3: 1 to 4) | [`MARKER`] + bits |
//! | qcrypto a0, a1, a2 | the detector pattern, 1 to 15: a sum of 1, 2, 4, 8 where detectors fired together | none |
//!
//! These are the numbers that the vendor's own readers print. Markers travel in band, in file order, with
//! [`MARKER`] set in their channel; they never count as photons. Markers may lie slightly out of order by design of
//! the hardware, photons may not.
//!
//! # T3
//! The time of a T3 photon is the time of its sync plus the time after the sync: `floor(nsync * period + dtime *
//! resolution)` ps, evaluated exactly.

mod decoder;
pub mod events;
mod events_writer;
mod fault;
mod header;
pub mod legacy;
pub mod ptu;
mod ptu_writer;
mod read;
mod recognise;
mod record_type;
mod summary;
mod tick;

pub use crate::backend::MARKER;
pub use decoder::{Decoder, Step};
pub use events_writer::{EventsWriteError, EventsWriter, WordOrder};
pub use fault::{Fault, FaultKind};
pub use header::Header;
pub use ptu_writer::{PtuWriteError, PtuWriter};
pub use read::{Recording, TagSink, read_all};
pub use recognise::{RECOGNISE_BYTES, recognise};
pub use record_type::{Format, RecordType};
pub use summary::TagSummary;
pub use tick::TickLength;
