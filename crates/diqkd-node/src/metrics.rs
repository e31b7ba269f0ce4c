//! What a running node counts, in Prometheus' text format.
//!
//! Names and meanings are in `docs/node.md`; a test holds the two against each other.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::trunk::LinkStatus;

/// Everything counted. Numbers only: no key, no id of a key.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sources: BTreeMap<String, Source>,
    aborts: BTreeMap<(String, &'static str), u64>,
    deliveries: BTreeMap<(String, String), Delivery>,
    pads: Pads,
}

/// What is counted for one quantum link.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Source {
    pub(crate) blocks: u64,
    pub(crate) rounds: u64,
    pub(crate) key_bits: u64,
    pub(crate) leak_bits: u64,
    pub(crate) keys_available: u64,
    pub(crate) keys_low: bool,
    pub(crate) secret_fraction: f64,
    pub(crate) f_ec: f64,
    pub(crate) qber: f64,
    pub(crate) omega: f64,
    pub(crate) recording: u64,
    pub(crate) backlog_blocks: u64,
    pub(crate) backlog_rounds: u64,
    pub(crate) latency_s: f64,
    pub(crate) latency_max_s: f64,
}

/// What is counted for an application that takes keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) available: u64,
    pub(crate) keys: u64,
    pub(crate) refused: u64,
}

/// The pre-shared and set-aside key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pads {
    pub(crate) available_bits: u64,
    pub(crate) spent_bits: u64,
    pub(crate) is_low: bool,
    pub(crate) sessions: u64,
    pub(crate) sessions_left: u64,
    pub(crate) eps_spent: f64,
    pub(crate) eps_total: f64,
    pub(crate) is_overspent: bool,
}

/// How the node as a whole stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) ready: bool,
    pub(crate) draining: bool,
}

impl Metrics {
    /// Changes the numbers of a source.
    pub(crate) fn source(&self, name: &str, change: impl FnOnce(&mut Source)) {
        let mut inner = self.lock();
        change(inner.sources.entry(name.to_owned()).or_default());
    }

