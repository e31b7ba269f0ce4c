//! Checks of a whole station's recording against its declared layout.

use diqkd_core::{Outcome, TimeTag};

use crate::channel_map::ChannelUse;
use crate::conformance::violation::Violation;
use crate::layout::{StationLayout, Trigger};

/// What a recording contains.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StationReport {
    /// Rounds with a setting marker.
    pub rounds: u64,
    /// Rounds for each setting.
    pub settings: [u64; 4],
    /// Rounds with a click in the detection window.
    pub clicked: u64,
    /// Clicks outside of the detection window.
    pub stray_clicks: u64,
    /// Chi-squared (3 degrees of freedom) of a round's setting against whether the round before had a click on the
    /// `Plus` detector.
    pub memory_chi2: f64,
}

/// Checks a recording on the clock of the layout's epoch, tags in order of time:
///
/// - every round (a slot with a herald, or every slot with any tag for a clocked station) has exactly one setting
///   marker, inside the setting window, after the herald;
/// - no slot without a herald has a marker;
/// - no click of the detection window comes before the marker: settings are applied before they matter and cannot be
///   read from earlier clicks;
/// - the setting does not depend on the click of the round before (chi-squared below 57, false alarm below 1e-11).
///
/// # Errors
/// [`Violation::Slot`] naming the slot and the rule, or [`Violation::Randomness`].
pub fn check_station(
    layout: &StationLayout,
    tags: impl IntoIterator<Item = TimeTag>,
) -> Result<StationReport, Violation> {
    let mut report = StationReport::default();
    let mut table = [[0u64; 2]; 4];
    let mut slot = Slot::default();
    let mut before = None;
    let mut close = |slot: &Slot, report: &mut StationReport| -> Result<(), Violation> {
        let round = slot.herald || (layout.trigger == Trigger::Clocked && slot.seen);
        let fail = |rule| Err(Violation::Slot { slot: slot.index, rule });
        match (round, slot.setting) {
            (false, None) => return Ok(()),
            (true, None) => return fail("the round has no setting marker"),
            (false, Some(_)) => return fail("a setting marker without a herald"),
            (true, Some(setting)) => {
                report.rounds += 1;
                report.settings[setting] += 1;
                report.clicked += u64::from(slot.clicked);
                if let Some(plus) = before.replace(slot.plus) {
                    table[setting][usize::from(plus)] += 1;
                }
            }
        }
        Ok(())
    };
    for tag in tags {
        let Some(meaning) = layout.channels.meaning(tag.channel) else { continue };
        let Some((index, place_ps)) = layout.slot_of(tag.time_ps) else { continue };
        if index != slot.index {
            close(&slot, &mut report)?;
            slot = Slot { index, ..Slot::default() };
        }
        slot.see(layout, meaning, place_ps, &mut report)?;
    }
    close(&slot, &mut report)?;
    report.memory_chi2 = chi_squared(&table);
    if report.memory_chi2 > LIMIT_CHI2 {
        let statistic = report.memory_chi2;
        return Err(Violation::Randomness {
            test: "setting against earlier click",
            statistic,
            limit: LIMIT_CHI2,
        });
    }
    Ok(report)
}

#[derive(Default)]
struct Slot {
    index: u64,
    seen: bool,
    herald: bool,
    setting: Option<usize>,
    clicked: bool,
    plus: bool,
}

impl Slot {
    fn see(
        &mut self,
        layout: &StationLayout,
        meaning: ChannelUse,
        place_ps: i64,
        report: &mut StationReport,
    ) -> Result<(), Violation> {
        let fail = |rule| Err(Violation::Slot { slot: self.index, rule });
        self.seen = true;
        match meaning {
            ChannelUse::Herald if self.setting.is_some() => return fail("a herald after the setting marker"),
            ChannelUse::Herald => self.herald = true,
            ChannelUse::Setting(_) if self.setting.is_some() => return fail("two setting markers"),
            ChannelUse::Setting(_) if !layout.setting_window.contains(place_ps) => {
                return fail("a setting marker outside of its window");
            }
            ChannelUse::Setting(setting) => self.setting = Some(usize::from(setting.index())),
            ChannelUse::Click(_) if !layout.detection_window.contains(place_ps) => report.stray_clicks += 1,
            ChannelUse::Click(_)
                if self.setting.is_none() && (self.herald || layout.trigger == Trigger::Clocked) =>
            {
                return fail("a counted click before the setting marker");
            }
            ChannelUse::Click(outcome) => {
                self.clicked = true;
                self.plus |= outcome == Outcome::Plus;
            }
        }
        Ok(())
    }
}

/// Chi-squared of independence of a 4 x 2 table; empty rows and columns count nothing.
fn chi_squared(table: &[[u64; 2]; 4]) -> f64 {
    let columns = [0, 1].map(|j| table.iter().map(|row| row[j]).sum::<u64>() as f64);
    let total = columns[0] + columns[1];
    let mut sum = 0.0;
    for row in table {
        let rows = (row[0] + row[1]) as f64;
        for (seen, column) in row.iter().zip(columns) {
            let expected = rows * column / total;
            if expected > 0.0 {
                let difference = *seen as f64 - expected;
                sum += difference * difference / expected;
            }
        }
    }
    sum
}

/// Chi-squared with 3 degrees of freedom exceeds 57 with probability 2.6e-12.
const LIMIT_CHI2: f64 = 57.0;
