//! A Bell inequality of your own: its local bound, its quantum maximum, its value on counts, and the entropy that
//! follows from it. Here: the chained inequality with three settings a side, from coefficients.
//!
//! ```sh
//! cargo run --release --example custom_bell_scenario
//! ```

use diqkd_bell::{BellFunctional, Cell, Counts, Shape};
use diqkd_entropy::sdp::{BellExpression, Level, SdpQuery, min_entropy, quantum_maximum};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Weights of the correlators <A_x B_y>. Any table will do, with any number of settings.
    let weights = [[1.0, 0.0, -1.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]];

    let shape = Shape { settings_a: 3, settings_b: 3, outcomes_a: 2, outcomes_b: 2 };
    let functional = BellFunctional::new(shape, |Cell { x, y, a, b }| {
        let sign = if a == b { 1.0 } else { -1.0 };
        sign * weights[usize::from(x)][usize::from(y)]
    })?;
    println!("local bound      {:.4}", functional.local_bound());

    let expression = BellExpression {
        alice: vec![0.0; 3],
        bob: vec![0.0; 3],
        correlators: weights.map(|row| row.to_vec()).to_vec(),
    };
    let most = quantum_maximum(&expression, Level::One, &[])?;
    println!(
        "quantum maximum  {most:.4}, rounded up; in closed form {:.4}",
        6.0 * (std::f64::consts::PI / 6.0).cos()
    );

    let observed = functional.estimate(&counts()?)?;
    println!("observed         {:.4} +- {:.4}", observed.value, observed.standard_error);

    // How much of Alice's outcome at setting 0 is unknown to anybody, if the value is at least this?
    for value in [4.2, 4.6, 5.0, 5.19] {
        let query = SdpQuery {
            observed: vec![(expression.clone(), value)],
            key_setting: 0,
            q: 0.0,
            level: Level::OnePlusAb,
            extra: Vec::new(),
            nodes: 4,
        };
        println!(
            "value {value:.2}       at least {:.4} bits of min-entropy",
            min_entropy(&query)?.entropy_bits
        );
    }
    Ok(())
}

/// A thousand trials for each pair of settings that counts, as devices near the optimum would give them.
fn counts() -> Result<Counts, Box<dyn std::error::Error>> {
    let mut counts = Counts::default();
    for (x, y, equal) in [(0, 0, 923u64), (0, 2, 77), (1, 0, 921), (1, 1, 924), (2, 1, 922), (2, 2, 923)] {
        for (a, b, n) in [
            (0, 0, equal / 2),
            (1, 1, equal - equal / 2),
            (0, 1, 500 - equal / 2),
            (1, 0, 500 - equal.div_ceil(2)),
        ] {
            counts.add(Cell { x, y, a, b }, n)?;
        }
    }
    Ok(counts)
}
