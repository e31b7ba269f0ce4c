//! The traits of drivers that wait: the same contracts, with `async` methods.
//!
//! ```
//! use core::ops::ControlFlow;
//! use diqkd_core::{Channel, TimeTag};
//! use diqkd_hal::asynch::{Ready, record};
//! use diqkd_hal::{TagBlock, mock::Playback};
//!
//! let tags = vec![TimeTag { time_ps: 7, channel: Channel(0) }];
//! let (mut time_ps, mut channel) = ([0; 8], [0; 8]);
//! let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
//! let mut tagger = Ready(Playback::new(tags, vec![]));
//! let recording = record(&mut tagger, block, |_, _, _| ControlFlow::Continue(()));
//! // any executor; this one polls once, since a blocking driver is always ready
//! let mut recording = core::pin::pin!(recording);
//! let mut context = core::task::Context::from_waker(core::task::Waker::noop());
//! let core::task::Poll::Ready(tally) = recording.as_mut().poll(&mut context) else { panic!("pending") };
//! assert_eq!(tally?.tags, 1);
//! # Ok::<(), diqkd_hal::ErrorKind>(())
//! ```

use core::ops::ControlFlow;

use diqkd_core::Setting;

use crate::entanglement_source::SourceState;
use crate::error::ErrorType;
use crate::herald::HeraldEvent;
use crate::modulator::Applied;
use crate::record::Tally;
use crate::time_tagger::{Capabilities, Filled, Status, TagBlock};

/// [`crate::TimeTagger`] with waiting in place of empty blocks: `fill` is ready when there is a tag, a status other
/// than `Streaming`, or an error. Everything else of the contract is the same.
///
/// A `fill` that is dropped before it is ready has delivered and lost nothing.
#[expect(async_fn_in_trait, reason = "whether the futures are Send is up to the driver and its executor")]
pub trait TimeTagger: ErrorType {
    /// What this driver can do.
    fn capabilities(&self) -> Capabilities;

    /// Starts a recording.
    ///
    /// # Errors
    /// The driver's error.
    async fn start(&mut self) -> Result<(), Self::Error>;

    /// Writes the next tags to the caller's block.
    ///
    /// # Errors
    /// The driver's error.
    async fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Self::Error>;

    /// Stops the recording.
    ///
    /// # Errors
    /// The driver's error.
    async fn stop(&mut self) -> Result<(), Self::Error>;
}

/// [`crate::Modulator`], ready when the setting has settled.
#[expect(async_fn_in_trait, reason = "whether the futures are Send is up to the driver and its executor")]
pub trait Modulator: ErrorType {
    /// Applies `setting` no earlier than `at_ps` on the tagger's clock.
    ///
    /// # Errors
    /// The driver's error.
    async fn apply(&mut self, setting: Setting, at_ps: i64) -> Result<Applied, Self::Error>;
}

/// [`crate::Herald`], ready when a herald has come.
#[expect(async_fn_in_trait, reason = "whether the futures are Send is up to the driver and its executor")]
pub trait Herald: ErrorType {
    /// The next herald.
    ///
    /// # Errors
    /// The driver's error.
    async fn next(&mut self) -> Result<HeraldEvent, Self::Error>;
}

/// [`crate::EntanglementSource`]; `align` is ready when the source has settled.
#[expect(async_fn_in_trait, reason = "whether the futures are Send is up to the driver and its executor")]
pub trait EntanglementSource: ErrorType {
    /// The present state.
    ///
    /// # Errors
    /// The driver's error.
    async fn state(&mut self) -> Result<SourceState, Self::Error>;

    /// Aligns the source.
    ///
    /// # Errors
    /// The driver's error.
    async fn align(&mut self) -> Result<SourceState, Self::Error>;
}

impl<T: TimeTagger + ?Sized> TimeTagger for &mut T {
    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    async fn start(&mut self) -> Result<(), Self::Error> {
        (**self).start().await
    }

    async fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Self::Error> {
        (**self).fill(block).await
    }

    async fn stop(&mut self) -> Result<(), Self::Error> {
        (**self).stop().await
    }
}

/// A blocking driver as one that is always ready. It may be ready with an empty block; for sources that never wait:
/// files, archives, simulations.
#[derive(Clone, Copy, Debug)]
pub struct Ready<T>(pub T);

impl<T: ErrorType> ErrorType for Ready<T> {
    type Error = T::Error;
}

impl<T: crate::TimeTagger> TimeTagger for Ready<T> {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn start(&mut self) -> Result<(), Self::Error> {
        self.0.start()
    }

    async fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, Self::Error> {
        self.0.fill(block)
    }

    async fn stop(&mut self) -> Result<(), Self::Error> {
        self.0.stop()
    }
}

impl<T: crate::Modulator> Modulator for Ready<T> {
    async fn apply(&mut self, setting: Setting, at_ps: i64) -> Result<Applied, Self::Error> {
        self.0.apply(setting, at_ps)
    }
}

impl<T: crate::EntanglementSource> EntanglementSource for Ready<T> {
    async fn state(&mut self) -> Result<SourceState, Self::Error> {
        self.0.state()
    }

    async fn align(&mut self) -> Result<SourceState, Self::Error> {
        self.0.align()
    }
}

/// [`crate::record`] for drivers that wait.
///
/// # Errors
/// The driver's first error.
pub async fn record<T: TimeTagger>(
    tagger: &mut T,
    mut block: TagBlock<'_>,
    mut sink: impl FnMut(&[i64], &[u16], Status) -> ControlFlow<()>,
) -> Result<Tally, T::Error> {
    let mut tally = Tally::default();
    if block.capacity() == 0 {
        return Ok(tally);
    }
    tagger.start().await?;
    let outcome = loop {
        match tagger.fill(block.reborrow()).await {
            Err(error) => break Err(error),
            Ok(filled) => {
                let len = filled.len.min(block.capacity());
                tally.count(Filled { len, ..filled });
                let flow = sink(&block.time_ps[..len], &block.channel[..len], filled.status);
                if flow.is_break() || filled.status == Status::EndOfData {
                    break Ok(tally);
                }
            }
        }
    };
    let stopped = tagger.stop().await;
    let tally = outcome?;
    stopped.map(|()| tally)
}
