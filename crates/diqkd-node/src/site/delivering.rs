//! Keys for applications while the node runs.

use std::sync::{Arc, Weak};

use super::Site;
use crate::config::DeliveryConfig;
use crate::delivery::{Counter, Served, Socket};
use crate::error::NodeError;
use crate::http::{Answer, Http, Request};

/// A socket that is served until this is dropped.
pub(super) struct Delivery {
    _http: Http,
    _socket: Socket,
}

/// Serves every pair of applications.
pub(super) fn serve(site: &Arc<Site>) -> Result<Vec<Delivery>, NodeError> {
    let start = |index: usize, pair: &DeliveryConfig| {
        let (socket, listener) = Socket::listen(&pair.unix, pair.access)?;
        // The socket must not keep the site: it is taken apart before.
        let site: Weak<Site> = Arc::downgrade(site);
        let calls = move |request: &Request| match site.upgrade() {
            Some(site) => site.deliver(index, request),
            None => Answer::text(503, "stopping\n"),
        };
        Ok(Delivery { _http: Http::start(listener, Box::new(calls))?, _socket: socket })
    };
    let pairs = site.config.deliveries.iter().enumerate();
    pairs
        .map(|(index, pair)| {
            let delivery = start(index, pair)
                .map_err(|source| NodeError::Delivery { path: pair.unix.clone(), source })?;
            tracing::info!(
                source = %pair.source, sae = %pair.sae_at(site.config.role), socket = %pair.unix.display(), "keys are delivered"
            );
            Ok(delivery)
        })
        .collect()
}

impl Site {
    fn deliver(&self, index: usize, request: &Request) -> Answer {
        let Some(counter) = self.counter(index) else { return Answer::text(503, "stopping\n") };
        let (source, sae) = (&counter.pair.source, counter.pair.sae_at(self.config.role));
        let Served { answer, keys } = counter.serve(request);
        let is_refused = answer.status != 200;
        if keys > 0 {
            tracing::info!(%source, %sae, keys, "keys delivered");
        } else if is_refused {
            let said = String::from_utf8_lossy(&answer.body);
            tracing::debug!(%source, %sae, status = answer.status, %said, "no keys delivered");
        }
        self.metrics.delivery(source, sae, |numbers| {
            numbers.keys += keys as u64;
            numbers.refused += u64::from(is_refused);
        });
        answer
    }

    /// Counts the keys that every pair may still take.
    pub(super) fn watch_deliveries(&self) -> Result<(), NodeError> {
        for index in 0..self.config.deliveries.len() {
            if let Some(counter) = self.counter(index) {
                let available = counter.vault.share_available(counter.share)?;
                let sae = counter.pair.sae_at(self.config.role);
                self.metrics.delivery(&counter.pair.source, sae, |numbers| numbers.available = available);
            }
        }
        Ok(())
    }

    /// Where the application of a pair at this site gets its keys. The file has been checked: every pair has its source.
    fn counter(&self, index: usize) -> Option<Counter<'_>> {
        let (earlier, [pair, ..]) = self.config.deliveries.split_at_checked(index)? else { return None };
        let (_, vault) = self.sources.iter().find(|(source, _)| source.name == pair.source)?;
        let share = earlier.iter().filter(|earlier| earlier.source == pair.source).count();
        let key_bits = self.config.params.key_length_bits;
        Some(Counter { role: self.config.role, pair, vault, share, key_bits })
    }
}
