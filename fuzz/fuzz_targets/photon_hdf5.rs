//! Photon-HDF5: no panic in the container or above it, photons and faults accounted for.

#![no_main]

use std::io::Cursor;

use diqkd_timetag::formats::{TagSummary, read_photon_hdf5};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for spot in [None, Some(0)] {
        let mut summary = TagSummary::default();
        if let Ok(recording) = read_photon_hdf5(Cursor::new(data.to_vec()), spot, &mut summary) {
            summary.complete(&recording);
            assert!(summary.photons <= recording.records);
        }
    }
});
