//! The push parser.

mod carry;
mod realign;
mod stages;

pub(crate) use carry::{Carry, STATE};

use super::events::{Card, EventState, Text, TextState, units_to_ps};
use super::fixed::{self, Layout};
use super::header::Header;
use super::item::Clock;
use super::ptu::Progress;
use super::recognise::{RECOGNISE_BYTES, recognise, recognise_magic};
use super::{Fault, FaultKind, Format, RecordType, TickLength, TimeUnit, legacy, ptu};
use crate::backend::{RecordFormat, RecordState};

/// What one call of [`Decoder::push`] or [`Decoder::finish`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Bytes consumed of those given. The caller gives the rest again.
    pub consumed: usize,
    /// Tags written to the buffers: photons and markers, in file order.
    pub tags: usize,
    /// Markers among the tags.
    pub markers: usize,
    /// Overflow records and dummy events passed.
    pub overflows: u64,
    /// What is wrong right after these tags. Non-fatal faults do not stop the decoder.
    pub fault: Option<Fault>,
    /// Whether the decoder has more to deliver from what it has consumed: call again, with no bytes if none are left.
    pub more: bool,
}

/// Turns the bytes of a recording into tags, whatever pieces they come in.
///
/// No call allocates. The pieces do not matter: tags, counts and faults are the same for every way of cutting.
///
/// ```
/// use diqkd_timetag::formats::{Decoder, Format};
///
/// let mut decoder = Decoder::with_format(Format::A2);
/// let (mut time_ps, mut channel) = ([0; 8], [0; 8]);
/// let step = decoder.push(b"0000000000040001\n0000000000", &mut time_ps, &mut channel);
/// assert_eq!((step.consumed, step.tags), (27, 1));
/// assert_eq!((time_ps[0], channel[0]), (1000, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    stage: Stage,
    /// Offset in the recording of the next byte that the stage sees.
    offset: u64,
    head: Head,
    /// An incomplete record, or an incomplete header of fixed length.
    partial: [u8; fixed::MAX_BYTES],
    partial_len: usize,
    /// Bytes to skip before the next record.
    skip: usize,
    header: Option<Header>,
    counts: Counts,
    finished: bool,
    unit: TimeUnit,
}

/// The first bytes, kept until the format is known and then replayed.
#[derive(Clone, Copy, Debug)]
struct Head {
    bytes: [u8; RECOGNISE_BYTES],
    len: usize,
    replayed: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    records: u64,
    overflows: u64,
    markers: u64,
    lost: u64,
    truncated: bool,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one value per recording; a box would be the only allocation")]
enum Stage {
    Recognising,
    Ptu(ptu::HeaderParser),
    Legacy(legacy::HeaderParser),
    Records(RecordFormat, RecordState),
    Binary {
        state: EventState,
        rotate: u32,
    },
    Text {
        text: TextState,
        state: EventState,
        pairs: bool,
    },
    FixedHeader(Layout),
    Fixed {
        layout: Layout,
        tick: TickLength,
        clock: Clock,
    },
    /// A format that can't be read from front to end.
    NoStream,
    Ended,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that recognises the format from the first bytes.
    pub fn new() -> Self {
        Self {
            stage: Stage::Recognising,
            offset: 0,
            head: Head { bytes: [0; RECOGNISE_BYTES], len: 0, replayed: 0 },
            partial: [0; fixed::MAX_BYTES],
            partial_len: 0,
            skip: 0,
            header: None,
            counts: Counts::default(),
            finished: false,
            unit: TimeUnit::default(),
        }
    }

    /// A decoder for a known format: needed where the first bytes do not tell it; see [`recognise`].
    pub fn with_format(format: Format) -> Self {
        let mut decoder = Self::new();
        decoder.begin(format);
        decoder
    }

    /// The same decoder with times in this unit, also those that faults name. To be called before the first bytes.
    ///
    /// ```
    /// use diqkd_timetag::formats::{Decoder, Format, TimeUnit};
    ///
    /// let mut decoder = Decoder::with_format(Format::A2).with_unit(TimeUnit::Ticks);
    /// let (mut ticks, mut channel) = ([0; 8], [0; 8]);
    /// decoder.push(b"0000000000040401\n", &mut ticks, &mut channel);
    /// assert_eq!(ticks[0], 257);
    /// let tick = decoder.header().map(|header| header.tick);
    /// assert_eq!(tick.and_then(|tick| tick.to_ps(257)), Some(1003)); // 1003.90625 ps
    /// ```
    #[must_use]
    pub fn with_unit(mut self, unit: TimeUnit) -> Self {
        self.unit = unit;
        self.apply_unit();
        self
    }

    fn apply_unit(&mut self) {
        match &mut self.stage {
            Stage::Binary { state, .. } | Stage::Text { state, .. } => state.unit = self.unit,
            Stage::Fixed { tick, .. } if self.unit == TimeUnit::Ticks => *tick = TickLength::whole(1),
            _ => {}
        }
    }

    /// What the header says; `None` until it has been read.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Records read: photons, markers, overflows and unknown ones.
    pub fn records(&self) -> u64 {
        self.counts.records
    }

