//! One connection from its greeting to its end.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diqkd_core::Role;
use rand_core::Rng;

use super::stream::Stream;
use super::wire::{self, GREETING_BYTES, Greeting, Kind, Tagger, WireError, read_frame, write_frame};
use super::{Agreed, Connection, MOST_INBOX_BYTES, Shared};
use crate::config::first_difference;

/// Serves a connected stream until it ends.
pub(super) fn serve(shared: &Arc<Shared>, link: usize, mut stream: Stream) -> Result<(), WireError> {
    let tunables = shared.tunables();
    stream.set_timeout(tunables.link_dead_after)?;
    let [mut outgoing, mut incoming] = prove(shared, &mut stream)?;
    let number = enter(shared, link, &mut stream, &mut outgoing, &mut incoming)?;

    let mut writing = stream.try_clone()?;
    let writer = {
        let shared = Arc::clone(shared);
        let ping_every = tunables.link_dead_after / 4;
        std::thread::Builder::new().name("link writer".to_owned()).spawn(move || {
            let written = write(&shared, link, number, &mut writing, &mut outgoing, ping_every);
            // The reader must not wait for a peer that can't be written to.
            writing.shutdown();
            written
        })?
    };
    let read = read(shared, link, &mut stream, &mut incoming);
    leave(shared, link, number);
    stream.shutdown();
    let written = writer.join().unwrap_or(Ok(()));
    read.and(written)
}

/// Greets, and has each end show that it has the shared key. Gives the taggers of either direction.
fn prove(shared: &Shared, stream: &mut Stream) -> Result<[Tagger; 2], WireError> {
    let options = &shared.options;
    let mut own = Greeting { role: options.role, incarnation: shared.lock().incarnation, nonce: [0; 32] };
    // Nonces need not be secret, only new.
    let fresh = crate::randomness::Randomness::from_system().map_err(|_| WireError::NoProof)?;
    fresh.generator("nonce").fill_bytes(&mut own.nonce);
    stream.write_all(&own.encode())?;
    let mut greeting = [0; GREETING_BYTES];
    stream.read_exact(&mut greeting)?;
    let peer = Greeting::decode(&greeting)?;
    let keys = match (own.role, peer.role) {
        (Role::Alice, Role::Bob) => wire::keys(&options.key, &own, &peer),
        (Role::Bob, Role::Alice) => {
            let [alice, bob] = wire::keys(&options.key, &peer, &own);
            [bob, alice]
        }
        (role, _) => return Err(WireError::SameRole(role)),
    };
    let [mut outgoing, mut incoming] = keys.map(Tagger::new);
    write_frame(stream, &mut outgoing, Kind::Proof, &[])?;
    match read_frame(stream, &mut incoming) {
        Ok((Kind::Proof, _)) => {}
        Ok(_) | Err(WireError::Altered) => return Err(WireError::NoProof),
        Err(error) => return Err(error),
    }
    shared.lock().meet(peer.incarnation);
    Ok([outgoing, incoming])
}

/// Tells the peer how far its messages have come, compares the agreed fields, and takes the link's place. Gives the
/// connection's number.
fn enter(
    shared: &Shared,
    link: usize,
    stream: &mut Stream,
    outgoing: &mut Tagger,
    incoming: &mut Tagger,
) -> Result<u64, WireError> {
    let agreed = &shared.options.agreed;
    let (epoch, next_expected) = {
        let state = shared.lock();
        (state.epoch, state.next_expected)
    };
    write_frame(stream, outgoing, Kind::Resume, &[&wire::resume_body(next_expected, agreed)])?;
    let (Kind::Resume, body) = read_frame(stream, incoming)? else { return Err(WireError::Altered) };
    let (next, theirs) = wire::split_resume(&body).ok_or(WireError::Altered)?;
    if let Some(field) = first_difference(agreed, &theirs) {
        let value = |fields: &[(String, String)]| {
            fields
                .iter()
                .find(|(name, _)| *name == field)
                .map_or_else(|| "absent".to_owned(), |(_, v)| v.clone())
        };
        let (ours, theirs) = (value(agreed), value(&theirs));
        tracing::error!(%field, %ours, %theirs, "the peer's configuration differs; make both alike and restart");
        shared.lock().agreed = Agreed::No { field, ours, theirs };
        shared.changed.notify_all();
        return Err(WireError::Differs);
    }
    let mut state = shared.lock();
    if state.epoch != epoch || state.stopped || !state.acknowledge(next) {
        return Err(WireError::Altered);
    }
    state.agreed = Agreed::Yes;
    let cursor = state.first;
    let entry = &mut state.links[link];
    entry.close();
    entry.connections += 1;
    let number = entry.connections;
    entry.connection =
        Some(Connection { number, stream: stream.try_clone()?, cursor, ack_due: false, pong_due: None });
    tracing::info!(link = %entry.name, connection = number, "connected");
    if state.active == Some(link) {
        state.active = None;
    }
    state.choose(Instant::now());
    drop(state);
    shared.changed.notify_all();
    Ok(number)
}

