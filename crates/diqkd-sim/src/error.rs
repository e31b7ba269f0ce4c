//! What can be wrong with a simulated experiment.

/// A physical description that describes nothing.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number outside its range.
    #[error(transparent)]
    OutOfRange(#[from] diqkd_core::OutOfRange),
    /// A matrix that is not the state of two qubits.
    #[error(
        "the density matrix deviates by {deviation:e} from a Hermitian, positive matrix of trace 1; \
         normalise it and symmetrise it first"
    )]
    NotAState {
        /// The greatest deviation found: of an entry from Hermitian symmetry, of the trace from 1, or the magnitude of
        /// the most negative eigenvalue.
        deviation: f64,
    },
    /// A measurement direction of zero or non-finite length.
    #[error("a measurement direction needs a finite, non-zero length")]
    NoDirection,
    /// A list of measurements that is empty or longer than four.
    #[error("{count} measurements were given for one side, expected 1 to 4")]
    MeasurementCount {
        /// How many were given.
        count: usize,
    },
}
