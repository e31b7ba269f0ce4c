//! `cargo xtask ensembles`: degree distributions for the reconciliation codes, written as the table that
//! `diqkd-reconcile` ships. Deterministic: there is no random start.

mod density;
mod evolution;
mod optimise;
mod simplex;

use density::Grid;
use evolution::{EdgeShares, Evolution};
use optimise::{Goal, leak_rate, optimise};

/// Prints a table, an entry as soon as it is found: `short` or `long`, whose entries may be picked by number.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let levels = match args.first().map(String::as_str) {
        Some("short") => SHORT.to_vec(),
        Some("long") => {
            SHORT.iter().map(|short| *LONG.iter().find(|long| long.0 == short.0).unwrap_or(short)).collect()
        }
        _ => return Err("ensembles short|long [first [count]]".into()),
    };
    let number =
        |i: usize, default| args.get(i).map_or(Ok(default), |a| a.parse().map_err(|_| format!("{a}?")));
    let (first, count) = (number(1, 0)?, number(2, usize::MAX)?);
    for &(entropy, row_degree, most_degree) in levels.iter().skip(first).take(count) {
        let evolution = Evolution::new(grid(entropy), most_degree);
        let Some(shares) = optimise(&evolution, &goal(entropy, row_degree, most_degree)) else {
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

fn goal(entropy: f64, row_degree: f64, most_degree: u32) -> Goal {
    let error_probability = error_probability(entropy);
    // With more columns of degree 2 than rows these close cycles, which are code words; there must be few enough
    // that noise hardly ever covers half of one.
    let bhattacharyya = 2.0 * (error_probability * (1.0 - error_probability)).sqrt();
    let most_twos = (0.5 * (1.0 + CYCLE_GROWTH / bhattacharyya)).clamp(LEAST_TWOS, MOST_TWOS);
    Goal {
        noise: vec![(1.0, error_probability)],
        row_degree,
        most_degree,
        most_twos,
        progress: PROGRESS,
        passes: 600,
    }
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

/// Progress of every pass, relative.
const PROGRESS: f64 = 0.005;
/// The most columns of degree 2 per row where the noise is weak.
const MOST_TWOS: f64 = 1.4;
/// Entropy of an error, mean row degree, and highest column degree, for frames whose base graph has few rows.
const SHORT: &[(f64, f64, u32)] = &[
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
/// What long frames have instead at these entropies; at others higher degrees brought nothing.
const LONG: &[(f64, f64, u32)] = &[
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
