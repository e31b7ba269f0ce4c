//! The answer of `diqkd bell`, as text and as JSON.

use diqkd_bell::{BellReport, ChiSquared, Counts, LowerBoundMethod, RunReport, SettingBias};
use diqkd_core::{LoopholeChecklist, Role};
use serde_json::{Value, json};

use super::epsilon;
use super::loopholes::checklist;
use super::reading::Data;
use crate::answer::{Answer, Failure, number};
use crate::loopholes;

/// Failure probability of the bound on the setting bias.
pub(super) const EPS_BIAS: f64 = 0.001;

/// Settings whose uniformity has a smaller p-value raise the bias alarm: its false-alarm probability.
const BIAS_ALARM_LOG10: f64 = -6.0;

pub(super) fn answer(data: &Data, report: &BellReport) -> Result<Answer, Failure> {
    let tau_upper = data
        .counts
        .setting_bias_bound(epsilon(EPS_BIAS)?)
        .map_err(|e| Failure::because("no bound on the setting bias", e))?;
    let run = data.run.as_ref().map(diqkd_bell::Run::report);
    let closed = checklist(data.event_ready.is_some(), report.options.bias, bias_alarm(report));
    let mut object = json(data, report, tau_upper, run.as_ref());
    object["loopholes"] = loopholes::json(&closed);
    Ok(Answer::new(text(data, report, run.as_ref(), &closed), object))
}

fn chi_squared(test: &ChiSquared) -> Value {
    json!({
        "chi2": number(Some(test.chi2)), "dof": test.dof,
        "p": number(Some(test.p_value.probability())), "p_log10": number(Some(test.p_value.log10())),
    })
}

fn json(data: &Data, report: &BellReport, tau_upper: SettingBias, run: Option<&RunReport>) -> Value {
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
    let mut settings_bias = chi_squared(&report.setting_balance.uniform);
    settings_bias["z_x"] = number(Some(report.setting_balance.z_x));
    settings_bias["z_y"] = number(Some(report.setting_balance.z_y));
    settings_bias["tau_upper"] = json!([tau_upper.tau_a(), tau_upper.tau_b()]);
    settings_bias["alarm"] = json!(bias_alarm(report));
    let mut no_signalling = chi_squared(&report.no_signalling.joint);
    no_signalling["marginals"] = json!(marginals);
    json!({
        "format": data.format,
        "trials": chsh.trials,
        "trials_other_settings": data.counts.total() - chsh.trials,
        "event_ready": data.event_ready,
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
        "e_value_log2": number(Some(report.test.e_value(report.setting_bias_used).log2())),
        "no_signalling": no_signalling,
        "settings_independence": chi_squared(&report.settings_independence),
        "settings_bias": settings_bias,
        "ch": {
            "relevant": report.ch.test.relevant(),
            "wins": report.ch.test.wins(),
            "j_se": number(Some(report.ch.j_standard_error)),
            "p_value_log10": number(Some(report.ch.test.p_value(SettingBias::UNBIASED).log10())),
            "e_value_log2": number(Some(report.ch.test.e_value(SettingBias::UNBIASED).log2())),
        },
        "run": run.map(run_json),
        "windows": data.windows.as_ref().map(|windows| windows.iter().map(window_json).collect::<Vec<_>>()),
        "pbr_kl_bits": report.pbr.kl_bits,
        "pbr_gap_bits": report.pbr.gap_bits,
        "j_ch": report.ch.j,
        "convention": report.options.convention.to_string(),
    })
}

fn run_json(run: &RunReport) -> Value {
    json!({
        "settings_on_outcomes": chi_squared(&run.settings_on_outcomes),
        "settings_on_settings": chi_squared(&run.settings_on_settings),
        "settings_on_herald": chi_squared(&run.settings_on_herald),
        "stationarity": run.stationarity.map(|s| json!({
            "cusum": s.cusum, "p": s.p_value.probability(), "p_log10": number(Some(s.p_value.log10())),
            "change_at": s.change_at,
        })),
    })
}

/// A window; values are `null` where it lacks a pair of settings.
fn window_json(window: &Counts) -> Value {
    let chsh = window.chsh().ok();
    let test = window.bell_test();
    json!({
        "trials": window.total(), "wins": test.wins(),
        "chsh_s": number(chsh.as_ref().map(|c| c.s)),
        "chsh_s_se": number(chsh.as_ref().map(|c| c.s_standard_error)),
        "no_signalling_p": number(window.no_signalling(2, 2).ok().map(|n| n.joint.p_value.probability())),
    })
}

fn bias_alarm(report: &BellReport) -> bool {
    report.setting_balance.uniform.p_value.log10() < BIAS_ALARM_LOG10
}

fn text(data: &Data, report: &BellReport, run: Option<&RunReport>, closed: &LoopholeChecklist) -> String {
    let chsh = &report.chsh;
    let p = |log10: f64| {
        if log10 > -4.0 { format!("{:.4}", 10f64.powf(log10)) } else { format!("10^{log10:.2}") }
    };
    let digits = if chsh.s_standard_error < 1e-3 { 7 } else { 4 };
    let caveat = match report.s_lower_method {
        LowerBoundMethod::Game => "uniform settings",
        LowerBoundMethod::GivenSettings => "does NOT hold here: these settings are not uniform",
    };
    let mut lines = Vec::new();
    if let Some(events) = data.event_ready {
        lines.push(format!("event-ready {events}"));
    }
    lines.extend([
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
    ]);
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
    if bias_alarm(report) {
        lines.push(format!(
            "ALARM       biased settings: uniform with p = {} against {}; characterise the generators and \
             give the bound with --tau, or discard the data",
            p(report.setting_balance.uniform.p_value.log10()),
            p(BIAS_ALARM_LOG10)
        ));
    }
    if data.counts.total() > chsh.trials {
        lines.push(format!("not used    {} trials with other settings", data.counts.total() - chsh.trials));
    }
    if let Some(run) = run {
        lines.push(format!(
            "order       settings on outcomes before p = {}, on settings before p = {}, on the herald p = {}",
            p(run.settings_on_outcomes.p_value.log10()),
            p(run.settings_on_settings.p_value.log10()),
            p(run.settings_on_herald.p_value.log10())
        ));
        if let Some(s) = run.stationarity {
            lines.push(format!(
                "            the share of wins is constant with p = {}; greatest deviation after {} trials",
                p(s.p_value.log10()),
                s.change_at
            ));
        }
    }
    for (number, window) in data.windows.iter().flatten().enumerate() {
        let value = window.chsh().map_or_else(
            |_| "a pair of settings has no trials".to_owned(),
            |c| format!("S = {:.4} +- {:.4}", c.s, c.s_standard_error),
        );
        lines.push(format!("window {number:<5}{value}   {} trials", window.total()));
    }
    lines.extend(loopholes::lines(closed, 12));
    lines.join("\n")
}
