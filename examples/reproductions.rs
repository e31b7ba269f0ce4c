//! Published numbers beside the ones computed here.

use std::error::Error;

use diqkd_bell::{BellTest, SettingBias};
use diqkd_core::{Chsh, Epsilon, LeakBits, Qber, WinProbability, binary_entropy};
use diqkd_entropy::{
    EntropyBound, EpsilonSplit, Params, PlanRequest, SingleRound, Theorem, key_length, plan_with_noise,
    single_round,
};
use diqkd_planner::Photonic;

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "Oxford 2022: n = 1.5e6, gamma = 13/256, threshold 0.83, leak 296 581 bits, eps 1e-10; published 95 628 bits"
    );
    for theorem in Theorem::ALL {
        println!("  {theorem:<12} {:>8} bits", key_length(&oxford(theorem, SingleRound::Chsh)?)?.key_bits());
    }
    let bits = key_length(&oxford(Theorem::Reat, SingleRound::ChshTwoBasisTests)?)?.key_bits();
    println!("  reat with the two-basis bound in test rounds {bits} bits");

    // A quarter of the events has matching key settings.
    let munich = (entropy(EntropyBound::TwoBases { q: 0.0 }, 2.578)? - binary_entropy(0.078)) / 4.0;
    println!("Munich 2022: S = 2.578, Q = 7.8 %; published 0.07 bit per event, computed {munich:.4}");

    println!(
        "Thresholds of the error rate for a depolarised maximally entangled state (published, computed):"
    );
    for (name, published, q, two) in [
        ("one basis", 0.07149, 0.0, false),
        ("one basis, noisy preprocessing", 0.080848, 0.499, false),
        ("two bases", 0.0835995, 0.0, true),
        ("two bases, noisy preprocessing", 0.092435, 0.499, true),
    ] {
        let bound = if two { EntropyBound::TwoBases { q } } else { EntropyBound::NoisyPreprocessing { q } };
        println!("  {name:<32} {published:<9} {:.7}", depolarising_threshold(bound, q)?);
    }

    println!(
        "Limit of long runs for the same state, bits per key round, noise of the preprocessing at its best:"
    );
    println!("  error rate   one basis   with noise   two bases   with noise");
    for percent in [0.0, 2.0, 4.0, 6.0, 7.0, 7.5, 8.0, 8.3, 9.0, 9.2] {
        let [one, one_noisy] = depolarised_rates(false, percent / 100.0)?;
        let [two, two_noisy] = depolarised_rates(true, percent / 100.0)?;
        println!("  {percent:>8} % {one:>11.6} {one_noisy:>12.6} {two:>11.6} {two_noisy:>12.6}");
    }

    println!("Photon pairs, maximally entangled, missing clicks binned: efficiency, S and key per round");
    for percent in [88, 90, 92, 94, 96, 98, 100] {
        let eta = f64::from(percent) / 100.0;
        let rate = |conditional: fn(f64) -> f64| {
            Ok::<_, Box<dyn Error>>(entropy(EntropyBound::Chsh, binned_chsh(eta))? - conditional(eta))
        };
        let (binned, kept) = (rate(binned_entropy)?, rate(unbinned_entropy)?);
        println!(
            "  {percent:>3} %  S = {:.4}  {binned:+.4} bit, {kept:+.4} if Bob's key outcome keeps \"no click\"",
            binned_chsh(eta)
        );
    }
    println!("Least efficiency (published, computed):");
    for (name, published, conditional) in [
        ("maximally entangled, binned", 0.9231, binned_entropy as fn(f64) -> f64),
        ("the same, Bob's key outcome unbinned", 0.9078, unbinned_entropy),
    ] {
        let least =
            least_efficiency(|eta| Ok(entropy(EntropyBound::Chsh, binned_chsh(eta))? - conditional(eta)))?;
        println!("  {name:<48} {published:.4} {least:.4}");
    }
    let least = least_efficiency(|efficiency| {
        let source = Photonic { trial_rate_hz: 1.0, pair_probability: 1.0, efficiency, visibility: 1.0 };
        Ok(source.optimum(1.0)?.key_rate)
    })?;
    println!("  {:<48} {:.4} {least:.4}", "best state and angles, noisy preprocessing", 0.827);

    println!(
        "100 km with single atoms, 2026 (arXiv:2602.09596): 1.2e6 pairs at 11 km, published 0.112 bit a pair against"
    );
    println!(
        "general attacks; its abstract gives neither S nor Q. Setups for which the same number comes out here"
    );
    println!("(eps_sound 1e-10, one honest miss in a hundred, f = 1.1, one key basis):");
    for qber in [0.02, 0.03, 0.04, 0.05] {
        println!("  Q = {:.0} %  S = {:.3}", 100.0 * qber, chsh_for_rate(qber, 1_200_000, 0.112)?);
    }
    println!("ETH 2023: S = 2.0747 of 2^20 trials; published P below 1e-108");
    let trials: u32 = 1 << 20;
    let wins = (f64::from(trials) * (4.0 + 2.0747) / 8.0).round() as u64;
    let p_value = BellTest::new(trials.into(), wins)?.p_value(SettingBias::UNBIASED);
    println!("  {wins} wins: log10 P = {:.2}", p_value.log10());

    println!("Arnon-Friedman et al. 2018, finite-key curves (eps_sound 1e-5, honest abort 1e-2, f = 1):");
    for (name, theorem) in [("eat2018", Theorem::Eat2018), ("df19", Theorem::Df19), ("reat", Theorem::Reat)] {
        let row = [1e6, 1e7, 1e8, 1e10, 1e12].map(|n| Ok(format!("{:.4}", best_rate(theorem, 0.005, n)?)));
        let row: Result<Vec<String>, Box<dyn Error>> = row.into_iter().collect();
        println!("  {name:<8} Q = 0.5 %, n = 1e6, 1e7, 1e8, 1e10, 1e12: {}", row?.join(", "));
    }
    let limit = entropy(EntropyBound::Chsh, 8f64.sqrt() * 0.99)? - binary_entropy(0.005);
    println!("  limit of long runs {limit:.4}");
    Ok(())
}

