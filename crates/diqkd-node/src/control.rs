//! What an operator asks of a running node, by signals or by calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Requests to a running node.
#[derive(Debug, Default)]
pub struct Control {
    drain: AtomicBool,
    cancel: AtomicBool,
    reload: AtomicBool,
}

impl Control {
    /// Finish the blocks that are running, begin no other, and end.
    pub fn drain(&self) {
        self.drain.store(true, Ordering::Relaxed);
    }

    /// Give up the blocks that are running and end.
    pub fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.drain();
    }

    /// Read the configuration again and take over what may change while running.
    pub fn reload(&self) {
        self.reload.store(true, Ordering::Relaxed);
    }

    /// Follows the signals of the process: SIGTERM and SIGINT drain, a second one cancels, SIGHUP reloads.
    ///
    /// # Errors
    /// The operating system's.
    #[cfg(unix)]
    pub fn follow_signals(self: &Arc<Self>) -> std::io::Result<()> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        let control = Arc::clone(self);
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGHUP => control.reload(),
                    _ if control.is_draining() => control.cancel(),
                    _ => control.drain(),
                }
            }
        })?;
        Ok(())
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.drain.load(Ordering::Relaxed)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    pub(crate) fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }
}
