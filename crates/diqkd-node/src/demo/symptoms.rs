//! What the two recordings of a run without a key say by themselves: which station differs from a healthy one, and in
//! what.

use core::fmt;

use diqkd_core::{Role, TestProbability};
use diqkd_sim::{ClockModel, Experiment, SeededChooser, SimulatedStation, Strategy};
use diqkd_timetag::slot::SlotReport;

use crate::station::ReferenceStation;

/// Something unusual about one station's recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Symptom {
    /// Whose recording.
    pub role: Role,
    /// What is unusual.
    pub sign: Sign,
    /// What was recorded, a round.
    pub observed: f64,
    /// What healthy stations of the preset record, a round.
    pub expected: f64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// Share of rounds without a click.
    NoClick,
    /// Share of rounds with clicks on both detectors.
    MultiClick,
    /// Clicks outside the windows, a round.
    ClicksOutsideWindows,
}

impl Sign {
    const ALL: [Self; 3] = [Self::NoClick, Self::MultiClick, Self::ClicksOutsideWindows];

    /// A name for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoClick => "no-click",
            Self::MultiClick => "multi-click",
            Self::ClicksOutsideWindows => "clicks-outside-windows",
        }
    }

    fn of(self, report: &SlotReport) -> f64 {
        let count = match self {
            Self::NoClick => report.no_click,
            Self::MultiClick => report.multi_click,
            Self::ClicksOutsideWindows => report.clicks_outside_windows,
        };
        count as f64 / (report.trials as f64).max(1.0)
    }
}

/// Compares recordings with those of healthy stations, simulated afresh: what is unusual deviates by more than six
/// standard deviations of a count (false alarm about 1e-8) and by a tenth.
pub(super) fn symptoms(
    experiment: &Experiment,
    gamma: TestProbability,
    recordings: [Option<&SlotReport>; 2],
) -> Vec<Symptom> {
    let mut found = Vec::new();
    for (role, recording) in [Role::Alice, Role::Bob].into_iter().zip(recordings) {
        let (Some(recording), Some(healthy)) = (recording, healthy(experiment, gamma, role)) else {
            continue;
        };
        for sign in Sign::ALL {
            let (observed, expected) = (sign.of(recording), sign.of(&healthy));
            let trials = healthy.trials.min(recording.trials).max(1) as f64;
            // One count at least, so that a sign that healthy stations never show is not infinitely rare.
            let variance = 2.0 * expected.max(observed).max(1.0 / trials) / trials;
            if (observed - expected).abs() > (6.0 * variance.sqrt()).max(0.1 * expected) {
                found.push(Symptom { role, sign, observed, expected });
            }
        }
    }
    found
}

/// How the tags of a healthy station become trials, on a clock that needs no recovery.
fn healthy(experiment: &Experiment, gamma: TestProbability, role: Role) -> Option<SlotReport> {
    let mut clean = experiment.clone().with_strategy(Strategy::Honest);
    clean.rounds = HEALTHY_ROUNDS;
    clean.faults.clear();
    clean.model.clock = ClockModel { offset_range_ps: 0, drift_ppb: 0.0, white_fm: 0.0, random_walk_fm: 0.0 };
    let chooser = |site| Box::new(SeededChooser::new(site, gamma, clean.seed));
    let station = SimulatedStation::new(role, &clean, chooser(Role::Alice), chooser(Role::Bob));
    let mut station = ReferenceStation::start(station, &clean.layout()).ok()?;
    while !station.step().ok()?.ended {}
    station.finish().ok().map(|recording| recording.report)
}

const HEALTHY_ROUNDS: u64 = 20_000;

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, sign, observed, expected } = self;
        let percent = |share: f64| 100.0 * share;
        match sign {
            Sign::NoClick => {
                write!(
                    f,
                    "{role}: {:.1} % of rounds without a click, {:.1} % expected",
                    percent(*observed),
                    percent(*expected)
                )?;
            }
            Sign::MultiClick => {
                write!(
                    f,
                    "{role}: {:.1} % of rounds with two clicks, {:.1} % expected",
                    percent(*observed),
                    percent(*expected)
                )?;
            }
            Sign::ClicksOutsideWindows => {
                write!(
                    f,
                    "{role}: {observed:.3} clicks a round outside their window, {expected:.3} expected"
                )?;
            }
        }
        f.write_str(match (sign, observed > expected) {
            (Sign::NoClick, true) => "; look for lost light, late detectors or blinded ones",
            (Sign::NoClick, false) => "; look for background light or dark counts",
            (Sign::MultiClick, true) => "; look for background light or several pairs in a slot",
            (Sign::MultiClick, false) => "; look for a dark detector",
            (Sign::ClicksOutsideWindows, true) => {
                "; look for background light or changed timing of detectors"
            }
            (Sign::ClicksOutsideWindows, false) => "; look for lost light or a changed dead time",
        })
    }
}
