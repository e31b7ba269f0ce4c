//! The vendor's end, around any time tagger.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use diqkd_hal::{Error, ErrorKind, Status, TagBlock, TimeTagger};

use super::{Begin, Frames, FromStation, MOST_TAGS, StreamError, ToStation, send};

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

/// Serves blocks to a node until it hangs up. `tagger` makes the tagger of a block; its text, if it can't, goes to the node.
///
/// # Errors
/// [`StreamError`] when the node can't be heard or spoken to.
pub fn serve<T: TimeTagger>(
    input: impl Read + Send + 'static,
    mut output: impl Write,
    station: &Station,
    mut tagger: impl FnMut(&Begin) -> Result<T, String>,
) -> Result<(), StreamError> {
    let Station { channels, resolution_ps, name } = station.clone();
    send(&mut output, &FromStation::Hello { channels, resolution_ps, name }.encode())?;
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
        let end = match tagger(&begin) {
            Ok(tagger) => record(tagger, &orders, &mut output)?,
            Err(why) => FromStation::Failed { why },
        };
        send(&mut output, &end.encode())?;
    }
    Ok(())
}

/// Records until the tagger ends or the node has enough; gives the last thing to say.
fn record<T: TimeTagger>(
    mut tagger: T,
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
    Ok(tagger.stop().map_or_else(failed, |()| FromStation::End))
}

const TAGS_A_FRAME: usize = MOST_TAGS / 4;
