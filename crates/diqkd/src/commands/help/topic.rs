//! Topics that are no commands.

/// Topic and text.
const TOPICS: [(&str, &str); 10] = [
    ("start", include_str!("topics/start.txt")),
    ("files", include_str!("topics/files.txt")),
    ("s-value", include_str!("topics/s-value.txt")),
    ("p-value", include_str!("topics/p-value.txt")),
    ("no-key", include_str!("topics/no-key.txt")),
    ("certificate", include_str!("topics/certificate.txt")),
    ("theorems", include_str!("topics/theorems.txt")),
    ("threats", include_str!("topics/threats.txt")),
    ("plots", include_str!("topics/plots.txt")),
    ("exit-status", include_str!("topics/exit-status.txt")),
];

pub(super) fn text(topic: &str) -> Option<&'static str> {
    TOPICS.iter().find(|(name, _)| *name == topic).map(|(_, text)| *text)
}

/// The names in one line.
pub(crate) fn list() -> String {
    TOPICS.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_fit_a_terminal() {
        for (name, text) in TOPICS {
            let lines: Vec<&str> = text.lines().collect();
            assert!((5..45).contains(&lines.len()), "{name}: {} lines", lines.len());
            assert!(lines.iter().all(|line| line.chars().count() <= 100), "{name}");
        }
    }
}
