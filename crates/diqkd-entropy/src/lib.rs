//! Finite-key entropy bounds for device-independent QKD, with certificates that can be re-checked
