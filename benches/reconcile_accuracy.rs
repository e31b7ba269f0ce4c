//! How much does reconciliation leak, and how often does it fail, against noise and length? Accuracy alone: no times.
//!
//! ```sh
//! cargo bench -p diqkd-benches --bench reconcile_accuracy
//! ```
//!
//! Without `--bench` (as `cargo test` runs it) one block a row shows that it still works.

use std::time::Duration;

use diqkd_reconcile::bench::{BenchRequest, Method, run};

fn main() {
    let full = std::env::args().any(|argument| argument == "--bench");
    println!("method, n, QBER, f, bound, FER from, to, undetected, passes, round trips, both directions f");
    let one_way = [(16_384, 100), (65_536, 50), (262_144, 20)].map(|(n, blocks)| (Method::Ldpc, n, blocks));
    let interactive = [
        Method::CascadeOriginal,
        Method::Cascade,
        Method::CascadeFrugal,
        Method::Blind,
        Method::SymmetricBlind,
    ]
    .map(|method| (method, 10_000, 300));
    for (method, n, blocks) in one_way.into_iter().chain(interactive) {
        for qber in [0.01, 0.02, 0.05, 0.08] {
            let blocks = if full { blocks } else { 1 };
            let request = BenchRequest { method, ..BenchRequest::symmetric(qber, n, blocks, 1) };
            let report = run(&request, &|| Duration::ZERO).expect("usual noise and length");
            println!(
                "{method:?}, {n}, {qber}, {:.4}, {:.4}, {:.2e}, {:.2e}, {}, {:.1}, {:.1}, {:.4}",
                report.f_ec,
                report.f_ec_bound,
                report.fer_low,
                report.fer_high,
                report.undetected,
                report.iterations_mean,
                report.round_trips_mean,
                report.f_both_ways
            );
            if !full {
                break;
            }
        }
    }
}
