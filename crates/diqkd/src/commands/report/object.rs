//! Findings as one JSON object.

use serde_json::{Map, Value, json};

use super::calendar::Every;
use super::figures::{Course, Estimate, Sums, rows};
use super::findings::{Findings, summary};
use super::page::level_name;
use crate::answer::number;

pub(super) fn object(findings: &Findings) -> Value {
    let journal = &findings.journal;
    let sources = findings.by_source();
    let source = |(name, blocks): (&&str, &Vec<&super::line::Block>)| {
        let (sums, course) = summary(blocks);
        let mut object = figures(&sums);
        object.insert("source".to_owned(), json!(name));
        object.insert("course".to_owned(), course.as_ref().map_or(Value::Null, self::course));
        let row = |(at, sums): (&super::calendar::Time, &Sums)| {
            let mut row = figures(sums);
            row.insert("from".to_owned(), json!(at.to_string()));
            Value::Object(row)
        };
        object.insert(
            "rows".to_owned(),
            rows(blocks.iter().copied(), findings.every).iter().map(row).collect(),
        );
        Value::Object(object)
    };
    let all: Vec<_> = sources.values().flatten().copied().collect();
    let mut object = figures(&summary(&all).0);
    let more = json!({
        "from": findings.span.map(|span| span.from.to_string()),
        "to": findings.span.map(|span| span.to.to_string()),
        "every": every(findings.every),
        "sources": sources.iter().map(source).collect::<Vec<_>>(),
        "unfinished": findings.unfinished(),
        "eps_sound_spent": findings.eps_sound_spent().map(|(eps, _)| eps),
        "alarms": journal.troubles.iter().map(|((level, what, about), times)| json!({
            "level": level_name(*level), "what": what, "about": about, "times": times.at.len(),
            "first": times.at.first().map(ToString::to_string), "last": times.at.last().map(ToString::to_string),
        })).collect::<Vec<_>>(),
        "links": journal.links.iter().map(|(name, events)| {
            let connected = events.iter().filter(|(_, up)| *up).count();
            json!({ "link": name, "connected": connected, "lost": events.len() - connected })
        }).collect::<Vec<_>>(),
        "stops": journal.stops.len(),
        "stores": findings.stores.iter().map(|keys| json!({
            "store": keys.name, "stored": keys.stored, "delivered": keys.delivered(), "consumers": keys.delivered,
            "expired": keys.expired, "erased": keys.destroyed, "available": keys.available, "rotations": keys.rotations,
            "tampered": keys.tampered.iter()
                .map(|(at, report)| json!({ "at": at.to_string(), "report": report })).collect::<Vec<_>>(),
            "entries": keys.entries, "head": keys.head,
        })).collect::<Vec<_>>(),
        "logs": findings.logs,
        "lines": journal.lines,
        "foreign_lines": journal.foreign,
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let Value::Object(more) = more {
        object.extend(more);
    }
    Value::Object(object)
}

fn figures(sums: &Sums) -> Map<String, Value> {
    let value = |estimate: Option<Estimate>| number(estimate.map(|e| e.value));
    let error = |estimate: Option<Estimate>| number(estimate.map(|e| e.error));
    let (s, qber) = (sums.chsh_s(), sums.qber());
    let fields = [
        ("blocks", json!(sums.blocks())),
        ("with_key", json!(sums.with_key)),
        ("without_key", json!(sums.aborted())),
        ("aborts", json!(sums.without_key)),
        ("rounds", json!(sums.rounds)),
        ("key_bits", json!(sums.key_bits)),
        ("leak_bits", json!(sums.leak_bits)),
        ("key_rate_per_round", number(sums.secret_fraction())),
        ("f_ec", number(sums.f_ec())),
        ("tests", json!(sums.tests)),
        ("wins", json!(sums.wins)),
        ("omega", value(sums.omega())),
        ("chsh_s", value(s)),
        ("chsh_s_se", error(s)),
        ("key_rounds", json!(sums.key_rounds)),
        ("key_errors", json!(sums.errors)),
        ("qber", value(qber)),
        ("qber_se", error(qber)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn course(course: &Course) -> Value {
    json!({
        "blocks": course.blocks,
        "scatter": number(Some(course.scatter)),
        "scatter_p": number(Some(course.scatter_p)),
        "chsh_s_per_day": number(course.drift.map(|drift| drift.value)),
        "chsh_s_per_day_se": number(course.drift.map(|drift| drift.error)),
        "drift_p": number(course.drift_p),
    })
}

fn every(every: Every) -> &'static str {
    match every {
        Every::Hour => "hour",
        Every::Day => "day",
        Every::Week => "week",
        Every::Month => "month",
    }
}
