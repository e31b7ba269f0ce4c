//! What most likely happened, and what to do about it.

use core::fmt;

/// The likely cause of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// More rounds without a click: the channel or a detector lost efficiency.
    Loss,
    /// All settings lose alike at unchanged loss: state or alignment.
    Noise,
    /// One pair of settings deviates alone.
    OneSetting,
    /// Temperature, vibration or another of the surroundings left its range.
    Surroundings,
    /// Clocks drift apart.
    ClockDrift,
    /// No common clock events.
    NoClockFix,
    /// Rounds of the two sites are paired with an offset.
    WrongPairing,
    /// A generator is stuck or has lost entropy.
    GeneratorFailed,
    /// A generator prefers a value.
    GeneratorBiased,
    /// A generator outlived its seed.
    GeneratorExhausted,
    /// A detector no longer answers, or is blinded.
    DetectorBlind,
    /// More light than a detector follows.
    TooMuchLight,
    /// Dark counts, stray light or afterpulses.
    Background,
    /// The dead time is not the declared one.
    DeadTimeChanged,
    /// The peer or the line is down.
    LinkDown,
    /// A firmware changed what is measured.
    Firmware,
    /// Outcomes come outside the window that closes the locality loophole.
    TimingLoose,
    /// Key is taken faster than it is made.
    Consumption,
    /// Trials come too slowly.
    TooFewTrials,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Loss,
        Self::Noise,
        Self::OneSetting,
        Self::Surroundings,
        Self::ClockDrift,
        Self::NoClockFix,
        Self::WrongPairing,
        Self::GeneratorFailed,
        Self::GeneratorBiased,
        Self::GeneratorExhausted,
        Self::DetectorBlind,
        Self::TooMuchLight,
        Self::Background,
        Self::DeadTimeChanged,
        Self::LinkDown,
        Self::Firmware,
        Self::TimingLoose,
        Self::Consumption,
        Self::TooFewTrials,
    ];

    /// Whether aligning the source (`EntanglementSource::align` of `diqkd-hal`) may help, before the next recording.
    pub fn calls_for_alignment(self) -> bool {
        matches!(self, Self::Noise | Self::Surroundings)
    }

    /// What to do next.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Loss => "compare click rates of both sites, then check coupling, fibre and detector bias",
            Self::Noise => {
                "hold key release, check state preparation and analyser alignment, repeat the Bell test"
            }
            Self::OneSetting => {
                "hold key release, check the modulator and the angle of that setting at both sites"
            }
            Self::Surroundings => {
                "bring the surroundings back, align the source between recordings, watch the Bell margin"
            }
            Self::ClockDrift => "recover the clocks again, then check the reference of both sites",
            Self::NoClockFix => "check that both recordings run and overlap, then search the offset afresh",
            Self::WrongPairing => {
                "shift the rounds by the reported offset, discard the block, find what slipped"
            }
            Self::GeneratorFailed => "stop the generator, discard the affected trials, switch to the spare",
            Self::GeneratorBiased => {
                "discard the affected trials, characterise the generator, raise tau if it stays"
            }
            Self::GeneratorExhausted => {
                "reseed from the physical source; never continue from a deterministic state"
            }
            Self::DetectorBlind => "hold key release, block the light, check bias and dark counts",
            Self::TooMuchLight => "hold key release, attenuate, look for bright light from the channel",
            Self::Background => "cover the channel, compare dark counts, check temperature and gating",
            Self::DeadTimeChanged => "hold key release, measure the dead time, set the slot rule accordingly",
            Self::LinkDown => "nothing is lost: data are buffered; check line and peer, the session resumes",
            Self::Firmware => "hold key release, go back to the former firmware or approve the new one",
            Self::TimingLoose => {
                "hold key release, measure the latencies, restore the timing of the former firmware"
            }
            Self::Consumption => "lower the delivery rate or lengthen the windows of trials a key",
            Self::TooFewTrials => "lengthen the window, or raise the trial rate: check loss and duty cycle",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loss => "loss: fewer clicks than usual",
            Self::Noise => "noise: all settings deviate alike",
            Self::OneSetting => "one pair of settings alone deviates",
            Self::Surroundings => "the surroundings left their range",
            Self::ClockDrift => "clocks drift apart",
            Self::NoClockFix => "no common clock events",
            Self::WrongPairing => "rounds are paired with an offset",
            Self::GeneratorFailed => "a stuck setting generator",
            Self::GeneratorBiased => "a biased setting generator",
            Self::GeneratorExhausted => "a generator that outlived its seed",
            Self::DetectorBlind => "a dark or blinded detector",
            Self::TooMuchLight => "more light than the detector follows",
            Self::Background => "dark counts, stray light or afterpulses",
            Self::DeadTimeChanged => "a dead time other than declared",
            Self::LinkDown => "peer or line down",
            Self::Firmware => "the new firmware",
            Self::TimingLoose => "latencies outside the audited window",
            Self::Consumption => "key taken faster than made",
            Self::TooFewTrials => "trials come too slowly",
        })
    }
}