    /// Overflow records and dummy events read.
    pub fn overflows(&self) -> u64 {
        self.counts.overflows
    }

    /// Markers read.
    pub fn markers(&self) -> u64 {
        self.counts.markers
    }

    /// Tags that the device says it lost, as far as it counts them.
    pub fn lost(&self) -> u64 {
        self.counts.lost
    }

    /// Whether the recording ended early: inside the header or a record, or before the promised number of records.
    /// Known after [`Decoder::finish`].
    pub fn is_truncated(&self) -> bool {
        self.counts.truncated
    }

    /// Decodes `bytes` into the two buffers; the shorter one limits, and at least one place is needed. Places after
    /// those of [`Step::tags`] may be overwritten with anything.
    ///
    /// Call again with the bytes that were not consumed, until all are and [`Step::more`] is false.
    pub fn push(&mut self, bytes: &[u8], time_ps: &mut [i64], channel: &mut [u16]) -> Step {
        let mut step = Step::default();
        if self.is_recognising() && !self.collect_head(bytes, &mut step) {
            return step;
        }
        self.decode(bytes, time_ps, channel, &mut step);
        step
    }

    /// Ends the recording: decodes what was held back to recognise the format and reports what is missing.
    ///
    /// Call again until [`Step::more`] is false.
    pub fn finish(&mut self, time_ps: &mut [i64], channel: &mut [u16]) -> Step {
        let mut step = Step::default();
        if self.is_recognising() {
            let head = self.head;
            match recognise(&head.bytes[..head.len]) {
                Some(format) => self.begin(format),
                None => {
                    self.stage = Stage::Ended;
                    step.fault = Some(Fault { offset: 0, kind: FaultKind::UnknownFormat });
                    return step;
                }
            }
        }
        self.decode(&[], time_ps, channel, &mut step);
        if step.fault.is_some() || step.more || step.tags > 0 {
            step.more = !matches!(self.stage, Stage::Ended);
            return step;
        }
        if !self.finished {
            self.finished = true;
            self.end(time_ps, channel, &mut step);
            if step.fault.is_some() || step.tags > 0 {
                step.more = !matches!(self.stage, Stage::Ended);
                return step;
            }
        }
        self.check_count(&mut step);
        step
    }

    fn is_recognising(&self) -> bool {
        matches!(self.stage, Stage::Recognising)
    }

    fn begin(&mut self, format: Format) {
        self.stage = match format {
            Format::Ptu => Stage::Ptu(ptu::HeaderParser::new()),
            Format::Ht2 | Format::Ht3 | Format::Pt2 | Format::Pt3 => {
                Stage::Legacy(legacy::HeaderParser::new())
            }
            Format::A1 => Stage::Binary { state: EventState::new(Card::Timestamp7), rotate: 0 },
            Format::A1HighWordFirst => Stage::Binary { state: EventState::new(Card::Timestamp7), rotate: 32 },
            Format::A1Card49 => Stage::Binary { state: EventState::new(Card::Older), rotate: 32 },
            Format::A0 | Format::A2 | Format::A2Card49 => Stage::Text {
                text: TextState::default(),
                state: EventState::new(if format == Format::A2Card49 {
                    Card::Older
                } else {
                    Card::Timestamp7
                }),
                pairs: format == Format::A0,
            },
            Format::Spc130
            | Format::Spc600x256
            | Format::Spc600x4096
            | Format::Swabian
            | Format::QuTag
            | Format::QuTau
            | Format::Nist => Layout::of(format).map_or(Stage::Ended, |layout| self.begin_fixed(layout)),
            Format::PhotonHdf5 | Format::Parquet => Stage::NoStream,
        };
        self.apply_unit();
        if matches!(self.stage, Stage::Binary { .. } | Stage::Text { .. }) {
            let (record_type, tick) = match format {
                Format::A1Card49 | Format::A2Card49 => (RecordType::Card49, TickLength::whole(125)),
                _ => (RecordType::Timestamp7, TickLength { whole_ps: 3, fraction: 29 << 59 }),
            };
            self.header = Some(Header {
                format,
                record_type,
                tick,
                dtime_tick: None,
                promised_records: None,
                data_offset: 0,
            });
        }
    }

    fn begin_fixed(&mut self, layout: Layout) -> Stage {
        match layout.header(&[]) {
            Ok(header) if layout.header_bytes() == 0 => {
                self.header = Some(header);
                Stage::Fixed { layout, tick: header.tick, clock: Clock::default() }
            }
            _ => Stage::FixedHeader(layout),
        }
    }

    /// Takes first bytes until the format is known; `false` if more are needed or it is none.
    fn collect_head(&mut self, bytes: &[u8], step: &mut Step) -> bool {
        for &byte in bytes {
            self.head.bytes[self.head.len] = byte;
            self.head.len += 1;
            step.consumed += 1;
            let known = match self.head.len {
                16 => recognise_magic(&self.head.bytes[..16]),
                RECOGNISE_BYTES => {
                    let format = recognise(&self.head.bytes);
                    if format.is_none() {
                        self.stage = Stage::Ended;
                        step.fault = Some(Fault { offset: 0, kind: FaultKind::UnknownFormat });
                        return false;
                    }
                    format
                }
                _ => None,
            };
            if let Some(format) = known {
                self.begin(format);
                return true;
            }
        }
        false
    }

