//! The conformance kit: what the contracts of this crate promise, as checks that any driver can run.
//!
//! One macro makes one test a promise of a tagger, and of whatever other parts the station has:
//!
//! ```
//! # mod driver { pub fn open() -> diqkd_hal::mock::Playback { diqkd_hal::mock::Playback::new(vec![], vec![]) } }
//! diqkd_hal::conformance_tests! {
//!     my_tagger: diqkd_hal::conformance::TaggerOptions { injected: Some(0), ..Default::default() } => driver::open()
//! }
//! ```
//!
//! After the tagger any of these may follow, each at most once:
//!
//! | part | value | what is checked |
//! |---|---|---|
//! | `layout:` | a [`StationLayout`](crate::StationLayout) on the tagger's own clock | [`check_station`]: one setting marker a round, after its herald and before its clicks, independent of earlier clicks |
//! | `replay:` | a tagger that replays the same recording | [`check_replay`]: tags and events are those of the live tagger |
//! | `fails:` | `(ErrorKind, tagger)` with a device that fails so | [`check_failure`]: the error says what happened |
//! | `setting_rng:` | a [`SettingRng`](crate::SettingRng) | [`check_setting_rng`]: no stuck lines, no bit read twice, no half-filled buffer |
//! | `failed_rng:` | a generator that has failed | [`check_failed_rng`]: it delivers nothing and says so |
//! | `modulator:` | `(modulator, first_ps, spacing_ps)` | [`check_modulator`]: settings 0 and 1 are applied as asked and not too early |
//! | `source:` | an [`EntanglementSource`](crate::EntanglementSource) | [`check_source`]: possible numbers, times in order, an alignment that holds |
//!
//! The same checks are functions: [`check_tagger`] runs those of a tagger, [`TaggerCheck::ALL`] lists them. A failed check
//! is a [`Violation`] that names the place and says what is usually behind it.

mod modulator;
mod setting_rng;
mod source;
mod station;
mod tagger;
mod violation;

pub use modulator::check_modulator;
pub use setting_rng::{RngOptions, RngReport, check_failed_rng, check_setting_rng};
pub use source::check_source;
pub use station::{StationReport, check_station};
pub use tagger::{
    AllocationProbe, Recording, TaggerCheck, TaggerOptions, check_failure, check_replay, check_tagger,
    read_all,
};
pub use violation::Violation;

use diqkd_core::Setting;

/// Makes a module of tests, one for each promise of [`TimeTagger`](crate::TimeTagger), for the drivers that an
/// expression opens, and for the other parts that are named after it. All expressions see the names of the surrounding
/// module. See the [module documentation](crate::conformance).
#[macro_export]
macro_rules! conformance_tests {
    ($name:ident: $options:expr => $open:expr $(, $part:ident: $value:expr)* $(,)?) => {
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
            $($crate::conformance_tests!(@part $part $options, $open, $value);)*
        }
    };
    (@each $options:expr, $open:expr; $($test:ident: $check:ident,)*) => {
        $($crate::conformance_tests!(@test $test
            $crate::conformance::TaggerCheck::$check.run(&mut || $open, &$options));)*
    };
    (@part layout $options:expr, $open:expr, $layout:expr) => {
        $crate::conformance_tests!(@test settings_come_before_clicks_and_do_not_follow_them
            $crate::conformance::read_all(&mut $open, 256, &$options)
                .and_then(|recording| $crate::conformance::check_station(&$layout, recording.tags)));
    };
    (@part replay $options:expr, $open:expr, $replay:expr) => {
        $crate::conformance_tests!(@test a_replay_equals_the_live_recording
            $crate::conformance::check_replay(&mut $open, &mut $replay, &$options));
    };
    (@part fails $options:expr, $open:expr, $failing:expr) => {
        $crate::conformance_tests!(@test a_failing_device_fails_as_what_it_is {
            let (kind, mut tagger) = $failing;
            $crate::conformance::check_failure(&mut tagger, kind, &$options)
        });
    };
    (@part setting_rng $options:expr, $open:expr, $rng:expr) => {
        $crate::conformance_tests!(@test setting_bits_are_whole_and_healthy
            $crate::conformance::check_setting_rng(&mut $rng, &$crate::conformance::RngOptions::default()));
    };
    (@part failed_rng $options:expr, $open:expr, $rng:expr) => {
        $crate::conformance_tests!(@test a_failed_generator_delivers_nothing
            $crate::conformance::check_failed_rng(&mut $rng));
    };
    (@part modulator $options:expr, $open:expr, $modulator:expr) => {
        $crate::conformance_tests!(@test settings_are_applied_as_asked {
            let (mut modulator, first_ps, spacing_ps) = $modulator;
            $crate::conformance::check_modulator(
                &mut modulator, &$crate::conformance::test_settings(), first_ps, spacing_ps)
        });
    };
    (@part source $options:expr, $open:expr, $source:expr) => {
        $crate::conformance_tests!(@test a_source_says_possible_things_and_stays_aligned
            $crate::conformance::check_source(&mut $source, 16));
    };
    (@test $test:ident $found:expr) => {
        #[test]
        fn $test() {
            if let Err(violation) = $found {
                panic!("{violation}");
            }
        }
    };
}

/// Settings 0 and 1 in an order that repeats and changes, for [`check_modulator`].
pub fn test_settings() -> [Setting; 16] {
    core::array::from_fn(|i| Setting::from_bit(0b0110_1001_1110_0100 >> i & 1 == 1))
}
