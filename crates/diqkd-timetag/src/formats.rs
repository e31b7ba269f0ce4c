//! Recordings of time taggers: bytes in, tags out.
//!
//! [`Decoder`] is a push parser: it is fed bytes in pieces of any size and writes tags into two buffers of the caller,
//! times in picoseconds (`i64`, since the epoch of the recording, rounded down) and channels (`u16`). It allocates
//! nothing and holds about 2 KiB whatever a header claims.
//!
//! # Channels
//! A channel is the channel code of the record as it stands, so inputs of PicoQuant devices count from 0, as `ptufile`
//! and `tttrlib` number them too (the labels on the devices and the vendor's demonstration readers for T2 say one
//! more).
//!
//! | device | photons | markers |
//! |---|---|---|
//! | HydraHarp, TimeHarp 260, MultiHarp, PicoHarp 330 | 0.. = inputs; in T2 [`SYNC_INPUT`] (64) = the sync input | [`MARKER`] + bits |
//! | PicoHarp 300 | the record's channel code (T2: 0 and 1, or 1 to 4 with a router; T3: 1 to 4) | [`MARKER`] + bits |
//! | qcrypto a0, a1, a2, both cards | the detector pattern, 0 to 15: a sum of 1, 2, 4, 8 where detectors fired together | none |
//! | Becker & Hickl | the routing bits, from 0 | [`MARKER`] + bits |
//! | Swabian | from 1; [`FALLING`] + the channel for falling edges | none |
//! | quTAG, quTAU, ID800 | as in the file, below 100 | [`MARKER`] + 100 to 203 |
//! | NIST, Photon-HDF5 | as in the file | none |
//! | Parquet | as in the file: what this table says of the device they came from | as in the file |
//!
//! `ptufile` gives the sync input of a T2 recording the number of the first input, 0, and `tttrlib` counts its events as
//! markers; here they are photons of a channel of their own, so that nothing is mixed up. Markers travel in band, in
//! file order, with [`MARKER`] set in their channel; they never count as photons. Markers may lie slightly out of order
//! by design of the hardware, photons may not.
//!
//! Tags that a device says it lost are reported at their place as [`FaultKind::TagsLost`].
//!
//! # Epoch
//! Times count from 0 at the start of the recording (PicoQuant, Becker & Hickl) or from the epoch of the device's clock
//! (qcrypto: midnight or the Unix epoch, as `readevents` was told; Swabian, quTAG, NIST: when the device was switched
//! on); [`Format::epoch`] says which. Two recordings are put on one time scale by [`sync`](crate::sync).
//!
//! # T3
//! The time of a T3 photon is the time of its sync plus the time after the sync: `floor(nsync * period + dtime *
//! resolution)` ps, evaluated exactly.
//!
//! # Ticks
//! Picoseconds are rounded down where a tick has a fraction. [`Decoder::with_unit`] gives the ticks of the records
//! instead, and [`TickLength::to_ps`] turns them into picoseconds.

mod columns;
mod decoder;
pub mod events;
mod events_writer;
mod fault;
mod fixed;
mod header;
mod index;
mod item;
pub mod legacy;
pub mod nist;
#[cfg(feature = "std")]
pub mod parquet;
#[cfg(feature = "photon-hdf5")]
pub mod photon_hdf5;
pub mod ptu;
mod ptu_writer;
pub mod qutag;
mod read;
mod recognise;
mod record_type;
pub mod spc;
mod summary;
pub mod swabian;
mod tick;

pub use crate::backend::{MARKER, SYNC_INPUT};
pub use columns::{TagColumns, decode_all};
pub use decoder::{Decoder, Step};
pub use events_writer::{EventsWriteError, EventsWriter, WordOrder};
pub use fault::{Fault, FaultKind};
pub use header::{DTIME_BITS, Epoch, Header, TimeUnit};
pub use index::{IndexError, RangeError, RangeRead, TimeIndex};
#[cfg(feature = "std")]
pub use parquet::{ParquetError, read_parquet};
#[cfg(feature = "photon-hdf5")]
pub use photon_hdf5::{PhotonHdf5Error, read_photon_hdf5};
pub use ptu_writer::{PtuT3Writer, PtuWriteError, PtuWriter};
pub use read::{OnDamage, ReadOptions, Recording, TagSink, read_all, read_with};
pub use recognise::{RECOGNISE_BYTES, recognise};
pub use record_type::{Format, RecordType};
pub use summary::TagSummary;
pub use swabian::FALLING;
pub use tick::TickLength;
