//! Findings as a page for people.

use super::calendar::Every;
use super::document::{Document, Part};
use super::figures::{Course, Estimate, Sums, rows};
use super::findings::{Findings, summary};
use super::line::Level;
use super::pictures;

pub(super) fn document(findings: &Findings) -> Document {
    let mut parts = Vec::new();
    let sources = findings.by_source();
    if sources.is_empty() {
        parts.push(Part::Text("No block ended in this period.".to_owned()));
    } else {
        parts.push(by_source(findings));
    }
    parts.extend(findings.eps_sound_spent().map(|(eps, blocks)| {
        Part::Text(format!(
            "Soundness spent by the {blocks} blocks that began: {} together; added to what earlier ones have \
             spent it is that of all keys under one pre-shared key.",
            upward(eps)
        ))
    }));
    let (origin, every) = (findings.origin(), findings.every);
    let drawn = [
        ("chsh", pictures::chsh(&sources, origin, every)),
        ("qber", pictures::qber(&sources, origin, every)),
        ("key", pictures::key_bits(&sources, origin, every)),
    ];
    parts.extend(drawn.into_iter().filter_map(|(name, figure)| Some(Part::Picture(name, Box::new(figure?)))));
    for (name, blocks) in &sources {
        let (sums, course) = summary(blocks);
        parts.push(Part::Heading(format!("Source {name}")));
        parts.extend(course.map(|course| Part::Text(steadiness(&course))));
        if !sums.without_key.is_empty() {
            parts.push(Part::Table { head: vec!["no key because", "blocks"], rows: counted(&sums) });
        }
        let rows = rows(blocks.iter().copied(), every);
        let head = vec![period_name(every), "with key", "without", "key bits", "S", "QBER / %"];
        let row = |at: &super::calendar::Time, sums: &Sums| {
            vec![
                at.to_string(),
                sums.with_key.to_string(),
                sums.aborted().to_string(),
                sums.key_bits.to_string(),
                estimate(sums.chsh_s(), 1.0),
                estimate(sums.qber(), 100.0),
            ]
        };
        parts.push(Part::Table { head, rows: rows.iter().map(|(at, sums)| row(at, sums)).collect() });
    }
    operation(findings, &mut parts);
    key_stores(findings, &mut parts);
    parts.push(Part::Heading("About this report".to_owned()));
    parts.push(Part::Text(about(findings)));
    parts.push(Part::Text(PRIVATE.to_owned()));
    let period = findings.span.map_or_else(String::new, |span| format!(", {} to {}", span.from, span.to));
    Document { title: format!("Report of a site{period}"), parts }
}

fn by_source(findings: &Findings) -> Part {
    let head =
        vec!["source", "with key", "without", "rounds", "key bits", "bits a round", "f", "S", "QBER / %"];
    let row = |name: &str, sums: &Sums| {
        vec![
            name.to_owned(),
            sums.with_key.to_string(),
            sums.aborted().to_string(),
            sums.rounds.to_string(),
            sums.key_bits.to_string(),
            sums.secret_fraction().map_or_else(absent, |fraction| format!("{fraction:.4}")),
            sums.f_ec().map_or_else(absent, |f_ec| format!("{f_ec:.3}")),
            estimate(sums.chsh_s(), 1.0),
            estimate(sums.qber(), 100.0),
        ]
    };
    let rows = findings.by_source().iter().map(|(name, blocks)| row(name, &summary(blocks).0)).collect();
    Part::Table { head, rows }
}

fn counted(sums: &Sums) -> Vec<Vec<String>> {
    sums.without_key.iter().map(|(reason, count)| vec![reason.clone(), count.to_string()]).collect()
}

fn steadiness(course: &Course) -> String {
    let drift = course.drift.zip(course.drift_p).map_or_else(String::new, |(drift, p)| {
        format!(
            "; S changes by {:+.4} ± {:.4} a day (steady devices show as much with probability {})",
            drift.value,
            drift.error,
            probability(p)
        )
    });
    format!(
        "S of {} blocks scatters {:.2} times as much as by chance alone (steady devices as much with probability {}){drift}.",
        course.blocks,
        course.scatter,
        probability(course.scatter_p)
    )
}

