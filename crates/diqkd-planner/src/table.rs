//! Key length against the number of rounds, the CHSH value and the error rate.

use core::fmt::Write as _;

use diqkd_core::{Chsh, Epsilon, Qber};
use diqkd_entropy::{Plan, PlanRequest, SingleRound, Theorem, plan_under};

use crate::error::Error;

/// The points of a table: every combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Numbers of rounds.
    pub rounds: Vec<u64>,
    /// CHSH values.
    pub chsh_s: Vec<f64>,
    /// Error rates.
    pub qber: Vec<f64>,
    /// The accumulation theorem.
    pub theorem: Theorem,
    /// The bound for one round, with the flips of noisy preprocessing.
    pub bound: SingleRound,
    /// Soundness.
    pub eps_sound: Epsilon,
    /// Probability of an honest abort.
    pub eps_complete: Epsilon,
    /// Efficiency of reconciliation.
    pub f_ec: f64,
}

/// Plans every point, rounds fastest, then error rates, then CHSH values. Deterministic; up to a second a point, two under theorems
/// whose estimates are certificates.
///
/// # Errors
/// [`Error::TableTooLarge`] above 10,000 points; [`Error`] naming a value out of range.
pub fn table(grid: &Grid) -> Result<Vec<(PlanRequest, Plan)>, Error> {
    let points = grid.rounds.len().saturating_mul(grid.chsh_s.len()).saturating_mul(grid.qber.len());
    if points > MOST_POINTS {
        return Err(Error::TableTooLarge { points, most: MOST_POINTS });
    }
    let mut rows = Vec::with_capacity(points);
    for &s in &grid.chsh_s {
        for &q in &grid.qber {
            for &rounds in &grid.rounds {
                let request = PlanRequest {
                    chsh: Chsh::new(s)?,
                    qber: Qber::new(q)?,
                    eps_sound: grid.eps_sound,
                    eps_complete: grid.eps_complete,
                    rounds: Some(rounds),
                    f_ec: grid.f_ec,
                };
                rows.push((request, plan_under(&request, grid.theorem, grid.bound)?));
            }
        }
    }
    Ok(rows)
}

/// The table as CSV with a header; an absent least number of rounds is empty.
pub fn table_csv(rows: &[(PlanRequest, Plan)]) -> String {
    let mut text = String::from(
        "rounds,chsh_s,qber,gamma,omega_threshold,leak_bits,key_bits,key_rate_per_round,min_rounds\n",
    );
    for (request, plan) in rows {
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{},{}",
            plan.rounds,
            request.chsh.get(),
            request.qber.get(),
            plan.gamma,
            plan.omega_threshold.get(),
            plan.leak_bits.0,
            plan.key_bits,
            plan.key_rate_per_round,
            plan.min_rounds.map_or(String::new(), |rounds| rounds.to_string())
        );
    }
    text
}

const MOST_POINTS: usize = 10_000;
