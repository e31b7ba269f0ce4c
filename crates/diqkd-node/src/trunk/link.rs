//! Keeps one link connected: dials or listens, again and again.

use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand_core::Rng;

use super::connection::serve;
use super::stream::Stream;
use super::wire::WireError;
use super::{STEP, Shared};

/// Dials until the trunk stops.
pub(super) fn dial(shared: &Arc<Shared>, link: usize, address: &str) {
    let mut jitter = shared.options.randomness.generator(&format!("jitter of link {link}"));
    let mut failures = 0;
    while !shared.lock().stopped {
        let started = Instant::now();
        let ended = connect(address, shared.tunables().link_dead_after)
            .map_err(WireError::from)
            .and_then(|stream| serve(shared, link, wrap(shared, link, stream)?));
        if shared.lock().stopped {
            return;
        }
        let name = &shared.options.links[link].name;
        failures = if started.elapsed() > STEADY { 0 } else { failures + 1 };
        let pause = backoff(shared, failures, jitter.next_u64());
        match ended {
            Err(error) => {
                let cause = with_cause(&error);
                tracing::warn!(link = %name, %cause, retry_ms = pause.as_millis() as u64, "link down");
            }
            Ok(()) => tracing::info!(link = %name, "link closed"),
        }
        sleep(shared, pause);
    }
}

/// An address to listen on.
pub(super) fn bind(address: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes connections until the trunk stops. A new connection that proves itself takes the place of the one before.
pub(super) fn listen(shared: &Arc<Shared>, link: usize, listener: &TcpListener) {
    let open = Arc::new(AtomicUsize::new(0));
    while !shared.lock().stopped {
        let Ok((stream, peer)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(10));
            continue;
        };
        if open.load(Ordering::Relaxed) >= MOST_CONNECTIONS || stream.set_nonblocking(false).is_err() {
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let (thread_shared, thread_open) = (Arc::clone(shared), Arc::clone(&open));
        let spawned = std::thread::Builder::new().name("link connection".to_owned()).spawn(move || {
            let ended =
                wrap(&thread_shared, link, stream).and_then(|stream| serve(&thread_shared, link, stream));
            thread_open.fetch_sub(1, Ordering::Relaxed);
            if let Err(error) = ended
                && !thread_shared.lock().stopped
            {
                let name = &thread_shared.options.links[link].name;
                let cause = with_cause(&error);
                tracing::warn!(link = %name, %peer, %cause, "link down");
            }
        });
        if spawned.is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
    // Connections end by themselves once the trunk has stopped.
    let until = Instant::now() + STEADY;
    while open.load(Ordering::Relaxed) > 0 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The stream as the link wants it: plain, or inside TLS.
fn wrap(shared: &Shared, link: usize, stream: TcpStream) -> Result<Stream, WireError> {
    stream.set_nodelay(true)?;
    #[cfg(all(unix, feature = "tls"))]
    if let Some(tls) = &shared.tls[link] {
        return Ok(tls.wrap(stream)?);
    }
    #[cfg(not(all(unix, feature = "tls")))]
    let _ = (shared, link);
    Ok(Stream::Tcp(stream))
}

fn connect(address: &str, wait: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, wait) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Between half of the pause and all of it, doubled with each failure in a row.
fn backoff(shared: &Shared, failures: u32, random: u64) -> Duration {
    let tunables = shared.tunables();
    let doubled = tunables.backoff_min.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let longest = doubled.min(tunables.backoff_max);
    longest.mul_f64(0.5 + 0.5 * (random as f64 / u64::MAX as f64))
}

fn sleep(shared: &Shared, pause: Duration) {
    let until = Instant::now() + pause;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || shared.lock().stopped {
            return;
        }
        std::thread::sleep(left.min(STEP));
    }
}

fn with_cause(error: &WireError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// A connection that lasted so long was a good one.
const STEADY: Duration = Duration::from_secs(5);
/// Connections of a link at once; all but one are about to prove themselves or to end.
const MOST_CONNECTIONS: usize = 8;