fn leave(shared: &Shared, link: usize, number: u64) {
    let mut state = shared.lock();
    let now = Instant::now();
    let entry = &mut state.links[link];
    if entry.connection.as_ref().is_some_and(|connection| connection.number == number) {
        entry.close();
        entry.health.failed(now);
        state.choose(now);
    }
    drop(state);
    shared.changed.notify_all();
}

fn read(shared: &Shared, link: usize, stream: &mut Stream, incoming: &mut Tagger) -> Result<(), WireError> {
    let started = shared.lock().epoch;
    loop {
        let frame = read_frame(stream, incoming);
        let mut state = shared.lock();
        if state.stopped || state.epoch != started {
            return Ok(());
        }
        let (kind, body) = match frame {
            Ok(frame) => frame,
            Err(error) => {
                if matches!(error, WireError::Altered) {
                    state.links[link].altered += 1;
                }
                return Err(error);
            }
        };
        match kind {
            Kind::Data => {
                let (number, channel, message) = wire::split_data(&body).ok_or(WireError::Altered)?;
                if number == state.next_expected {
                    state.next_expected += 1;
                    state.inbox_bytes += message.len();
                    let inbox = state.inboxes.get_mut(usize::from(channel)).ok_or(WireError::Altered)?;
                    inbox.push_back(message.to_vec());
                    if state.inbox_bytes > MOST_INBOX_BYTES {
                        return Err(WireError::Flood);
                    }
                }
                if let Some(connection) = &mut state.links[link].connection {
                    connection.ack_due = true;
                }
            }
            Kind::Acknowledge => {
                let next = wire::number(&body).ok_or(WireError::Altered)?;
                if !state.acknowledge(next) {
                    return Err(WireError::Altered);
                }
            }
            Kind::Ping => {
                if let Some(connection) = &mut state.links[link].connection {
                    connection.pong_due = wire::number(&body);
                }
            }
            Kind::Pong => {
                let sent = wire::number(&body).ok_or(WireError::Altered)?;
                let rtt = elapsed_us().saturating_sub(sent);
                state.links[link].health.answered(Duration::from_micros(rtt));
                state.choose(Instant::now());
            }
            Kind::Proof | Kind::Resume => return Err(WireError::Altered),
        }
        drop(state);
        shared.changed.notify_all();
    }
}

fn write(
    shared: &Shared,
    link: usize,
    number: u64,
    stream: &mut Stream,
    outgoing: &mut Tagger,
    ping_every: Duration,
) -> Result<(), WireError> {
    let mut pinged: Option<Instant> = None;
    loop {
        let Some(item) = next_item(shared, link, number, &mut pinged, ping_every) else { return Ok(()) };
        match item {
            Item::Pong(value) => write_frame(stream, outgoing, Kind::Pong, &[&value.to_le_bytes()])?,
            Item::Acknowledge(next) => {
                write_frame(stream, outgoing, Kind::Acknowledge, &[&next.to_le_bytes()])?
            }
            Item::Ping => write_frame(stream, outgoing, Kind::Ping, &[&elapsed_us().to_le_bytes()])?,
            Item::Data(number, body) => {
                write_frame(stream, outgoing, Kind::Data, &[&number.to_le_bytes(), &body])?;
            }
        }
    }
}

enum Item {
    Pong(u64),
    Acknowledge(u64),
    Ping,
    Data(u64, Arc<Vec<u8>>),
}

/// Waits for what is to be written next; `None` once the connection is over.
fn next_item(
    shared: &Shared,
    link: usize,
    number: u64,
    pinged: &mut Option<Instant>,
    ping_every: Duration,
) -> Option<Item> {
    let mut state = shared.lock();
    loop {
        let (first, next_expected) = (state.first, state.next_expected);
        let is_active = state.active == Some(link);
        let end = first + state.outgoing.len() as u64;
        let connection = state.links[link].connection.as_mut().filter(|it| it.number == number)?;
        if let Some(value) = connection.pong_due.take() {
            return Some(Item::Pong(value));
        }
        if std::mem::take(&mut connection.ack_due) {
            return Some(Item::Acknowledge(next_expected));
        }
        if pinged.is_none_or(|at| at.elapsed() >= ping_every) {
            *pinged = Some(Instant::now());
            return Some(Item::Ping);
        }
        connection.cursor = connection.cursor.max(first);
        if is_active && connection.cursor < end {
            let number = connection.cursor;
            connection.cursor += 1;
            let body = state.outgoing.get((number - first) as usize).map(Arc::clone)?;
            return Some(Item::Data(number, body));
        }
        state = shared.wait(state, ping_every.min(super::STEP));
    }
}

/// Microseconds on a clock that only this process knows.
fn elapsed_us() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(u64::MAX)
}
