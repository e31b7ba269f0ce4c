//! Wegman-Carter authentication and verification hashing over GF(2^128)
