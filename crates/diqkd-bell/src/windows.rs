//! Counts over windows of equal length beside the counts of the whole run.

use core::num::NonZeroU64;

use crate::counts::{Cell, Counts, CountsError};

/// Cuts a run of trials into windows.
///
/// ```
/// use diqkd_bell::{Cell, Windows};
///
/// let mut windows = Windows::new(std::num::NonZeroU64::new(100).ok_or("a window has trials")?);
/// let mut closed = 0;
/// for i in 0..250u32 {
///     let cell = Cell { x: (i & 1) as u8, y: (i >> 1 & 1) as u8, a: 0, b: 0 };
///     if let Some(window) = windows.push(cell)? {
///         assert_eq!((window.total(), window.chsh()?.s), (100, 2.0));
///         closed += 1;
///     }
/// }
/// assert_eq!((closed, windows.open().total(), windows.cumulative().total()), (2, 50, 250));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Windows {
    length: NonZeroU64,
    open: Counts,
    cumulative: Counts,
}

impl Windows {
    /// Windows of `length` trials.
    pub fn new(length: NonZeroU64) -> Self {
        Self { length, open: Counts::new(), cumulative: Counts::new() }
    }

    /// Takes a trial; gives the window that it completes.
    ///
    /// # Errors
    /// As for [`Counts::add`].
    pub fn push(&mut self, cell: Cell) -> Result<Option<Counts>, CountsError> {
        self.cumulative.add(cell, 1)?;
        self.open.add(cell, 1)?;
        let full = self.open.total() >= self.length.get();
        Ok(full.then(|| core::mem::take(&mut self.open)))
    }

    /// The window that is not complete yet.
    pub fn open(&self) -> &Counts {
        &self.open
    }

    /// All trials so far.
    pub fn cumulative(&self) -> &Counts {
        &self.cumulative
    }
}
