//! The report of a demo, for people and for scripts.

use diqkd_bell::{BellTest, ConfidenceMethod};
use diqkd_core::Epsilon;
use diqkd_node::demo::{AgreementFacts, DemoEnding, DemoFacts, DemoReport, Symptom};
use diqkd_protocol::{Abort, FlagSource, SessionParams, SessionSecurity};
use diqkd_sim::Strategy;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Failure, number};
use crate::loopholes;

pub(super) fn answer(ending: &DemoEnding) -> Result<Answer, Failure> {
    match ending {
        DemoEnding::Aborted { by, abort, facts, least_rounds, symptoms } => {
            let mut json = beforehand(facts);
            json.insert("aborted_by".to_owned(), json!(by.to_string()));
            json.insert("key_bits".to_owned(), json!(0));
            json.insert("keys_match".to_owned(), Value::Null);
            json.insert("key_ids".to_owned(), json!([]));
            json.insert("least_rounds".to_owned(), json!(least_rounds));
            let only_correlations = symptoms.is_empty() && is_about_correlations(abort);
            let listed = symptoms.iter().map(symptom).chain(only_correlations.then(correlations));
            json.insert("symptoms".to_owned(), listed.collect());
            let json = Value::Object(json);
            // The demo lays out threshold and code for the rounds asked for: where more of them would do, it is the
            // rounds that are too few, whatever part of the layout shows it.
            let Some(least) = least_rounds else {
                let mut lines = vec![format!("no key: {abort}")];
                lines.extend(symptoms.iter().map(|symptom| format!("unusual       {symptom}")));
                if only_correlations {
                    lines.push(format!("unusual       {ONLY_CORRELATIONS}"));
                }
                let numbers = [abort.observed(), abort.threshold()];
                return Ok(Answer::refused(lines.join("\n"), json, abort.reason(), numbers));
            };
            let rounds = facts.params.rounds;
            let text = format!(
                "no key: {rounds} rounds are too few ({abort})\n\
                 sessions laid out like this one give a key from about {least} rounds: try --rounds {least}"
            );
            Ok(Answer::refused(text, json, "too-few-rounds", [Some(rounds as f64), Some(*least as f64)]))
        }
        DemoEnding::Key(report) if !report.keys_match => Err(Failure::new(
            "the two key stores differ although both parties finished; keep the stores and report the seed",
        )),
        DemoEnding::Key(report) => key(report),
    }
}

/// Whether what failed is what the two sites' outcomes say together.
fn is_about_correlations(abort: &Abort) -> bool {
    matches!(abort, Abort::ReconciliationFailed { .. } | Abort::BellViolationTooLow { .. })
}

/// What is left when neither station's clicks are unusual by themselves.
const ONLY_CORRELATIONS: &str = "only the correlations, each site's clicks are as expected; look for misaligned \
                                 analysers or a worse state, then for devices that are not quantum";

/// The symptom of a run whose stations look healthy each by itself.
fn correlations() -> Value {
    json!({
        "role": "both",
        "sign": "correlations",
        "observed": null,
        "expected": null,
        "text": ONLY_CORRELATIONS,
    })
}

fn symptom(symptom: &Symptom) -> Value {
    json!({
        "role": symptom.role.to_string(),
        "sign": symptom.sign.name(),
        "observed": symptom.observed,
        "expected": symptom.expected,
        "text": symptom.to_string(),
    })
}

/// What was fixed before the data.
fn beforehand(facts: &DemoFacts) -> Map<String, Value> {
    let params = &facts.params;
    let mut json = Map::from_iter([
        ("preset".to_owned(), json!(facts.preset.name())),
        ("attack".to_owned(), json!((facts.strategy != Strategy::Honest).then(|| facts.strategy.name()))),
        ("session".to_owned(), json!(params.session.to_string())),
        ("rounds".to_owned(), json!(params.rounds)),
        ("gamma".to_owned(), json!(params.gamma.get())),
        ("local_flags".to_owned(), local_flags(params)),
        ("omega_threshold".to_owned(), json!(params.omega_threshold.get())),
        ("theorem".to_owned(), json!(params.theorem.name())),
        ("eps_sound".to_owned(), json!(params.eps_sound.probability())),
    ]);
    if let Some(AgreementFacts { certificate, leak, f_ec }) = &facts.agreement {
        json.insert("certified_bits".to_owned(), json!(certificate.key_bits()));
        json.insert("leak_bits".to_owned(), json!(leak.total().0));
        json.insert("f_ec".to_owned(), number(Some(*f_ec)));
    }
    json
}

/// The probabilities of flags that each site draws; null for flags from a shared seed.
fn local_flags(params: &SessionParams) -> Value {
    match params.variant.flags {
        FlagSource::Expanded => Value::Null,
        FlagSource::Local { alice, bob } => json!({ "alice": alice.get(), "bob": bob.get() }),
    }
}

