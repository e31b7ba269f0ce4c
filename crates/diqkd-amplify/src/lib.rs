//! Toeplitz privacy amplification
