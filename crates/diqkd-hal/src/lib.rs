//! Traits that a measurement station offers to device-independent QKD software
