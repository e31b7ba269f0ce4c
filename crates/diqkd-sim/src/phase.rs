//! The world between two onsets of faults: everything that is constant for a while.

use diqkd_core::Setting;

use crate::click_sampler::ClickSampler;
use crate::click_table::{ClickTable, Readout};
use crate::experiment::Experiment;
use crate::fault::FaultKind;
use crate::heralds::{Happenings, Rounds};
use crate::model::TriggerModel;
use crate::noise::{Noise, threshold};

/// What holds from one slot on, until the next phase.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub(crate) from_slot: u64,
    /// The clicks of honest devices.
    pub(crate) honest: ClickSampler,
    pub(crate) happenings: Happenings,
    /// Alice's setting 1 becomes 0 below this word.
    pub(crate) stuck: u64,
    /// Bob's tagger is blind.
    pub(crate) bob_blind: bool,
    /// Probability of a stray click at Bob on top of the usual one.
    pub(crate) bob_background: f64,
    /// Delay of Alice's clicks, in lengths of the detection window.
    pub(crate) alice_late: f64,
}

impl Phase {
    /// The rounds of a block of slots that are all of this phase.
    #[inline]
    pub(crate) fn rounds(&self, heralds: Noise, block: u64) -> Rounds {
        let rounds = self.happenings.rounds(heralds, block);
        if self.bob_blind { Rounds { bob: 0, ..rounds } } else { rounds }
    }

    /// What Alice's modulator applies: what was chosen, unless the line is stuck.
    #[inline]
    pub(crate) fn applied(&self, chosen: Setting, word: impl FnOnce() -> u64) -> Setting {
        if self.stuck > 0 && chosen.index() == 1 && word() <= self.stuck {
            Setting::from_bit(false)
        } else {
            chosen
        }
    }
}

/// The phases of an experiment in order; the first starts at slot 0.
pub(crate) fn phases(experiment: &Experiment) -> Vec<Phase> {
    let bounds = experiment.faults.iter().flat_map(|fault| [fault.slots.start, fault.slots.end]);
    let mut starts: Vec<u64> = bounds.filter(|&slot| slot != u64::MAX).chain([0]).collect();
    starts.sort_unstable();
    starts.dedup();
    starts.into_iter().map(|slot| phase(experiment, slot)).collect()
}

fn phase(experiment: &Experiment, from_slot: u64) -> Phase {
    let model = &experiment.model;
    // Faults of one kind at the same time: the chance to escape all of them.
    let severity = |kind| {
        let active =
            experiment.faults.iter().filter(|fault| fault.kind == kind && fault.slots.contains(&from_slot));
        1.0 - active.map(|fault| 1.0 - fault.clamped_severity()).product::<f64>()
    };
    let outages = experiment.faults.iter().filter(|fault| fault.kind == FaultKind::Outage);
    let mut clicks = model.clicks.clone();
    let (noise, background, low) =
        (severity(FaultKind::Misalignment), severity(FaultKind::Saturation), severity(FaultKind::LowRate));
    if noise > 0.0 {
        clicks = clicks.mixed(&clicks.uncorrelated(), noise);
    }
    if low > 0.0 && matches!(model.trigger, TriggerModel::Clocked { .. }) {
        clicks = clicks.mixed(&ClickTable::dark(model.readout, model.readout), low);
    }
    if background > 0.0 {
        clicks = clicks.overlaid(&ClickTable::dark(model.readout.silent(), model.readout.lit(background)));
    }
    Phase {
        from_slot,
        honest: ClickSampler::new(&clicks),
        happenings: happenings(model.trigger, 1.0 - low),
        stuck: threshold(severity(FaultKind::SettingBias)),
        bob_blind: { outages }.any(|fault| fault.slots.contains(&from_slot)),
        bob_background: background,
        alice_late: severity(FaultKind::TimingShift),
    }
}

fn happenings(trigger: TriggerModel, rate: f64) -> Happenings {
    let TriggerModel::EventReady { probability, lost, extra } = trigger else {
        return Happenings([u64::MAX; 3]);
    };
    let [p, lost, extra] = [probability * rate, lost, extra].map(|p| p.clamp(0.0, 1.0));
    let both = p * (1.0 - lost) * (1.0 - lost);
    let alone = p * lost * (1.0 - lost) + (1.0 - p) * extra;
    Happenings([both, both + alone, both + 2.0 * alone].map(threshold))
}

impl Readout {
    /// The same kind of detectors, never clicking.
    fn silent(self) -> Self {
        match self {
            Self::Fluorescence { .. } => Self::Fluorescence { bright_lost: 1.0, dark_clicks: 0.0 },
            Self::TwoDetectors { .. } => Self::TwoDetectors { efficiency: 0.0, dark_counts: 0.0 },
        }
    }

    /// The same kind of detectors, clicking from background light alone.
    fn lit(self, background: f64) -> Self {
        match self {
            Self::Fluorescence { .. } => Self::Fluorescence { bright_lost: 1.0, dark_clicks: background },
            Self::TwoDetectors { .. } => Self::TwoDetectors { efficiency: 0.0, dark_counts: background },
        }
    }
}
