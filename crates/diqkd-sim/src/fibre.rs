//! What a length of fibre costs: light, time, and time that depends on the weather.

use core::fmt;
use core::str::FromStr;

use diqkd_core::OutOfRange;

use crate::click_table::ClickTable;
use crate::error::Error;
use crate::model::{Model, TriggerModel};

/// A fibre link between the source (or the middle station) and one measurement station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fibre {
    length_km: f64,
    loss_db: f64,
    warming_k_per_h: f64,
}

impl Fibre {
    /// No fibre.
    pub const NONE: Self = Self { length_km: 0.0, loss_db: 0.0, warming_k_per_h: 0.0 };

    /// `length_km` of fibre with an attenuation of `db_per_km` (0.2 at 1550 nm, 0.35 at 1310 nm, 3 to 4 near 780 nm
    /// are usual) and `fixed_db` in connectors, switches and couplings.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for negative or non-finite numbers, and for more than 40 000 km, 1000 dB a kilometre or
    /// 1000 dB.
    pub fn new(length_km: f64, db_per_km: f64, fixed_db: f64) -> Result<Self, Error> {
        let checked = |quantity, value: f64, high| {
            if (0.0..=high).contains(&value) {
                Ok(value)
            } else {
                Err(OutOfRange { quantity, value, low: 0.0, high })
            }
        };
        let length_km = checked("the length of a fibre in km", length_km, 40_000.0)?;
        let db_per_km = checked("the attenuation of a fibre in dB/km", db_per_km, 1000.0)?;
        let fixed_db = checked("the fixed loss in dB", fixed_db, 1000.0)?;
        Ok(Self { length_km, loss_db: length_km * db_per_km + fixed_db, warming_k_per_h: 0.0 })
    }

    /// The same fibre while its whole length warms up by this many kelvin an hour; negative: while it cools down.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] beyond 3600 kelvin an hour and for a NaN.
    pub fn warming(self, k_per_h: f64) -> Result<Self, Error> {
        if k_per_h.abs() <= GREATEST_WARMING {
            Ok(Self { warming_k_per_h: k_per_h, ..self })
        } else {
            let (quantity, high) = ("the warming of a fibre in K/h", GREATEST_WARMING);
            Err(OutOfRange { quantity, value: k_per_h, low: -high, high }.into())
        }
    }

    /// Total loss in decibels.
    pub fn loss_db(self) -> f64 {
        self.loss_db
    }

    /// The probability that a photon comes through: `10^(-loss / 10)`.
    pub fn transmission(self) -> f64 {
        10f64.powf(-self.loss_db / 10.0)
    }

    /// How long light takes, in picoseconds, at a group index of 1.468.
    pub fn delay_ps(self) -> f64 {
        self.length_km * GROUP_INDEX / LIGHT_KM_PS
    }

    /// By how much the delay changes with the temperature of the whole fibre, in picoseconds a kelvin: 38 ps a
    /// kilometre, the usual value of standard fibre.
    pub fn delay_drift_ps_per_k(self) -> f64 {
        self.length_km * THERMAL_PS_PER_KM_K
    }

    /// By how much the delay grows in a second of time, in parts per billion of it.
    pub fn delay_drift_ppb(self) -> f64 {
        self.delay_drift_ps_per_k() * self.warming_k_per_h / 3600.0 * 1e-3
    }
}

impl Model {
    /// The same stations at the ends of two fibres.
    ///
    /// Event-ready stations: one photon from either side has to reach the middle, so heralds come with the product of
    /// both transmissions; state and outcomes stay. Clocked stations: each side's photon is lost with its own fibre's
    /// loss, and a round whose photon is lost has only dark counts.
    ///
    /// What both sites see in common then comes to Bob later than to Alice, by a difference that changes while fibres warm
    /// up. In his tags a delay that grows is a clock that gains: the drift of [`ClockModel`](crate::ClockModel) takes it
    /// in. A constant difference is not added: it is the offset, which is drawn at random anyway.
    #[must_use]
    pub fn behind_fibres(mut self, alice: Fibre, bob: Fibre) -> Self {
        self.clock.drift_ppb += bob.delay_drift_ppb() - alice.delay_drift_ppb();
        let [at_alice, at_bob] = [alice, bob].map(Fibre::transmission);
        match &mut self.trigger {
            TriggerModel::EventReady { probability, .. } => *probability *= at_alice * at_bob,
            TriggerModel::Clocked { .. } => {
                let dark = ClickTable::dark(self.readout, self.readout);
                self.clicks = self.clicks.attenuated([at_alice, at_bob], &dark);
            }
        }
        self
    }
}

impl fmt::Display for Fibre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} km, {:.2} dB", self.length_km, self.loss_db)
    }
}

impl FromStr for Fibre {
    type Err = ParseFibreError;

