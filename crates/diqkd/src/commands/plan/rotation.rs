//! How often keys may be changed.

use clap::Args;
use diqkd_planner::rotation;
use serde_json::json;

use crate::answer::{Answer, Failure};

#[derive(Debug, Args)]
pub(super) struct RotationQuestion {
    /// Certified key of the link, bits a second (see `plan feasibility`, or key bits of a block over its duration).
    #[arg(long, value_name = "R")]
    key_rate_bit_s: f64,
    /// Duration of a block in seconds.
    #[arg(long, value_name = "T", default_value_t = 3600.0)]
    block_s: f64,
    /// Length of a key in bits.
    #[arg(long, value_name = "N", default_value_t = 256)]
    key_bits: u32,
    /// Consumers that rotate.
    #[arg(long, value_name = "N", default_value_t = 1)]
    consumers: u32,
    /// Fraction of the key that stays in stock for outages.
    #[arg(long, value_name = "F", default_value_t = 0.2)]
    reserve: f64,
}

impl RotationQuestion {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let found = rotation(self.key_rate_bit_s, self.block_s, self.key_bits, self.consumers, self.reserve)
            .map_err(|e| Failure::usage("no rotation for these values", e))?;
        Ok(Answer::new(
            format!(
                "each of {} consumers may change its {}-bit key every {:.3} s ({:.3} times an hour); a block gives {} keys",
                self.consumers, self.key_bits, found.interval_s, found.per_hour, found.keys_per_block
            ),
            json!({
                "interval_s": found.interval_s,
                "per_hour": found.per_hour,
                "keys_per_block": found.keys_per_block,
            }),
        ))
    }
}
