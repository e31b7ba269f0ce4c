//! First contact: the page that `diqkd` alone shows, help on commands and topics, completions and man pages.

mod call;
mod topic;

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::arguments::Arguments;

pub(crate) use call::example_of;
pub(crate) use topic::list as topic_list;

/// Help on a command or a topic.
#[derive(Debug, Args)]
pub(crate) struct Help {
    /// A command, as in `help tags sync`, or a topic; nothing lists both.
    words: Vec<String>,
}

impl Help {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let mut command = Arguments::command();
        command.build();
        let Some(first) = self.words.first() else {
            return Ok(page(command.render_long_help().to_string()));
        };
        if let Some(text) = topic::text(first) {
            return Ok(page(text.trim_end().to_owned()));
        }
        let mut found = &mut command;
        for (depth, word) in self.words.iter().enumerate() {
            let path = format!("diqkd {}", self.words[..depth].join(" "));
            found = found.find_subcommand_mut(word).ok_or_else(|| Failure::Usage {
                what: format!(
                    "`{word}` is no command of `{}` and no topic; topics are {}",
                    path.trim_end(),
                    topic::list()
                ),
                source: None,
            })?;
        }
        Ok(page(found.render_long_help().to_string()))
    }
}

/// What `diqkd` alone shows.
pub(crate) fn welcome() -> Answer {
    page(format!("{WELCOME}\ntopics      {}", topic::list()))
}

/// A script that completes commands and options.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell: bash, zsh, fish, elvish or powershell.
    shell: clap_complete::Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "diqkd", &mut script);
        Ok(page(String::from_utf8_lossy(&script).trim_end().to_owned()))
    }
}

/// Manual pages.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for every command into this folder; without it the main page goes to standard output.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let Some(folder) = self.dir else {
            let mut text = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut text)
                .map_err(|error| Failure::because("the page can't be made", error))?;
            return Ok(page(String::from_utf8_lossy(&text).trim_end().to_owned()));
        };
        let failed = |error| {
            let what = format!("can't write to {}; choose a folder that may be written", folder.display());
            Failure::because(what, error)
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        clap_mangen::generate_to(Arguments::command(), &folder).map_err(failed)?;
        let text = format!("wrote the pages to {0}; read one with `man -l {0}/diqkd.1`", folder.display());
        Ok(Answer::new(text, json!({ "folder": folder })))
    }
}

fn page(text: String) -> Answer {
    let json = json!({ "text": text });
    Answer::new(text, json)
}

const WELCOME: &str = "\
Device-independent quantum key distribution: two sites measure entangled particles with devices that nobody has to
trust, and the violation of a Bell inequality certifies how much of their data is secret. This command looks into time
tags and counts, certifies key lengths, and runs the whole way from tags to keys.

Three to try:

  diqkd demo                                    two simulated sites make the same secret key
  diqkd bell COUNTS.csv --plot bell.svg         your own counts x,y,a,b,n: S, p-values, loopholes, a picture
  diqkd plan --chsh 2.677 --qber 0.0144 --eps-sound 1e-10 --eps-complete 1e-2
                                                how many rounds a setup needs, and the key it can hope for

help        diqkd help, diqkd help COMMAND, diqkd COMMAND --help, diqkd help TOPIC";