fn key(report: &DemoReport) -> Result<Answer, Failure> {
    let DemoReport { facts, alice, bob, keys_match, elapsed } = report;
    let (Some(agreement), Some(observed)) = (&facts.agreement, &bob.report.observed) else {
        return Err(Failure::new("bob's report has no observations; please report the seed"));
    };
    let certificate = &agreement.certificate;
    let ledger = certificate.ledger().map_err(|e| Failure::because("the epsilons exceed their budget", e))?;
    let chsh = observed
        .counts
        .chsh()
        .map_err(|e| Failure::because("the test rounds make no CHSH experiment; record more rounds", e))?;
    let params = &facts.params;
    let rounds_per_s = params.rounds as f64 / elapsed.as_secs_f64().max(1e-9);
    let spent: Map<String, Value> = ledger
        .entries()
        .iter()
        .map(|entry| (entry.name.to_string(), json!(entry.epsilon.probability())))
        .collect();
    let leaks: Map<String, Value> =
        agreement.leak.entries().map(|(name, bits)| (name.to_owned(), json!(bits.0))).collect();
    let assumptions: Vec<&str> = certificate.assumptions().iter().map(|a| a.label()).collect();
    let s_lower = BellTest::new(observed.tests, observed.wins)
        .map_err(|e| Failure::because("the test rounds are miscounted; please report the seed", e))?
        .omega_lower(ConfidenceMethod::ClopperPearson, confidence()?)
        .chsh_s();
    let reserved = 8 * params.key_pool_bytes() as u64;
    let pads = 128 * (bob.report.batches_sent + bob.report.batches_received);
    let document: Value = serde_json::from_str(&certificate.to_json())
        .map_err(|e| Failure::because("the certificate can't be written", e))?;
    let clock = bob.clock.as_ref();

    let mut json = beforehand(facts);
    let more = json!({
        "test_rounds": observed.tests,
        "chsh_s": chsh.s,
        "chsh_s_se": chsh.s_standard_error,
        "s_lower_95": s_lower,
        "omega": observed.omega(),
        "wins": observed.wins,
        "min_wins": observed.min_wins,
        "qber": observed.qber(),
        "leak": leaks,
        "key_bits": bob.report.key_bits,
        "keys_match": keys_match,
        "eps_sound": ledger.total().map(|total| total.probability()),
        "eps_budget": params.eps_sound.probability(),
        "epsilons": spent,
        "security": security(&bob.report.security),
        "assumptions": assumptions,
        "loopholes": loopholes::json(&bob.report.loopholes),
        "rounds_per_s": rounds_per_s,
        "dropped_rounds": bob.report.dropped_rounds,
        "unlike_flags": bob.report.unlike_flags,
        "no_click_rounds": [alice.recording.no_click, bob.recording.no_click],
        "tags": [alice.tags, bob.tags],
        "clock_drift_ppb": number(clock.map(|fit| fit.drift_ppb)),
        "clock_offset_ps": number(clock.map(|fit| fit.offset_ps as f64)),
        "authentication_pad_bits": pads,
        "pre_shared_bits_reserved": reserved,
        "key_length_bits": params.key_length_bits,
        "key_ids": bob.key_ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "transcript": hex(&bob.report.transcript),
        "stores": [alice.store.display().to_string(), bob.store.display().to_string()],
        "certificate": document,
    });
    if let Value::Object(more) = more {
        json.extend(more);
    }

    let mut lines = vec![
        format!("preset        {}", facts.preset),
        format!(
            "rounds        {} ({} tests), {:.0} rounds/s from tags to keys",
            params.rounds, observed.tests, rounds_per_s
        ),
        format!(
            "tags          {} at alice, {} at bob; bob's clock {:+.3} ppm (true {:+.3})",
            alice.tags,
            bob.tags,
            clock.map_or(f64::NAN, |fit| fit.drift_ppb / 1e3),
            facts.drift_ppb / 1e3
        ),
        format!(
            "S             {:.4} +- {:.4}, above {s_lower:.4} with 95 % confidence",
            chsh.s, chsh.s_standard_error
        ),
        format!(
            "omega         {:.6}, threshold {:.6} (S {:.4}) fixed beforehand ({} wins, {} needed)",
            observed.omega(),
            params.omega_threshold.get(),
            params.omega_threshold.chsh_s(),
            observed.wins,
            observed.min_wins
        ),
        format!("QBER          {:.3} %", 100.0 * observed.qber()),
        format!("leak          {} bits, f_ec {:.3}", agreement.leak.total().0, agreement.f_ec),
    ];
    for (name, bits) in agreement.leak.entries() {
        lines.push(format!("              {:>8}  {name}", bits.0));
    }
    lines.push(format!("soundness     by {}", certificate.theorem()));
    lines.extend(ledger.to_string().lines().map(|line| format!("              {line}")));
    lines.push(format!(
        "key           {} bits ({:.4} a round), {} keys of {} bits, equal in both stores",
        bob.report.key_bits,
        bob.report.key_bits as f64 / params.rounds as f64,
        bob.key_ids.len(),
        params.key_length_bits
    ));
    lines.push(format!("              alice  {}", alice.store.display()));
    lines.push(format!("              bob    {}", bob.store.display()));
    lines.push(format!(
        "pre-shared    {reserved} bits set aside for this session, {pads} of them spent on tags"
    ));
    for (name, statement) in bob.report.security.statements() {
        lines.push(format!("{name:<13} {statement}"));
    }
    lines.push(format!("assumes       {}", assumptions.join(", ")));
    lines.extend(loopholes::lines(&bob.report.loopholes, 14));
    Ok(Answer::new(lines.join("\n"), Value::Object(json)))
}

/// The security model of the session; its assumptions are listed beside it.
fn security(security: &SessionSecurity) -> Map<String, Value> {
    let statements = security.statements().into_iter().map(|(name, text)| (name.to_owned(), json!(text)));
    let labels =
        [("trust", security.model().trust_label()), ("pre_shared_key", security.pre_shared_key().label())];
    labels.into_iter().map(|(name, label)| (name.to_owned(), json!(label))).chain(statements).collect()
}

/// One in twenty: for people, no part of the proof.
fn confidence() -> Result<Epsilon, Failure> {
    Epsilon::new(0.05).map_err(|e| Failure::because("epsilon out of range", e))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