fn oxford(theorem: Theorem, bound: SingleRound) -> Result<Params, Box<dyn Error>> {
    Ok(Params {
        rounds: 1_500_000,
        gamma: 13.0 / 256.0,
        omega_threshold: WinProbability::new(0.83)?,
        leak_bits: LeakBits(296_581),
        eps_sound: Epsilon::new(1e-10)?,
        split: EpsilonSplit::Optimised,
        theorem,
        bound,
        assumptions: Vec::new(),
    })
}

/// The best key rate over the test probability, for a depolarised state with error rate `qber`; the threshold lies 2.33
/// standard deviations of the honest score below it, so that an honest run in a hundred misses it.
fn best_rate(theorem: Theorem, qber: f64, rounds: f64) -> Result<f64, Box<dyn Error>> {
    let omega = 0.5 + (1.0 - 2.0 * qber) * 0.125f64.sqrt();
    let mut best = 0f64;
    for step in 0..=24 {
        let gamma = 10f64.powf(-f64::from(step) / 6.0) * 0.9;
        let margin = 2.33 * (omega * (1.0 - omega) / (gamma * rounds)).sqrt();
        if omega - margin < 0.75 {
            continue;
        }
        // Test rounds have more errors than key rounds; the syndrome covers both.
        let leak = rounds * ((1.0 - gamma) * binary_entropy(qber) + gamma * binary_entropy(omega));
        let params = Params {
            rounds: rounds as u64,
            gamma,
            omega_threshold: WinProbability::new(omega - margin)?,
            leak_bits: LeakBits(leak.ceil() as u64),
            eps_sound: Epsilon::new(1e-5)?,
            ..oxford(theorem, SingleRound::Chsh)?
        };
        best = best.max(key_length(&params)?.key_bits() as f64 / rounds);
    }
    Ok(best)
}

