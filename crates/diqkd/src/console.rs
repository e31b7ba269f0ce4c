//! Standard output for answers, standard error for everything else.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::answer::Answer;

/// Where a command talks to.
#[derive(Debug)]
pub(crate) struct Console {
    json: bool,
}

impl Console {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether one JSON object is wanted.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints an answer and gives its exit status; 1 when standard output is closed.
    pub(crate) fn print(&self, answer: &Answer) -> ExitCode {
        if let Some(warning) = answer.warning() {
            eprintln!("error: {warning}");
        }
        let mut out = std::io::stdout().lock();
        let printed = if answer.text.is_empty() {
            Ok(())
        } else if self.json {
            serde_json::to_writer(&mut out, &answer.json)
                .map_err(std::io::Error::from)
                .and_then(|()| writeln!(out))
        } else {
            writeln!(out, "{}", answer.text)
        };
        match printed.and_then(|()| out.flush()) {
            Ok(()) => answer.exit_code(),
            Err(_) => ExitCode::FAILURE,
        }
    }

    /// A progress bar over `len` steps, drawn on a terminal and nowhere else.
    pub(crate) fn bar(&self, len: u64, unit: &str) -> ProgressBar {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let template =
            format!("{{msg:24}} [{{bar:32}}] {{human_pos}}/{{human_len}} {unit}, {{per_sec}}, {{eta}} left");
        let style = ProgressStyle::with_template(&template)
            .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> "));
        let bar = ProgressBar::with_draw_target(Some(len), target).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}
