//! Applies a rule to tags, one at a time.

use alloc::vec::Vec;

use diqkd_core::{Channel, Herald, LocalTable, LocalTrial, Outcome, Setting, TableError};

use super::report::{InvalidRecording, SettingFault, SlotReport};
use super::rule::{RuleError, SlotRule, StationKind};

/// Applies a [`SlotRule`] to the tags of one station. Holds no tags; any cutting of the tags gives the same trials.
///
/// ```
/// use diqkd_core::{Channel, LocalTable, Outcome};
/// use diqkd_timetag::slot::{SlotRule, Slotter, StationKind};
///
/// let mut slotter = Slotter::new(SlotRule {
///     station: StationKind::EventReady { herald: Channel(0) },
///     epoch_ps: 0,
///     slot_period_ps: 1_000_000,
///     settings: [Channel(1), Channel(2), Channel(3), Channel(4)],
///     detectors: [Channel(5), Channel(6)],
///     setting_window_ps: 100_000..300_000,
///     detection_window_ps: 400_000..800_000,
///     dead_time_ps: 0,
///     no_click: Outcome::Minus,
///     multi_click: Outcome::Plus,
/// })?;
/// let mut table = LocalTable::new();
/// // Slot 7: herald, setting 1, click of the first detector. Slot 9: herald, setting 0, no click.
/// let time_ps = [7_050_000, 7_250_000, 7_500_000, 9_050_000, 9_250_000];
/// slotter.push(&time_ps, &[0, 2, 5, 0, 1], &mut table)?;
/// slotter.advance_to(10_000_000, &mut table)?;
/// assert_eq!(slotter.finish(&mut table)?.trials, 2);
///
/// let rounds: Vec<u64> = table.iter().map(|trial| trial.round).collect();
/// assert_eq!(rounds, [7, 9]);
/// assert_eq!(table.outcome(0), Some(Outcome::Plus));
/// assert_eq!(table.outcome(1), Some(Outcome::Minus));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Slotter {
    rule: SlotRule,
    /// Heralds with the flags 1, 2, 3.
    more_heralds: Vec<Channel>,
    meanings: [Meaning; SMALL],
    open: Option<Open>,
    first_ps: Option<i64>,
    last_ps: i64,
    /// The last click of either detector that counted.
    last_click_ps: [Option<i64>; 2],
    last_slot: Option<u64>,
    last_trial: Option<u64>,
    report: SlotReport,
}

/// What a channel means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Herald(Herald),
    Setting(u8),
    Detector(u8),
    Other,
}

/// Channels whose meaning is looked up in a table.
const SMALL: usize = 128;

/// A herald or slot whose windows have not passed.
#[derive(Clone, Copy, Debug)]
struct Open {
    slot: u64,
    herald: Herald,
    origin_ps: i64,
    end_ps: i64,
    setting: Option<u8>,
    /// Whether a marker was double or misplaced, which has been counted.
    faulty: bool,
    /// Bit 0: plus, bit 1: minus.
    clicks: u8,
    discarded: bool,
}

