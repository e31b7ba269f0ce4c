//! Record types and the formats that carry them.

use core::fmt;

use super::Epoch;

/// A container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// PicoQuant unified file (`.ptu`); see [`ptu`](super::ptu).
    Ptu,
    /// HydraHarp T2 file (`.ht2`), container versions 1.0 and 2.0; see [`legacy`](super::legacy).
    Ht2,
    /// HydraHarp T3 file (`.ht3`), container versions 1.0 and 2.0.
    Ht3,
    /// PicoHarp 300 T2 file (`.pt2`), container version 2.0. Not verified against a recording.
    Pt2,
    /// PicoHarp 300 T3 file (`.pt3`), container version 2.0. Not verified against a recording.
    Pt3,
    /// qcrypto hexadecimal text, two lines of 8 digits an event, low word first; see [`events`](super::events).
    A0,
    /// qcrypto binary, 8 bytes an event, low word first.
    A1,
    /// qcrypto binary with the high word first (legacy order, option `-X`).
    A1HighWordFirst,
    /// qcrypto hexadecimal text, one line of 16 digits an event.
    A2,
    /// qcrypto binary of the older 49-bit card, high word first. Not verified against a recording.
    A1Card49,
    /// qcrypto hexadecimal text of the older 49-bit card. Not verified against a recording.
    A2Card49,
    /// Becker & Hickl FIFO file of the SPC-130 family; see [`spc`](super::spc).
    Spc130,
    /// Becker & Hickl FIFO file of an SPC-600/630 with 256 channels. Not verified against a recording.
    Spc600x256,
    /// Becker & Hickl FIFO file of an SPC-600/630 with 4096 channels. Not verified against a recording.
    Spc600x4096,
    /// Raw tags of a Swabian Time Tagger; see [`swabian`](super::swabian). Not verified against a recording.
    Swabian,
    /// Binary file of a quTAG; see [`qutag`](super::qutag). Not verified against a recording.
    QuTag,
    /// Binary file of a quTAU or an ID Quantique ID800. Not verified against a recording.
    QuTau,
    /// NIST's 24-byte records; see [`nist`](super::nist). Not verified against a recording.
    Nist,
    /// Photon-HDF5, read with the feature `photon-hdf5` and not as a stream. Checked against files of its reference
    /// implementation, not against a recording of a device.
    PhotonHdf5,
    /// A table of tags in Apache Parquet, read with the feature `std` and not as a stream; no device writes it.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Ptu,
        Self::Ht2,
        Self::Ht3,
        Self::Pt2,
        Self::Pt3,
        Self::A0,
        Self::A1,
        Self::A1HighWordFirst,
        Self::A2,
        Self::A1Card49,
        Self::A2Card49,
        Self::Spc130,
        Self::Spc600x256,
        Self::Spc600x4096,
        Self::Swabian,
        Self::QuTag,
        Self::QuTau,
        Self::Nist,
        Self::PhotonHdf5,
        Self::Parquet,
    ];

    /// The format of a name; `None` if there is none of that name.
    ///
    /// ```
    /// use diqkd_timetag::formats::Format;
    ///
    /// assert_eq!(Format::from_name("spc130"), Some(Format::Spc130));
    /// assert!(Format::ALL.iter().all(|format| Format::from_name(format.name()) == Some(*format)));
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ptu => "ptu",
            Self::Ht2 => "ht2",
            Self::Ht3 => "ht3",
            Self::Pt2 => "pt2",
            Self::Pt3 => "pt3",
            Self::A0 => "a0",
            Self::A1 => "a1",
            Self::A1HighWordFirst => "a1x",
            Self::A2 => "a2",
            Self::A1Card49 => "a1-49",
            Self::A2Card49 => "a2-49",
            Self::Spc130 => "spc130",
            Self::Spc600x256 => "spc600-256",
            Self::Spc600x4096 => "spc600-4096",
            Self::Swabian => "swabian",
            Self::QuTag => "qutag",
            Self::QuTau => "qutau",
            Self::Nist => "nist",
            Self::PhotonHdf5 => "photon-hdf5",
            Self::Parquet => "parquet",
        }
    }

    /// What time 0 is.
    pub fn epoch(self) -> Epoch {
        match self {
            Self::Ptu
            | Self::Ht2
            | Self::Ht3
            | Self::Pt2
            | Self::Pt3
            | Self::Spc130
            | Self::Spc600x256
            | Self::Spc600x4096
            | Self::PhotonHdf5 => Epoch::RecordingStart,
            Self::A0
            | Self::A1
            | Self::A1HighWordFirst
            | Self::A2
            | Self::A1Card49
            | Self::A2Card49
            | Self::Swabian
            | Self::QuTag
            | Self::QuTau
            | Self::Nist
            | Self::Parquet => Epoch::DeviceClock,
        }
    }

    /// Whether the layout was checked against a recording of a real device, not only against its documentation.
    pub fn is_verified(self) -> bool {
        matches!(
            self,
            Self::Ptu
                | Self::Ht2
                | Self::Ht3
                | Self::A0
                | Self::A1
                | Self::A1HighWordFirst
                | Self::A2
                | Self::Spc130
        )
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The meaning of one record. The wraparound follows from it, never from the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordType {
    /// PicoHarp 300, T2.
    PicoHarpT2,
    /// PicoHarp 300, T3.
    PicoHarpT3,
    /// HydraHarp with software 1.x, T2.
    HydraHarpV1T2,
    /// HydraHarp with software 1.x, T3.
    HydraHarpV1T3,
    /// HydraHarp with software 2.x, T2.
    HydraHarpV2T2,
    /// HydraHarp with software 2.x, T3.
    HydraHarpV2T3,
    /// TimeHarp 260 NANO, T2.
    TimeHarp260NT2,
    /// TimeHarp 260 NANO, T3.
    TimeHarp260NT3,
    /// TimeHarp 260 PICO, T2.
    TimeHarp260PT2,
    /// TimeHarp 260 PICO, T3.
    TimeHarp260PT3,
    /// MultiHarp 150/160 and PicoHarp 330, T2.
    GenericT2,
    /// MultiHarp 150/160 and PicoHarp 330, T3.
    GenericT3,
    /// S-Fifteen timestamp card: 54-bit time, 10 bits of pattern and flags.
    Timestamp7,
    /// The older timestamp card: 49-bit time, 4 bits of pattern.
    Card49,
    /// Becker & Hickl SPC-130 family: 12 bits of macro time.
    Spc130,
    /// Becker & Hickl SPC-600/630 with 256 channels: 17 bits of macro time.
    Spc600x256,
    /// Becker & Hickl SPC-600/630 with 4096 channels: 24 bits of macro time.
    Spc600x4096,
    /// Swabian Time Tagger: 16 bytes.
    SwabianTag,
    /// quTAG, quTAU, ID800: 10 bytes.
    QuTag,
    /// NIST: 24 bytes.
    Nist,
    /// A row of the tables of Photon-HDF5.
    PhotonHdf5,
    /// A row of a table in Parquet.
    ParquetRow,
}

impl RecordType {
    /// The name that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::PicoHarpT2 => "PicoHarpT2",
            Self::PicoHarpT3 => "PicoHarpT3",
            Self::HydraHarpV1T2 => "HydraHarpT2",
            Self::HydraHarpV1T3 => "HydraHarpT3",
            Self::HydraHarpV2T2 => "HydraHarp2T2",
            Self::HydraHarpV2T3 => "HydraHarp2T3",
            Self::TimeHarp260NT2 => "TimeHarp260NT2",
            Self::TimeHarp260NT3 => "TimeHarp260NT3",
            Self::TimeHarp260PT2 => "TimeHarp260PT2",
            Self::TimeHarp260PT3 => "TimeHarp260PT3",
            Self::GenericT2 => "GenericT2",
            Self::GenericT3 => "GenericT3",
            Self::Timestamp7 => "Timestamp7",
            Self::Card49 => "Card49",
            Self::Spc130 => "SPC130",
            Self::Spc600x256 => "SPC600-256",
            Self::Spc600x4096 => "SPC600-4096",
            Self::SwabianTag => "SwabianTag",
            Self::QuTag => "quTAG",
            Self::Nist => "NIST",
            Self::PhotonHdf5 => "PhotonHDF5",
            Self::ParquetRow => "ParquetRow",
        }
    }

    /// The record type that the PTU tag `TTResultFormat_TTTRRecType` names. The TimeHarp 260 T2 and T3 types exist
    /// with and without the leading 01 in the vendor's documentation; both are accepted.
    pub fn from_ptu_code(code: u32) -> Option<Self> {
        Some(match code {
            0x0001_0203 => Self::PicoHarpT2,
            0x0001_0303 => Self::PicoHarpT3,
            0x0001_0204 => Self::HydraHarpV1T2,
            0x0001_0304 => Self::HydraHarpV1T3,
            0x0101_0204 => Self::HydraHarpV2T2,
            0x0101_0304 => Self::HydraHarpV2T3,
            0x0001_0205 | 0x0101_0205 => Self::TimeHarp260NT2,
            0x0001_0305 | 0x0101_0305 => Self::TimeHarp260NT3,
            0x0001_0206 | 0x0101_0206 => Self::TimeHarp260PT2,
            0x0001_0306 | 0x0101_0306 => Self::TimeHarp260PT3,
            0x0001_0207 => Self::GenericT2,
            0x0001_0307 => Self::GenericT3,
            _ => return None,
        })
    }

    /// The code that a PTU header carries; `None` for types that have no PTU form.
    pub fn ptu_code(self) -> Option<u32> {
        Some(match self {
            Self::PicoHarpT2 => 0x0001_0203,
            Self::PicoHarpT3 => 0x0001_0303,
            Self::HydraHarpV1T2 => 0x0001_0204,
            Self::HydraHarpV1T3 => 0x0001_0304,
            Self::HydraHarpV2T2 => 0x0101_0204,
            Self::HydraHarpV2T3 => 0x0101_0304,
            Self::TimeHarp260NT2 => 0x0001_0205,
            Self::TimeHarp260NT3 => 0x0001_0305,
            Self::TimeHarp260PT2 => 0x0001_0206,
            Self::TimeHarp260PT3 => 0x0001_0306,
            Self::GenericT2 => 0x0001_0207,
            Self::GenericT3 => 0x0001_0307,
            _ => return None,
        })
    }

    /// Whether records carry a sync count and a time after it (T3) rather than one time (T2).
    pub fn is_t3(self) -> bool {
        matches!(
            self,
            Self::PicoHarpT3
                | Self::HydraHarpV1T3
                | Self::HydraHarpV2T3
                | Self::TimeHarp260NT3
                | Self::TimeHarp260PT3
                | Self::GenericT3
        )
    }

    /// Ticks (T2), sync periods (T3) or macro time units that one overflow stands for; 0 where no record marks overflows.
    pub fn wraparound(self) -> u32 {
        match self {
            Self::PicoHarpT2 => 210_698_240,
            Self::PicoHarpT3 => 65_536,
            Self::HydraHarpV1T2 => 33_552_000,
            Self::HydraHarpV2T2 | Self::TimeHarp260NT2 | Self::TimeHarp260PT2 | Self::GenericT2 => 33_554_432,
            Self::HydraHarpV1T3
            | Self::HydraHarpV2T3
            | Self::TimeHarp260NT3
            | Self::TimeHarp260PT3
            | Self::GenericT3 => 1_024,
            Self::Spc130 => 1 << 12,
            Self::Spc600x256 => 1 << 17,
            Self::Spc600x4096 => 1 << 24,
            Self::Timestamp7
            | Self::Card49
            | Self::SwabianTag
            | Self::QuTag
            | Self::Nist
            | Self::PhotonHdf5
            | Self::ParquetRow => 0,
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
