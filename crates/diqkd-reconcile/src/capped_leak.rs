//! A leak that is fixed before the data, as a proof needs it.

use diqkd_core::{LeakBits, LeakLedger};

/// The most that may be said about Alice's string, item by item, known before the first bit is sent.
///
/// Only [`Scheme::leak`](crate::Scheme::leak) makes one, so code that takes a `CappedLeak` cannot be handed what an
/// interactive scheme happened to send: that number depends on the data, and a proof that bounds the leak beforehand
/// does not cover it.
///
/// ```
/// use diqkd_reconcile::{CappedLeak, DesignOptions, ErrorClass, Scheme};
///
/// fn key_bits(entropy_bits: u64, leak: &CappedLeak) -> u64 {
///     entropy_bits.saturating_sub(leak.total().0)
/// }
///
/// let noise = ErrorClass { fraction: 1.0, error_probability: 0.02 };
/// let scheme = Scheme::design(20_000, &[noise], &DesignOptions::default())?;
/// let leak = scheme.leak().with_verification_tag(64);
/// assert_eq!(leak.total().0, scheme.leak_cap().0 + 64);
/// assert!(key_bits(15_000, &leak) > 10_000);
/// # Ok::<(), diqkd_reconcile::Error>(())
/// ```
///
/// The same function refuses the outcome of a conversation:
///
/// ```compile_fail,E0308
/// use diqkd_reconcile::CappedLeak;
/// use diqkd_reconcile::interactive::Outcome;
///
/// fn key_bits(entropy_bits: u64, leak: &CappedLeak) -> u64 {
///     entropy_bits.saturating_sub(leak.total().0)
/// }
///
/// fn after_cascade(outcome: &Outcome) -> u64 {
///     key_bits(15_000, &outcome.leak)
/// }
/// ```
///
/// and there is no way to make one out of a number:
///
/// ```compile_fail,E0451
/// let leak = diqkd_reconcile::CappedLeak { ledger: Default::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CappedLeak {
    ledger: LeakLedger,
}

impl CappedLeak {
    pub(crate) fn new(ledger: LeakLedger) -> Self {
        Self { ledger }
    }

    /// Adds the tag by which both sides confirm that their strings are equal.
    #[must_use]
    pub fn with_verification_tag(mut self, tag_bits: u32) -> Self {
        self.ledger.record("verification tag", LeakBits(u64::from(tag_bits)));
        self
    }

    /// The items, in order.
    pub fn ledger(&self) -> &LeakLedger {
        &self.ledger
    }

    /// The sum.
    pub fn total(&self) -> LeakBits {
        self.ledger.total()
    }
}
