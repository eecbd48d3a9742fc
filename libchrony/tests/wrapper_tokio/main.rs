//! The async face on the simulated chronyd: every test of the blocking one, and what it alone promises.

mod cancelled;
mod face;
mod many;
mod runtimes;

#[path = "../wrapper/changes.rs"]
mod changes;
#[path = "../wrapper/clients.rs"]
mod clients;
#[path = "../wrapper/cut.rs"]
mod cut;
#[path = "../wrapper/faults.rs"]
mod faults;
#[path = "../wrapper/lanes.rs"]
mod lanes;
#[path = "../wrapper/life.rs"]
mod life;
#[path = "../wrapper/meanwhile.rs"]
mod meanwhile;
#[path = "../wrapper/names.rs"]
mod names;
#[path = "../wrapper/reading.rs"]
mod reading;
#[path = "../wrapper/refusals.rs"]
mod refusals;
#[path = "../wrapper/silent.rs"]
mod silent;
#[path = "../wrapper/simulated.rs"]
mod simulated;

use crate::face::{Builder, Connection};
use crate::simulated::{builder, client_directories, connect, connect_in_a_hurry, server, servers};
