//! The wrapper on the simulated chronyd: what a real one cannot be made to do.
//!
//! tests/wrapper_tokio runs all of it on the async face.

mod changes;
mod clients;
mod cut;
mod faults;
mod lanes;
mod life;
mod meanwhile;
mod names;
mod reading;
mod refusals;
mod silent;
mod simulated;

use libchrony::{Builder, Connection};

use crate::simulated::{builder, client_directories, connect, connect_in_a_hurry, server, servers};
