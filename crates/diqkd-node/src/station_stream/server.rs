//! The vendor's end, around any time tagger.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use diqkd_hal::{Error, ErrorKind, Status, TagBlock, TimeTagger};
use diqkd_protocol::RaisedFlags;

use super::{
    Begin, Flags, Frames, FromStation, MOST_BODY_BYTES, MOST_TAGS, StreamError, ToStation, VERSION, send,
};

/// What a station's process says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Every channel lies below.
    pub channels: u16,
    /// Time resolution in picoseconds.
    pub resolution_ps: u32,
    /// For the node's log.
    pub name: String,
}

/// What records one block.
#[derive(Debug)]
pub struct Recorder<T> {
    /// Its tags.
    pub tagger: T,
    /// The flags that the station's chooser draws, for a block that begins with [`Flags::Own`].
    pub raised: Option<RaisedFlags>,
}

impl<T> From<T> for Recorder<T> {
    /// For blocks whose flags are expanded from the node's seed.
    fn from(tagger: T) -> Self {
        Self { tagger, raised: None }
    }
}

/// Serves blocks to a node until it hangs up. `recorder` makes what records a block; its text, if it can't, goes to the node.
///
/// # Errors
/// [`StreamError`] when the node can't be heard or spoken to.
pub fn serve<T: TimeTagger>(
    input: impl Read + Send + 'static,
    mut output: impl Write,
    station: &Station,
    mut recorder: impl FnMut(&Begin) -> Result<Recorder<T>, String>,
) -> Result<(), StreamError> {
    let Station { channels, resolution_ps, name } = station.clone();
    send(&mut output, &FromStation::Hello { version: VERSION, channels, resolution_ps, name }.encode())?;
    let (sender, orders) = sync_channel(4);
    // Detached: it ends with the input.
    std::thread::Builder::new().name("orders".to_owned()).spawn(move || {
        let mut frames = Frames::new(input);
        while let Ok(order) = frames.to_station() {
            if sender.send(order).is_err() {
                return;
            }
        }
    })?;
    while let Ok(order) = orders.recv() {
        // A block may have ended by itself before the node said that it has enough.
        let ToStation::Begin(begin) = order else { continue };
        let end = match (recorder(&begin), &begin.flags) {
            (Ok(Recorder { raised: None, .. }), Flags::Own { .. }) => {
                FromStation::Failed { why: "the station draws no flags of its own".to_owned() }
            }
            (Ok(Recorder { tagger, raised }), _) => record(tagger, raised, &orders, &mut output)?,
            (Err(why), _) => FromStation::Failed { why },
        };
        send(&mut output, &end.encode())?;
    }
    Ok(())
}

/// Records until the tagger ends or the node has enough; gives the last thing to say.
fn record<T: TimeTagger>(
    mut tagger: T,
    raised: Option<RaisedFlags>,
    orders: &Receiver<ToStation>,
    output: &mut impl Write,
) -> Result<FromStation, StreamError> {
    let failed = |error: T::Error| match error.kind() {
        ErrorKind::Tamper => FromStation::Tampered { report: format!("{error:?}") },
        kind => FromStation::Failed { why: kind.to_string() },
    };
    if let Err(error) = tagger.start() {
        return Ok(failed(error));
    }
    let (mut time_ps, mut channel) = (vec![0; TAGS_A_FRAME], vec![0; TAGS_A_FRAME]);
    loop {
        match orders.try_recv() {
            Ok(ToStation::Stop) | Err(TryRecvError::Disconnected) => break,
            _ => {}
        }
        let filled = match tagger.fill(TagBlock { time_ps: &mut time_ps, channel: &mut channel }) {
            Ok(filled) => filled,
            Err(error) => return Ok(failed(error)),
        };
        if filled.len > 0 {
            let (time_ps, channel) = (time_ps[..filled.len].to_vec(), channel[..filled.len].to_vec());
            send(output, &FromStation::Tags { time_ps, channel }.encode())?;
        }
        match filled.status {
            Status::Streaming => {}
            Status::Overflow { missed } => send(output, &FromStation::Lost { missed }.encode())?,
            Status::Gap { from_ps, to_ps } => send(output, &FromStation::Gap { from_ps, to_ps }.encode())?,
            Status::SyncLost => send(output, &FromStation::SyncLost.encode())?,
            _ => break,
        }
    }
    if let Err(error) = tagger.stop() {
        return Ok(failed(error));
    }
    // The station has stopped: its flags are no secret from the node any more.
    let raised = raised.map(|raised| raised.take()).unwrap_or_default();
    for gaps in raised.chunks(MOST_BODY_BYTES) {
        send(output, &FromStation::Raised { gaps: gaps.to_vec() }.encode())?;
    }
    Ok(FromStation::End)
}

const TAGS_A_FRAME: usize = MOST_TAGS / 4;
