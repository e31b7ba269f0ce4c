// Written by hand as a first shape; thresholds are what the decoder reaches with room to spare.
//! Degree distributions: fraction of block columns of each degree.

use crate::ensemble::Ensemble;

pub(crate) static ENSEMBLES: &[Ensemble] = &[
    Ensemble { leak_rate: 0.05, threshold: 0.0340, shares: &[(2, 0.035), (3, 0.765), (10, 0.2)] },
    Ensemble { leak_rate: 0.15, threshold: 0.1265, shares: &[(2, 0.13), (3, 0.65), (10, 0.22)] },
    Ensemble { leak_rate: 0.30, threshold: 0.2680, shares: &[(2, 0.26), (3, 0.52), (10, 0.22)] },
    Ensemble { leak_rate: 0.50, threshold: 0.4504, shares: &[(2, 0.42), (3, 0.38), (12, 0.20)] },
    Ensemble { leak_rate: 0.90, threshold: 0.72, shares: &[(2, 0.45), (3, 0.30), (14, 0.25)] },
];
