//! Durable key store: ids, provenance, expiry, at-most-once delivery, audit chain
