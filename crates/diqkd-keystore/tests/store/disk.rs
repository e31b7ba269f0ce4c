//! A disk in memory that can lose power: writes that were not synced survive or not, at random, whole or torn.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use redb::StorageBackend;

/// A handle on the disk; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What reads see.
    live: Vec<u8>,
    /// What the last sync guaranteed.
    synced: Vec<u8>,
    /// Changes since the last sync.
    pending: Vec<Change>,
    /// Operations so far.
    operations: usize,
    /// The operation at which the power fails.
    power_cut: Option<usize>,
    /// Everything that was ever written.
    written: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Disk {
    pub(crate) fn with(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { live: bytes.clone(), synced: bytes, ..State::default() })))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().live.clone()
    }

    /// Everything that was ever written to this handle's disk.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.state().written.clone()
    }

    pub(crate) fn operations(&self) -> usize {
        self.state().operations
    }

    /// Lets the power fail at the `n`-th operation from now.
    pub(crate) fn cut_power_after(&self, n: usize) {
        let mut state = self.state();
        state.power_cut = Some(state.operations + n);
    }

    /// Whether the power has failed.
    pub(crate) fn is_out(&self) -> bool {
        let state = self.state();
        state.power_cut.is_some_and(|cut| state.operations >= cut)
    }

    /// The disk after a restart: what was synced, with a random part of what was not.
    pub(crate) fn restart(&self, seed: u64) -> Self {
        let state = self.state();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut bytes = state.synced.clone();
        for change in &state.pending {
            match rng.random_range(0..4) {
                0 => {}
                1 => {
                    if let Change::Write(offset, data) = change {
                        let torn = rng.random_range(0..=data.len());
                        apply(&mut bytes, &Change::Write(*offset, data[..torn].to_vec()));
                    }
                }
                _ => apply(&mut bytes, change),
            }
        }
        Self::with(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the lock")
    }

    fn operation(&self) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.state();
        if state.power_cut.is_some_and(|cut| state.operations >= cut) {
            return Err(Error::other("no power"));
        }
        state.operations += 1;
        Ok(state)
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.state().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let state = self.state();
        let start = offset as usize;
        let data = state.live.get(start..start + out.len()).ok_or(Error::from(ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(data);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        self.change(Change::Length(len))
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut state = self.operation()?;
        let State { synced, pending, .. } = &mut *state;
        pending.drain(..).for_each(|change| apply(synced, &change));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.change(Change::Write(offset, data.to_vec()))
    }
}

impl Disk {
    fn change(&self, change: Change) -> Result<(), Error> {
        let mut state = self.operation()?;
        if let Change::Write(_, data) = &change {
            state.written.extend_from_slice(data);
        }
        apply(&mut state.live, &change);
        state.pending.push(change);
        Ok(())
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(len) => bytes.resize(*len as usize, 0),
        Change::Write(offset, data) => {
            let start = *offset as usize;
            if bytes.len() < start + data.len() {
                bytes.resize(start + data.len(), 0);
            }
            bytes[start..start + data.len()].copy_from_slice(data);
        }
    }
}
