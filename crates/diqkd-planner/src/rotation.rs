//! How often keys may be changed.

use crate::error::{Error, positive};

/// The fastest key rotation that a link sustains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotation {
    /// Shortest time between two keys of one consumer, in seconds.
    pub interval_s: f64,
    /// Rotations an hour of each consumer.
    pub per_hour: f64,
    /// Keys in one block, all consumers together, rounded down.
    pub keys_per_block: u64,
}

/// Rotation for `consumers` that take keys of `key_bits` bits each from a link with `key_rate_bit_s` certified bits a
/// second in blocks of `block_s` seconds, of which `reserve` (a fraction) stays in stock.
///
/// # Errors
/// [`Error::Field`] for a rate, length or number that is not positive, or a reserve outside `[0, 1)`.
///
/// # Examples
/// ```
/// let rotation = diqkd_planner::rotation(64.0, 3600.0, 256, 4, 0.2)?;
/// assert_eq!(rotation.interval_s, 20.0);
/// assert_eq!(rotation.keys_per_block, 720);
/// # Ok::<(), diqkd_planner::Error>(())
/// ```
pub fn rotation(
    key_rate_bit_s: f64,
    block_s: f64,
    key_bits: u32,
    consumers: u32,
    reserve: f64,
) -> Result<Rotation, Error> {
    let rate = positive("key_rate_bit_s", key_rate_bit_s)?;
    let block_s = positive("block_s", block_s)?;
    let key_bits = positive("key_bits", f64::from(key_bits))?;
    let consumers = positive("consumers", f64::from(consumers))?;
    if !(0.0..1.0).contains(&reserve) {
        return Err(Error::Field {
            field: "reserve",
            value: reserve,
            expected: "a fraction from 0 to below 1",
        });
    }
    let spent = rate * (1.0 - reserve);
    let interval_s = key_bits * consumers / spent;
    Ok(Rotation {
        interval_s,
        per_hour: 3600.0 / interval_s,
        keys_per_block: (spent * block_s / key_bits).floor() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_named() {
        let field = |result: Result<Rotation, Error>| match result {
            Err(Error::Field { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(rotation(0.0, 1.0, 256, 1, 0.0)), "key_rate_bit_s");
        assert_eq!(field(rotation(1.0, f64::NAN, 256, 1, 0.0)), "block_s");
        assert_eq!(field(rotation(1.0, 1.0, 0, 1, 0.0)), "key_bits");
        assert_eq!(field(rotation(1.0, 1.0, 256, 0, 0.0)), "consumers");
        assert_eq!(field(rotation(1.0, 1.0, 256, 1, 1.0)), "reserve");
    }
}
