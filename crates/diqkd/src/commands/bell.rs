//! `diqkd bell`: what a counts table or a trial table says.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use diqkd_bell::{
    BellReport, BiasSource, Convention, CountsCsv, LowerBoundMethod, ReportOptions, SettingBias, Shape,
};
use diqkd_core::{Epsilon, Role};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure, number};
use crate::input::Input;

/// Bell statistics of a counts table `x,y,a,b,n` or of a trial table, as `diqkd tags trials` writes it.
#[derive(Debug, Args)]
pub(crate) struct Bell {
    /// CSV with the header x,y,a,b,n (counts) or round,x,y,a,b,herald (trials; `herald` may be missing); outcomes 0
    /// (= +1) and 1; `-` is standard input.
    input: PathBuf,
    /// Which CHSH expression is meant: the signs of E00, E01, E10, E11, fixed before the data.
    #[arg(long, default_value = "+++-", value_name = "SIGNS", allow_hyphen_values = true)]
    convention: Convention,
    /// Bound on how far a setting bit's probability may be from 1/2, from characterising the generators.
    #[arg(long, value_name = "TAU")]
    tau: Option<f64>,
    /// Only the trials with this herald flag of a trial table, fixed before the data: a source with several kinds of
    /// heralds may make a different state for each.
    #[arg(long, value_name = "FLAG", value_parser = clap::value_parser!(u8).range(0..4))]
    herald: Option<u8>,
}

impl Bell {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let bias = match self.tau {
            Some(tau) => {
                let bias =
                    SettingBias::new(tau, tau).map_err(|e| Failure::usage("--tau is out of range", e))?;
                BiasSource::Declared(bias)
            }
            None => BiasSource::Observed(epsilon(0.001)?),
        };
        let options = ReportOptions { convention: self.convention, bias, eps: epsilon(0.05)? };
        let mut input = Input::open(&self.input)?;
        let named = |what: &str| format!("{}: {what}", self.input.display());
        let mut csv = match self.herald {
            Some(herald) => CountsCsv::with_herald(Shape::CHSH, herald),
            None => CountsCsv::new(Shape::CHSH),
        };
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = input.read(&mut buffer).map_err(|e| Failure::because(named("can't be read"), e))?;
            if read == 0 {
                break;
            }
            csv.feed(&buffer[..read])
                .map_err(|e| Failure::because(named("not a table of counts or trials"), e))?;
        }
        let counts =
            csv.finish().map_err(|e| Failure::because(named("not a table of counts or trials"), e))?;
        let report = counts
            .report(options)
            .map_err(|e| Failure::because(named("these counts make no CHSH experiment"), e))?;
        Ok(Answer::new(text(&report), json(&report)))
    }
}

fn epsilon(eps: f64) -> Result<Epsilon, Failure> {
    Epsilon::new(eps).map_err(|e| Failure::because("epsilon out of range", e))
}

fn json(report: &BellReport) -> Value {
    let chsh = &report.chsh;
    let marginals: Vec<Value> = report
        .no_signalling
        .marginals
        .iter()
        .map(|m| {
            json!({
                "side": m.side.to_string(), "setting": m.setting, "remote": [m.remote.0, m.remote.1],
                "difference": number(Some(m.difference)), "z": number(Some(m.z)),
            })
        })
        .collect();
    json!({
        "trials": chsh.trials,
        "chsh_s": chsh.s,
        "chsh_s_se": chsh.s_standard_error,
        "correlators": chsh.correlators.map(|row| row.map(|e| e.value)),
        "correlators_se": chsh.correlators.map(|row| row.map(|e| e.standard_error)),
        "omega": chsh.omega.get(),
        "wins": chsh.wins,
        "p_value_log10": number(Some(report.p_value.log10())),
        "p_value_biased_log10": number(Some(report.p_value_biased.log10())),
        "tau": [report.setting_bias_used.tau_a(), report.setting_bias_used.tau_b()],
        "s_lower_95": report.s_lower,
        "settings_uniform": report.s_lower_method == LowerBoundMethod::Game,
        "no_signalling": {
            "marginals": marginals,
            "chi2": number(Some(report.no_signalling.joint.chi2)),
            "p": number(Some(report.no_signalling.joint.p_value.probability())),
        },
        "settings_independence": {
            "chi2": number(Some(report.settings_independence.chi2)),
            "p": number(Some(report.settings_independence.p_value.probability())),
        },
        "settings_bias": {
            "z_x": number(Some(report.setting_balance.z_x)),
            "z_y": number(Some(report.setting_balance.z_y)),
        },
        "pbr_kl_bits": report.pbr.kl_bits,
        "pbr_gap_bits": report.pbr.gap_bits,
        "j_ch": report.ch.j,
        "convention": report.options.convention.to_string(),
    })
}

fn text(report: &BellReport) -> String {
    let chsh = &report.chsh;
    let p = |log10: f64| {
        if log10 > -4.0 { format!("{:.4}", 10f64.powf(log10)) } else { format!("10^{log10:.2}") }
    };
    let digits = if chsh.s_standard_error < 1e-3 { 7 } else { 4 };
    let caveat = match report.s_lower_method {
        LowerBoundMethod::Game => "uniform settings",
        LowerBoundMethod::GivenSettings => "does NOT hold here: these settings are not uniform",
    };
    let mut lines = vec![
        format!("trials      {} ({} won)", chsh.trials, chsh.wins),
        format!(
            "S           {:.digits$} +- {:.digits$}   ({})",
            chsh.s, chsh.s_standard_error, report.options.convention
        ),
        format!("            above {:.digits$} with 95 % confidence", report.s_lower),
        format!("omega       {:.6}", chsh.omega.get()),
        format!("p-value     {}   local models with memory, {caveat}", p(report.p_value.log10())),
        format!(
            "            {}   the same with settings predictable by tau = {:.2e}",
            p(report.p_value_biased.log10()),
            report.setting_bias_used.tau_a().max(report.setting_bias_used.tau_b())
        ),
        format!("J (CH)      {:.4e}   outcome 0 read as detected", report.ch.j),
        format!("strength    {:.4e} bits a trial against local models", report.pbr.kl_bits),
    ];
    for (x, row) in chsh.correlators.iter().enumerate() {
        for (y, e) in row.iter().enumerate() {
            lines.push(format!(
                "E{x}{y}         {:+.4} +- {:.4}   {} trials",
                e.value, e.standard_error, e.trials
            ));
        }
    }
    for m in &report.no_signalling.marginals {
        let setting = if m.side == Role::Alice { "x" } else { "y" };
        lines.push(format!(
            "signalling  z = {:+.2} in {}'s outcome at {setting} = {}",
            m.z, m.side, m.setting
        ));
    }
    lines.push(format!(
        "settings    z_x = {:+.2}, z_y = {:+.2}; independence p = {}",
        report.setting_balance.z_x,
        report.setting_balance.z_y,
        p(report.settings_independence.p_value.log10())
    ));
    lines.join("\n")
}
