//! `diqkd simulate`: recordings of two simulated stations, honest, failing or cheating.
//!
//! Each station's file holds its tags in order: heralds (or synchronisation pulses), markers of the applied settings,
//! clicks. A slot rule beside them says what the channels mean, as `diqkd tags trials` reads it. One seed gives the
//! same files whatever the number of threads.

mod parquet;
mod recording;
mod rule;
mod truth;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use diqkd_core::{Role, TestProbability};
use diqkd_node::randomness::Randomness;
use diqkd_sim::{Experiment, Fibre, Preset, Strategy};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure, number};
use crate::commands::fault_args::FaultArgs;
use crate::console::Console;
use crate::numbers::whole;
use recording::Recorded;

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Whose parameters: oxford-2022, munich-2022, ustc-2026, photonic, delft-2015, nist-2015.
    #[arg(long, value_name = "NAME")]
    preset: Preset,
    /// Rounds that both stations see at least.
    #[arg(long, value_name = "N", value_parser = whole)]
    rounds: u64,
    /// The folder for alice, bob and rule.json.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The format of the recordings.
    #[arg(long, value_enum, default_value_t = Format::Ptu)]
    format: Format,
    /// Makes the recordings reproducible; without it the operating system's randomness is used.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The share of test rounds; without it the preset's.
    #[arg(long, value_name = "P", value_parser = gamma)]
    gamma: Option<TestProbability>,
    /// Who runs the devices: honest, lhv, lhv-memory, biased-settings, detection-loophole, faked-state, coincidence-time, abort-leak, known-hash, collective.
    #[arg(long, value_name = "NAME", default_value = "honest")]
    attack: Strategy,
    #[command(flatten)]
    faults: FaultArgs,
    /// Fibre between the source, or the middle station, and alice: rarer heralds, or lost photons; times drift while it warms up.
    #[arg(long, value_name = "KM[:DB_PER_KM[:DB[:K_PER_H]]]")]
    fibre_alice: Option<Fibre>,
    /// Fibre on bob's side.
    #[arg(long, value_name = "KM[:DB_PER_KM[:DB[:K_PER_H]]]")]
    fibre_bob: Option<Fibre>,
    /// Also write the simulator's own trials to truth.csv: what a perfect slot rule finds.
    #[arg(long)]
    truth: bool,
}

/// A format of recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// PicoQuant PTU, HydraHarp T2 records, 1 ps.
    Ptu,
    /// qcrypto a1 events, 3.90625 ps: channel c is pattern c + 1.
    A1,
    /// Apache Parquet for data analysis, columns time_ps and channel.
    Parquet,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Self::Ptu => "ptu",
            Self::A1 => "a1",
            Self::Parquet => "parquet",
        }
    }

    /// A channel of the station as the recording numbers it.
    fn channel(self, channel: u16) -> u16 {
        match self {
            Self::Ptu | Self::Parquet => channel,
            // Pattern 0 stands for an event without a detector.
            Self::A1 => channel + 1,
        }
    }
}

impl Simulate {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        let usage = |what: &str| Failure::Usage { what: what.to_owned(), source: None };
        if self.rounds == 0 {
            return Err(usage("--rounds is 0, expected at least 1"));
        }
        let seed = match self.seed {
            Some(seed) => seed,
            // Numbers of JSON are exact up to 2^53.
            None => {
                let randomness = Randomness::from_system();
                randomness.map_err(|e| Failure::because("no seed could be drawn", e))?.seed("simulation")
                    >> 11
            }
        };
        let gamma = self.gamma.unwrap_or_else(|| self.preset.test_probability());
        let mut experiment = Experiment::new(self.preset, self.rounds, seed).with_strategy(self.attack);
        let fibres = [self.fibre_alice, self.fibre_bob].map(|fibre| fibre.unwrap_or(Fibre::NONE));
        experiment.model = experiment.model.behind_fibres(fibres[0], fibres[1]);
        experiment.faults = self.faults.faults(experiment.expected_slots())?;
        fs::create_dir_all(&self.out).map_err(|e| {
            Failure::because(
                format!("can't make the folder {}; choose a place that may be written", self.out.display()),
                e,
            )
        })?;
        let path = |role: Role| self.out.join(format!("{role}.{}", self.format.extension()));
        let bar = console.bar(self.rounds, "rounds");
        let record = |role| recording::write(&experiment, gamma, role, self.format, &path(role), &bar);
        let (alice, bob) = rayon::join(|| record(Role::Alice), || record(Role::Bob));
        bar.finish_and_clear();
        let stations =
            [alice.map_err(|e| e.of(&path(Role::Alice)))?, bob.map_err(|e| e.of(&path(Role::Bob)))?];

