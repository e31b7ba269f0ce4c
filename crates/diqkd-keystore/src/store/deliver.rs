//! Keys go out: once.

use diqkd_core::KeyId;
use redb::ReadableTable;
use zeroize::Zeroizing;

use super::KeyStore;
use super::insert::{MAX_BATCH, limit};
use super::tables::Tables;
use crate::audit::AuditEvent;
use crate::error::Error;
use crate::key::{DeliveredKey, KeyState, MAX_CONSUMER_BYTES};
use crate::record::Stored;
use crate::seal::open_key;

/// A delivery as decided within the transaction, told to the caller only after the commit.
enum Delivery {
    Key(DeliveredKey),
    Expired(Error),
}

impl KeyStore {
    /// Hands out a key, at most once: its bits have left the file, durably, before they are returned. If this fails
    /// or the process dies in between, the key may be lost but is never handed out twice.
    ///
    /// `consumer`: who asks, 1 to 256 bytes, for the audit chain.
    ///
    /// # Errors
    /// [`Error::UnknownKey`]; [`Error::IllegalTransition`] for a key that is not available; [`Error::Expired`], after
    /// erasing it; [`Error::Corrupt`] for a key that does not decrypt; [`Error::Limit`]; [`Error::Storage`].
    pub fn deliver(&self, id: KeyId, consumer: &str, now_unix_s: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
        limit("the length of the consumer's name in bytes", consumer.len(), 1, MAX_CONSUMER_BYTES)?;
        let delivery = self.change(|tables| {
            let stored = tables.record(id)?.ok_or(Error::UnknownKey { id })?;
            self.hand_out(tables, id, stored, consumer, now_unix_s)
        })?;
        match delivery {
            Delivery::Key(key) => Ok(key.secret),
            Delivery::Expired(error) => Err(error),
        }
    }

    /// Hands out several keys, all or none, in one durable transaction and in the order asked for; otherwise as
    /// [`KeyStore::deliver`].
    ///
    /// # Errors
    /// As for [`KeyStore::deliver`]; a key whose time is over makes the call fail without being erased. [`Error::Limit`]
    /// for more than 2^20 keys.
    pub fn deliver_batch(
        &self,
        ids: &[KeyId],
        consumer: &str,
        now_unix_s: u64,
    ) -> Result<Vec<DeliveredKey>, Error> {
        limit("the length of the consumer's name in bytes", consumer.len(), 1, MAX_CONSUMER_BYTES)?;
        limit("the number of keys in a batch", ids.len(), 0, MAX_BATCH)?;
        self.change(|tables| {
            let mut keys = Vec::with_capacity(ids.len());
            for &id in ids {
                let stored = tables.record(id)?.ok_or(Error::UnknownKey { id })?;
                match self.hand_out(tables, id, stored, consumer, now_unix_s)? {
                    Delivery::Key(key) => keys.push(key),
                    Delivery::Expired(error) => return Err(error),
                }
            }
            Ok(keys)
        })
    }

    /// Hands out the oldest available key, or `None` when there is none; otherwise as [`KeyStore::deliver`].
    ///
    /// # Errors
    /// As for [`KeyStore::deliver`].
    pub fn deliver_next(&self, consumer: &str, now_unix_s: u64) -> Result<Option<DeliveredKey>, Error> {
        limit("the length of the consumer's name in bytes", consumer.len(), 1, MAX_CONSUMER_BYTES)?;
        loop {
            let delivery = self.change(|tables| {
                let oldest =
                    tables.queue.first().map_err(Error::from_redb)?.map(|(_, id)| KeyId(*id.value()));
                let Some(id) = oldest else { return Ok(None) };
                let stored = tables
                    .record(id)?
                    .ok_or(Error::Corrupt { table: "queue", what: "names an unknown key" })?;
                self.hand_out(tables, id, stored, consumer, now_unix_s).map(Some)
            })?;
            match delivery {
                None => return Ok(None),
                Some(Delivery::Key(key)) => return Ok(Some(key)),
                Some(Delivery::Expired(_)) => {}
            }
        }
    }

    fn hand_out(
        &self,
        tables: &mut Tables<'_>,
        id: KeyId,
        stored: Stored,
        consumer: &str,
        now_unix_s: u64,
    ) -> Result<Delivery, Error> {
        if stored.state != KeyState::Available {
            return Err(Error::IllegalTransition { id, state: stored.state.name(), operation: "delivered" });
        }
        if let Some(expires_unix_s) = stored.fixed.expires_unix_s
            && expires_unix_s <= now_unix_s
        {
            tables.expire(id, stored.fixed, now_unix_s)?;
            return Ok(Delivery::Expired(Error::Expired { id, expires_unix_s, now_unix_s }));
        }
        let missing = |table| Error::Corrupt { table, what: "no entry for an available key" };
        let secret = {
            let wrapping =
                tables.wrapping.get(&id.0).map_err(Error::from_redb)?.ok_or(missing("wrapping keys"))?;
            let sealed = tables.secrets.get(&id.0).map_err(Error::from_redb)?.ok_or(missing("secrets"))?;
            open_key(&self.storage_key, id, wrapping.value(), sealed.value())?
        };
        let state = KeyState::Delivered { consumer: consumer.to_owned(), at_unix_s: now_unix_s };
        let event = AuditEvent::Delivered { id, consumer: consumer.to_owned() };
        tables.retire(id, stored.fixed, state, now_unix_s, &event)?;
        Ok(Delivery::Key(DeliveredKey { id, secret }))
    }
}
