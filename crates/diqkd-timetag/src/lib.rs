//! Time-tag formats, clock recovery, slots and one-sided trials
