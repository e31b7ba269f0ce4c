//! The fifth notebook as a program; `cargo xtask notebooks` makes the notebook of it.
// %% [markdown]
// # An attack that raises S but gets no key
//
// Devices without entanglement, that refuse to click when the settings do not suit them. Whoever drops the rounds without a
// click sees S = 4, more than quantum theory allows. Whoever counts every round sees what they are.
// %%
//: :dep diqkd-core = { path = "../../crates/diqkd-core" }
//: :dep diqkd-entropy = { path = "../../crates/diqkd-entropy" }
//: :dep diqkd-plot = { path = "../../crates/diqkd-plot" }
//: :dep diqkd-sim = { path = "../../crates/diqkd-sim" }
use diqkd_core::{Epsilon, LeakBits, TestProbability, Trial, WinProbability};
use diqkd_entropy::{EpsilonSplit, KeyLength, Params, SingleRound, Theorem, key_length};
use diqkd_plot::{Axis, Figure, Level, Series};
use diqkd_sim::{Experiment, Preset, Strategy};

/// Shows a picture below the cell.
fn show(figure: &Figure) {
    let svg = figure.svg().unwrap_or_else(|error| error.to_string());
    println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{svg}\nEVCXR_END_CONTENT");
}

/// 200 000 rounds of a photon-pair source with devices like this.
fn run(strategy: Strategy) -> Experiment {
    Experiment::new(Preset::Photonic, 200_000, 7).with_strategy(strategy)
}

/// CHSH value of the test rounds and its standard error.
fn chsh(trials: impl Iterator<Item = Trial>) -> (f64, f64) {
    let (mut n, mut wins) = (0.0, 0.0);
    for trial in trials.filter(|t| t.x.index() < 2 && t.y.index() < 2) {
        n += 1.0;
        wins += f64::from(u8::from(trial.wins_chsh()));
    }
    let omega: f64 = wins / n;
    (8.0 * omega - 4.0, 8.0 * (omega * (1.0 - omega) / n).sqrt())
}
// %% [program]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // %%
    let gamma = TestProbability::nearest(0.5)?;
    let honest = chsh(run(Strategy::Honest).seeded_trials(gamma));
    let counted = chsh(run(Strategy::DetectionLoophole).seeded_trials(gamma));
    println!("honest devices           S = {:.3} +- {:.3}", honest.0, honest.1);
    println!("silent devices, counted  S = {:.3} +- {:.3}", counted.0, counted.1);
    // %% [markdown]
    // The careless analysis keeps the rounds in which both sites clicked. The simulator tells which: two rules that differ only in
    // the outcome of silence agree on exactly those.
    // %%
    let silent_devices = run(Strategy::DetectionLoophole);
    let mut other_rule = silent_devices.clone();
    other_rule.model.no_click = diqkd_core::Outcome::Plus;
    let mut clicked: Vec<Trial> = Vec::new();
    for (t, u) in silent_devices.seeded_trials(gamma).zip(other_rule.seeded_trials(gamma)) {
        if t.a == u.a && t.b == u.b {
            clicked.push(t);
        }
    }
    let careless = chsh(clicked.iter().copied());
    println!("silent devices, dropped  S = {:.3} from {} of 200000 rounds", careless.0, clicked.len());
    // %% [markdown]
    // Is there a key? A certificate is asked for at a threshold, before the run; the run decides whether it is granted. At the
    // honest S there is a key. The silent devices, counted, never reach the threshold:
    // %%
    let params = Params {
        rounds: 10_000_000,
        gamma: 0.05,
        omega_threshold: WinProbability::new((4.0 + honest.0 - 0.03) / 8.0)?,
        leak_bits: LeakBits(3_000_000),
        eps_sound: Epsilon::new(1e-10)?,
        split: EpsilonSplit::Optimised,
        theorem: Theorem::Reat,
        bound: SingleRound::Chsh,
        assumptions: vec![],
    };
    let tests = 500_000u32;
    if let KeyLength::Key(certificate) = key_length(&params)? {
        let granted = |omega: f64| omega * f64::from(tests) >= certificate.min_wins(tests.into()) as f64;
        println!(
            "{} bits if {} of {tests} tests are won",
            certificate.key_bits(),
            certificate.min_wins(tests.into())
        );
        println!("honest devices: granted {}", granted((4.0 + honest.0) / 8.0));
        println!("silent devices, every round counted: granted {}", granted((4.0 + counted.0) / 8.0));
    }
    // %% [markdown]
    // And if somebody sets the threshold to what the silent devices really reach? Then nothing is certified:
    // %%
    let at_two =
        Params { omega_threshold: WinProbability::new(0.75)?, leak_bits: LeakBits(0), ..params.clone() };
    println!("threshold S = 2, nothing leaked: {} bits", key_length(&at_two)?.key_bits());
    // %%
    let names = ["honest", "silent, counted", "silent, dropped"];
    let points =
        [honest, counted, careless].iter().enumerate().map(|(i, s)| (i as f64, s.0, s.1)).collect::<Vec<_>>();
    show(
        &Figure::new(
            "Dropping rounds makes any S",
            Axis::names("", names),
            Axis::linear("CHSH value S").including(0.0),
        )
        .with(Series::marks("", points))
        .with_level(Level::horizontal(2.0, "local"))
        .with_level(Level::horizontal(8f64.sqrt(), "quantum")),
    );
    // %% [program]
    Ok(())
}
