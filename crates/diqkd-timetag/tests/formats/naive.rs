//! The independent reader.

use std::collections::BTreeMap;

use diqkd_timetag::formats::{MARKER, TagSummary};

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Naive {
    pub(crate) tags: Vec<(i64, u16)>,
    pub(crate) records: u64,
    pub(crate) overflows: u64,
    pub(crate) markers: u64,
}

impl Naive {
    pub(crate) fn photons(&self) -> impl Iterator<Item = &(i64, u16)> {
        self.tags.iter().filter(|tag| tag.1 < MARKER)
    }

    pub(crate) fn agrees_with(&self, summary: &TagSummary) {
        let mut channels = BTreeMap::new();
        self.photons().for_each(|tag| *channels.entry(tag.1).or_insert(0) += 1);
        let sum = self.photons().fold(0u64, |sum, tag| sum.wrapping_add(tag.0 as u64));
        assert_eq!(summary.channels, channels);
        assert_eq!(summary.photons, self.photons().count() as u64);
        assert_eq!(
            (summary.records, summary.overflows, summary.markers),
            (self.records, self.overflows, self.markers)
        );
        assert_eq!(summary.first_ps, self.photons().next().map(|tag| tag.0));
        assert_eq!(summary.last_ps, self.photons().last().map(|tag| tag.0));
        assert_eq!(summary.sum_ps_mod_2_64, sum);
    }
}

/// Picoseconds as fractions over a common denominator, so that nothing is rounded before the end.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) tick: u128,
    pub(crate) dtime: u128,
    pub(crate) den: u128,
}

impl Scale {
    pub(crate) fn ps(self, ticks: u128, dtime: u128) -> i64 {
        ((ticks * self.tick + dtime * self.dtime) / self.den) as i64
    }
}

pub(crate) fn naive_records(code: u32, scale: Scale, data: &[u8]) -> Naive {
    let mut out = Naive::default();
    let mut base = 0u128;
    let pico = code & 0xFF == 3;
    let v1 = code == 0x0001_0204 || code == 0x0001_0304;
    let t3 = code >> 8 & 0xF == 3;
    for word in data.chunks_exact(4) {
        let r = u32::from_le_bytes(word.try_into().unwrap()) as u128;
        out.records += 1;
        match (pico, t3) {
            (true, false) => match (r >> 28, r & 15) {
                (15, 0) => {
                    base += 210_698_240;
                    out.overflows += 1;
                }
                (15, bits) => {
                    out.markers += 1;
                    out.tags.push((scale.ps(base + (r & 0xFFF_FFF0), 0), MARKER | bits as u16));
                }
                (channel, _) => out.tags.push((scale.ps(base + (r & 0xFFF_FFFF), 0), channel as u16)),
            },
            (true, true) => match (r >> 28, r >> 16 & 0xFFF) {
                (15, 0) => {
                    base += 65_536;
                    out.overflows += 1;
                }
                (15, bits) => {
                    out.markers += 1;
                    out.tags.push((scale.ps(base + (r & 0xFFFF), 0), MARKER | bits as u16));
                }
                (channel, dtime) => out.tags.push((scale.ps(base + (r & 0xFFFF), dtime), channel as u16)),
            },
            (false, _) => {
                let (special, channel) = (r >> 31 == 1, r >> 25 & 63);
                let (ticks, dtime) = if t3 { (r & 0x3FF, r >> 10 & 0x7FFF) } else { (r & 0x1FF_FFFF, 0) };
                let wrap = match (t3, v1) {
                    (true, _) => 1024,
                    (false, true) => 33_552_000,
                    (false, false) => 33_554_432,
                };
                match (special, channel) {
                    (false, _) => {
                        out.tags.push((scale.ps(base + ticks, dtime), channel as u16));
                    }
                    (true, 63) => {
                        base += wrap * if v1 || ticks == 0 { 1 } else { ticks };
                        out.overflows += 1;
                    }
                    (true, 0) if !t3 => out.tags.push((scale.ps(base + ticks, 0), 64)),
                    (true, 1..=15) => {
                        out.markers += 1;
                        out.tags.push((scale.ps(base + ticks, 0), MARKER | channel as u16));
                    }
                    _ => {}
                }
            }
        }
    }
    out
}

pub(crate) fn naive_events(words: impl Iterator<Item = u64>) -> Naive {
    let mut out = Naive::default();
    for word in words {
        out.records += 1;
        if word >> 4 & 1 == 1 {
            out.overflows += 1;
        } else {
            out.tags.push((((word >> 10) as u128 * 1000 / 256) as i64, (word & 15) as u16));
        }
    }
    out
}
