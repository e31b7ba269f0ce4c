//! Packed bit strings, carry-less multiplication and binary fields
