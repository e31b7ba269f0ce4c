//! Trusted random bits for settings.

use rand_core::TryRng;

use crate::error::Error;

/// A generator of setting bits that are uniform and independent of the source, the devices and earlier rounds, and
/// that watches itself.
///
/// The bits come through [`rand_core::TryRng`]. The contract:
/// 1. A generator whose health is [`RngHealth::Failed`] delivers no bits: its methods fail until it is replaced or
///    has passed its start-up tests again.
/// 2. No bit is delivered twice, also across clones of the process, and no bit leaves before it is asked for.
/// 3. `health` describes all bits that have been delivered so far.
pub trait SettingRng: TryRng<Error: Error> {
    /// The verdict of the built-in tests on everything delivered so far.
    fn health(&self) -> RngHealth;

    /// Identifier of the attestation or certificate of this generator, for key records; empty when there is none.
    fn attestation(&self) -> &str {
        ""
    }
}

impl<R: SettingRng + ?Sized> SettingRng for &mut R {
    fn health(&self) -> RngHealth {
        (**self).health()
    }

    fn attestation(&self) -> &str {
        (**self).attestation()
    }
}

/// What a generator knows about its own bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RngHealth {
    /// Start-up tests have not finished; no bits yet.
    Starting,
    /// All tests pass.
    Healthy,
    /// Tests pass, but close to their limits; an operator should look.
    Degraded(RngFault),
    /// A test failed.
    Failed(RngFault),
}

/// Which test a generator failed. The first two are the continuous tests of NIST SP 800-90B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RngFault {
    /// A value repeated too often in a row (repetition count test).
    Stuck,
    /// A value is too frequent in a window (adaptive proportion test).
    Biased,
    /// The physical source is outside its operating range.
    Source,
    /// The driver does not say.
    Unspecified,
}
