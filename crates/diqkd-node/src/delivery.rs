//! Keys for applications out of a running node: the REST interface of ETSI GS QKD 014 V1.1.1 on a Unix socket of this machine.
//!
//! Each delivery is a pair of applications (the standard's SAEs), one at each site, one of which is the master: it gets new
//! keys, the other one gets the same keys by their ids. A delivery has key stores of its own at both sites, into which its
//! share of every block goes; what share that is follows from what both sites have agreed on, so that the two applications
//! of a pair, and nobody else, can ever get a key, each of them once. No word between the sites is needed when a key is
//! taken, and none that is lost can give it to anybody else.
//!
//! Who calls is who may open the socket.

mod api;
mod socket;

pub(crate) use api::{Counter, Served};
pub(crate) use socket::Socket;
