//! The slot rule of both stations, as a file.
//!
//! ```json
//! {
//!   "station": "event-ready",
//!   "epoch_ps": 0,
//!   "slot_period_ps": 1000000,
//!   "setting_window_ps": [100000, 300000],
//!   "detection_window_ps": [400000, 800000],
//!   "dead_time_ps": 30000,
//!   "no_click": 1,
//!   "multi_click": 0,
//!   "a": { "heralds": [0], "settings": [1, 2], "detectors": [5, 6] },
//!   "b": { "heralds": [0], "settings": [1, 2, 3], "detectors": ["m1", "m2"], "common": [0] }
//! }
//! ```
//! `station`: `event-ready` (windows count from the herald) or `clocked` (windows count from the start of the slot;
//! `heralds` is left out). Slots count from `epoch_ps` of the first station's clock. `settings` are the channels that
//! announce setting 0, 1, ..., at most four; `detectors` the channels whose clicks mean outcome 0 (+1) and 1 (-1), of
//! which the second may be missing where no click is the other outcome. `no_click` and `multi_click` are outcomes.
//! A click less than `dead_time_ps` after the last one of its detector that counted does not count (0 where it is left
//! out). `common` are the channels of events that both stations see, for the clock; without it the heralds, or the detectors
//! of clocked stations. Channels are written as `diqkd tags dump` prints them: numbers, `"m3"` for markers, `"-3"` for
//! falling edges.

use std::ops::Range;
use std::path::Path;

use diqkd_core::{Channel, Outcome};
use diqkd_timetag::slot::{SlotRule, StationKind};
use serde_json::{Map, Value};

use crate::answer::Failure;
use crate::commands::tags::reading::channel;
use crate::input::Input;

/// The rule, one side a station, and its text.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) a: Side,
    pub(super) b: Side,
    /// The file, on one line.
    pub(super) text: String,
}

/// A station's side of the rule.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) rule: SlotRule,
    /// Channels of heralds after the first one.
    pub(super) more_heralds: Vec<Channel>,
    /// Channels of events that both stations see.
    pub(super) common: Vec<u16>,
}

impl Rule {
    pub(super) fn load(path: &Path) -> Result<Self, Failure> {
        let bytes = Input::open(path)?.read_limited(1 << 20, "a slot rule")?;
        let named = |what: String| Failure::new(format!("{}: {what}", path.display()));
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|e| Failure::because(format!("{}: the rule is not JSON", path.display()), e))?;
        let fields = value.as_object().ok_or_else(|| named("the rule is not a JSON object".to_owned()))?;
        let side = |name| Side::new(fields, name).map_err(named);
        known(fields, &FIELDS).map_err(named)?;
        let (a, b) = (side("a")?, side("b")?);
        for side in [&a, &b] {
            side.rule.check().map_err(|e| {
                Failure::because(format!("{}: the rule contradicts itself", path.display()), e)
            })?;
        }
        Ok(Self { a, b, text: value.to_string() })
    }
}

