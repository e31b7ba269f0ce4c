//! Exact tick lengths.

/// The length of a tick in picoseconds as a 64.64-bit fixed-point number: `whole_ps + fraction / 2^64`.
///
/// Every tick that a supported format defines is represented exactly, or, for a sync period that a header gives as a
/// rate in hertz, to better than 2^-64 ps (rounded up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickLength {
    /// Whole picoseconds.
    pub whole_ps: u64,
    /// Fraction of a picosecond in units of 2^-64 ps.
    pub fraction: u64,
}

impl TickLength {
    /// A tick of whole picoseconds.
    pub const fn whole(whole_ps: u64) -> Self {
        Self { whole_ps, fraction: 0 }
    }

    /// The tick of `num / den` picoseconds, rounded up to a multiple of 2^-64 ps; `None` when `den` is 0.
    pub const fn ratio(num: u64, den: u64) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let whole_ps = num / den;
        let fraction = ((num % den) as u128) << 64;
        let fraction = fraction.div_ceil(den as u128);
        if fraction >> 64 != 0 {
            return Some(Self { whole_ps: whole_ps + 1, fraction: 0 });
        }
        Some(Self { whole_ps, fraction: fraction as u64 })
    }

    /// The tick that a header gives as a floating-point number of picoseconds. A value within 4 ulp of a whole number
    /// is that number: 1.25e-8 s means 12500 ps. `None` unless the value lies between 2^-10 and 2^40 ps.
    pub fn from_ps(ps: f64) -> Option<Self> {
        if !(ps >= 1.0 / 1024.0 && ps <= (1u64 << 40) as f64) {
            return None;
        }
        let nearest = libm::round(ps);
        if libm::fabs(ps - nearest) <= 4.0 * f64::EPSILON * ps {
            return Some(Self::whole(nearest as u64));
        }
        let whole = libm::floor(ps);
        Some(Self { whole_ps: whole as u64, fraction: libm::ldexp(ps - whole, 64) as u64 })
    }

    /// The length in picoseconds.
    pub fn as_ps(self) -> f64 {
        self.whole_ps as f64 + libm::ldexp(self.fraction as f64, -64)
    }

    /// The time of `ticks` in ps, rounded down; `None` beyond the range of `i64`.
    #[inline(always)]
    pub fn to_ps(self, ticks: u64) -> Option<i64> {
        let whole = u128::from(self.whole_ps) * u128::from(ticks);
        let fraction = (u128::from(self.fraction) * u128::from(ticks)) >> 64;
        i64::try_from(whole + fraction).ok()
    }

    /// The time of `ticks`, ps as a 128-bit 64.64 fixed-point number.
    #[inline(always)]
    pub(crate) fn times(self, ticks: u64) -> u128 {
        let q64 = (self.whole_ps as u128) << 64 | self.fraction as u128;
        q64.wrapping_mul(ticks as u128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_mean_what_they_say() {
        assert_eq!(TickLength::from_ps(1e-12 * 1e12), Some(TickLength::whole(1)));
        assert_eq!(TickLength::from_ps(1.25e-8 * 1e12), Some(TickLength::whole(12_500)));
        assert_eq!(TickLength::from_ps(0.5), Some(TickLength { whole_ps: 0, fraction: 1 << 63 }));
        assert_eq!(TickLength::ratio(125, 32), Some(TickLength { whole_ps: 3, fraction: 29 << 59 }));
        assert_eq!(TickLength::ratio(1_000_000_000_000, 80_000_000), Some(TickLength::whole(12_500)));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(TickLength::from_ps(bad), None);
        }
    }

    #[test]
    fn a_rate_in_hertz_gives_whole_seconds_exactly() {
        let rate = 998_898;
        let tick = TickLength::ratio(1_000_000_000_000, rate).unwrap();
        for seconds in [1, 7, 3600] {
            assert_eq!(tick.times(rate * seconds) >> 64, 1_000_000_000_000 * seconds as u128);
        }
    }
}