        let rule = self.out.join("rule.json");
        fs::write(&rule, rule::json(&experiment.layout(), self.format).to_string() + "\n").map_err(|e| {
            Failure::because(
                format!("can't write {}; check that its folder exists and may be written", rule.display()),
                e,
            )
        })?;
        let mut files = vec![path(Role::Alice), path(Role::Bob), rule];
        if self.truth {
            let truth = self.out.join("truth.csv");
            truth::write(&experiment, gamma, &truth)?;
            files.push(truth);
        }
        Ok(self.answer(&experiment, gamma, &files, &stations))
    }

    fn answer(
        &self,
        experiment: &Experiment,
        gamma: TestProbability,
        files: &[PathBuf],
        stations: &[Recorded; 2],
    ) -> Answer {
        let honest = experiment.model.behaviour();
        let clock = experiment.bob_clock();
        let [alice, bob] = stations;
        let faults: Vec<String> = experiment.faults.iter().map(ToString::to_string).collect();
        let loss_db = [self.fibre_alice, self.fibre_bob].map(|fibre| fibre.map_or(0.0, Fibre::loss_db));
        let max_offset_ps = experiment.layout().clock_bounds.max_offset_ps;
        let common_channel =
            experiment.layout().channels.herald.map(|channel| self.format.channel(channel.0));
        let shown = |path: &Path| path.display().to_string();
        let json = json!({
            "files": files.iter().map(|file| shown(file)).collect::<Vec<_>>(),
            "rounds": alice.markers.min(bob.markers),
            "tags": alice.tags + bob.tags,
            "preset": self.preset.name(),
            "attack": (self.attack != Strategy::Honest).then(|| self.attack.name()),
            "faults": faults,
            "seed": experiment.seed,
            "gamma": gamma.get(),
            "format": self.format.extension(),
            "fibre_loss_db": loss_db,
            "honest_chsh_s": honest.chsh_s(),
            "honest_qber": honest.qber(),
            "published_rounds_per_s": number(self.preset.published_rounds_per_s()),
            "clock": { "offset_ps": clock.offset_ps(), "drift_ppb": clock.drift_ppb() },
            "max_offset_ps": max_offset_ps,
            "common_channel": common_channel,
            "stations": [station(alice), station(bob)],
        });
        let mut lines = vec![format!(
            "{}: {} tags of alice, {} of bob, {} rounds, seed {}",
            self.preset,
            alice.tags,
            bob.tags,
            alice.markers.min(bob.markers),
            experiment.seed
        )];
        if let Some(rate) = self.preset.published_rounds_per_s() {
            let hours = self.rounds as f64 / rate / 3600.0;
            lines.push(format!("laboratory    {hours:.1} h at the published {rate:.3} rounds/s"));
        }
        lines.extend(faults.iter().map(|fault| format!("fails         {fault}")));
        lines.extend(files.iter().map(|file| format!("              {}", file.display())));
        if self.format == Format::Parquet {
            return Answer::new(lines.join("\n"), json);
        }
        if let Some(channel) = common_channel {
            lines.push(format!(
                "clock         diqkd tags sync {} {} --channel-a {channel} --channel-b {channel} --max-offset-ps {max_offset_ps}",
                shown(&files[0]),
                shown(&files[1]),
            ));
        }
        lines.push(format!(
            "trials        diqkd tags trials {} {} --rule {} --max-offset-ps {max_offset_ps} --out trials.csv",
            shown(&files[0]),
            shown(&files[1]),
            shown(&files[2]),
        ));
        Answer::new(lines.join("\n"), json)
    }
}

fn station(recorded: &Recorded) -> Value {
    let Recorded { role, tags, markers, heralds, first_ps, last_ps, bytes, gaps } = recorded;
    json!({
        "role": role.to_string(),
        "tags": tags,
        "rounds": markers,
        "heralds": heralds,
        "first_ps": first_ps,
        "last_ps": last_ps,
        "bytes": bytes,
        "gaps_ps": gaps,
    })
}

fn gamma(text: &str) -> Result<TestProbability, String> {
    let parsed: Option<f64> = text.parse().ok();
    parsed.and_then(|p| TestProbability::nearest(p).ok()).ok_or_else(|| {
        format!("`{text}` is no share of test rounds; expected a number between 0 and 1, both excluded")
    })
}
