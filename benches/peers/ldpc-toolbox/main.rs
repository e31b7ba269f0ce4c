//! How fast is the decoder beside ldpc-toolbox, on one matrix in alist form and the same error patterns?
//!
//! ```sh
//! cargo run --release --manifest-path benches/peers/ldpc-toolbox/Cargo.toml -- MATRIX.alist QBER ROUNDS
//! ```
//!
//! Every round all decoders take the same 64 frames one after the other, on one thread. ldpc-toolbox takes no syndrome, so
//! it decodes the all-zero word. The last row is a scheme of diqkd-reconcile for the same length and leak, its own
//! code instead of the matrix, frame by frame as a session decodes them. Times are processor time where Linux tells it.

use std::time::{Duration, Instant};

use diqkd_reconcile::bench::random_pair;
use diqkd_reconcile::{Bits, Decoder, DesignOptions, Encoder, ErrorClass, FrameDecoder, ParityMatrix, Scheme};
use ldpc_toolbox::decoder::factory::{DecoderFactory, DecoderImplementation};
use ldpc_toolbox::sparse::SparseMatrix;

const PASSES: u32 = 200;
const BATCH: u64 = 64;

/// Time and failures of one decoder.
#[derive(Default)]
struct Row {
    time: Duration,
    failed: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, qber, rounds] = args.as_slice() else { return Err("MATRIX.alist QBER ROUNDS".into()) };
    let (text, qber, rounds) = (std::fs::read_to_string(path)?, qber.parse::<f64>()?, rounds.parse::<u64>()?);
    let matrix = ParityMatrix::from_text(&text)?;
    let n = matrix.columns();
    let mut ours = FrameDecoder::new(&matrix, &vec![qber; n])?.with_max_iterations(PASSES);
    let peers = [DecoderImplementation::HLAminstari8, DecoderImplementation::HLPhif64];
    let sparse = SparseMatrix::from_alist(&text).map_err(|e| format!("{e:?}"))?;
    let mut decoders: Vec<_> = peers.iter().map(|peer| peer.build_decoder(sparse.clone())).collect();
    let leak_rate = Some(matrix.rows() as f64 / n as f64);
    let class = ErrorClass { fraction: 1.0, error_probability: qber };
    let scheme = Scheme::design(n as u64, &[class], &DesignOptions { leak_rate, ..DesignOptions::default() })?;
    let mut of_scheme = Decoder::new(&scheme).with_max_iterations(PASSES);
    let alike = Bits::repeat(false, n);
    let strength = ((1.0 - qber) / qber).ln();

    let mut rows: [Row; 4] = Default::default();
    for round in 0..rounds {
        let (alice, bob): (Vec<Bits>, Vec<Bits>) =
            (0..BATCH).map(|i| random_pair(n, qber, round * BATCH + i)).unzip();
        let syndromes: Vec<Bits> = alice.iter().map(|a| matrix.syndrome(a)).collect::<Result<_, _>>()?;
        let start = clock();
        let decoded = ours.decode(&bob, &syndromes)?;
        rows[0].time += clock() - start;
        rows[0].failed += decoded.iter().zip(&alice).filter(|(d, a)| d.estimate != **a).count();
        for (row, decoder) in rows[1..].iter_mut().zip(&mut decoders) {
            for (a, b) in alice.iter().zip(&bob) {
                let wrong = |(a, b): (bool, bool)| if a == b { strength } else { -strength };
                let ratios: Vec<f64> = a.iter().by_vals().zip(b.iter().by_vals()).map(wrong).collect();
                let start = clock();
                let decoded = decoder.decode(&ratios, PASSES as usize);
                row.time += clock() - start;
                row.failed += usize::from(!decoded.is_ok_and(|d| d.codeword.iter().all(|&bit| bit == 0)));
            }
        }
        let encoder = Encoder::new(&scheme);
        for (a, b) in alice.iter().zip(&bob) {
            let syndrome = encoder.syndrome(a)?;
            let start = clock();
            let decoded = of_scheme.decode(b, &alike, &syndrome)?;
            rows[3].time += clock() - start;
            rows[3].failed += usize::from(decoded.estimate != *a);
        }
    }

    let frames = rounds * BATCH;
    println!("n {n}, leak {} bits, QBER {qber}, f {:.4}, {frames} frames", matrix.rows(), {
        let entropy = -qber * qber.log2() - (1.0 - qber) * (1.0 - qber).log2();
        matrix.rows() as f64 / n as f64 / entropy
    });
    let names = ["FrameDecoder", "ldpc-toolbox HLAminstari8", "ldpc-toolbox HLPhif64", "Scheme and Decoder"];
    for (name, row) in names.iter().zip(&rows) {
        let speed = frames as f64 * n as f64 / row.time.as_secs_f64() / 1e6;
        println!("{name}: {speed:.3} Mbit/s, {} failed", row.failed);
    }
    Ok(())
}

/// Processor time of this thread, or time since the start where it is not told.
fn clock() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    match told.and_then(|text| text.split(' ').next()?.parse().ok()) {
        Some(nanoseconds) => Duration::from_nanos(nanoseconds),
        None => START.get_or_init(Instant::now).elapsed(),
    }
}
