//! Which format begins like this.

use super::fixed::Layout;
use super::legacy::{HYDRA_MODE, HYDRAHARP, PICO_MODE, PICOHARP};
use super::{Format, header::Fields, ptu};

/// Bytes with which [`recognise`] decides as well as it can; fewer are enough for formats with a magic number.
pub const RECOGNISE_BYTES: usize = 512;

/// The format of a recording that begins with `first_bytes` (only the first [`RECOGNISE_BYTES`] are looked at);
/// `None` if it is no known format or too short to tell.
///
/// PicoQuant files have magic numbers. The qcrypto modes have none: text is recognised by its lines, binary by events
/// in time order, in one word order and not the other, that span less than a quarter of the card's range. Random
/// bytes pass with a probability below 1e-9 when 128 bytes are given. Recordings of Swabian and NIST taggers and of
/// Becker & Hickl cards are recognised by at least eight records that make sense, all of them, in one such layout and
/// in no other. The older qcrypto card, quTAG and quTAU can't be recognised and must be named.
pub fn recognise(first_bytes: &[u8]) -> Option<Format> {
    let bytes = &first_bytes[..first_bytes.len().min(RECOGNISE_BYTES)];
    recognise_magic(bytes).or_else(|| text(bytes)).or_else(|| fixed(bytes)).or_else(|| binary_events(bytes))
}

/// How an HDF5 container begins.
const HDF5: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// How a Parquet file begins, and ends.
const PARQUET: &[u8; 4] = b"PAR1";

/// The format by its magic number alone.
pub(crate) fn recognise_magic(bytes: &[u8]) -> Option<Format> {
    let fields = Fields(bytes);
    if bytes.starts_with(ptu::MAGIC) {
        Some(Format::Ptu)
    } else if bytes.starts_with(HDF5) {
        Some(Format::PhotonHdf5)
    } else if bytes.starts_with(PARQUET) {
        Some(Format::Parquet)
    } else if bytes.starts_with(HYDRAHARP) {
        Some(if fields.u32(HYDRA_MODE) == 3 { Format::Ht3 } else { Format::Ht2 })
    } else if bytes.starts_with(PICOHARP) {
        Some(if fields.u32(PICO_MODE) == 3 { Format::Pt3 } else { Format::Pt2 })
    } else {
        None
    }
}

fn text(bytes: &[u8]) -> Option<Format> {
    let complete = bytes.iter().rposition(|&byte| byte == b'\n')? + 1;
    let mut width = None;
    for line in bytes[..complete - 1].split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let expected = *width.get_or_insert(line.len());
        if line.len() != expected || !line.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
    }
    match width {
        Some(8) => Some(Format::A0),
        Some(16) => Some(Format::A2),
        _ => None,
    }
}

/// The one layout of equal records in which the bytes make sense.
fn fixed(bytes: &[u8]) -> Option<Format> {
    let mut plausible = Layout::RECOGNISABLE.into_iter().filter(|layout| layout.is_plausible(bytes));
    let found = plausible.next()?;
    plausible.next().is_none().then(|| found.format())
}

/// Fewest events by which binary events are recognised.
const MIN_EVENTS: usize = 4;

fn binary_events(bytes: &[u8]) -> Option<Format> {
    let events = bytes.len() / 8;
    if events < MIN_EVENTS {
        return None;
    }
    let plausible = |rotate: u32| {
        let times = bytes
            .chunks_exact(8)
            .enumerate()
            .map(|(i, _)| Fields(bytes).u64(8 * i).rotate_left(rotate) >> 10);
        let (mut least, mut greatest, mut last, mut descents) = (u64::MAX, 0, 0, 0);
        for time in times {
            descents += usize::from(time < last);
            least = least.min(time);
            greatest = greatest.max(time);
            last = time;
        }
        // 2^52 units are 4.9 hours; a few late events are normal in recordings.
        (descents * 16 <= events && greatest - least < 1 << 52).then_some(greatest - least)
    };
    match (plausible(0), plausible(32)) {
        (Some(low_first), Some(high_first)) if low_first == high_first => None,
        (Some(low_first), Some(high_first)) if high_first < low_first => Some(Format::A1HighWordFirst),
        (None, Some(_)) => Some(Format::A1HighWordFirst),
        (Some(_), _) => Some(Format::A1),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[test]
    fn noise_is_no_format() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut bytes = [0u8; RECOGNISE_BYTES];
        for length in [0, 1, 7, 8, 128, 512] {
            for _ in 0..2000 {
                rng.fill_bytes(&mut bytes);
                assert_eq!(recognise(&bytes[..length]), None);
            }
        }
        assert_eq!(recognise(&[0; 512]), None);
        assert_eq!(recognise(&[0xFF; 512]), None);
        assert_eq!(recognise(b"x,y,a,b,n\n0,0,0,0,12\n"), None);
    }

    #[test]
    fn both_word_orders_are_told_apart() {
        let words: Vec<u64> = (0..40u64).map(|i| (0x3B_6B86_F5D3_3A23 + i * i * 99_991) << 10 | 1).collect();
        let low: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let high: Vec<u8> = words.iter().flat_map(|word| word.rotate_left(32).to_le_bytes()).collect();
        assert_eq!(recognise(&low), Some(Format::A1));
        assert_eq!(recognise(&high), Some(Format::A1HighWordFirst));
        assert_eq!(recognise(&high[..32]), Some(Format::A1HighWordFirst));
    }
}
