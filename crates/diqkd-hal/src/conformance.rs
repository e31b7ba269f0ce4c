//! The conformance kit: what the contracts of this crate promise, as checks that any driver can run.
//!
//! For a tagger, one macro makes one test a promise:
//!
//! ```
//! # mod driver { pub fn open() -> diqkd_hal::mock::Playback { diqkd_hal::mock::Playback::new(vec![], vec![]) } }
//! diqkd_hal::conformance_tests! {
//!     my_tagger: diqkd_hal::conformance::TaggerOptions { injected: Some(0), ..Default::default() } => driver::open()
//! }
//! ```
//!
//! The same checks are functions: [`check_tagger`] runs them all, [`TaggerCheck::ALL`] lists them. The other parts of a
//! station have their own: [`check_setting_rng`], [`check_modulator`], [`check_station`] for recordings and
//! [`check_replay`] for archives, [`check_failure`] for devices that fail. A failed check is a [`Violation`] that names the place and says what is usually behind it.

mod modulator;
mod setting_rng;
mod station;
mod tagger;
mod violation;

pub use modulator::check_modulator;
pub use setting_rng::{RngOptions, RngReport, check_failed_rng, check_setting_rng};
pub use station::{StationReport, check_station};
pub use tagger::{
    AllocationProbe, Recording, TaggerCheck, TaggerOptions, check_failure, check_replay, check_tagger,
    read_all,
};
pub use violation::Violation;

/// Makes a module of tests, one for each promise of [`TimeTagger`](crate::TimeTagger), for the drivers that an
/// expression opens. Both expressions see the names of the surrounding module. See the [module documentation](crate::conformance).
#[macro_export]
macro_rules! conformance_tests {
    ($name:ident: $options:expr => $open:expr) => {
        mod $name {
            use super::*;

            $crate::conformance_tests!(@each $options, $open;
                monotone_time: MonotoneTime,
                no_silent_loss: NoSilentLoss,
                a_slow_reader_loses_nothing_silently: SlowReader,
                block_size_changes_nothing: BlockSize,
                empty_and_unequal_blocks: OddBlocks,
                no_tags_while_stopped: Stopped,
                the_end_is_final: FinalEnd,
                restart_as_declared: Restart,
                timeouts_lose_nothing: Timeouts,
                no_allocation_in_fill: Allocation,
            );
        }
    };
    (@each $options:expr, $open:expr; $($test:ident: $check:ident,)*) => {
        $(
            #[test]
            fn $test() {
                let found = $crate::conformance::TaggerCheck::$check.run(&mut || $open, &$options);
                if let Err(violation) = found {
                    panic!("{violation}");
                }
            }
        )*
    };
}
