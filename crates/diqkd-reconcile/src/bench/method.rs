//! What can be measured.

use alloc::boxed::Box;

use crate::error::Error;
use crate::interactive::{Blind, Cascade, Interactive, SymmetricBlind};

/// A way to reconcile blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// One-way LDPC codes under a leak cap: the only method for device-independent keys.
    Ldpc,
    /// Cascade, the best published variant ([`Cascade::modified`]).
    Cascade,
    /// The same with as few parities as possible ([`Cascade::frugal`]).
    CascadeFrugal,
    /// Cascade as first published ([`Cascade::original`]).
    CascadeOriginal,
    /// Blind reconciliation ([`Blind`]).
    Blind,
    /// Symmetric blind reconciliation ([`SymmetricBlind`]).
    SymmetricBlind,
}

impl Method {
    /// Its plan, unless it is one-way.
    pub(super) fn interactive(self, block: u64, qber: f64) -> Result<Option<Box<dyn Interactive>>, Error> {
        Ok(Some(match self {
            Self::Ldpc => return Ok(None),
            Self::Cascade => Box::new(Cascade::modified(block, qber, ORDER_SEED)?),
            Self::CascadeFrugal => Box::new(Cascade::modified(block, qber, ORDER_SEED)?.frugal()),
            Self::CascadeOriginal => Box::new(Cascade::original(block, qber, ORDER_SEED)?),
            Self::Blind => Box::new(Blind::design(block, qber)?),
            Self::SymmetricBlind => Box::new(SymmetricBlind::design(block, qber)?),
        }))
    }
}

/// Shuffles Cascade's passes: public, and the same for every block.
const ORDER_SEED: u64 = 1;
