//! One measured point in all its forms.

use diqkd_reconcile::bench::BenchReport;
use serde_json::{Map, Value, json};

use crate::answer::number;

pub(super) struct Point {
    pub(super) qber: f64,
    /// Bits.
    pub(super) block: u64,
    pub(super) threads: usize,
    pub(super) report: BenchReport,
}

impl Point {
    pub(super) fn json(&self) -> Map<String, Value> {
        self.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// All fields, in the order of the CSV columns.
    fn fields(&self) -> [(&'static str, Value); 22] {
        let report = &self.report;
        [
            ("qber", json!(self.qber)),
            ("block", json!(self.block)),
            ("frames", json!(report.frames)),
            ("threads", json!(self.threads)),
            ("code_rate", json!(report.code_rate)),
            ("f_ec", number(Some(report.f_ec))),
            ("f_ec_bound", number(Some(report.f_ec_bound))),
            ("f_both_ways", number(Some(report.f_both_ways))),
            ("leak_bits_mean", json!(report.leak_bits_mean)),
            ("leak_bits_cap", json!(report.leak_bits_cap)),
            ("bob_bits_mean", json!(report.bob_bits_mean)),
            ("fer", json!(report.fer)),
            ("fer_low", json!(report.fer_low)),
            ("fer_high", json!(report.fer_high)),
            ("undetected", json!(report.undetected)),
            ("iterations_mean", json!(report.iterations_mean)),
            ("round_trips_mean", json!(report.round_trips_mean)),
            ("round_trips_max", json!(report.round_trips_max)),
            ("encode_mbit_s", number(report.encode_mbit_s)),
            ("decode_mbit_s", number(report.decode_mbit_s)),
            ("encode_mbit_s_all", number(report.encode_mbit_s.map(|speed| speed * self.threads as f64))),
            ("decode_mbit_s_all", number(report.decode_mbit_s.map(|speed| speed * self.threads as f64))),
        ]
    }

    pub(super) fn text(&self) -> String {
        let report = &self.report;
        let speed =
            |mbit_s: Option<f64>| mbit_s.map_or("-".to_owned(), |v| format!("{v:.2} Mbit/s a thread"));
        let cap = report.leak_bits_cap.map_or("no cap".to_owned(), |cap| format!("cap {cap}"));
        [
            format!(
                "f_ec        {:.4} (normal approximation {:.4}, both directions {:.4})",
                report.f_ec, report.f_ec_bound, report.f_both_ways
            ),
            format!("code rate   {:.4}", report.code_rate),
            format!(
                "leak        {:.0} bits a block ({cap}); Bob sent {:.0}",
                report.leak_bits_mean, report.bob_bits_mean
            ),
            format!(
                "FER         {:.3e}, 95 % from {:.3e} to {:.3e}, {} blocks",
                report.fer, report.fer_low, report.fer_high, report.frames
            ),
            format!("undetected  {}", report.undetected),
            format!("iterations  {:.1}", report.iterations_mean),
            format!("round trips {:.1}, at most {}", report.round_trips_mean, report.round_trips_max),
            format!("encode      {}", speed(report.encode_mbit_s)),
            format!("decode      {}", speed(report.decode_mbit_s)),
        ]
        .join("\n")
    }

    pub(super) fn heading() -> String {
        "    QBER         n    f_ec   bound       FER    95 % interval        undet.  iter.  trips  enc. Mbit/s  dec. Mbit/s"
            .to_owned()
    }

    pub(super) fn line(&self) -> String {
        let report = &self.report;
        let speed = |mbit_s: Option<f64>| mbit_s.map_or("-".to_owned(), |v| format!("{v:.2}"));
        format!(
            "{:8.5} {:9} {:7.4} {:7.4} {:9.2e} {:9.2e}-{:8.2e} {:6} {:6.1} {:6.1} {:>12} {:>12}",
            self.qber,
            self.block,
            report.f_ec,
            report.f_ec_bound,
            report.fer,
            report.fer_low,
            report.fer_high,
            report.undetected,
            report.iterations_mean,
            report.round_trips_mean,
            speed(report.encode_mbit_s),
            speed(report.decode_mbit_s),
        )
    }

    pub(super) fn csv_heading() -> String {
        let empty = BenchReport::default();
        let point = Self { qber: 0.0, block: 0, threads: 0, report: empty };
        point.fields().map(|(name, _)| name).join(",")
    }

    pub(super) fn csv(&self) -> String {
        let word = |value: Value| if value.is_null() { String::new() } else { value.to_string() };
        self.fields().map(|(_, value)| word(value)).join(",")
    }
}
