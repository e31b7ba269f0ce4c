//! The trusted controller between the random bits and the modulator.

use alloc::boxed::Box;

use diqkd_core::Setting;

/// Decides the setting of each round from trusted bits: in hardware an FPGA between the setting RNG and the modulator,
/// in software an object made from pre-shared test flags and [`SettingRng`](crate::SettingRng) bits.
///
/// ```text
///   herald or slot start     choose(round)      modulator switches     detection window
///        |------------------------|------------------------|------------------|=======|
///        the round is fixed       now, not before          never undone
/// ```
///
/// The contract: `choose` is called exactly once for each round that the station starts, with strictly increasing
/// round numbers (the slot index), only after the round has been fixed (by its herald, or by the clock), and its
/// answer is what the modulator applies. A chooser never learns an outcome.
pub trait SettingChooser {
    /// The setting of `round`.
    fn choose(&mut self, round: u64) -> Setting;
}

impl<C: SettingChooser + ?Sized> SettingChooser for &mut C {
    fn choose(&mut self, round: u64) -> Setting {
        (**self).choose(round)
    }
}

impl<C: SettingChooser + ?Sized> SettingChooser for Box<C> {
    fn choose(&mut self, round: u64) -> Setting {
        (**self).choose(round)
    }
}
