//! Whether a link meets a need.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use clap::{Args, ValueEnum};
use diqkd_core::Epsilon;
use diqkd_planner::{
    Advice, DataValue, EventReady, LossProfile, Need, Path, Photonic, Setup, Verdict, advise, compare,
    comparison_csv,
};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure, number};

#[derive(Debug, Args)]
pub(super) struct Feasibility {
    /// Kind of link.
    #[arg(long, value_enum)]
    scheme: Scheme,
    /// Length of the fibre in km.
    #[arg(
        long,
        value_name = "KM",
        required_unless_present = "loss_profile",
        conflicts_with = "loss_profile"
    )]
    length_km: Option<f64>,
    /// Loss of the fibre in dB per km.
    #[arg(long, value_name = "DB", default_value_t = 0.2)]
    db_per_km: f64,
    /// Measured loss: CSV with the header `length_km,loss_db` (segments) or `position_km,loss_db` (cumulative).
    #[arg(long, value_name = "FILE")]
    loss_profile: Option<PathBuf>,
    /// Attempts (event-ready) or clocked slots (photonic) a second.
    #[arg(long, value_name = "HZ")]
    rate_hz: f64,
    /// Probability that a photon is collected and detected, the fibre aside; per side.
    #[arg(long, value_name = "P")]
    efficiency: f64,
    /// Visibility of the pairs.
    #[arg(long, value_name = "V")]
    visibility: f64,
    /// Event-ready: probability that a memory is read wrongly, per side.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    readout_error: f64,
    /// Photonic: probability that a slot contains a pair.
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    pair_probability: f64,
    /// Event-ready: repeaters along the fibre, placed at equal loss.
    #[arg(long, value_name = "N", default_value_t = 0)]
    repeaters: usize,
    /// Factor on the visibility for each swap at a repeater.
    #[arg(long, value_name = "V", default_value_t = 1.0)]
    swap_visibility: f64,
    /// Key needed, bits a second.
    #[arg(long, value_name = "R")]
    need_bit_s: f64,
    /// How long a block may be collected, in hours.
    #[arg(long, value_name = "H", default_value_t = 24.0)]
    block_hours: f64,
    /// What the keys protect.
    #[arg(long, value_enum, default_value_t = Worth::LongLived)]
    value: Worth,
    /// Total soundness, as 1e-10 or 2^-64.
    #[arg(long, value_name = "E")]
    eps_sound: Epsilon,
    /// Probability with which an honest block may abort.
    #[arg(long, value_name = "C")]
    eps_complete: Epsilon,
    /// Efficiency of reconciliation.
    #[arg(long, value_name = "F", default_value_t = 1.1)]
    f_ec: f64,
    /// Price of running the whole link for an hour, any currency.
    #[arg(long, value_name = "COST")]
    cost_per_hour: Option<f64>,
    /// Write the comparison with the alternatives to a CSV file.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheme {
    /// Memories at both ends, heralded from the middle: loss costs rate.
    EventReady,
    /// Photon pairs at clocked times: loss counts against the violation.
    Photonic,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "kebab-case")]
enum Worth {
    /// Secret for decades, also against makers of devices.
    LongLived,
    /// Secrecy may rest on computation.
    Ordinary,
}

