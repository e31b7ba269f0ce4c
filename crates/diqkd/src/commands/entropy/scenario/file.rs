//! A scenario file.

use std::path::Path;

use diqkd_entropy::sdp::{BellExpression, Event, ObservedSum, Outcomes};
use serde_json::Value;

use super::Named;
use crate::answer::Failure;
use crate::input::Input;

/// What a scenario file says.
pub(super) struct ScenarioFile {
    pub(super) observed: Observed,
    pub(super) key_setting: Option<usize>,
}

/// Observed values of either form.
pub(super) enum Observed {
    /// Two outcomes a setting.
    Expressions(Vec<(BellExpression, f64)>),
    /// Any number of outcomes.
    Sums(Outcomes, Vec<ObservedSum>),
}

pub(super) fn read(path: &Path) -> Result<ScenarioFile, Failure> {
    let bytes = Input::open(path)?.read_limited(MOST_BYTES, "a scenario")?;
    let named = |what: &str| format!("{}: {what}", path.display());
    let document: Value =
        serde_json::from_slice(&bytes).map_err(|e| Failure::because(named("not JSON"), e))?;
    scenario(&document).map_err(|Wrong { place, expected }| Failure::Failed {
        what: named(&format!("{place}: expected {expected}")),
        source: None,
    })
}

/// What is wrong with a document.
struct Wrong {
    place: String,
    expected: String,
}

fn wrong(place: impl Into<String>, expected: impl Into<String>) -> Wrong {
    Wrong { place: place.into(), expected: expected.into() }
}

fn scenario(document: &Value) -> Result<ScenarioFile, Wrong> {
    let list = document.get("observed").and_then(Value::as_array);
    let list = list.ok_or_else(|| wrong("observed", "a list of expressions with their values"))?;
    let value = |k: usize, entry: &Value| {
        let value = entry.get("value").and_then(Value::as_f64);
        value.ok_or_else(|| wrong(format!("observed[{k}].value"), "a number"))
    };
    let entries = || list.iter().enumerate();
    let observed = match document.get("outcomes") {
        None => Observed::Expressions(
            entries()
                .map(|(k, entry)| Ok((expression(k, entry)?, value(k, entry)?)))
                .collect::<Result<_, _>>()?,
        ),
        Some(outcomes) => {
            let side = |name: &str| {
                let counts = outcomes.get(name).and_then(Value::as_array);
                counts.and_then(|counts| counts.iter().map(whole).collect::<Option<Vec<usize>>>()).ok_or_else(
                    || wrong(format!("outcomes.{name}"), "the numbers of outcomes, one a setting"),
                )
            };
            let outcomes = Outcomes { alice: side("alice")?, bob: side("bob")? };
            let sums = entries().map(|(k, entry)| {
                let terms = entry.get("terms").and_then(Value::as_array);
                let terms = terms.ok_or_else(|| wrong(format!("observed[{k}].terms"), "a list of events"))?;
                let terms =
                    terms.iter().enumerate().map(|(j, term)| event(k, j, term)).collect::<Result<_, _>>()?;
                Ok(ObservedSum { terms, value: value(k, entry)? })
            });
            Observed::Sums(outcomes, sums.collect::<Result<_, _>>()?)
        }
    };
    let key_setting = match document.get("key_setting") {
        None | Some(Value::Null) => None,
        Some(setting) => Some(whole(setting).ok_or_else(|| wrong("key_setting", "a setting's number"))?),
    };
    Ok(ScenarioFile { observed, key_setting })
}

fn whole(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|x| usize::try_from(x).ok())
}

fn expression(k: usize, entry: &Value) -> Result<BellExpression, Wrong> {
    let place = |field: &str| format!("observed[{k}].{field}");
    if let Some(name) = entry.get("expression") {
        let name = name.as_str().ok_or_else(|| wrong(place("expression"), "a name"))?;
        return Ok(name.parse::<Named>().map_err(|e| wrong(place("expression"), e))?.0);
    }
    let row = |value: &Value| -> Option<Vec<f64>> { value.as_array()?.iter().map(Value::as_f64).collect() };
    let field =
        |name: &str| entry.get(name).and_then(row).ok_or_else(|| wrong(place(name), "a list of weights"));
    let rows = entry.get("correlators").and_then(Value::as_array);
    let correlators = rows
        .and_then(|rows| rows.iter().map(row).collect::<Option<Vec<_>>>())
        .ok_or_else(|| wrong(place("correlators"), "one list of weights for each setting of Alice"))?;
    Ok(BellExpression { alice: field("alice")?, bob: field("bob")?, correlators })
}

fn event(k: usize, j: usize, term: &Value) -> Result<(Event, f64), Wrong> {
    let place = || format!("observed[{k}].terms[{j}]");
    let number = |name: &str| term.get(name).and_then(whole);
    let weight = term.get("weight").and_then(Value::as_f64).ok_or_else(|| wrong(place(), "a weight"))?;
    let event = match (number("x"), number("y"), number("a"), number("b")) {
        (Some(x), Some(y), Some(a), Some(b)) => Event::Both { x, y, a, b },
        (Some(x), None, Some(a), None) => Event::Alice { x, a },
        (None, Some(y), None, Some(b)) => Event::Bob { y, b },
        _ => return Err(wrong(place(), "x and a, or y and b, or all four")),
    };
    Ok((event, weight))
}

const MOST_BYTES: u64 = 1 << 20;
