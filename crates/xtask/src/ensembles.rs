//! `cargo xtask ensembles`: degree distributions for the reconciliation codes, written as the table that
//! `diqkd-reconcile` ships. Deterministic: there is no random start.

mod density;
mod evolution;
mod optimise;
mod simplex;

use density::Grid;
use evolution::{EdgeShares, Evolution};
use optimise::{Goal, leak_rate, optimise};

/// Prints a table, an entry as soon as it is found: `narrow`, `short`, `middle` or `long`, whose entries may be picked by
/// number.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let levels = match args.first().map(String::as_str) {
        Some("narrow") => table(&[], LEAST_PROGRESS),
        Some("short") => table(SHORT, PROGRESS),
        Some("middle") => table(MIDDLE, PROGRESS),
        Some("long") => table(LONG, LEAST_PROGRESS),
        _ => return Err("ensembles narrow|short|middle|long [first [count]]".into()),
    };
    let number =
        |i: usize, default| args.get(i).map_or(Ok(default), |a| a.parse().map_err(|_| format!("{a}?")));
    let (first, count) = (number(1, 0)?, number(2, usize::MAX)?);
    for &(level, progress) in levels.iter().skip(first).take(count) {
        let (entropy, row_degree, most_degree) = level;
        let evolution = Evolution::new(grid(entropy), most_degree);
        let Some(shares) = optimise(&evolution, &goal(level, progress)) else {
            println!("    // Entropy {entropy}: nothing converges at row degree {row_degree}.");
            continue;
        };
        let leak = leak_rate(&shares, row_degree);
        let shares: Vec<String> =
            column_shares(&shares).iter().map(|(degree, share)| format!("({degree}, {share:.4})")).collect();
        println!("    // Row degree {row_degree}, leak rate over entropy {:.4}.", leak / entropy);
        println!(
            "    Ensemble {{ leak_rate: {leak:.5}, threshold: {entropy}, shares: &[{}] }},",
            shares.join(", ")
        );
    }
    Ok(())
}

/// The levels of `own` with their progress, and beyond their ends those of the narrow table.
fn table(own: &[Level], progress: f64) -> Vec<(Level, f64)> {
    let ends = own.first().zip(own.last());
    let beyond = |entropy: f64| ends.is_none_or(|(first, last)| entropy < first.0 || entropy > last.0);
    let narrow = NARROW.iter().filter(|level| beyond(level.0)).map(|&level| (level, LEAST_PROGRESS));
    let mut levels: Vec<_> = narrow.chain(own.iter().map(|&level| (level, progress))).collect();
    levels.sort_by(|a, b| a.0.0.total_cmp(&b.0.0));
    levels
}

fn goal((entropy, row_degree, most_degree): Level, progress: f64) -> Goal {
    let error_probability = error_probability(entropy);
    // With more columns of degree 2 than rows these close cycles, which are code words; there must be few enough
    // that noise hardly ever covers half of one.
    let bhattacharyya = 2.0 * (error_probability * (1.0 - error_probability)).sqrt();
    let most_twos = (0.5 * (1.0 + CYCLE_GROWTH / bhattacharyya)).clamp(LEAST_TWOS, MOST_TWOS);
    Goal { noise: vec![(1.0, error_probability)], row_degree, most_degree, most_twos, progress, passes: 600 }
}

fn grid(entropy: f64) -> Grid {
    if entropy > 0.5 {
        Grid { steps_per_nat: 20.0, reach: 260 }
    } else {
        Grid { steps_per_nat: 12.0, reach: 180 }
    }
}

/// The error probability of that binary entropy, below one half.
fn error_probability(entropy: f64) -> f64 {
    let binary_entropy = |p: f64| -p * p.log2() - (1.0 - p) * (1.0 - p).log2();
    let (mut low, mut high) = (1e-12, 0.5);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if binary_entropy(middle) > entropy { high = middle } else { low = middle }
    }
    low
}

/// Shares of columns out of shares of edges.
fn column_shares(edges: &EdgeShares) -> Vec<(u32, f64)> {
    let sum: f64 = edges.iter().map(|&(d, s)| s / f64::from(d)).sum();
    edges.iter().map(|&(d, s)| (d, s / f64::from(d) / sum)).filter(|e| e.1 >= 5e-5).collect()
}

/// Progress of every pass, relative, of what comes closest to the bound.
const LEAST_PROGRESS: f64 = 0.005;
/// The same for frames of less than some 200,000 positions: at 16,384 and 65,536 and 2 % a fifth fewer of them fail.
const PROGRESS: f64 = 0.02;
/// The most columns of degree 2 per row where the noise is weak.
const MOST_TWOS: f64 = 1.4;
/// Entropy of an error, mean row degree, and highest column degree.
type Level = (f64, f64, u32);
/// For positions that differ in their noise.
const NARROW: &[Level] = &[
    (0.01, 428.0, 40),
    (0.02, 278.2, 40),
    (0.04, 185.0, 40),
    (0.06, 125.0, 40),
    (0.08, 90.0, 40),
    (0.11, 64.0, 40),
    (0.1414, 48.0, 40),
    (0.18, 36.0, 40),
    (0.23, 27.0, 40),
    (0.2864, 21.0, 40),
    (0.34, 17.2, 40),
    (0.4022, 13.9, 40),
    (0.48, 11.1, 40),
    (0.56, 8.9, 40),
    (0.65, 6.9, 40),
    (0.73, 5.7, 40),
    (0.8113, 4.6, 40),
    (0.88, 3.8, 40),
    (0.95, 3.1, 40),
];
/// For frames whose base graph has few rows.
const SHORT: &[Level] = &[
    (0.04, 188.7, 64),
    (0.06, 127.9, 64),
    (0.08, 91.6, 64),
    (0.1, 72.5, 64),
    (0.125, 57.7, 64),
    (0.145, 49.4, 64),
    (0.16, 44.0, 64),
    (0.175, 39.5, 64),
    (0.195, 34.8, 64),
    (0.22, 30.2, 64),
    (0.25, 26.0, 64),
    (0.28, 22.9, 64),
    (0.31, 20.3, 64),
    (0.35, 17.6, 64),
    (0.4, 14.9, 64),
    (0.44, 13.1, 64),
    (0.48, 11.7, 64),
];
const MIDDLE: &[Level] = &[
    (0.11, 70.9, 80),
    (0.13, 59.9, 80),
    (0.153, 50.1, 80),
    (0.18, 41.3, 80),
    (0.23, 31.0, 80),
    (0.29, 23.7, 80),
    (0.34, 19.7, 80),
    (0.41, 15.5, 80),
    (0.48, 12.6, 80),
];
/// What long frames have at these entropies; beyond them higher degrees brought nothing.
const LONG: &[Level] = &[
    (0.11, 72.32, 64),
    (0.1414, 56.16, 80),
    (0.18, 42.12, 80),
    (0.23, 31.59, 80),
    (0.2864, 24.57, 80),
    (0.34, 20.12, 80),
    (0.4022, 16.26, 80),
];
/// Growth of the weighted number of cycles of columns of degree 2 with their length.
const CYCLE_GROWTH: f64 = 0.5;
const LEAST_TWOS: f64 = 0.95;