impl Feasibility {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let wrong = |e| Failure::usage("no advice for these values", e);
        let path = Path { profile: self.profile()?, repeaters: self.repeaters };
        let need = Need {
            key_rate_bit_s: self.need_bit_s,
            block_s: self.block_hours * 3600.0,
            value: match self.value {
                Worth::LongLived => DataValue::LongLived,
                Worth::Ordinary => DataValue::Ordinary,
            },
            eps_sound: self.eps_sound,
            eps_complete: self.eps_complete,
            f_ec: self.f_ec,
        };
        let setup = match self.scheme {
            Scheme::EventReady => Setup::EventReady(EventReady {
                attempt_rate_hz: self.rate_hz,
                collection: self.efficiency,
                visibility: self.visibility,
                swap_visibility: self.swap_visibility,
                readout_error: self.readout_error,
            }),
            Scheme::Photonic => Setup::Photonic(Photonic {
                trial_rate_hz: self.rate_hz,
                pair_probability: self.pair_probability,
                efficiency: self.efficiency,
                visibility: self.visibility,
            }),
        };
        let advice = advise(&setup, &path, &need).map_err(wrong)?;
        let rows = compare(&advice, &path, &need, self.rate_hz, self.cost_per_hour).map_err(wrong)?;
        let csv = comparison_csv(&rows);
        if let Some(file) = &self.csv {
            write(file, &csv)?;
        }
        let alternatives: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({
                    "approach": row.approach.label(),
                    "key_rate_bit_s": row.key_rate_bit_s,
                    "latency_s": number(Some(row.latency_s)),
                    "cost_per_256_bits": row.cost_per_256_bits,
                    "meets_need": row.meets_need,
                    "trust": row.trust,
                })
            })
            .collect();
        let reasons: Vec<String> = advice.reasons.iter().map(ToString::to_string).collect();
        let json = json!({
            "verdict": advice.verdict.label(),
            "reasons": reasons,
            "loss_db": path.profile.loss_db(),
            "length_km": path.profile.length_km(),
            "repeaters": path.repeaters,
            "chsh_s": advice.expected.chsh_s,
            "qber": advice.expected.qber,
            "noise": advice.expected.noise,
            "rounds_per_s": advice.expected.round_rate_hz,
            "rounds": advice.plan.map(|plan| plan.rounds),
            "min_rounds": advice.plan.and_then(|plan| plan.min_rounds),
            "key_bits": advice.plan.map_or(0, |plan| plan.key_bits),
            "key_rate_bit_s": advice.key_rate_bit_s,
            "latency_s": number(Some(advice.latency_s)),
            "cost_per_256_bits": rows.first().and_then(|row| row.cost_per_256_bits),
            "alternatives": alternatives,
        });
        Ok(Answer::new(text(&advice, &path, &reasons, &csv), json))
    }

    fn profile(&self) -> Result<LossProfile, Failure> {
        let Some(file) = &self.loss_profile else {
            return LossProfile::uniform(self.length_km.unwrap_or(f64::NAN), self.db_per_km)
                .map_err(|e| Failure::usage("the fibre is impossible", e));
        };
        let shown = file.display();
        let size = fs::metadata(file).map_err(|e| Failure::because(format!("can't read {shown}"), e))?.len();
        if size > LARGEST_PROFILE {
            return Err(Failure::new(format!(
                "{shown} has {size} bytes, a loss table has at most {LARGEST_PROFILE}: is it another file?"
            )));
        }
        let text =
            fs::read_to_string(file).map_err(|e| Failure::because(format!("can't read {shown}"), e))?;
        LossProfile::parse(&text).map_err(|e| Failure::because(format!("can't use {shown}"), e))
    }
}

fn text(advice: &Advice, path: &Path, reasons: &[String], csv: &str) -> String {
    let mut text = format!(
        "{}: {}\npath        {:.1} km, {:.2} dB, {} repeaters\nexpected    S {:.4}, error rate {:.3} %, {:.4e} rounds a second\n",
        match advice.verdict {
            Verdict::DeviceIndependent => "device-independent keys meet the need",
            Verdict::Hybrid => "hybrid: certified keys refresh a cipher",
            _ => "no: use post-quantum cryptography",
        },
        reasons.join("; "),
        path.profile.length_km(),
        path.profile.loss_db(),
        path.repeaters,
        advice.expected.chsh_s,
        100.0 * advice.expected.qber,
        advice.expected.round_rate_hz,
    );
    if let Some(plan) = advice.plan {
        text.push_str(&format!(
            "block       {} rounds, {} key bits, {:.4e} bit/s\n",
            plan.rounds, plan.key_bits, advice.key_rate_bit_s
        ));
    }
    text.push_str(csv.trim_end());
    text
}

/// Writes a report.
pub(super) fn write(path: &FilePath, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|e| {
        Failure::because(
            format!("can't write {}; check that its folder exists and may be written", path.display()),
            e,
        )
    })
}

const LARGEST_PROFILE: u64 = 16 << 20;
