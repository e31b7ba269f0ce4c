//! The stages of a decoder after the header: records and events.

use super::{Decoder, Stage, Step};
use crate::backend::{self, MARKER};
use crate::formats::events::Text;
use crate::formats::fixed::Layout;
use crate::formats::item::Item;

impl Decoder {
    /// Completes the incomplete record to `size` bytes; returns how many were taken.
    fn complete(&mut self, bytes: &[u8], size: usize) -> usize {
        let take = (size - self.partial_len).min(bytes.len());
        self.partial[self.partial_len..self.partial_len + take].copy_from_slice(&bytes[..take]);
        self.partial_len += take;
        take
    }

    pub(super) fn records_of(
        &mut self,
        bytes: &[u8],
        time_ps: &mut [i64],
        channel: &mut [u16],
        step: &mut Step,
    ) -> usize {
        if time_ps.is_empty() {
            return 0;
        }
        if self.partial_len > 0 || bytes.len() < 4 {
            let used = self.complete(bytes, 4);
            if self.partial_len == 4 {
                let record = self.partial;
                self.partial_len = 0;
                self.block(&record[..4], self.offset + used as u64 - 4, time_ps, channel, step);
            }
            return used;
        }
        self.block(bytes, self.offset, time_ps, channel, step)
    }

    /// Decodes whole records that start at `offset`; returns the bytes used.
    fn block(
        &mut self,
        bytes: &[u8],
        offset: u64,
        time_ps: &mut [i64],
        channel: &mut [u16],
        step: &mut Step,
    ) -> usize {
        let Stage::Records(format, state) = &mut self.stage else { return 0 };
        let done = backend::decode(format, state, bytes, time_ps, channel);
        self.counts.records += done.records as u64;
        self.counts.overflows += done.overflows;
        self.counts.markers += done.markers;
        step.tags += done.tags;
        step.overflows += done.overflows;
        step.markers += done.markers as usize;
        if let Some(kind) = done.fault {
            self.fail(offset + 4 * (done.records as u64 - 1), kind, step);
        }
        4 * done.records
    }

    pub(super) fn binary(
        &mut self,
        bytes: &[u8],
        time_ps: &mut [i64],
        channel: &mut [u16],
        step: &mut Step,
    ) -> usize {
        let Stage::Binary { mut state, rotate } = self.stage else { return 0 };
        let room = time_ps.len();
        let (mut used, mut tags) = (0, 0);
        while used < bytes.len() && tags < room && step.fault.is_none() {
            let word = if self.partial_len == 0 && bytes.len() - used >= 8 {
                let mut word = [0; 8];
                word.copy_from_slice(&bytes[used..used + 8]);
                used += 8;
                word
            } else {
                used += self.complete(&bytes[used..], 8);
                if self.partial_len < 8 {
                    break;
                }
                self.partial_len = 0;
                let mut word = [0; 8];
                word.copy_from_slice(&self.partial[..8]);
                word
            };
            let word = u64::from_le_bytes(word).rotate_left(rotate);
            let offset = self.offset + used as u64 - 8;
            let item = state.event(word);
            let (time_ps, channel) = (&mut time_ps[tags..], &mut channel[tags..]);
            tags += self.take(item, offset, time_ps, channel, step);
        }
        if let Stage::Binary { state: kept, .. } = &mut self.stage {
            *kept = state;
        }
        step.tags += tags;
        used
    }

    /// Counts a record and writes its tag; returns the number of tags.
    #[inline(always)]
    pub(super) fn take(
        &mut self,
        item: Item,
        offset: u64,
        time_ps: &mut [i64],
        channel: &mut [u16],
        step: &mut Step,
    ) -> usize {
        self.counts.records += 1;
        match item {
            Item::Tag { time_ps: at, channel: number, fault } => {
                time_ps[0] = at;
                channel[0] = number;
                let marker = number & MARKER != 0;
                self.counts.markers += u64::from(marker);
                step.markers += usize::from(marker);
                if let Some(kind) = fault {
                    self.fail(offset, kind, step);
                }
                1
            }
            Item::Passing => {
                self.counts.overflows += 1;
                step.overflows += 1;
                0
            }
            Item::Faulty(kind) => {
                self.fail(offset, kind, step);
                0
            }
        }
    }

    pub(super) fn fixed_header(&mut self, layout: Layout, bytes: &[u8], step: &mut Step) -> usize {
        let size = layout.header_bytes();
        let used = self.complete(bytes, size);
        if self.partial_len == size {
            self.partial_len = 0;
            match layout.header(&self.partial[..size]) {
                Ok(header) => {
                    self.stage = Stage::Fixed { layout, tick: header.tick, clock: Default::default() };
                    self.apply_unit();
                    self.header = Some(header);
                }
                Err(kind) => self.fail(0, kind, step),
            }
        }
        used
    }

    pub(super) fn fixed(
        &mut self,
        bytes: &[u8],
        time_ps: &mut [i64],
        channel: &mut [u16],
        step: &mut Step,
    ) -> usize {
        let Stage::Fixed { layout, tick, mut clock } = self.stage else { return 0 };
        let size = layout.record_bytes();
        let room = time_ps.len();
        let (mut used, mut tags) = (0, 0);
        while used < bytes.len() && tags < room && step.fault.is_none() {
            let item = if self.partial_len == 0 && bytes.len() - used >= size {
                used += size;
                layout.item(&mut clock, tick, &bytes[used - size..used])
            } else {
                used += self.complete(&bytes[used..], size);
                if self.partial_len < size {
                    break;
                }
                self.partial_len = 0;
                layout.item(&mut clock, tick, &self.partial[..size])
            };
            let offset = self.offset + used as u64 - size as u64;
            let (time_ps, channel) = (&mut time_ps[tags..], &mut channel[tags..]);
            tags += self.take(item, offset, time_ps, channel, step);
        }
        if let Stage::Fixed { clock: kept, .. } = &mut self.stage {
            *kept = clock;
        }
        step.tags += tags;
        used
    }

    pub(super) fn text(
        &mut self,
        bytes: &[u8],
        time_ps: &mut [i64],
        channel: &mut [u16],
        step: &mut Step,
    ) -> usize {
        let Stage::Text { mut text, mut state, pairs } = self.stage else { return 0 };
        let room = time_ps.len();
        let (mut used, mut tags) = (0, 0);
        while used < bytes.len() && tags < room && step.fault.is_none() {
            let offset = self.offset + used as u64;
            let found = text.character(bytes[used], pairs);
            used += 1;
            match found {
                Text::Nothing => {}
                Text::Fault(kind) => self.fail(offset, kind, step),
                Text::Word(word) => {
                    let item = state.event(word);
                    let (time_ps, channel) = (&mut time_ps[tags..], &mut channel[tags..]);
                    tags += self.take(item, offset, time_ps, channel, step);
                }
            }
        }
        if let Stage::Text { text: kept_text, state: kept_state, .. } = &mut self.stage {
            (*kept_text, *kept_state) = (text, state);
        }
        step.tags += tags;
        used
    }
}
