//! The epsilon ledger: every failure probability that a session spends, by name, under one budget.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use crate::epsilon::Epsilon;

/// Named epsilon consumptions that may never exceed a budget fixed beforehand.
///
/// Composition is the union bound: the composed soundness is the sum of the entries, rounded upward. Whoever splits a
/// budget leaves a relative 1e-12 of room for that rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct EpsilonLedger {
    budget: Epsilon,
    entries: Vec<LedgerEntry>,
}

/// One consumption.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// What the epsilon pays for.
    pub name: Cow<'static, str>,
    /// How much of the budget it takes.
    pub epsilon: Epsilon,
}

impl EpsilonLedger {
    /// An empty ledger with the given budget.
    pub fn new(budget: Epsilon) -> Self {
        Self { budget, entries: Vec::new() }
    }

    /// Records a consumption.
    ///
    /// # Errors
    /// [`Overspent`] when the sum would exceed the budget; the ledger is then unchanged.
    pub fn spend(&mut self, name: impl Into<Cow<'static, str>>, epsilon: Epsilon) -> Result<(), Overspent> {
        let total = match self.total() {
            None => Some(epsilon),
            Some(spent) => spent.plus(epsilon),
        };
        match total {
            Some(total) if total.log2() <= self.budget.log2() => {
                self.entries.push(LedgerEntry { name: name.into(), epsilon });
                Ok(())
            }
            _ => Err(Overspent {
                name: name.into(),
                requested: epsilon,
                spent: self.total(),
                budget: self.budget,
            }),
        }
    }

    /// The budget.
    pub fn budget(&self) -> Epsilon {
        self.budget
    }

    /// The consumptions in the order in which they were recorded.
    pub fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    /// The sum of all consumptions, rounded upward; `None` while nothing has been spent.
    pub fn total(&self) -> Option<Epsilon> {
        let mut entries = self.entries.iter();
        let first = entries.next()?.epsilon;
        entries.try_fold(first, |sum, entry| sum.plus(entry.epsilon))
    }
}

impl fmt::Display for EpsilonLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(f, "{:<44} {}", entry.name, entry.epsilon)?;
        }
        match self.total() {
            Some(total) => write!(f, "{:<44} {} of {}", "sum", total, self.budget),
            None => write!(f, "nothing spent of {}", self.budget),
        }
    }
}

/// A consumption that the budget does not cover.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name} needs an epsilon of {requested}, which the budget of {budget} no longer covers")]
pub struct Overspent {
    /// What asked for it.
    pub name: Cow<'static, str>,
    /// How much it asked for.
    pub requested: Epsilon,
    /// What had been spent before.
    pub spent: Option<Epsilon>,
    /// The budget.
    pub budget: Epsilon,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn refuses_to_overspend_and_keeps_what_it_had() {
        let mut ledger = EpsilonLedger::new(Epsilon::new(1e-10).unwrap());
        ledger.spend("a", Epsilon::new(6e-11).unwrap()).unwrap();
        let refused = ledger.spend("b", Epsilon::new(5e-11).unwrap()).unwrap_err();
        assert_eq!(refused.name, "b");
        assert_eq!(ledger.entries().len(), 1);
        ledger.spend("c", Epsilon::new(3.9e-11).unwrap()).unwrap();
        assert!(ledger.to_string().contains("sum"));
    }

    #[test]
    fn a_split_with_a_hair_of_room_fits_and_one_above_does_not() {
        let half = |p: f64| {
            let mut ledger = EpsilonLedger::new(Epsilon::new(1e-10).unwrap());
            ledger.spend("first half", Epsilon::new(p).unwrap()).unwrap();
            ledger.spend("second half", Epsilon::new(p).unwrap())
        };
        assert!(half(4.999_999_999e-11).is_ok());
        assert!(half(5.000_000_001e-11).is_err());
    }
}
