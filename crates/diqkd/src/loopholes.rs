//! The loophole checklist in the answers of commands.

use diqkd_core::{LoopholeChecklist, LoopholeStatus};
use serde_json::{Map, Value, json};

/// An object with a member for each loophole.
pub(crate) fn json(checklist: &LoopholeChecklist) -> Value {
    let entries: Map<String, Value> = checklist
        .iter()
        .map(|(loophole, status)| {
            let entry = match status {
                LoopholeStatus::Closed { by, how } => {
                    json!({ "status": "closed", "by": by.label(), "how": how })
                }
                LoopholeStatus::Assumed { under, what } => {
                    json!({ "status": "assumed", "assumption": under.map(|a| a.label()), "what": what })
                }
            };
            (loophole.label().to_owned(), entry)
        })
        .collect();
    Value::Object(entries)
}

/// Lines of a report whose names take `width` columns.
pub(crate) fn lines(checklist: &LoopholeChecklist, width: usize) -> Vec<String> {
    let text = checklist.to_string();
    text.lines()
        .enumerate()
        .map(|(i, line)| format!("{:<width$}{line}", if i == 0 { "loopholes" } else { "" }))
        .collect()
}