    /// Decodes the replayed head, then `bytes` from `step.consumed` on, until a fault or the room ends it.
    fn decode(&mut self, bytes: &[u8], time_ps: &mut [i64], channel: &mut [u16], step: &mut Step) {
        while self.head.replayed < self.head.len {
            let head = self.head;
            let used = self.advance(&head.bytes[head.replayed..head.len], time_ps, channel, step);
            self.head.replayed += used;
            if step.fault.is_some() || used == 0 {
                step.more = self.head.replayed < self.head.len && !matches!(self.stage, Stage::Ended);
                return;
            }
        }
        while step.consumed < bytes.len() {
            let used = self.advance(&bytes[step.consumed..], time_ps, channel, step);
            step.consumed += used;
            if step.fault.is_some() || used == 0 {
                return;
            }
        }
    }

    /// Lets the stage consume some of `bytes`; 0 only when the buffers are full.
    fn advance(&mut self, bytes: &[u8], time_ps: &mut [i64], channel: &mut [u16], step: &mut Step) -> usize {
        if self.skip > 0 {
            let used = self.skip.min(bytes.len());
            self.skip -= used;
            self.offset += used as u64;
            return used;
        }
        let room = time_ps.len().min(channel.len());
        let (time_ps, channel) = (&mut time_ps[step.tags..room], &mut channel[step.tags..room]);
        let used = match &mut self.stage {
            Stage::Recognising | Stage::Ended => bytes.len(),
            Stage::NoStream => {
                self.fail(0, FaultKind::NoStream, step);
                bytes.len()
            }
            Stage::Ptu(parser) => {
                let progress = parser.push(bytes);
                self.header_progress(bytes.len(), progress, step)
            }
            Stage::Legacy(parser) => {
                let progress = parser.push(bytes);
                self.header_progress(bytes.len(), progress, step)
            }
            Stage::Records(..) => self.records_of(bytes, time_ps, channel, step),
            Stage::Binary { .. } => self.binary(bytes, time_ps, channel, step),
            Stage::Text { .. } => self.text(bytes, time_ps, channel, step),
            Stage::FixedHeader(layout) => {
                let layout = *layout;
                self.fixed_header(layout, bytes, step)
            }
            Stage::Fixed { .. } => self.fixed(bytes, time_ps, channel, step),
        };
        self.offset += used as u64;
        used
    }

    fn header_progress(&mut self, given: usize, progress: Progress, step: &mut Step) -> usize {
        match progress {
            Progress::More => given,
            Progress::Done(used, header) => {
                let format = match self.unit {
                    TimeUnit::Picoseconds => header.record_format(),
                    TimeUnit::Ticks => header.record_format().and_then(|_| header.tick_format()),
                };
                match format {
                    Ok(format) => self.stage = Stage::Records(format, RecordState::default()),
                    Err(kind) => self.fail(0, kind, step),
                }
                self.header = Some(header);
                used
            }
            Progress::Failed(offset, kind) => {
                self.fail(offset, kind, step);
                given
            }
        }
    }

    fn fail(&mut self, offset: u64, kind: FaultKind, step: &mut Step) {
        step.fault = Some(Fault { offset, kind });
        if let FaultKind::TagsLost { count } = kind {
            self.counts.lost = self.counts.lost.saturating_add(count);
        }
        if kind.is_fatal() {
            self.stage = Stage::Ended;
        }
    }

    /// What the end of the recording cuts off.
    fn end(&mut self, time_ps: &mut [i64], channel: &mut [u16], step: &mut Step) {
        let offset = self.offset;
        let pending = match &mut self.stage {
            Stage::NoStream => return self.fail(0, FaultKind::NoStream, step),
            Stage::Ptu(_) | Stage::Legacy(_) | Stage::FixedHeader(_) => {
                self.counts.truncated = true;
                self.fail(offset, FaultKind::TruncatedHeader, step);
                return;
            }
            Stage::Text { text, state, pairs } => {
                let found = text.finish(*pairs);
                let pending = text.pending();
                if let Text::Word(word) = found {
                    let item = state.event(word);
                    step.tags += self.take(item, offset, time_ps, channel, step);
                }
                pending
            }
            _ => self.partial_len as u64,
        };
        if pending > 0 {
            self.counts.truncated = true;
            let kind = FaultKind::TruncatedRecord { bytes: pending };
            self.fail(offset - pending, kind, step);
        }
    }

    fn check_count(&mut self, step: &mut Step) {
        let Some(header) = self.header else { return };
        let found = self.counts.records;
        if matches!(self.stage, Stage::Ended) {
            return;
        }
        if let Some(promised) = header.promised_records.filter(|&promised| promised != found) {
            self.counts.truncated |= found < promised;
            self.fail(self.offset, FaultKind::RecordCount { promised, found }, step);
        }
        self.stage = Stage::Ended;
    }
}

const _: () = assert!(units_to_ps(256) == 1000);
