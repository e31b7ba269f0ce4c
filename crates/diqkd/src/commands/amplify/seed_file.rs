//! A seed that is read from its file where it is needed, or from memory if it comes through a pipe.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use diqkd_amplify::SeedSource;

use super::{too_short, words_from_bytes};
use crate::answer::Failure;
use crate::input::Input;

/// `bits` bits, least significant bit of each byte first; what follows them is ignored.
pub(crate) struct Seed {
    bits: u64,
    store: Store,
    bytes: Vec<u8>,
}

enum Store {
    File(File),
    Memory(Vec<u8>),
}

impl Seed {
    pub(crate) fn open(path: &Path, bits: usize) -> Result<Self, Failure> {
        let wanted = bits.div_ceil(8);
        let seekable = path != Path::new("-") && std::fs::metadata(path).is_ok_and(|data| data.is_file());
        let store = if seekable {
            let failed =
                |e| Failure::because(format!("can't read {}; check its permissions", path.display()), e);
            Store::File(File::open(path).map_err(failed)?)
        } else {
            let mut all = Vec::new();
            Input::open(path)?
                .take(wanted as u64)
                .read_to_end(&mut all)
                .map_err(|e| Failure::because(format!("can't read {}", path.display()), e))?;
            if all.len() < wanted {
                return Err(too_short(path, all.len() as u64, bits, "a seed"));
            }
            Store::Memory(all)
        };
        Ok(Self { bits: bits as u64, store, bytes: Vec::new() })
    }
}

impl SeedSource for Seed {
    type Error = io::Error;

    fn read(&mut self, from: u64, words: &mut [u64]) -> io::Result<()> {
        let count = self.bits.saturating_sub(from).min(64 * words.len() as u64);
        if count == 0 {
            words.fill(0);
            return Ok(());
        }
        let (first, shift) = (from / 8, from % 8);
        let wanted = (shift + count).div_ceil(8) as usize;
        let bytes = match &mut self.store {
            Store::Memory(all) => &all[first as usize..][..wanted],
            Store::File(file) => {
                self.bytes.resize(wanted.max(self.bytes.len()), 0);
                file.seek(SeekFrom::Start(first))?;
                file.read_exact(&mut self.bytes[..wanted])?;
                &self.bytes[..wanted]
            }
        };
        words_from_bytes(&bytes[..wanted.min(8 * words.len())], words);
        if shift > 0 {
            // One byte may lie beyond the last word before the shift.
            let mut above = bytes.get(8 * words.len()).copied().map_or(0, u64::from);
            for word in words.iter_mut().rev() {
                (*word, above) = (*word >> shift | above << (64 - shift), *word);
            }
        }
        let used = count.div_ceil(64) as usize;
        if !count.is_multiple_of(64) {
            words[used - 1] &= (1 << (count % 64)) - 1;
        }
        words[used..].fill(0);
        Ok(())
    }
}
