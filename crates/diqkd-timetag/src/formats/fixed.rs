//! Formats of equal records behind a header of fixed length.

use super::header::Fields;
use super::item::{Clock, Item};
use super::{FaultKind, Format, Header, RecordType, TickLength, nist, qutag, spc, swabian};

/// The longest record or header, in bytes.
pub(crate) const MAX_BYTES: usize = 40;

/// A format of equal records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Spc130,
    Spc600x256,
    Spc600x4096,
    Swabian,
    QuTag,
    QuTau,
    Nist,
}

impl Layout {
    /// Those that can be told from others by their records.
    pub(crate) const RECOGNISABLE: [Self; 5] =
        [Self::Swabian, Self::Nist, Self::Spc130, Self::Spc600x256, Self::Spc600x4096];

    pub(crate) fn of(format: Format) -> Option<Self> {
        Some(match format {
            Format::Spc130 => Self::Spc130,
            Format::Spc600x256 => Self::Spc600x256,
            Format::Spc600x4096 => Self::Spc600x4096,
            Format::Swabian => Self::Swabian,
            Format::QuTag => Self::QuTag,
            Format::QuTau => Self::QuTau,
            Format::Nist => Self::Nist,
            _ => return None,
        })
    }

    pub(crate) fn format(self) -> Format {
        match self {
            Self::Spc130 => Format::Spc130,
            Self::Spc600x256 => Format::Spc600x256,
            Self::Spc600x4096 => Format::Spc600x4096,
            Self::Swabian => Format::Swabian,
            Self::QuTag => Format::QuTag,
            Self::QuTau => Format::QuTau,
            Self::Nist => Format::Nist,
        }
    }

    pub(crate) fn header_bytes(self) -> usize {
        match self {
            Self::Spc130 | Self::Spc600x256 => 4,
            Self::Spc600x4096 => 6,
            Self::QuTag | Self::QuTau => qutag::HEADER_BYTES,
            Self::Swabian | Self::Nist => 0,
        }
    }

    pub(crate) fn record_bytes(self) -> usize {
        match self {
            Self::Spc130 | Self::Spc600x256 => 4,
            Self::Spc600x4096 => 6,
            Self::QuTag | Self::QuTau => 10,
            Self::Swabian => 16,
            Self::Nist => 24,
        }
    }

    /// Reads the header, which has [`Layout::header_bytes`].
    pub(crate) fn header(self, bytes: &[u8]) -> Result<Header, FaultKind> {
        let fields = Fields(bytes);
        let (record_type, tick) = match self {
            Self::Spc130 => (RecordType::Spc130, spc::unit(fields.u32(0) & 0x00FF_FFFF)?),
            Self::Spc600x256 => (RecordType::Spc600x256, spc::unit(fields.u32(0) & 0x00FF_FFFF)?),
            Self::Spc600x4096 => (RecordType::Spc600x4096, spc::unit(u32::from(fields.u16(2)))?),
            Self::Swabian => (RecordType::SwabianTag, TickLength::whole(1)),
            Self::QuTag => (RecordType::QuTag, TickLength::whole(1)),
            Self::QuTau => (RecordType::QuTag, qutag::QUTAU),
            Self::Nist => (RecordType::Nist, nist::TICK),
        };
        Ok(Header {
            format: self.format(),
            record_type,
            tick,
            dtime_tick: None,
            promised_records: None,
            data_offset: self.header_bytes() as u64,
        })
    }

    /// Interprets a record, which has [`Layout::record_bytes`].
    #[inline(always)]
    pub(crate) fn item(self, clock: &mut Clock, tick: TickLength, record: &[u8]) -> Item {
        match self {
            Self::Spc130 => spc::spc130(clock, tick, u32::from_le_bytes(sized(record))),
            Self::Spc600x256 => spc::spc600_256(clock, tick, u32::from_le_bytes(sized(record))),
            Self::Spc600x4096 => spc::spc600_4096(clock, tick, sized(record)),
            Self::Swabian => swabian::item(clock, sized(record)),
            Self::QuTag | Self::QuTau => qutag::item(clock, tick, sized(record)),
            Self::Nist => nist::item(clock, tick, sized(record)),
        }
    }

    /// Whether the bytes make sense as the start of such a recording: a possible header, and at least
    /// [`Layout::LEAST_RECORDS`] records without a fault that move forward in time.
    pub(crate) fn is_plausible(self, bytes: &[u8]) -> bool {
        let Some((head, records)) = bytes.split_at_checked(self.header_bytes()) else { return false };
        let Ok(header) = self.header(head) else { return false };
        let spc = matches!(self, Self::Spc130 | Self::Spc600x256 | Self::Spc600x4096);
        if spc && !self.is_plausible_spc_header(head, header.tick) {
            return false;
        }
        let mut clock = Clock::default();
        let (mut tags, mut first, mut last) = (0, i64::MAX, 0);
        for record in records.chunks_exact(self.record_bytes()) {
            match self.item(&mut clock, header.tick, record) {
                Item::Tag { time_ps, channel, fault: None } if self.is_common_channel(channel) => {
                    tags += 1;
                    first = first.min(time_ps);
                    last = last.max(time_ps);
                }
                Item::Passing => {}
                _ => return false,
            }
        }
        tags >= Self::LEAST_RECORDS && last > first
    }

    /// Tags without which no format is recognised by its records.
    const LEAST_RECORDS: usize = 8;

    /// The high bits that every header of these cards has, and a unit between 1 ns and 10 us.
    fn is_plausible_spc_header(self, head: &[u8], tick: TickLength) -> bool {
        let fields = Fields(head);
        let flags = match self {
            Self::Spc600x4096 => fields.u16(4) == 0,
            _ => fields.u32(0) >> 31 == 1,
        };
        flags && (1_000..=10_000_000).contains(&tick.whole_ps)
    }

    fn is_common_channel(self, channel: u16) -> bool {
        match self {
            Self::Nist => channel < 64,
            Self::Swabian => (1..=512).contains(&(channel & !swabian::FALLING)),
            _ => true,
        }
    }
}

/// The bytes as an array; zeros beyond the end of what is given.
#[inline(always)]
fn sized<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut sized = [0; N];
    if let Some(bytes) = bytes.get(..N) {
        sized.copy_from_slice(bytes);
    }
    sized
}
