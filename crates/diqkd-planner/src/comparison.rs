//! A link beside what could be done instead.

use core::fmt::Write as _;

use crate::advice::{Advice, Need};
use crate::error::{Error, positive};
use crate::setup::Path;

/// A way to come by keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Approach {
    /// The planned link, used as one-time key.
    DeviceIndependent,
    /// Its keys refresh a cipher that carries the traffic.
    Hybrid,
    /// Quantum key distribution with trusted devices over the same fibre, at the most any protocol without repeater can
    /// give.
    TrustedDevices,
    /// Post-quantum cryptography.
    PostQuantum,
}

/// A row of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The way.
    pub approach: Approach,
    /// Key or, for ciphers, key refreshed a second; `None` where nothing bounds it.
    pub key_rate_bit_s: Option<f64>,
    /// Seconds to the first key.
    pub latency_s: f64,
    /// Cost of 256 bits of key in the currency of the input; `None` without a price or without a key.
    pub cost_per_256_bits: Option<f64>,
    /// Whether it carries the traffic that is needed.
    pub meets_need: bool,
    /// What one has to trust.
    pub trust: &'static str,
}

impl Approach {
    /// The word in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::DeviceIndependent => "device-independent",
            Self::Hybrid => "hybrid",
            Self::TrustedDevices => "trusted-devices",
            Self::PostQuantum => "post-quantum",
        }
    }
}

/// Sets a link beside its alternatives. `cost_per_hour` is the price of running the whole link, stations included, for
/// an hour.
///
/// The bound on trusted-device links is `-log2(1 - t)` bits per use of a channel with transmission `t` (Pirandola,
/// Laurenza, Ottaviani, Banchi 2017), at the link's own rate of rounds before loss; a real link gives less.
///
/// # Errors
/// [`Error::Field`] unless a given price is positive.
pub fn compare(
    advice: &Advice,
    path: &Path,
    need: &Need,
    uses_per_s: f64,
    cost_per_hour: Option<f64>,
) -> Result<Vec<Alternative>, Error> {
    let cost_per_hour = cost_per_hour.map(|cost| positive("cost_per_hour", cost)).transpose()?;
    let uses_per_s = positive("uses_per_s", uses_per_s)?;
    let price = |rate: f64| cost_per_hour.filter(|_| rate > 0.0).map(|cost| cost / 3600.0 / rate * 256.0);
    let certified = advice.key_rate_bit_s;
    let transmission = 10f64.powf(-path.profile.loss_db() / 10.0);
    let at_most = -(-transmission).ln_1p() / core::f64::consts::LN_2 * uses_per_s;
    Ok(vec![
        Alternative {
            approach: Approach::DeviceIndependent,
            key_rate_bit_s: Some(certified),
            latency_s: advice.latency_s,
            cost_per_256_bits: price(certified),
            meets_need: certified >= need.key_rate_bit_s,
            trust: "quantum theory, sealed laboratories, setting generators, classical computers",
        },
        Alternative {
            approach: Approach::Hybrid,
            key_rate_bit_s: Some(certified),
            latency_s: advice.latency_s,
            cost_per_256_bits: price(certified),
            meets_need: certified > 0.0,
            trust: "the same, and a cipher for the traffic",
        },
        Alternative {
            approach: Approach::TrustedDevices,
            key_rate_bit_s: at_most.is_finite().then_some(at_most),
            latency_s: advice.expected.propagation_s,
            cost_per_256_bits: None,
            meets_need: at_most >= need.key_rate_bit_s,
            trust: "the same, and every device as its maker describes it",
        },
        Alternative {
            approach: Approach::PostQuantum,
            key_rate_bit_s: None,
            latency_s: 2.0 * advice.expected.propagation_s,
            cost_per_256_bits: None,
            meets_need: true,
            trust: "classical computers, the hardness of lattice and code problems",
        },
    ])
}

/// The comparison as CSV with a header; absent values are empty.
pub fn comparison_csv(rows: &[Alternative]) -> String {
    let mut text = String::from("approach,key_rate_bit_s,latency_s,cost_per_256_bits,meets_need,trust\n");
    let shown = |value: Option<f64>| {
        value.filter(|value| value.is_finite()).map_or(String::new(), |value| value.to_string())
    };
    for row in rows {
        let _ = writeln!(
            text,
            "{},{},{},{},{},\"{}\"",
            row.approach.label(),
            shown(row.key_rate_bit_s),
            shown(Some(row.latency_s)),
            shown(row.cost_per_256_bits),
            row.meets_need,
            row.trust
        );
    }
    text
}
