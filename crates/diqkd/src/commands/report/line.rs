//! One line of a node's log, as far as a report needs it.

use serde_json::{Map, Value};

use super::calendar::Time;

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Line {
    /// A block begins.
    Begins(Begun),
    /// A block has ended.
    Ended(Block),
    /// Anything else from a warning upwards.
    Trouble { at: Time, level: Level, what: String, about: String },
    /// A link is up, or no longer.
    Link { at: Time, link: String, up: bool },
    /// The node has stopped.
    Stopped { at: Time },
    /// Of no interest here.
    Other { at: Time },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Begun {
    pub(super) at: Time,
    pub(super) source: String,
    pub(super) session: String,
    /// Soundness of the block, where the log says it.
    pub(super) eps_sound: Option<f64>,
}

/// How a block ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) at: Time,
    pub(super) source: String,
    pub(super) session: String,
    pub(super) ending: Ending,
    /// Test rounds won and test rounds; Bob alone knows them.
    pub(super) game: Option<(u64, u64)>,
    /// The threshold on the winning probability.
    pub(super) omega_threshold: Option<f64>,
    /// Errors among the key rounds, and key rounds.
    pub(super) errors: Option<(u64, u64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    Key { rounds: u64, key_bits: u64, leak_bits: u64, f_ec: Option<f64> },
    NoKey { reason: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Error,
    Warning,
}

impl Line {
    pub(super) fn at(&self) -> Time {
        match self {
            Self::Begins(begun) => begun.at,
            Self::Ended(block) => block.at,
            Self::Trouble { at, .. } | Self::Link { at, .. } | Self::Stopped { at } | Self::Other { at } => {
                *at
            }
        }
    }

    /// Reads a line; `None` where it is none of a node's log in JSON.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let Ok(Value::Object(line)) = serde_json::from_slice(bytes) else { return None };
        let at: Time = line.get("timestamp")?.as_str()?.parse().ok()?;
        let level = line.get("level")?.as_str()?;
        let message = line.get("message")?.as_str()?;
        Some(match message {
            "block begins" => Self::Begins(Begun {
                at,
                source: text(&line, "source")?,
                session: text(&line, "session")?,
                eps_sound: line
                    .get("eps_sound")
                    .and_then(Value::as_f64)
                    .filter(|eps| (0.0..=1.0).contains(eps)),
            }),
            "key" | "no key" => Self::Ended(block(&line, at, message == "key")?),
            "connected" => Self::Link { at, link: text(&line, "link")?, up: true },
            "link down" | "link closed" if line.contains_key("link") => {
                Self::Link { at, link: text(&line, "link")?, up: false }
            }
            "stopped" => Self::Stopped { at },
            _ => {
                let level = match level {
                    "ERROR" => Level::Error,
                    "WARN" => Level::Warning,
                    _ => return Some(Self::Other { at }),
                };
                let about = ["source", "link", "field", "path"].iter().find_map(|name| text(&line, name));
                // What follows the first clause says what to do, or holds numbers that change from line to line.
                let what = message.split([':', ';']).next().unwrap_or(message);
                Self::Trouble { at, level, what: clipped(what), about: about.unwrap_or_default() }
            }
        })
    }
}

fn block(line: &Map<String, Value>, at: Time, has_key: bool) -> Option<Block> {
    let number = |name: &str| line.get(name).and_then(Value::as_u64);
    let share = |name: &str| line.get(name).and_then(Value::as_f64);
    let part = |part: &str, whole: &str| {
        number(part).zip(number(whole)).filter(|(part, whole)| part <= whole && *whole > 0)
    };
    let ending = if has_key {
        Ending::Key {
            rounds: number("rounds")?,
            key_bits: number("key_bits")?,
            leak_bits: number("leak_bits")?,
            f_ec: share("f_ec"),
        }
    } else {
        Ending::NoKey { reason: text(line, "reason")? }
    };
    Some(Block {
        at,
        source: text(line, "source")?,
        session: text(line, "session")?,
        ending,
        game: part("wins", "tests"),
        omega_threshold: share("omega_threshold").filter(|omega| (0.0..=1.0).contains(omega)),
        errors: part("key_errors", "key_rounds"),
    })
}

fn text(line: &Map<String, Value>, name: &str) -> Option<String> {
    line.get(name).and_then(Value::as_str).map(clipped)
}

/// A name or reason as it stands in tables: one line, of bounded length.
fn clipped(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST_TEXT)
        .collect::<String>()
        .trim()
        .to_owned()
}

const LONGEST_TEXT: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let read =
            |rest: &str| Line::read(format!("{{\"timestamp\":\"2026-11-26T14:02:18Z\",{rest}}}").as_bytes());
        let key = read(
            "\"level\":\"INFO\",\"source\":\"s\",\"session\":\"01\",\"rounds\":9,\"key_bits\":2,\"leak_bits\":3,\
             \"tests\":4,\"wins\":3,\"message\":\"key\"",
        );
        let Some(Line::Ended(block)) = key else { panic!("{key:?}") };
        assert_eq!(block.game, Some((3, 4)));
        assert_eq!(block.ending, Ending::Key { rounds: 9, key_bits: 2, leak_bits: 3, f_ec: None });
        let alarm = read("\"level\":\"WARN\",\"source\":\"s\",\"message\":\"ALARM keys-low: few keys\"");
        assert!(
            matches!(alarm, Some(Line::Trouble { what, about, .. }) if what == "ALARM keys-low" && about == "s")
        );
        let down = read("\"level\":\"WARN\",\"link\":\"first\",\"cause\":\"gone\",\"message\":\"link down\"");
        assert!(matches!(down, Some(Line::Link { up: false, .. })));
        assert!(matches!(
            read("\"level\":\"INFO\",\"message\":\"health and metrics\""),
            Some(Line::Other { .. })
        ));
        // More wins than tests are no game.
        let odd = read(
            "\"level\":\"INFO\",\"source\":\"s\",\"session\":\"01\",\"rounds\":9,\"key_bits\":2,\"leak_bits\":3,\
             \"tests\":4,\"wins\":5,\"message\":\"key\"",
        );
        assert!(matches!(odd, Some(Line::Ended(Block { game: None, .. }))));
        for not in ["\"level\":\"INFO\",\"message\":\"key\"", "\"level\":\"INFO\"", "\"message\":3"] {
            assert_eq!(read(not), None, "{not}");
        }
        assert_eq!(Line::read(b"error: the node failed"), None);
        assert_eq!(Line::read(b"\xff\x00"), None);
    }
}
