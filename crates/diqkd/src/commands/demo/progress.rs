//! The progress bar of a demo: Bob's recording, then the stages of his session.

use diqkd_core::Role;
use diqkd_node::Observer;
use diqkd_protocol::Stage;
use indicatif::ProgressBar;

use crate::console::Console;

pub(super) struct Bars {
    recording: ProgressBar,
}

impl Bars {
    pub(super) fn new(console: &Console, rounds: u64) -> Self {
        let recording = console.bar(rounds, "rounds");
        recording.set_message("recording");
        Self { recording }
    }

    pub(super) fn finish(&self) {
        self.recording.finish_and_clear();
    }
}

impl Observer for Bars {
    fn recording(&self, role: Role, recorded: u64, rounds: u64) {
        if role == Role::Bob {
            self.recording.set_position(recorded.min(rounds));
        }
    }

    fn entered(&self, role: Role, stage: Stage) {
        if role == Role::Bob {
            self.recording.set_message(stage.name());
        }
    }
}
