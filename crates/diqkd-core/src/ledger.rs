//! The epsilon ledger: every failure probability that a session spends, by name, under one budget.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use crate::epsilon::Epsilon;

/// Named epsilon consumptions that may never exceed a budget fixed beforehand.
///
/// Composition is the union bound: the composed soundness is the sum of the entries, rounded upward. Whoever splits a
/// budget leaves a relative 1e-12 of room for that rounding. A consumption that repeats the one before it is counted there,
/// so that a ledger of millions of equal blocks is one line long.
#[derive(Clone, Debug, PartialEq)]
pub struct EpsilonLedger {
    budget: Epsilon,
    entries: Vec<LedgerEntry>,
    /// The sum of all entries but the last.
    before_last: Option<Epsilon>,
}

/// One consumption, once or several times in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// What the epsilon pays for.
    pub name: Cow<'static, str>,
    /// How much of the budget it takes each time.
    pub epsilon: Epsilon,
    /// How often; at least 1.
    pub count: u64,
}

impl LedgerEntry {
    /// What it takes altogether, rounded upward; `None` when that reaches 1.
    pub fn total(&self) -> Option<Epsilon> {
        if self.count == 1 { Some(self.epsilon) } else { self.epsilon.times(self.count) }
    }
}

impl EpsilonLedger {
    /// An empty ledger with the given budget.
    pub fn new(budget: Epsilon) -> Self {
        Self { budget, entries: Vec::new(), before_last: None }
    }

    /// Records a consumption.
    ///
    /// # Errors
    /// [`Overspent`] when the sum would exceed the budget; the ledger is then unchanged.
    pub fn spend(&mut self, name: impl Into<Cow<'static, str>>, epsilon: Epsilon) -> Result<(), Overspent> {
        let name = name.into();
        if self.room_for(&name, epsilon, 1) {
            self.append(name, epsilon);
            return Ok(());
        }
        Err(Overspent { name, requested: epsilon, spent: self.total(), budget: self.budget })
    }

    /// Records what was spent before this ledger began, whatever its budget says: a budget that is below it is spent.
    pub fn carry(&mut self, name: impl Into<Cow<'static, str>>, epsilon: Epsilon) {
        self.append(name.into(), epsilon);
    }

    /// Whether `epsilon` can be spent `count` more times under this name.
    pub fn room_for(&self, name: &str, epsilon: Epsilon, count: u64) -> bool {
        let total = match self.entries.last() {
            Some(last) if last.name == name && last.epsilon == epsilon => {
                let more = last.count.checked_add(count);
                more.and_then(|count| sum(self.before_last, &LedgerEntry { count, ..last.clone() }))
            }
            Some(_) if self.total().is_none() => None,
            _ => sum(self.total(), &LedgerEntry { name: Cow::Borrowed(""), epsilon, count }),
        };
        total.is_some_and(|total| total.log2() <= self.budget.log2())
    }

    /// The number of times that `epsilon` can still be spent under this name.
    pub fn times_left(&self, name: &str, epsilon: Epsilon) -> u64 {
        let spent =
            if self.entries.is_empty() { 0.0 } else { self.total().map_or(1.0, Epsilon::probability) };
        let room = (self.budget.probability() - spent) / epsilon.probability();
        // An estimate from above; what is given has been summed up like everything else.
        let mut count = libm::ceil(room * (1.0 + 1e-9)).max(0.0) as u64;
        while count > 0 && !self.room_for(name, epsilon, count) {
            count -= (count >> 40).max(1);
        }
        count
    }

    fn append(&mut self, name: Cow<'static, str>, epsilon: Epsilon) {
        match self.entries.last_mut() {
            Some(last) if last.name == name && last.epsilon == epsilon => {
                last.count = last.count.saturating_add(1);
            }
            None => self.entries.push(LedgerEntry { name, epsilon, count: 1 }),
            Some(_) => {
                // What reaches 1 says nothing any more, however much is added.
                self.before_last = Some(self.total().unwrap_or(Epsilon::LARGEST));
                self.entries.push(LedgerEntry { name, epsilon, count: 1 });
            }
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

    /// The sum of all consumptions, rounded upward; `None` while nothing has been spent, and when it reaches 1, which only
    /// [`EpsilonLedger::carry`] can bring about.
    pub fn total(&self) -> Option<Epsilon> {
        sum(self.before_last, self.entries.last()?)
    }
}

/// The sum of what was spent before and an entry.
fn sum(before: Option<Epsilon>, entry: &LedgerEntry) -> Option<Epsilon> {
    let total = entry.total()?;
    before.map_or(Some(total), |before| before.plus(total))
}

impl fmt::Display for EpsilonLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            write!(f, "{:<44} {}", entry.name, entry.epsilon)?;
            if entry.count > 1 {
                write!(f, ", {} times", entry.count)?;
            }
            writeln!(f)?;
        }
        match self.total() {
            Some(total) => write!(f, "{:<44} {} of {}", "sum", total, self.budget),
            None if self.entries.is_empty() => write!(f, "nothing spent of {}", self.budget),
            None => write!(f, "{:<44} 1 or more of {}", "sum", self.budget),
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

    #[test]
    fn equal_blocks_are_one_line_and_add_up() {
        let block = Epsilon::new(1e-10).unwrap();
        let mut ledger = EpsilonLedger::new(Epsilon::new(1.000_000_001e-7).unwrap());
        assert_eq!(ledger.times_left("block", block), 1000);
        for spent in 0..1000 {
            assert_eq!(ledger.times_left("block", block), 1000 - spent);
            ledger.spend("block", block).unwrap();
        }
        assert!(ledger.spend("block", block).is_err());
        assert_eq!((ledger.entries().len(), ledger.entries()[0].count), (1, 1000));
        let total = ledger.total().unwrap().probability();
        assert!((1e-7..1.000_000_000_1e-7).contains(&total), "{total}");
        // A smaller one still fits, and is added to the others.
        ledger.spend("rest", Epsilon::new(0.9e-16).unwrap()).unwrap();
        assert!(ledger.total().unwrap().probability() >= 1e-7 + 0.9e-16);
        assert_eq!(ledger.entries().len(), 2);
        assert!(ledger.to_string().contains(", 1000 times"));
    }

    #[test]
    fn what_was_spent_before_counts_whatever_the_budget() {
        let block = Epsilon::new(1e-10).unwrap();
        let mut ledger = EpsilonLedger::new(Epsilon::new(1e-10).unwrap());
        for _ in 0..3 {
            ledger.carry("block", block);
        }
        assert!(ledger.total().unwrap().probability() >= 3e-10);
        assert_eq!(ledger.times_left("block", block), 0);
        assert!(ledger.spend("block", Epsilon::new(1e-30).unwrap()).is_err());
        let half = Epsilon::new(0.5).unwrap();
        let mut void = EpsilonLedger::new(Epsilon::LARGEST);
        for name in ["a", "a", "a", "b"] {
            void.carry(name, half);
        }
        assert_eq!((void.total(), void.times_left("c", block)), (None, 0));
        assert!(void.spend("c", block).is_err() && void.to_string().contains("1 or more"));
    }
}
