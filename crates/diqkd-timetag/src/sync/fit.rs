//! One clock seen from another.

/// One clock seen from another: `local = reference + offset + drift * reference`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockFit {
    /// What the local clock shows more than the reference clock when the reference clock shows 0, ps. Where recordings
    /// start far from 0 this is extrapolated; the anchor is not.
    pub offset_ps: i64,
    /// Relative frequency difference in parts per billion; positive: the local clock is fast.
    pub drift_ppb: f64,
    /// How sure the search is: minus the decimal logarithm of the probability that unrelated Poisson streams show such
    /// a peak anywhere in the searched range.
    pub peak_significance: f64,
    /// Standard deviation of the distance of common events from the line, ps: the joint jitter of both sites.
    pub residual_rms_ps: f64,
    /// Common events on which the fit rests.
    pub pairs: u64,
    /// Share of the reference events within the fit that have a partner, 0 to 1.
    pub share: f64,
    /// A point on the line, at the latest common event of the fit: reference time, ps.
    pub anchor_reference_ps: i64,
    /// The same point in local time, ps.
    pub anchor_local_ps: i64,
    /// Reference time between the first and the last common event of the fit, ps.
    pub span_ps: i64,
}