    /// Reads `LENGTH_KM`, then, each after a colon and each with those before it, `DB_PER_KM`, `FIXED_DB` and the warming
    /// `K_PER_H`; 0.2 dB/km, 0 dB and 0 K/h are the defaults.
    fn from_str(text: &str) -> Result<Self, ParseFibreError> {
        let mut numbers = [0.0, 0.2, 0.0, 0.0];
        for (i, part) in text.split(':').enumerate() {
            let number = numbers.get_mut(i).ok_or(ParseFibreError)?;
            *number = part.trim().parse().map_err(|_| ParseFibreError)?;
        }
        let fibre = Self::new(numbers[0], numbers[1], numbers[2]);
        fibre.and_then(|fibre| fibre.warming(numbers[3])).map_err(|_| ParseFibreError)
    }
}

/// A text that describes no fibre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a fibre is written as KM, KM:DB_PER_KM, KM:DB_PER_KM:FIXED_DB or KM:DB_PER_KM:FIXED_DB:K_PER_H, for example 20:0.2:1.5"
)]
pub struct ParseFibreError;

const GROUP_INDEX: f64 = 1.468;
/// Kilometres of vacuum in a picosecond.
const LIGHT_KM_PS: f64 = 2.997_924_58e-7;
const THERMAL_PS_PER_KM_K: f64 = 38.0;
const GREATEST_WARMING: f64 = 3600.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn decibels_become_probabilities_and_kilometres_delays() {
        let fibre: Fibre = "50:0.2:0".parse().unwrap();
        assert!((fibre.transmission() - 0.1).abs() < 1e-15);
        assert!((fibre.delay_ps() - 244_836_051.0).abs() < 1000.0, "{}", fibre.delay_ps());
        assert_eq!(fibre.delay_drift_ps_per_k(), 1900.0);
        assert_eq!(Fibre::NONE.transmission(), 1.0);
        for text in ["", "-1", "1:2:3:4:5", "1:2:3:4e3", "1:2:3:NaN", "1:x", "NaN", "1e9"] {
            assert_eq!(text.parse::<Fibre>(), Err(ParseFibreError), "{text}");
        }
    }

    #[test]
    fn fibres_make_heralds_rare_and_leave_the_state() {
        let honest = Preset::Oxford2022.model();
        let far = honest.clone().behind_fibres("10".parse().unwrap(), "5".parse().unwrap());
        let ratio = far.trigger.round_probability() / honest.trigger.round_probability();
        assert!((ratio - 10f64.powf(-0.3)).abs() < 1e-12);
        assert_eq!(far.behaviour(), honest.behaviour());
        assert_eq!(honest.clone().behind_fibres(Fibre::NONE, Fibre::NONE), honest);
    }

    #[test]
    fn a_fibre_that_warms_up_makes_bobs_tags_late_and_alices_make_his_early() {
        let honest = Preset::Oxford2022.model();
        let fibre = |text: &str| text.parse::<Fibre>().unwrap();
        // 50 km at 38 ps/(km K) and 1800 K/h: 950 ps a second.
        assert!((fibre("50:0.2:0:1800").delay_drift_ppb() - 0.95).abs() < 1e-12);
        let late_by = |alice: &str, bob: &str| {
            let clock_of = |model| {
                let experiment =
                    crate::Experiment { model, ..crate::Experiment::new(Preset::Oxford2022, 1, 3) };
                let (mut clock, epoch_ps) = (experiment.bob_clock(), experiment.model.timing.epoch_ps);
                clock.bob_ps(epoch_ps + 2_000_000_000_000)
            };
            clock_of(honest.clone().behind_fibres(fibre(alice), fibre(bob))) - clock_of(honest.clone())
        };
        assert!((late_by("50", "50:0.2:0:1800") - 1900).abs() <= 1);
        assert!((late_by("50:0.2:0:1800", "50:0.2:0:-1800") + 3800).abs() <= 1);
        assert_eq!(late_by("50", "20"), 0);
    }

    #[test]
    fn fibres_cost_a_photonic_link_its_violation() {
        // Correlators shrink with both transmissions, and rounds without a photon agree by the rule.
        let honest = Preset::Photonic.model();
        let at = |km: &str| {
            let fibre: Fibre = km.parse().unwrap();
            honest.clone().behind_fibres(fibre, fibre).behaviour()
        };
        assert!((at("0").chsh_s() - honest.behaviour().chsh_s()).abs() < 1e-12);
        assert!(at("0.1").chsh_s() < honest.behaviour().chsh_s());
        assert!(at("50").chsh_s() < 2.0 && at("50").signalling() < 1e-12);
        // eta^2 V 2 sqrt 2 + 2 (1 - eta)^2 with eta = 0.96 t, up to double pairs.
        let t = 10f64.powf(-0.1);
        let eta = 0.96 * t;
        let expected = eta * eta * 0.99 * 8f64.sqrt() + 2.0 * (1.0 - eta) * (1.0 - eta);
        assert!((at("5").chsh_s() - expected).abs() < 5e-3, "{} {expected}", at("5").chsh_s());
    }
}
