//! Where the rounds of a block come from.

mod recording;
mod simulated;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use diqkd_core::{LocalTrial, Role};
use diqkd_hal::StationLayout;
use diqkd_protocol::{FlagSource, RaisedFlags, Session};
use diqkd_sim::SimulatedStation;
use zeroize::Zeroizing;

pub(crate) use recording::RecordedTags;

use crate::config::{SourceConfig, SourceKind, StationAddress};
use crate::station_stream::{Begin, Flags, StationClient};

/// A quantum link of a running node.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) priority: u8,
    role: Role,
    kind: SourceKind,
    /// Held while a block is recorded, by sources that can record only one at a time.
    device: Mutex<Device>,
}

/// What is behind a source and lasts longer than a block.
#[derive(Default)]
pub(crate) struct Device {
    station: Option<StationClient>,
    /// Blocks that this site has begun to record.
    pub(crate) blocks: u64,
}

/// What records one block.
pub(crate) enum Recorder {
    /// Simulated time tags, and the flags that this site drew, where it draws its own.
    Simulated { station: Box<SimulatedStation>, layout: Box<StationLayout>, raised: Option<RaisedFlags> },
    /// Simulated trials, and the same.
    Trials { trials: Box<dyn Iterator<Item = LocalTrial> + Send>, raised: Option<RaisedFlags> },
    /// A file of time tags.
    Recorded { path: PathBuf, layout: Box<StationLayout> },
    /// A vendor's process.
    Station { at: StationAddress, begin: Begin, layout: Box<StationLayout> },
}

impl Source {
    pub(crate) fn new(config: &SourceConfig, role: Role) -> Self {
        Self {
            name: config.name.clone(),
            priority: config.priority,
            role,
            kind: config.kind.clone(),
            device: Mutex::default(),
        }
    }

    /// Waits until the device is free; `None` for sources that record any number of blocks at once.
    pub(crate) fn device(&self) -> Option<MutexGuard<'_, Device>> {
        match self.kind {
            SourceKind::Simulator(_) => None,
            _ => Some(self.device.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Rounds a second at most; `None`: no limit.
    pub(crate) fn pace_hz(&self) -> Option<u64> {
        match &self.kind {
            SourceKind::Simulator(simulator) => simulator.pace_hz,
            _ => None,
        }
    }

    /// The file of a block, for sources that replay recordings.
    pub(crate) fn recording(&self, block: u64) -> Option<PathBuf> {
        match &self.kind {
            SourceKind::Recording { tags, .. } => Some(tags.replace("{block}", &block.to_string()).into()),
            _ => None,
        }
    }

    /// The recorder of the block that `session` is about to collect, the `block`-th of this source.
    pub(crate) fn recorder(&self, session: &Session, block: u64) -> Recorder {
        match &self.kind {
            SourceKind::Simulator(simulator) => simulated::recorder(simulator, self.role, session),
            SourceKind::Recording { layout, .. } => {
                let path = self.recording(block).unwrap_or_default();
                Recorder::Recorded { path, layout: layout.clone() }
            }
            SourceKind::Station { at, layout } => {
                let params = session.params();
                let flags = match (params.variant.flags, self.role) {
                    (FlagSource::Expanded, _) => Flags::Expanded {
                        gamma: params.gamma,
                        seed: Zeroizing::new(*session.test_flag_seed()),
                    },
                    (FlagSource::Local { alice, .. }, Role::Alice) => Flags::Own { probability: alice },
                    (FlagSource::Local { bob, .. }, Role::Bob) => Flags::Own { probability: bob },
                };
                let (session, rounds) = (params.session, params.rounds_to_record());
                let begin = Begin { session, rounds, role: self.role, flags };
                Recorder::Station { at: at.clone(), begin, layout: layout.clone() }
            }
        }
    }
}

impl Device {
    /// The station, connected, with its block begun. After a failure of the station call [`Device::hang_up`].
    pub(crate) fn station(
        &mut self,
        at: &StationAddress,
        begin: Begin,
    ) -> Result<&mut StationClient, crate::station_stream::ClientError> {
        let mut station = match self.station.take() {
            Some(station) => station,
            None => StationClient::open(at)?,
        };
        station.begin(begin)?;
        Ok(self.station.insert(station))
    }

    /// Gives the station up; the next block connects anew.
    pub(crate) fn hang_up(&mut self) {
        self.station = None;
    }
}
