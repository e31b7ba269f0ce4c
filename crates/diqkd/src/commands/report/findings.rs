//! What a report says, before it is written down.

use std::path::PathBuf;

use super::calendar::{Every, Span, Time, Window};
use super::figures::{Course, Sums, course};
use super::journal::Journal;
use super::keys::Keys;
use super::line::Block;
use super::pictures::BySource;
use crate::answer::Failure;

/// The period with everything that was found in it.
#[derive(Debug)]
pub(super) struct Findings {
    /// The period that was asked for, or that of the lines.
    pub(super) span: Option<Span>,
    pub(super) every: Every,
    pub(super) logs: usize,
    pub(super) journal: Journal,
    pub(super) stores: Vec<Keys>,
}

impl Findings {
    pub(super) fn gather(
        logs: &[PathBuf],
        stores: &[PathBuf],
        period: Window,
        every: Option<Every>,
    ) -> Result<Self, Failure> {
        let mut journal = Journal::default();
        for path in logs {
            journal.read(path, period)?;
        }
        journal.settle();
        let stores = stores.iter().map(|folder| Keys::read(folder, period)).collect::<Result<_, _>>()?;
        // Where no end was asked for, it is that of the lines; the last one belongs to them.
        let ends = period
            .from
            .or(journal.seen.map(|seen| seen.0))
            .zip(period.to.or(journal.seen.map(|seen| seen.1.just_after())));
        let span = ends.map(|(from, to)| Span { from, to });
        let every =
            every.unwrap_or_else(|| span.map_or(Every::Day, |span| Every::Hour.or_coarser(span, ROWS)));
        Ok(Self { span, every, logs: logs.len(), journal, stores })
    }

    /// Blocks of each source in the order of time.
    pub(super) fn by_source(&self) -> BySource<'_> {
        let mut sources = BySource::new();
        for block in self.journal.blocks.values() {
            sources.entry(block.source.as_str()).or_default().push(block);
        }
        for blocks in sources.values_mut() {
            blocks.sort_by_key(|block| block.at);
        }
        sources
    }

    /// Where the pictures begin to count days: the start of the first row.
    pub(super) fn origin(&self) -> Time {
        self.span.map_or(Time::EPOCH, |span| span.from.floor(Every::Day))
    }

    /// Blocks that began in the period and did not end in it.
    pub(super) fn unfinished(&self) -> usize {
        self.journal.begun.keys().filter(|session| !self.journal.blocks.contains_key(*session)).count()
    }

    /// The sum of the epsilons of the blocks that began, rounded upward, and how many told theirs.
    pub(super) fn eps_sound_spent(&self) -> Option<(f64, usize)> {
        let epsilons: Vec<f64> = self.journal.begun.values().filter_map(|begun| begun.eps_sound).collect();
        let sum = epsilons.iter().fold(0.0, |sum: f64, eps| (sum + eps).next_up());
        (!epsilons.is_empty()).then_some((sum, epsilons.len()))
    }
}

/// Sums and course of some blocks.
pub(super) fn summary(blocks: &[&Block]) -> (Sums, Option<Course>) {
    let mut sums = Sums::default();
    blocks.iter().for_each(|block| sums.add(block));
    (sums, course(blocks))
}

/// More rows than this are put together.
const ROWS: i64 = 62;
