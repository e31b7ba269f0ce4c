//! A recorded run replays: the same trials and frames give the same decision, the same key length and the same bits.
//!
//! The archive here is a folder of plain files, written by this example: Bob's trials and the frames that reached him.
//!
//! ```sh
//! cargo run --release --example replay_archive -- FOLDER    # records a run there, then replays Bob's side of it
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;

use diqkd_core::Role;
use diqkd_examples::{listen, session, session_params, table_from_csv, table_to_csv, trials};
use diqkd_protocol::Event;
use diqkd_sim::Strategy;

fn main() -> Result<(), Box<dyn Error>> {
    let kept = std::env::args_os().nth(1);
    let default = || std::env::temp_dir().join(format!("replay-archive-{}", std::process::id()));
    let folder = kept.as_ref().map_or_else(default, Into::into);
    fs::create_dir_all(&folder)?;
    let (live, replayed) = (record(&folder)?, replay(&folder)?);
    println!("live     {live}\nreplayed {replayed}\nidentical: {}", live == replayed);
    if kept.is_some() { Ok(()) } else { Ok(fs::remove_dir_all(folder)?) }
}

/// A run of both sites; what Bob saw goes into the archive.
fn record(folder: &Path) -> Result<String, Box<dyn Error>> {
    let params = session_params(250_000)?;
    let (mut alice, mut bob) = (session(Role::Alice, &params, 1)?, session(Role::Bob, &params, 2)?);
    let (of_alice, of_bob) = trials(&alice, Strategy::Honest, 3)?;
    fs::write(folder.join("trials.csv"), table_to_csv(&of_bob))?;
    alice.finish_recording(of_alice);
    bob.finish_recording(of_bob);
    let (mut frames, mut ending) = (Vec::new(), String::new());
    listen(&mut bob, |event| note(event, &mut ending));
    loop {
        listen(&mut alice, |_| ());
        let Some(frame) = alice.poll_transmit(0) else { break };
        frames.extend((frame.len() as u32).to_le_bytes());
        frames.extend(&frame);
        bob.handle_frame(&frame, 0);
        listen(&mut bob, |event| note(event, &mut ending));
        while let Some(answer) = bob.poll_transmit(0) {
            alice.handle_frame(&answer, 0);
        }
    }
    fs::write(folder.join("frames.bin"), frames)?;
    Ok(ending)
}

/// Bob alone, from the archive.
fn replay(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut bob = session(Role::Bob, &session_params(250_000)?, 2)?;
    bob.finish_recording(table_from_csv(&fs::read_to_string(folder.join("trials.csv"))?)?);
    let (frames, mut ending) = (fs::read(folder.join("frames.bin"))?, String::new());
    listen(&mut bob, |event| note(event, &mut ending));
    let mut rest = &frames[..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (frame, after) = after.split_at_checked(length).ok_or("frames.bin is cut")?;
        bob.handle_frame(frame, 0);
        listen(&mut bob, |event| note(event, &mut ending));
        while bob.poll_transmit(0).is_some() {}
        rest = after;
    }
    Ok(ending)
}

/// Keeps how a session ended.
fn note(event: Event, ending: &mut String) {
    if let Event::Key { key, report } = event {
        let (bits, id) = (report.key_bits, key.into_keys(256).remove(0).id);
        *ending = format!("{bits} bits, first key {id}, transcript {:02x?}", &report.transcript[..4]);
    } else if let Event::Aborted(abort) = event {
        *ending = format!("no key: {abort}");
    }
}
