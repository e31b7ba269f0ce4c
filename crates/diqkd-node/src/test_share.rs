//! How many of the rounds that are kept are tests.

use diqkd_core::TestProbability;
use diqkd_entropy::LocalFlags;

/// The share of tests where each site draws flags of its own, for thresholds alone: the certificate has the exact value. The
/// error says what is wrong with the probabilities.
pub(crate) fn with_own_flags(
    alice: TestProbability,
    bob: TestProbability,
) -> Result<TestProbability, String> {
    let flags = LocalFlags::new(alice.get(), bob.get()).map_err(|error| error.to_string())?;
    TestProbability::nearest(flags.test_probability()).map_err(|error| error.to_string())
}
