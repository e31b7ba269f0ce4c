//! The open data of the loophole-free Bell test at Delft in 2015: one heralded pair of photons a line, 17 columns
//! without a header, from which the published rule selects the trials.
//!
//! B. Hensen et al., Nature 526, 682 (2015); data at doi:10.4121/uuid:6e19e9b2-4a2d-40b5-8dd3-a660bf3c0a31. Windows as
//! published with the data.

use diqkd_bell::{Cell, RunTrial};

/// What a line of the table is.
pub(super) enum Event {
    /// A valid trial.
    Trial(RunTrial),
    /// Event-ready, but a station was not: a herald of its own charge state or a marker of a recent failure.
    NotReady,
    /// Photons outside the windows of the herald.
    NoHerald,
}

/// Whether a line looks like one of the table: a date, then 16 whole numbers.
pub(super) fn is_line(line: &str) -> bool {
    let mut fields = line.split(',');
    let date = fields.next().unwrap_or_default().trim();
    let dated =
        date.len() >= 19 && date.as_bytes().get(4) == Some(&b'-') && date.as_bytes().get(13) == Some(&b':');
    dated && numbers(line).is_some()
}

/// The event of a line; `None` where it is no line of the table.
pub(super) fn event(line: &str) -> Option<Event> {
    let [
        _,
        _,
        first_ps,
        first_at,
        second_ps,
        second_at,
        x,
        y,
        _,
        _,
        click_a,
        click_b,
        early_a,
        early_b,
        fail_a,
        fail_b,
    ] = numbers(line)?;
    let opens_ps = |detector: u64| if detector == 0 { 5_426_350 } else { 5_425_700 };
    let within = |time: u64, from: u64| (from..from + HERALD_PS).contains(&time);
    if first_at > 1 || second_at > 1 || x > 1 || y > 1 {
        return None;
    }
    let psi_minus = first_at != second_at
        && within(first_ps, opens_ps(first_at))
        && within(second_ps, opens_ps(second_at) + SEPARATION_PS);
    if !psi_minus {
        return Some(Event::NoHerald);
    }
    // A photon right after the excitation tells of a herald that is not the spin's; the failure marker counts attempts.
    let ready =
        early_a == 0 && early_b == 0 && [fail_a, fail_b].iter().all(|&n| n == 0 || n > FAILURE_ATTEMPTS);
    if !ready {
        return Some(Event::NotReady);
    }
    // The first photon of the read-out, in ns after the synchronisation; 0 stands for none.
    let outcome =
        |click: u64| u8::from(!(READ_OUT_NS + 1..=READ_OUT_NS + READ_OUT_LENGTH_NS).contains(&click));
    let cell = Cell { x: x as u8, y: y as u8, a: outcome(click_a), b: outcome(click_b) };
    Some(Event::Trial(RunTrial { cell, herald: 0 }))
}

fn numbers(line: &str) -> Option<[u64; 16]> {
    let mut numbers = [0; 16];
    let mut fields = line.trim().split(',').skip(1);
    for number in &mut numbers {
        *number = fields.next()?.trim().parse().ok()?;
    }
    fields.next().is_none().then_some(numbers)
}

const HERALD_PS: u64 = 52_450;
const SEPARATION_PS: u64 = 250_000;
const FAILURE_ATTEMPTS: u64 = 250;
const READ_OUT_NS: u64 = 10_620;
const READ_OUT_LENGTH_NS: u64 = 3_700;