fn operation(findings: &Findings, parts: &mut Vec<Part>) {
    let journal = &findings.journal;
    parts.push(Part::Heading("Operation".to_owned()));
    let mut lines = Vec::new();
    if findings.unfinished() > 0 {
        lines.push(format!("{} blocks began and did not end in this period", findings.unfinished()));
    }
    if !journal.stops.is_empty() {
        lines.push(format!("stops as asked: {}", journal.stops.len()));
    }
    if journal.troubles.is_empty() {
        lines.push("no alarm, warning or error".to_owned());
    }
    if !lines.is_empty() {
        parts.push(Part::Text(format!("{}.", lines.join("; "))));
    }
    if !journal.troubles.is_empty() {
        let row = |((level, what, about), times): (&(Level, String, String), &super::journal::Times)| {
            let ends =
                [times.at.first(), times.at.last()].map(|at| at.map_or_else(absent, ToString::to_string));
            let [first, last] = ends;
            vec![
                level_name(*level).to_owned(),
                what.clone(),
                about.clone(),
                times.at.len().to_string(),
                first,
                last,
            ]
        };
        let head = vec!["level", "what", "about", "times", "first", "last"];
        parts.push(Part::Table { head, rows: journal.troubles.iter().map(row).collect() });
    }
    if !journal.links.is_empty() {
        let row = |(name, events): (&String, &Vec<(super::calendar::Time, bool)>)| {
            let up = events.iter().filter(|(_, up)| *up).count();
            vec![name.clone(), up.to_string(), (events.len() - up).to_string()]
        };
        parts.push(Part::Table {
            head: vec!["link", "connected", "lost, refused or closed"],
            rows: journal.links.iter().map(row).collect(),
        });
    }
}

fn key_stores(findings: &Findings, parts: &mut Vec<Part>) {
    if findings.stores.is_empty() {
        return;
    }
    parts.push(Part::Heading("Keys".to_owned()));
    let head =
        vec!["store", "came in", "delivered", "expired", "erased", "available now", "chain verified to"];
    let rows = findings.stores.iter().map(|keys| {
        vec![
            keys.name.clone(),
            keys.stored.to_string(),
            keys.delivered().to_string(),
            keys.expired.to_string(),
            keys.destroyed.to_string(),
            keys.available.to_string(),
            format!("entry {}, {}", keys.entries, keys.head.get(..16).unwrap_or(&keys.head)),
        ]
    });
    parts.push(Part::Table { head, rows: rows.collect() });
    let delivered = findings.stores.iter().flat_map(|keys| {
        keys.delivered
            .iter()
            .map(|(consumer, count)| vec![keys.name.clone(), consumer.clone(), count.to_string()])
    });
    let delivered: Vec<_> = delivered.collect();
    if !delivered.is_empty() {
        parts.push(Part::Table { head: vec!["store", "delivered to", "keys"], rows: delivered });
    }
    let tampered = findings.stores.iter().flat_map(|keys| {
        keys.tampered.iter().map(|(at, report)| vec![keys.name.clone(), at.to_string(), report.clone()])
    });
    let tampered: Vec<_> = tampered.collect();
    if !tampered.is_empty() {
        parts.push(Part::Table {
            head: vec!["store", "station tampered with", "what it reported"],
            rows: tampered,
        });
    }
}

fn about(findings: &Findings) -> String {
    let journal = &findings.journal;
    let foreign = match journal.foreign {
        0 => String::new(),
        n => format!("; {n} other lines were left out"),
    };
    format!(
        "From {} lines of {}{foreign}. Times are UTC; a block counts where it ended. S is 8 w - 4 of the share w of test rounds won, pooled \
         over all blocks whose game was counted, those refused for it included; errors are one standard error of independent \
         rounds. Only Bob's log has S and QBER. Made by diqkd {}.",
        journal.lines,
        if findings.logs == 1 { "one log".to_owned() } else { format!("{} logs", findings.logs) },
        env!("CARGO_PKG_VERSION")
    )
}

/// What the numbers would give away.
const PRIVATE: &str = "For the operators of this site. Wins and errors of single blocks are numbers about secret strings that no \
                       leak counts: before publishing them, take log2 of what they could have been off the keys.";

fn estimate(estimate: Option<Estimate>, unit: f64) -> String {
    estimate.map_or_else(absent, |e| format!("{:.4} ± {:.4}", unit * e.value, unit * e.error))
}

fn probability(p: f64) -> String {
    if p >= 0.001 { format!("{p:.3}") } else { format!("{p:.0e}") }
}

/// Four digits, never below the value.
fn upward(value: f64) -> String {
    let text = format!("{value:.3e}");
    if value <= 0.0 || text.parse().is_ok_and(|written: f64| written >= value) {
        return text;
    }
    format!("{:.3e}", value + 0.5e-3 * 10f64.powf(value.log10().floor()))
}

fn absent() -> String {
    "-".to_owned()
}

fn period_name(every: Every) -> &'static str {
    match every {
        Every::Hour => "hour from",
        Every::Day => "day",
        Every::Week => "week from",
        Every::Month => "month from",
    }
}

pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epsilon_is_never_written_smaller() {
        for (value, text) in
            [(1.12e-8, "1.120e-8"), (1.120_1e-8, "1.121e-8"), (9.999_9e-3, "1.000e-2"), (0.0, "0.000e0")]
        {
            assert_eq!(upward(value), text);
        }
        for i in 1..2000 {
            let value = 1.000_37f64.powi(i) * 1e-12;
            assert!(upward(value).parse::<f64>().unwrap() >= value, "{value}");
        }
    }
}
