//! Searches for the numbers a certificate needs. Nothing here is trusted: whatever comes out is verified by
//! [`check`](crate::check) before it becomes a key length.

pub(crate) mod eat2018;
pub(crate) mod reat;
pub(crate) mod scalar;
pub(crate) mod second_order;