/// Why tags could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    /// Times and channels come in pairs.
    #[error("{times} times but {channels} channels were given; give one channel for each time")]
    LengthMismatch {
        /// Number of times.
        times: usize,
        /// Number of channels.
        channels: usize,
    },
    /// Tags come in time order.
    #[error("tag {index} of this call lies at {time_ps} ps, before {previous_ps} ps; sort the tags by time")]
    OutOfOrder {
        /// Index of the tag in the slices; those before it were used.
        index: usize,
        /// Its time, ps.
        time_ps: i64,
        /// The latest time before, ps.
        previous_ps: i64,
    },
    /// The table already holds a later round, from elsewhere.
    #[error("the trial table does not accept the round; give each slotter its own table")]
    Table(#[from] TableError),
    /// No trial of the recording may be used.
    #[error("the recording is invalid")]
    Invalid(#[from] InvalidRecording),
}

impl Slotter {
    /// A slotter at the start of a recording.
    ///
    /// # Errors
    /// [`RuleError`] when the rule contradicts itself.
    pub fn new(rule: SlotRule) -> Result<Self, RuleError> {
        Self::with_heralds(rule, &[])
    }

    /// A slotter for a source with several kinds of heralds: the flag of a trial is 0 for the herald of the rule and 1, 2,
    /// 3 for the channels of `more`. All heralds are alike but for the flag.
    ///
    /// # Errors
    /// [`RuleError`] when the rule contradicts itself, names a channel twice, is clocked or has more than four heralds.
    pub fn with_heralds(rule: SlotRule, more: &[Channel]) -> Result<Self, RuleError> {
        rule.check()?;
        if more.len() > usize::from(Herald::MAX) || (rule.station == StationKind::Clocked && !more.is_empty())
        {
            return Err(RuleError::Heralds { given: more.len() + 1 });
        }
        for (i, channel) in more.iter().enumerate() {
            let named = !matches!(find_meaning(&rule, &[], channel.0), Meaning::Other);
            if named || more[..i].contains(channel) {
                return Err(RuleError::SharedChannel { channel: *channel });
            }
        }
        let meanings = core::array::from_fn(|channel| find_meaning(&rule, more, channel as u16));
        Ok(Self {
            rule,
            more_heralds: more.to_vec(),
            meanings,
            open: None,
            first_ps: None,
            last_ps: i64::MIN,
            last_click_ps: [None; 2],
            last_slot: None,
            last_trial: None,
            report: SlotReport::default(),
        })
    }

    /// The rule.
    pub fn rule(&self) -> &SlotRule {
        &self.rule
    }

    /// How the tags so far became trials.
    pub fn report(&self) -> &SlotReport {
        &self.report
    }

    /// Takes tags in reference time, in order, and appends the trials that they complete to `table`.
    ///
    /// # Errors
    /// [`SlotError`] when lengths differ, a time lies before the one before it or the table refuses a round; the tags
    /// before have been used.
    pub fn push(
        &mut self,
        time_ps: &[i64],
        channel: &[u16],
        table: &mut LocalTable,
    ) -> Result<(), SlotError> {
        if time_ps.len() != channel.len() {
            return Err(SlotError::LengthMismatch { times: time_ps.len(), channels: channel.len() });
        }
        for (index, (&time_ps, &channel)) in time_ps.iter().zip(channel).enumerate() {
            if time_ps < self.last_ps {
                return Err(SlotError::OutOfOrder { index, time_ps, previous_ps: self.last_ps });
            }
            self.last_ps = time_ps;
            self.report.span_ps = time_ps.abs_diff(*self.first_ps.get_or_insert(time_ps));
            self.close_before(time_ps, table)?;
            match self.meaning(channel) {
                Meaning::Herald(herald) => self.herald(time_ps, herald),
                Meaning::Setting(setting) => self.setting(time_ps, setting),
                Meaning::Detector(detector) => self.click(time_ps, detector),
                Meaning::Other => self.report.other_tags += 1,
            }
        }
        Ok(())
    }

    /// Declares that no tag before `time_ps` will follow, which completes trials whose windows have passed. Needed
    /// where the end of a recording is known otherwise than from a last tag.
    ///
    /// # Errors
    /// [`SlotError::Table`] when the table refuses a round.
    pub fn advance_to(&mut self, time_ps: i64, table: &mut LocalTable) -> Result<(), SlotError> {
        self.last_ps = self.last_ps.max(time_ps);
        self.close_before(time_ps, table)
    }

    /// Ends the recording. A herald whose windows had not passed at the last tag makes no trial.
    ///
    /// # Errors
    /// [`SlotError::Invalid`] when no trial of this recording may be used; [`Slotter::report`] says how many setting
    /// markers are wrong.
    pub fn finish(&mut self, table: &mut LocalTable) -> Result<SlotReport, SlotError> {
        self.close_before(self.last_ps, table)?;
        if self.open.take().is_some_and(|open| !open.discarded) {
            self.report.discards.open_at_end += 1;
        }
        self.report.validity()?;
        Ok(self.report.clone())
    }

    #[inline]
    fn meaning(&self, channel: u16) -> Meaning {
        match self.meanings.get(usize::from(channel)) {
            Some(&meaning) => meaning,
            None => find_meaning(&self.rule, &self.more_heralds, channel),
        }
    }

    #[inline]
    fn close_before(&mut self, time_ps: i64, table: &mut LocalTable) -> Result<(), SlotError> {
        match self.open {
            Some(open) if time_ps >= open.end_ps => {
                self.open = None;
                self.close(open, table)
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, open: Open, table: &mut LocalTable) -> Result<(), SlotError> {
        if open.discarded {
            return Ok(());
        }
        let setting = match open.setting.map(Setting::new) {
            Some(Ok(setting)) if !open.faulty => setting,
            _ => {
                self.report.discards.invalid_setting += 1;
                if !open.faulty {
                    self.report.violations.add(SettingFault::Missing, open.origin_ps);
                }
                return Ok(());
            }
        };
        let outcome = match open.clicks {
            0 => {
                self.report.no_click += 1;
                self.rule.no_click
            }
            1 => Outcome::Plus,
            2 => Outcome::Minus,
            _ => {
                self.report.multi_click += 1;
                self.rule.multi_click
            }
        };
        table.push_heralded(LocalTrial { round: open.slot, setting, outcome }, open.herald)?;
        self.report.trials += 1;
        self.report.windows_ps +=
            self.rule.detection_window_ps.end.abs_diff(self.rule.detection_window_ps.start);
        self.report.settings[usize::from(setting.index())] += 1;
        if let (StationKind::Clocked, Some(last)) = (self.rule.station, self.last_trial) {
            self.report.slots_without_setting += open.slot - last - 1;
        }
        self.last_trial = Some(open.slot);
        Ok(())
    }

    fn herald(&mut self, time_ps: i64, herald: Herald) {
        self.report.heralds += 1;
        let end_ps = time_ps.saturating_add(self.rule.detection_window_ps.end);
        let place = self.slot_of(time_ps);
        let slot = place.map_or(0, |(slot, _)| slot);
        if let Some(open) = &mut self.open {
            self.report.discards.overlapping += 1 + u64::from(!open.discarded);
            *open = Open { slot, end_ps, discarded: true, ..*open };
            self.last_slot = place.map(|(slot, _)| slot).or(self.last_slot);
            return;
        }
        let guard = self.rule.edge_guard_ps();
        let discards = &mut self.report.discards;
        let discarded = match place {
            None => {
                discards.before_epoch += 1;
                true
            }
            Some((_, phase_ps)) if phase_ps < guard || phase_ps >= self.rule.slot_period_ps - guard => {
                discards.near_edge += 1;
                true
            }
            Some((slot, _)) if self.last_slot == Some(slot) => {
                discards.second_in_slot += 1;
                true
            }
            Some(_) => false,
        };
        self.last_slot = place.map(|(slot, _)| slot).or(self.last_slot);
        let origin_ps = time_ps;
        self.open = Some(Open {
            slot,
            herald,
            origin_ps,
            end_ps,
            setting: None,
            faulty: false,
            clicks: 0,
            discarded,
        });
    }

    fn setting(&mut self, time_ps: i64, setting: u8) {
        if let (StationKind::Clocked, None) = (self.rule.station, self.open) {
            return self.open_slot(time_ps, setting);
        }
        let window = &self.rule.setting_window_ps;
        match &mut self.open {
            Some(open) if open.discarded => {}
            Some(open) => {
                let fault = if !window.contains(&(time_ps - open.origin_ps)) {
                    match self.rule.station {
                        StationKind::EventReady { .. } => SettingFault::Misplaced,
                        StationKind::Clocked => SettingFault::Stray,
                    }
                } else if open.setting.replace(setting).is_some() {
                    SettingFault::Double
                } else {
                    return;
                };
                open.faulty = true;
                self.report.violations.add(fault, time_ps);
            }
            None if self.report.heralds == 0 => self.report.settings_before_first_herald += 1,
            None => self.report.violations.add(SettingFault::Stray, time_ps),
        }
    }

    /// The setting marker of a clocked station makes its slot a round.
    fn open_slot(&mut self, time_ps: i64, setting: u8) {
        match self.slot_of(time_ps) {
            Some((slot, phase_ps))
                if self.rule.setting_window_ps.contains(&phase_ps) && self.last_slot != Some(slot) =>
            {
                self.report.heralds += 1;
                self.last_slot = Some(slot);
                let origin_ps = time_ps - phase_ps;
                let end_ps = origin_ps.saturating_add(self.rule.detection_window_ps.end);
                self.open = Some(Open {
                    slot,
                    herald: Herald::default(),
                    origin_ps,
                    end_ps,
                    setting: Some(setting),
                    faulty: false,
                    clicks: 0,
                    discarded: false,
                });
            }
            None => self.report.settings_before_first_herald += 1,
            Some(_) => self.report.violations.add(SettingFault::Stray, time_ps),
        }
    }

    fn click(&mut self, time_ps: i64, detector: u8) {
        if let Some(last) = self.last_click_ps.get_mut(usize::from(detector)) {
            if last.is_some_and(|last_ps| time_ps.abs_diff(last_ps) < self.rule.dead_time_ps.unsigned_abs()) {
                self.report.clicks_in_dead_time += 1;
                return;
            }
            *last = Some(time_ps);
        }
        let window = &self.rule.detection_window_ps;
        match &mut self.open {
            Some(open) if !open.discarded && window.contains(&(time_ps - open.origin_ps)) => {
                let bit = 1 << detector;
                self.report.repeated_clicks += u64::from(open.clicks & bit != 0);
                open.clicks |= bit;
            }
            _ => self.report.clicks_outside_windows += 1,
        }
    }

    /// Slot and place in the slot; `None` before the epoch.
    fn slot_of(&self, time_ps: i64) -> Option<(u64, i64)> {
        let since = i128::from(time_ps) - i128::from(self.rule.epoch_ps);
        let since = u64::try_from(since).ok()?;
        let period = self.rule.slot_period_ps.unsigned_abs();
        Some((since / period, (since % period) as i64))
    }
}

fn find_meaning(rule: &SlotRule, more_heralds: &[Channel], channel: u16) -> Meaning {
    let place = |channels: &[Channel]| channels.iter().position(|found| found.0 == channel);
    if matches!(rule.station, StationKind::EventReady { herald } if herald.0 == channel) {
        Meaning::Herald(Herald::default())
    } else if let Some(Ok(herald)) = place(more_heralds).map(|i| Herald::new(i as u8 + 1)) {
        Meaning::Herald(herald)
    } else if let Some(setting) = place(&rule.settings) {
        Meaning::Setting(setting as u8)
    } else if let Some(detector) = place(&rule.detectors) {
        Meaning::Detector(detector as u8)
    } else {
        Meaning::Other
    }
}
