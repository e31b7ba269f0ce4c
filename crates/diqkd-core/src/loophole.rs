//! The loopholes of a Bell test as a checklist that travels with the result: each is closed, and by what, or assumed
//! closed, and under which assumption.

use core::fmt;

use crate::security::Assumption;

/// A way in which devices without entanglement can seem to violate a Bell inequality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loophole {
    /// Rounds are left out, or their outcome is, in a way that depends on the settings.
    Detection,
    /// A device learns the other side's setting before it answers.
    Locality,
    /// Devices learn from earlier rounds what an analysis of independent rounds ignores.
    Memory,
    /// What counts as a round depends on when the outcomes come.
    CoincidenceTime,
    /// Settings are predictable, or have a cause in common with the devices (freedom of choice).
    SettingIndependence,
}

impl Loophole {
    /// All of them, in the order of a checklist.
    pub const ALL: [Self; 5] =
        [Self::Detection, Self::Locality, Self::Memory, Self::CoincidenceTime, Self::SettingIndependence];

    /// The name used in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Detection => "detection",
            Self::Locality => "locality",
            Self::Memory => "memory",
            Self::CoincidenceTime => "coincidence-time",
            Self::SettingIndependence => "setting-independence",
        }
    }
}

impl fmt::Display for Loophole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// What closes a loophole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Closure {
    /// A rule that was fixed before the data.
    Rule,
    /// The data have no form that could express it.
    Type,
    /// Times were measured and held against the budget of light.
    TimingCheck,
    /// The statement that is proved allows for it.
    Proof,
}

impl Closure {
    /// The name used in reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Type => "type",
            Self::TimingCheck => "timing-check",
            Self::Proof => "proof",
        }
    }
}

/// Where a result stands with one loophole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopholeStatus {
    /// It can't be why the result is what it is.
    Closed {
        /// What closes it.
        by: Closure,
        /// How, in a sentence.
        how: &'static str,
    },
    /// Nothing that this software saw closes it: the result holds if it was closed otherwise.
    Assumed {
        /// The assumption by its name in certificates, where it has one.
        under: Option<Assumption>,
        /// What is assumed, in a sentence.
        what: &'static str,
    },
}

impl LoopholeStatus {
    /// Whether it is closed.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// How it is closed or what is assumed, in a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Closed { how, .. } => how,
            Self::Assumed { what, .. } => what,
        }
    }
}

impl fmt::Display for LoopholeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { by, how } => write!(f, "closed by {}: {how}", by.label()),
            Self::Assumed { under: Some(assumption), what } => {
                write!(f, "assumed ({}): {what}", assumption.label())
            }
            Self::Assumed { under: None, what } => write!(f, "assumed: {what}"),
        }
    }
}

/// Where a result stands with every loophole; none can be left out.
///
/// ```
/// use diqkd_core::{Closure, Loophole, LoopholeChecklist, LoopholeStatus};
///
/// let nothing_known = LoopholeStatus::Assumed { under: None, what: "closed by the experiment" };
/// let mut checklist = LoopholeChecklist::new(|_| nothing_known);
/// let how = "outcomes came before light could bring the other side's setting";
/// checklist.set(Loophole::Locality, LoopholeStatus::Closed { by: Closure::TimingCheck, how });
/// assert_eq!(checklist.open().count(), 4);
/// assert!(checklist.get(Loophole::Locality).is_closed());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopholeChecklist([LoopholeStatus; Loophole::ALL.len()]);

impl LoopholeChecklist {
    /// A checklist with what `status` says of each.
    pub fn new(status: impl FnMut(Loophole) -> LoopholeStatus) -> Self {
        Self(Loophole::ALL.map(status))
    }

    /// Where the result stands with one of them.
    pub fn get(&self, loophole: Loophole) -> LoopholeStatus {
        self.0[loophole as usize]
    }

    /// Says better of one of them, for a station that knows more than the protocol sees.
    pub fn set(&mut self, loophole: Loophole, status: LoopholeStatus) {
        self.0[loophole as usize] = status;
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = (Loophole, LoopholeStatus)> + '_ {
        Loophole::ALL.into_iter().zip(self.0)
    }

    /// Those that are assumed closed.
    pub fn open(&self) -> impl Iterator<Item = Loophole> + '_ {
        self.iter().filter(|(_, status)| !status.is_closed()).map(|(loophole, _)| loophole)
    }
}

impl fmt::Display for LoopholeChecklist {
    /// One line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (loophole, status)) in self.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}{:<21} {status}", loophole.label())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loophole_has_its_own_place_and_name() {
        let open = LoopholeStatus::Assumed { under: None, what: "somebody saw to it" };
        for (place, loophole) in Loophole::ALL.into_iter().enumerate() {
            let closed = LoopholeStatus::Closed { by: Closure::Rule, how: loophole.label() };
            let mut list = LoopholeChecklist::new(|_| open);
            list.set(loophole, closed);
            assert_eq!(list.iter().position(|(_, status)| status == closed), Some(place));
            assert_eq!(list.get(loophole), closed);
            assert_eq!(list.open().count(), 4);
            assert!(list.open().all(|other| other != loophole));
            assert_eq!(
                Loophole::ALL.iter().filter(|other| other.label() == loophole.label()).count(),
                1,
                "{loophole}"
            );
        }
    }

    #[test]
    fn the_text_has_a_line_for_each() {
        let text = alloc::format!(
            "{}",
            LoopholeChecklist::new(|loophole| match loophole {
                Loophole::Locality => LoopholeStatus::Assumed {
                    under: Some(Assumption::IsolatedLaboratories),
                    what: "shielded",
                },
                _ => LoopholeStatus::Closed { by: Closure::Type, how: "no such bit" },
            })
        );
        assert_eq!(text.lines().count(), 5);
        assert!(text.contains("locality              assumed (isolated-laboratories): shielded"), "{text}");
        assert!(text.contains("memory                closed by type: no such bit"), "{text}");
    }
}