    /// The sources whose deliverable keys are few.
    pub(crate) fn low_on_keys(&self) -> Vec<String> {
        let inner = self.lock();
        let low = inner.sources.iter().filter(|(_, source)| source.keys_low);
        low.map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn aborted(&self, source: &str, reason: &'static str) {
        *self.lock().aborts.entry((source.to_owned(), reason)).or_default() += 1;
    }

    /// Changes the numbers of an application.
    #[cfg(unix)]
    pub(crate) fn delivery(&self, source: &str, sae: &str, change: impl FnOnce(&mut Delivery)) {
        change(self.lock().deliveries.entry((source.to_owned(), sae.to_owned())).or_default());
    }

    pub(crate) fn pads(&self, change: impl FnOnce(&mut Pads)) {
        change(&mut self.lock().pads);
    }

    /// A block's key has become usable so long after its last trial.
    pub(crate) fn latency(&self, source: &str, latency: Duration) {
        self.source(source, |source| {
            source.latency_s = latency.as_secs_f64();
            source.latency_max_s = source.latency_max_s.max(source.latency_s);
        });
    }

    /// All of it as text.
    pub(crate) fn render(&self, standing: Standing, links: &[LinkStatus]) -> String {
        let inner = self.lock();
        let mut text = String::new();
        let mut page = Page(&mut text);
        page.single("diqkd_ready", "gauge", f64::from(u8::from(standing.ready)));
        page.single("diqkd_draining", "gauge", f64::from(u8::from(standing.draining)));
        let of = |read: fn(&Source) -> f64| -> Vec<(String, f64)> {
            inner.sources.iter().map(|(name, source)| (format!("source=\"{name}\""), read(source))).collect()
        };
        page.many("diqkd_blocks_total", "counter", of(|s| s.blocks as f64));
        page.many("diqkd_rounds_total", "counter", of(|s| s.rounds as f64));
        page.many("diqkd_key_bits_total", "counter", of(|s| s.key_bits as f64));
        page.many("diqkd_leak_bits_total", "counter", of(|s| s.leak_bits as f64));
        page.many("diqkd_keys_available", "gauge", of(|s| s.keys_available as f64));
        page.many("diqkd_keys_low", "gauge", of(|s| f64::from(u8::from(s.keys_low))));
        page.many("diqkd_secret_fraction", "gauge", of(|s| s.secret_fraction));
        page.many("diqkd_reconciliation_efficiency", "gauge", of(|s| s.f_ec));
        page.many("diqkd_qber", "gauge", of(|s| s.qber));
        page.many("diqkd_winning_probability", "gauge", of(|s| s.omega));
        page.many("diqkd_blocks_recording", "gauge", of(|s| s.recording as f64));
        page.many("diqkd_backlog_blocks", "gauge", of(|s| s.backlog_blocks as f64));
        page.many("diqkd_backlog_rounds", "gauge", of(|s| s.backlog_rounds as f64));
        page.many("diqkd_key_latency_seconds", "gauge", of(|s| s.latency_s));
        page.many("diqkd_key_latency_max_seconds", "gauge", of(|s| s.latency_max_s));
        let aborts = inner.aborts.iter().map(|((source, reason), count)| {
            (format!("source=\"{source}\",reason=\"{reason}\""), *count as f64)
        });
        page.many("diqkd_aborts_total", "counter", aborts.collect());
        let of = |read: fn(&Delivery) -> u64| -> Vec<(String, f64)> {
            let labels = |(source, sae): &(String, String)| format!("source=\"{source}\",sae=\"{sae}\"");
            inner.deliveries.iter().map(|(of, delivery)| (labels(of), read(delivery) as f64)).collect()
        };
        page.many("diqkd_delivery_keys_available", "gauge", of(|d| d.available));
        page.many("diqkd_delivery_keys_total", "counter", of(|d| d.keys));
        page.many("diqkd_delivery_refused_total", "counter", of(|d| d.refused));
        page.single("diqkd_pad_bits_available", "gauge", inner.pads.available_bits as f64);
        page.single("diqkd_pad_bits_spent_total", "counter", inner.pads.spent_bits as f64);
        page.single("diqkd_pads_low", "gauge", f64::from(u8::from(inner.pads.is_low)));
        page.single("diqkd_sessions_total", "counter", inner.pads.sessions as f64);
        page.single("diqkd_sessions_left", "gauge", inner.pads.sessions_left as f64);
        page.single("diqkd_eps_sound_spent", "gauge", inner.pads.eps_spent);
        page.single("diqkd_eps_sound_budget", "gauge", inner.pads.eps_total);
        let of = |read: fn(&LinkStatus) -> f64| -> Vec<(String, f64)> {
            links.iter().map(|link| (format!("link=\"{}\"", link.name), read(link))).collect()
        };
        page.many("diqkd_link_up", "gauge", of(|link| f64::from(u8::from(link.up))));
        page.many("diqkd_link_active", "gauge", of(|link| f64::from(u8::from(link.active))));
        page.many("diqkd_link_rtt_seconds", "gauge", of(|link| link.rtt_s));
        page.many("diqkd_link_connections_total", "counter", of(|link| link.connections as f64));
        page.many("diqkd_link_altered_total", "counter", of(|link| link.altered as f64));
        text
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Page<'a>(&'a mut String);

impl Page<'_> {
    fn single(&mut self, name: &str, kind: &str, value: f64) {
        // Writing to a string can't fail.
        let _ = writeln!(self.0, "# TYPE {name} {kind}\n{name} {value}");
    }

    fn many(&mut self, name: &str, kind: &str, values: Vec<(String, f64)>) {
        let _ = writeln!(self.0, "# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_explained_and_nothing_else_is() {
        let metrics = Metrics::default();
        let text = metrics.render(Standing { ready: true, draining: false }, &[]);
        let named: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let page = include_str!("../../../docs/node.md");
        let explained: Vec<&str> =
            page.lines().filter_map(|line| line.strip_prefix("| `diqkd_")?.split('`').next()).collect();
        let named: Vec<&str> = named.iter().filter_map(|name| name.strip_prefix("diqkd_")).collect();
        assert_eq!(named, explained);
    }

    #[test]
    fn numbers_stand_with_their_labels() {
        let metrics = Metrics::default();
        metrics.source("fibre", |source| source.blocks = 3);
        metrics.aborted("fibre", "peer-silent");
        metrics.latency("fibre", Duration::from_millis(2500));
        metrics.latency("fibre", Duration::from_millis(500));
        let text = metrics.render(Standing { ready: false, draining: true }, &[]);
        for line in [
            "diqkd_ready 0",
            "diqkd_blocks_total{source=\"fibre\"} 3",
            "diqkd_aborts_total{source=\"fibre\",reason=\"peer-silent\"} 1",
            "diqkd_key_latency_seconds{source=\"fibre\"} 0.5",
            "diqkd_key_latency_max_seconds{source=\"fibre\"} 2.5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
