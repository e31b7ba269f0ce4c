//! Alice's side.

use alloc::vec;
use alloc::vec::Vec;

use diqkd_gf2::{BitRef, Bits, bits_from_words, copy_to_words};

use crate::error::{Error, RetryRefused};
use crate::scheme::Scheme;

/// Computes what Alice sends.
#[derive(Clone, Debug)]
pub struct Encoder {
    scheme: Scheme,
}

impl Encoder {
    /// An encoder for `scheme`.
    pub fn new(scheme: &Scheme) -> Self {
        Self { scheme: scheme.clone() }
    }

    /// The syndromes of all frames, one after the other: [`Scheme::syndrome_bits`] bits.
    ///
    /// # Errors
    /// [`Error::Length`] unless `string` has [`Scheme::n_bits`] bits.
    pub fn syndrome(&self, string: &BitRef) -> Result<Bits, Error> {
        let words = string_words("Alice's string", string, &self.scheme)?;
        let code = self.scheme.code();
        let mut out = Bits::with_capacity(self.scheme.syndrome_bits());
        for frame in 0..self.scheme.frames() {
            let syndrome = code.syndrome(&self.scheme.frame_words(&words, frame));
            out.extend_from_bitslice(&bits_from_words(&syndrome, code.syndrome_bits()));
        }
        Ok(out)
    }

    /// More syndrome bits for the frames that Bob named: [`Scheme::retry_bits_per_frame`] each, in order.
    ///
    /// To be called once a block: the leak cap counts one answer.
    ///
    /// # Errors
    /// [`RetryRefused`] when the reserve does not cover the request, and the block has to be aborted.
    pub fn retry(&self, string: &BitRef, failed: &[u32]) -> Result<Bits, RetryRefused> {
        let length = |_| RetryRefused::Length { bits: string.len(), expected: self.scheme.n_bits() as usize };
        let words = string_words("Alice's string", string, &self.scheme).map_err(length)?;
        let most = self.scheme.retry_frames();
        let Some(retry) = self.scheme.retry().filter(|_| failed.len() <= most as usize) else {
            return Err(RetryRefused::TooManyFrames { failed: failed.len(), most });
        };
        let frames = self.scheme.frames();
        let mut least = 0;
        for &frame in failed {
            if frame < least || frame >= frames {
                return Err(RetryRefused::NoSuchFrame { frame, frames });
            }
            least = frame + 1;
        }
        let each = retry.extra_bits();
        let mut out = Bits::with_capacity(failed.len() * each);
        for &frame in failed {
            let extra = retry.extra(&self.scheme.frame_words(&words, frame));
            out.extend_from_bitslice(&bits_from_words(&extra, each));
        }
        Ok(out)
    }
}

/// The words of a string of the scheme's length.
pub(crate) fn string_words(what: &'static str, string: &BitRef, scheme: &Scheme) -> Result<Vec<u64>, Error> {
    words(what, string, scheme.n_bits() as usize)
}

/// The words of a bit string that must have `expected` bits.
pub(crate) fn words(what: &'static str, string: &BitRef, expected: usize) -> Result<Vec<u64>, Error> {
    if string.len() != expected {
        return Err(Error::Length { what, bits: string.len(), expected });
    }
    let mut words = vec![0; expected.div_ceil(64)];
    copy_to_words(string, &mut words, 0);
    Ok(words)
}
