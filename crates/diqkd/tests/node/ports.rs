//! Ports that no one else takes between the moment a test learns of them and the moment its node listens there.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A port of the loopback interface, this process's as long as it runs: below those that systems give to outgoing
/// connections, and marked by a locked file for other tests from the same folder. Those of other folders begin elsewhere.
pub(crate) fn free_port() -> u16 {
    static TAKEN: Mutex<Vec<(u16, File)>> = Mutex::new(Vec::new());
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ports");
    std::fs::create_dir_all(&folder).unwrap();
    let first = std::process::id() as usize % PORTS.len();
    for port in PORTS.cycle().skip(first).take(PORTS.len()) {
        if taken.iter().any(|&(of_this_process, _)| of_this_process == port) {
            continue;
        }
        let mark = File::create(folder.join(port.to_string())).unwrap();
        if mark.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            taken.push((port, mark));
            return port;
        }
    }
    panic!("no port of {PORTS:?} is free");
}

const PORTS: Range<u16> = 20_000..32_000;
