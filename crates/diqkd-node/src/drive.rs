//! Moves frames between a session and its link, and time into it.

use std::time::{Duration, Instant};

use diqkd_protocol::Session;

use crate::tcp::{TcpError, TcpLink};

pub(crate) struct Drive {
    pub(crate) session: Session,
    link: TcpLink,
    started: Instant,
}

impl Drive {
    pub(crate) fn new(session: Session, link: TcpLink, started: Instant) -> Self {
        Self { session, link, started }
    }

    /// Sends what is due, takes what has arrived, waiting at most `wait` for the first frame.
    pub(crate) fn turn(&mut self, wait: Duration) -> Result<(), TcpError> {
        self.flush()?;
        let mut wait = until_due(&self.session, self.now_ms(), wait);
        loop {
            match self.link.receive(wait) {
                Ok(Some(frame)) => {
                    let now = self.now_ms();
                    self.session.handle_frame(&frame, now);
                    wait = Duration::ZERO;
                }
                Ok(None) => break,
                // A peer that has its key, or has aborted, may close before we have looked at all it said.
                Err(_) if self.is_over() => break,
                Err(error) => return Err(error),
            }
            if self.is_over() {
                break;
            }
        }
        let now = self.now_ms();
        self.session.handle_timeout(now);
        self.flush()
    }

    /// Sends everything queued.
    pub(crate) fn flush(&mut self) -> Result<(), TcpError> {
        let now = self.now_ms();
        while let Some(frame) = self.session.poll_transmit(now) {
            match self.link.send(&frame) {
                Err(_) if self.is_over() => return Ok(()),
                sent => sent?,
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        !self.session.needs_peer()
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// `wait`, or less where the session has something to do before: what is to leave at a fixed time must not leave at a time that
/// depends on when this site began to wait.
pub(crate) fn until_due(session: &Session, now_ms: u64, wait: Duration) -> Duration {
    session
        .poll_timeout()
        .map_or(wait, |due_ms| wait.min(Duration::from_millis(due_ms.saturating_sub(now_ms))))
}