impl Side {
    fn new(fields: &Map<String, Value>, name: &str) -> Result<Self, String> {
        let own = object(fields, name)?;
        known(own, &SIDE_FIELDS)?;
        let mut heralds = channels(own, "heralds", 0..4)?.into_iter();
        let station = match (text(fields, "station")?, heralds.next()) {
            ("event-ready", Some(herald)) => StationKind::EventReady { herald },
            ("event-ready", None) => return Err(format!("station {name} has no herald; give its channel")),
            ("clocked", None) => StationKind::Clocked,
            ("clocked", Some(_)) => {
                return Err(format!("station {name} is clocked and has heralds; leave them out"));
            }
            (other, _) => return Err(format!("station is `{other}`, expected event-ready or clocked")),
        };
        let settings = padded(&channels(own, "settings", 1..5)?, 0xFFFF);
        let detectors = padded(&channels(own, "detectors", 1..3)?, 0xFFF0);
        let rule = SlotRule {
            station,
            epoch_ps: integer(fields, "epoch_ps")?,
            slot_period_ps: integer(fields, "slot_period_ps")?,
            settings,
            detectors,
            setting_window_ps: window(fields, "setting_window_ps")?,
            detection_window_ps: window(fields, "detection_window_ps")?,
            dead_time_ps: if fields.contains_key("dead_time_ps") {
                integer(fields, "dead_time_ps")?
            } else {
                0
            },
            no_click: outcome(fields, "no_click")?,
            multi_click: outcome(fields, "multi_click")?,
        };
        let mut common = channels(own, "common", 0..16)?;
        let more_heralds: Vec<Channel> = heralds.collect();
        if common.is_empty() {
            match station {
                StationKind::EventReady { herald } => {
                    common.push(herald);
                    common.extend(&more_heralds);
                }
                StationKind::Clocked => common.extend(channels(own, "detectors", 1..3)?),
            }
        }
        Ok(Self { rule, more_heralds, common: common.into_iter().map(|channel| channel.0).collect() })
    }
}

/// The channels, and channels that no record has where there is room for more.
fn padded<const N: usize>(given: &[Channel], absent: u16) -> [Channel; N] {
    std::array::from_fn(|i| given.get(i).copied().unwrap_or(Channel(absent - i as u16)))
}

fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a Value, String> {
    fields.get(name).ok_or_else(|| format!("the rule lacks `{name}`; add it"))
}

/// What a rule holds.
const FIELDS: [&str; 10] = [
    "station",
    "epoch_ps",
    "slot_period_ps",
    "setting_window_ps",
    "detection_window_ps",
    "dead_time_ps",
    "no_click",
    "multi_click",
    "a",
    "b",
];
const SIDE_FIELDS: [&str; 4] = ["heralds", "settings", "detectors", "common"];

/// A field that is misspelt would silently not be part of the rule.
fn known(fields: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(format!("the rule has no field `{name}`; expected {}", names.join(", "))),
        None => Ok(()),
    }
}

fn object<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a Map<String, Value>, String> {
    field(fields, name)?.as_object().ok_or_else(|| format!("`{name}` is no object"))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    field(fields, name)?.as_str().ok_or_else(|| format!("`{name}` is no text"))
}

fn integer(fields: &Map<String, Value>, name: &str) -> Result<i64, String> {
    field(fields, name)?.as_i64().ok_or_else(|| format!("`{name}` is no whole number"))
}

fn outcome(fields: &Map<String, Value>, name: &str) -> Result<Outcome, String> {
    match integer(fields, name)? {
        0 => Ok(Outcome::Plus),
        1 => Ok(Outcome::Minus),
        other => Err(format!("`{name}` is {other}, expected 0 (+1) or 1 (-1)")),
    }
}

fn window(fields: &Map<String, Value>, name: &str) -> Result<Range<i64>, String> {
    let bounds: Option<Vec<i64>> =
        field(fields, name)?.as_array().and_then(|bounds| bounds.iter().map(Value::as_i64).collect());
    match bounds.as_deref() {
        Some(&[start, end]) => Ok(start..end),
        _ => Err(format!("`{name}` is not [start, end] in ps")),
    }
}

fn channels(fields: &Map<String, Value>, name: &str, count: Range<usize>) -> Result<Vec<Channel>, String> {
    let given = match fields.get(name) {
        None if count.contains(&0) => return Ok(Vec::new()),
        None => return Err(format!("a station lacks `{name}`; add it")),
        Some(given) => given.as_array().ok_or_else(|| format!("`{name}` is no list of channels"))?,
    };
    if !count.contains(&given.len()) {
        let (least, most) = (count.start, count.end - 1);
        return Err(format!("`{name}` has {} channels, expected {least} to {most}", given.len()));
    }
    given
        .iter()
        .map(|given| match given {
            Value::String(text) => channel(text).map(Channel),
            other => channel(&other.to_string()).map(Channel),
        })
        .collect()
}
