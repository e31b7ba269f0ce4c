//! How the node stands: pages for supervisors and scrapers, alarms for operators.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use diqkd_core::Epsilon;

use super::Site;
use crate::error::NodeError;
use crate::http::{Answer, Http, Request};
use crate::metrics::Standing;
use crate::trunk::Agreed;

/// Serves health and metrics.
pub(super) fn serve(site: &Arc<Site>, address: SocketAddr) -> Result<Http, NodeError> {
    // The pages must not keep the site: it is taken apart before they stop.
    let site: Weak<Site> = Arc::downgrade(site);
    let pages = move |request: &Request| {
        if request.method != "GET" {
            return Answer::text(400, "expected a GET\n");
        }
        let Some(site) = site.upgrade() else { return Answer::text(503, "stopping\n") };
        match request.target.as_str() {
            "/healthz" => Answer::text(200, "alive\n"),
            "/readyz" => match site.obstacle() {
                None => match site.metrics.low_on_keys() {
                    low if low.is_empty() => Answer::text(200, "ready\n"),
                    low => Answer::text(200, &format!("ready; few keys of {}\n", low.join(", "))),
                },
                Some(obstacle) => Answer::text(503, &format!("{obstacle}\n")),
            },
            "/metrics" => {
                let standing =
                    Standing { ready: site.obstacle().is_none(), draining: site.control.is_draining() };
                // A store that can't be read ends the node by itself; here stands what was known last.
                let _ = site.watch_keys();
                Answer::text(200, &site.metrics.render(standing, &site.trunk.links()))
            }
            _ => Answer::text(404, "/healthz, /readyz, /metrics\n"),
        }
    };
    let listen = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        tracing::info!(address = %listener.local_addr()?, "health and metrics");
        Http::start(listener, Box::new(pages))
    };
    listen().map_err(|source| NodeError::Link { address: address.to_string(), source })
}

impl Site {
    /// What keeps this node from making keys.
    fn obstacle(&self) -> Option<String> {
        if self.control.is_draining() {
            return Some("draining".to_owned());
        }
        match self.trunk.agreed() {
            Agreed::No { field, .. } => return Some(format!("the peer's configuration differs in {field}")),
            Agreed::Unknown => return Some("no contact with the peer yet".to_owned()),
            Agreed::Yes => {}
        }
        if !self.trunk.is_ready() {
            return Some("no link to the peer".to_owned());
        }
        if self.exhausted.load(Ordering::Relaxed) {
            return Some("the key for authentication is used up".to_owned());
        }
        if self.pads().sessions_left(self.config.params.eps_sound) == 0 {
            return Some(SPENT.to_owned());
        }
        self.peer_overspent
            .load(Ordering::Relaxed)
            .then(|| "the peer's budget of epsilon does not cover another session".to_owned())
    }

    /// Raises the alarm where few keys are left to deliver.
    pub(super) fn watch_keys(&self) -> Result<(), NodeError> {
        let low_water = self.tunables().keys_low_water;
        for (source, vault) in &self.sources {
            let available = vault.keys_available()?;
            self.metrics.source(&source.name, |numbers| {
                let is_low = available < low_water;
                if is_low && !numbers.keys_low {
                    tracing::warn!(
                        source = %source.name, available, low_water,
                        "ALARM keys-low: few keys are left to deliver; see whether blocks fail, or are asked for too rarely"
                    );
                }
                if !is_low && numbers.keys_low {
                    tracing::info!(source = %source.name, available, "keys-low is over");
                }
                numbers.keys_available = available;
                numbers.keys_low = is_low;
            });
        }
        #[cfg(unix)]
        self.watch_deliveries()?;
        Ok(())
    }

    /// Counts the key left for authentication and the epsilon left, and raises the alarm when one of them runs out.
    pub(super) fn watch_pads(&self) -> Result<(), NodeError> {
        let (remaining, sessions, sessions_left, ledger) = {
            let pads = self.pads();
            let left = pads.sessions_left(self.config.params.eps_sound);
            (8 * pads.remaining_bytes(), pads.sessions(), left, pads.ledger().clone())
        };
        let mut available = remaining;
        for (_, vault) in &self.sources {
            available = available.saturating_add(vault.pad_bits()?);
        }
        let low_water = self.tunables().pads_low_water_bits;
        let is_low = available < low_water;
        self.metrics.pads(|pads| {
            if is_low && !pads.is_low {
                tracing::warn!(
                    available_bits = available,
                    low_water_bits = low_water,
                    "ALARM pads-low: key for authentication runs short; give both sites a new pre-shared key before it is used up"
                );
            }
            if !is_low && pads.is_low {
                tracing::info!(available_bits = available, "pads-low is over");
            }
            pads.available_bits = available;
            pads.is_low = is_low;
            if sessions_left == 0 && !pads.is_overspent {
                tracing::error!(
                    sessions, spent = ledger.total().map(tracing::field::display), budget = %ledger.budget(),
                    "ALARM epsilon-spent: {SPENT}; no further blocks until both sites have a new pre-shared key, or a larger \
                     security.eps_total, and a restart"
                );
            }
            pads.is_overspent = sessions_left == 0;
            pads.sessions = sessions;
            pads.sessions_left = sessions_left;
            let nothing = ledger.entries().is_empty();
            pads.eps_spent = if nothing { 0.0 } else { ledger.total().map_or(1.0, Epsilon::probability) };
            pads.eps_total = ledger.budget().probability().min(1.0);
        });
        Ok(())
    }
}

const SPENT: &str = "the budget of epsilon of this pre-shared key does not cover another session";
