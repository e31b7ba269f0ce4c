//! A man in the middle: passes bytes on between two ports, alters them, or cuts the line.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Forwards connections to another port until it is dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    stopped: AtomicBool,
    cut: AtomicBool,
    /// One byte in so many is altered; 0: none.
    alter_every: AtomicU64,
    altered: AtomicU64,
    passed: AtomicU64,
}

impl Proxy {
    pub(crate) fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            while !shared.stopped.load(Ordering::Relaxed) {
                let Ok((near, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                if shared.cut.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                near.set_nonblocking(false).unwrap();
                for (from, to) in [(near.try_clone(), far.try_clone()), (far.try_clone(), near.try_clone())] {
                    let (from, to, shared) = (from.unwrap(), to.unwrap(), Arc::clone(&shared));
                    std::thread::spawn(move || pass(from, to, &shared));
                }
            }
        });
        Self { port, state }
    }

    /// Alters one byte in `every`, 0: none.
    pub(crate) fn alter(&self, every: u64) {
        self.state.alter_every.store(every, Ordering::Relaxed);
    }

    /// Bytes altered so far.
    pub(crate) fn altered(&self) -> u64 {
        self.state.altered.load(Ordering::Relaxed)
    }

    /// Ends all connections and lets none through, or lets them through again.
    pub(crate) fn cut(&self, cut: bool) {
        self.state.cut.store(cut, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        self.state.cut.store(true, Ordering::Relaxed);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let _ = from.set_read_timeout(Some(Duration::from_millis(20)));
    let mut piece = [0; 4096];
    while !state.cut.load(Ordering::Relaxed) {
        let len = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => break,
        };
        let before = state.passed.fetch_add(len as u64, Ordering::Relaxed);
        let every = state.alter_every.load(Ordering::Relaxed);
        if every > 0 {
            let at = (every - before % every) % every;
            for byte in piece[..len].iter_mut().skip(at as usize).step_by(every as usize) {
                *byte ^= 1 << (before % 8);
                state.altered.fetch_add(1, Ordering::Relaxed);
            }
        }
        if to.write_all(&piece[..len]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
