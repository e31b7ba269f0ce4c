//! The source of entangled pairs, for monitors and alignment. Nothing of it is trusted.

use crate::error::ErrorType;

/// Reads a source of entangled pairs and asks it to align itself.
///
/// The contract: a source may be anybody's. What it says about itself serves monitors and operators; it never enters a
/// key length and never decides whether a round counts. Alignment happens between recordings, with light of its own:
///
/// ```text
///   ==recording==|                          |==recording==
///                 state(): drifted   align()
///                 state(): aligned
/// ```
pub trait EntanglementSource: ErrorType {
    /// The present state. Times of successive readings never decrease.
    ///
    /// # Errors
    /// The driver's error.
    fn state(&mut self) -> Result<SourceState, Self::Error>;

    /// Aligns the source and answers with the state it is in afterwards, which is [`Alignment::Aligned`].
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) when the source has no such hook or a recording is
    /// running; otherwise the driver's error, also when the source could not be aligned.
    fn align(&mut self) -> Result<SourceState, Self::Error>;
}

/// What a source knows about itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceState {
    /// Picoseconds on the source's own clock.
    pub time_ps: i64,
    /// Rounds offered to the stations a second: heralded pairs of an event-ready source, pulses of a clocked one. 0 when
    /// it is dark.
    pub rate_hz: f64,
    /// Contrast of the correlations in the source's own calibration, from 0 to 1; `None` when it does not measure it.
    pub visibility: Option<f64>,
    /// Whether it is aligned.
    pub alignment: Alignment,
}

/// Whether a source prepares the state it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alignment {
    /// Within its specification.
    Aligned,
    /// Outside of it: [`EntanglementSource::align`] may help.
    Drifted,
    /// The source cannot tell.
    Unknown,
}

/// Between two recordings: aligns the source if it says that it drifted, or if `wanted`, because monitors of the link
/// ask for it. Answers with the state afterwards where it was aligned, else `None`.
///
/// # Errors
/// The driver's error.
pub fn realign<S: EntanglementSource + ?Sized>(
    source: &mut S,
    wanted: bool,
) -> Result<Option<SourceState>, S::Error> {
    if wanted || source.state()?.alignment == Alignment::Drifted {
        source.align().map(Some)
    } else {
        Ok(None)
    }
}

impl<T: EntanglementSource + ?Sized> EntanglementSource for &mut T {
    fn state(&mut self) -> Result<SourceState, Self::Error> {
        (**self).state()
    }

    fn align(&mut self) -> Result<SourceState, Self::Error> {
        (**self).align()
    }
}
