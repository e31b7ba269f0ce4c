//! The first notebook as a program; `cargo xtask notebooks` makes the notebook of it.
// %% [markdown]
// # From counts to a certified key
//
// Two published experiments: the 245 trials of Delft 2015, a Bell test, and the ion pair of Oxford 2022, a key. What does
// each certify, and why has the one no key in it?
// %%
//: :dep diqkd-bell = { path = "../../crates/diqkd-bell" }
//: :dep diqkd-core = { path = "../../crates/diqkd-core" }
//: :dep diqkd-entropy = { path = "../../crates/diqkd-entropy" }
//: :dep diqkd-plot = { path = "../../crates/diqkd-plot" }
use diqkd_bell::{BiasSource, Convention, Counts, ReportOptions, SettingBias};
use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{Certificate, EpsilonSplit, KeyLength, Params, SingleRound, Theorem, check, key_length};
use diqkd_plot::{Axis, Figure, Level, Series};

/// Shows a picture below the cell.
fn show(figure: &Figure) {
    let svg = figure.svg().unwrap_or_else(|error| error.to_string());
    println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{svg}\nEVCXR_END_CONTENT");
}
// %% [program]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // %% [markdown]
    // ## Delft 2015
    //
    // Counts N(a,b,x,y): settings x, y, outcomes a, b with 0 for +1. Every trial counts; the herald came before the settings.
    // %%
    let delft = Counts::from_csv(
        "x,y,a,b,n\n0,0,0,0,23\n0,0,0,1,3\n0,0,1,0,4\n0,0,1,1,23\n0,1,0,0,33\n0,1,0,1,11\n0,1,1,0,5\n0,1,1,1,30\n\
         1,0,0,0,22\n1,0,0,1,10\n1,0,1,0,6\n1,0,1,1,24\n1,1,0,0,4\n1,1,0,1,20\n1,1,1,0,21\n1,1,1,1,6\n",
    )?;
    let report = delft.report(ReportOptions {
        convention: Convention::GAME,
        bias: BiasSource::Declared(SettingBias::new(1.08e-5, 1.08e-5)?),
        eps: Epsilon::new(0.05)?,
    })?;
    println!("S = {:.4} +- {:.4} (published 2.42 +- 0.20)", report.chsh.s, report.chsh.s_standard_error);
    println!(
        "p = {:.4} against local models with memory (published 0.039)",
        report.p_value_biased.probability()
    );
    // %%
    let correlators = report.chsh.correlators;
    let points = [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, -1.0)].map(|(x, y, sign)| {
        (
            f64::from(2 * x + y),
            sign * correlators[x as usize][y as usize].value,
            correlators[x as usize][y as usize].standard_error,
        )
    });
    let figure = Figure::new(
        "Delft 2015",
        Axis::names("", ["E₀₀", "E₀₁", "E₁₀", "−E₁₁"]),
        Axis::linear("correlator").including(0.0),
    )
    .with(Series::marks("one standard error", points))
    .with_level(Level::horizontal(0.5, "local"))
    .with_level(Level::horizontal(0.5f64.sqrt(), "quantum"));
    show(&figure);
    // %% [markdown]
    // A violation at five percent of chance. Is there a key? Ask for one with every trial a test at the observed S, nothing
    // leaked, and a soundness that nobody would accept:
    // %%
    let of_delft = Params {
        rounds: 245,
        gamma: 0.5,
        omega_threshold: WinProbability::new(report.chsh.omega.get())?,
        leak_bits: LeakBits(0),
        eps_sound: Epsilon::new(0.01)?,
        split: EpsilonSplit::Optimised,
        theorem: Theorem::Reat,
        bound: SingleRound::Chsh,
        assumptions: vec![],
    };
    match key_length(&of_delft)? {
        KeyLength::Key(certificate) => println!("{} bits", certificate.key_bits()),
        KeyLength::NoKey(reason) => println!("no key: {reason}"),
    }
    // %% [markdown]
    // ## Oxford 2022
    //
    // 1.5 million rounds, one in twenty a test, threshold 0.83, 296 581 bits of reconciliation, soundness 1e-10. The paper
    // certified 95 628 bits.
    // %%
    let mut lengths = Vec::new();
    for theorem in [Theorem::Reat, Theorem::Df19, Theorem::Df19FixedCPerp, Theorem::Eat2018] {
        let oxford = Params {
            rounds: 1_500_000,
            gamma: 13.0 / 256.0,
            omega_threshold: WinProbability::new(0.83)?,
            leak_bits: LeakBits(296_581),
            eps_sound: Epsilon::new(1e-10)?,
            theorem,
            ..of_delft.clone()
        };
        let length = key_length(&oxford)?;
        println!("{:<12} {:>7} bits", theorem.name(), length.key_bits());
        lengths.push(length);
    }
    // %% [markdown]
    // The certificate is a document. Other code, without the optimiser that found its parameters, checks it:
    // %%
    if let KeyLength::Key(certificate) = &lengths[0] {
        let document = certificate.to_json();
        let checked = check::check(&Certificate::from_json(&document)?)?;
        println!("{} bits hold, from a document of {} bytes", checked.key_bits(), document.len());
        for term in certificate.terms() {
            println!("{:>12.2}  {}", term.bits, term.name);
        }
    }
    // %% [program]
    Ok(())
}
