//! Bell statistics: counts, CHSH, confidence bounds, p-values, no-signalling
