//! Bounds how many threads compute at once, and lets urgent blocks in first.
//!
//! A block holds its place only while it computes, never while it waits for its peer, so two sites can't wait for each other
//! here. Blocks that find no place wait with their data: that is what pushes back on recording.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    free: usize,
    next_ticket: u64,
    /// Who waits: urgency (lower is more urgent) and ticket.
    waiting: BTreeSet<(u8, u64)>,
}

/// A place at the gate.
pub(crate) struct Place<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new(places: usize) -> Self {
        let state = State { free: places.max(1), next_ticket: 0, waiting: BTreeSet::new() };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits for a place; those of higher priority first, else who came first.
    pub(crate) fn enter(&self, priority: u8) -> Place<'_> {
        let mut state = self.lock();
        let ticket = (u8::MAX - priority, state.next_ticket);
        state.next_ticket += 1;
        state.waiting.insert(ticket);
        while state.free == 0 || state.waiting.first() != Some(&ticket) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.remove(&ticket);
        state.free -= 1;
        drop(state);
        // There may be a place for the next one, too.
        self.changed.notify_all();
        Place(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_urgent_go_first_and_never_more_than_there_are_places() {
        let gate = Gate::new(1);
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let held = gate.enter(0);
            for (count, priority) in [0, 9, 5].into_iter().enumerate() {
                let (gate, order) = (&gate, &order);
                scope.spawn(move || {
                    let _place = gate.enter(priority);
                    order.lock().unwrap().push(priority);
                });
                while gate.lock().waiting.len() <= count {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            assert!(order.lock().unwrap().is_empty());
            drop(held);
        });
        assert_eq!(*order.lock().unwrap(), [9, 5, 0]);
    }
}