fn entropy(bound: EntropyBound, s: f64) -> Result<f64, diqkd_entropy::Error> {
    Ok(single_round(bound, s)?.entropy_bits)
}

fn depolarising_threshold(bound: EntropyBound, q: f64) -> Result<f64, diqkd_entropy::Error> {
    let (mut low, mut high) = (0.05, 0.12);
    for _ in 0..30 {
        let qber: f64 = f64::midpoint(low, high);
        let rate =
            entropy(bound, 8f64.sqrt() * (1.0 - 2.0 * qber))? - binary_entropy(qber + q - 2.0 * q * qber);
        if rate > 0.0 { low = qber } else { high = qber }
    }
    Ok(low)
}

/// Key per key round of a depolarised state in the limit of long runs, at ideal reconciliation: without noisy preprocessing, and
/// with as much of it as is best.
fn depolarised_rates(two_bases: bool, qber: f64) -> Result<[f64; 2], diqkd_entropy::Error> {
    let rate = |q: f64| {
        let bound =
            if two_bases { EntropyBound::TwoBases { q } } else { EntropyBound::NoisyPreprocessing { q } };
        let errors = binary_entropy(qber + q - 2.0 * q * qber);
        Ok::<f64, diqkd_entropy::Error>(entropy(bound, 8f64.sqrt() * (1.0 - 2.0 * qber))? - errors)
    };
    let plain = rate(0.0)?;
    let mut best = plain;
    for step in 1..=99 {
        best = best.max(rate(f64::from(step) / 200.0)?);
    }
    Ok([plain, best].map(|rate: f64| rate.max(0.0)))
}

/// CHSH value of a maximally entangled pair of which each side loses a part and writes 1 instead.
fn binned_chsh(eta: f64) -> f64 {
    eta * eta * 8f64.sqrt() + 2.0 * (1.0 - eta).powi(2)
}

/// `H(A|B)` of its equal key settings, both binned.
fn binned_entropy(eta: f64) -> f64 {
    let (zero, error) = (eta / 2.0, eta * (1.0 - eta) / 2.0);
    zero * binary_entropy(error / zero) + (1.0 - zero) * binary_entropy(error / (1.0 - zero))
}

/// The same where Bob keeps "no click" apart: his 1 is certain, his 0 is wrong when Alice lost her photon.
fn unbinned_entropy(eta: f64) -> f64 {
    eta / 2.0 * binary_entropy(eta) + (1.0 - eta) * binary_entropy(eta / 2.0)
}

/// Where a key rate that rises with efficiency changes its sign.
fn least_efficiency(rate: impl Fn(f64) -> Result<f64, Box<dyn Error>>) -> Result<f64, Box<dyn Error>> {
    let (mut low, mut high) = (0.8, 1.0);
    for _ in 0..13 {
        let eta = f64::midpoint(low, high);
        if rate(eta)? > 0.0 { high = eta } else { low = eta }
    }
    Ok(high)
}

/// The CHSH value at which a plan of `rounds` gives `key_rate` bits a round.
fn chsh_for_rate(qber: f64, rounds: u64, key_rate: f64) -> Result<f64, Box<dyn Error>> {
    let (mut low, mut high) = (2.0, 8f64.sqrt());
    for _ in 0..10 {
        let s = f64::midpoint(low, high);
        let request = PlanRequest {
            chsh: Chsh::new(s)?,
            qber: Qber::new(qber)?,
            eps_sound: Epsilon::new(1e-10)?,
            eps_complete: Epsilon::new(1e-2)?,
            rounds: Some(rounds),
            f_ec: 1.1,
        };
        if plan_with_noise(&request, 0.0)?.key_rate_per_round > key_rate { high = s } else { low = s }
    }
    Ok(high)
}
