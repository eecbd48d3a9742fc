//! Simulated chronyds, and connections to them.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use libchrony::testing::{Scenario, Simulator, Source};

use crate::reading::{PATIENCE, patient};
use crate::{Builder, Connection};

/// A connection to the simulator with short attempts, so that what is lost costs little.
pub(crate) fn builder(chronyd: &Simulator) -> Builder {
    let address = chronyd.address().parse().expect("the simulator's address is valid");
    Connection::builder().address(address).timeout(Duration::from_millis(200)).attempts(2)
}

/// A connection whose one attempt never runs out: for what is answered, also on a slow machine.
pub(crate) fn connect(chronyd: &Simulator) -> Connection {
    patient(chronyd).open().expect("the simulator answers")
}

/// A connection with short attempts, open already: for what is not answered.
pub(crate) fn connect_in_a_hurry(chronyd: &Simulator) -> Connection {
    let end = Instant::now() + PATIENCE;
    loop {
        match builder(chronyd).open() {
            Ok(connection) => return connection,
            // On a slow machine an attempt may be too short.
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
    }
}

/// A server with the address 192.0.2.`last`.
pub(crate) fn server(last: u8) -> Source {
    Source::server(Ipv4Addr::new(192, 0, 2, last))
}

pub(crate) fn servers(last: impl IntoIterator<Item = u8>) -> Scenario {
    Scenario::with_sources(last.into_iter().map(server).collect())
}

/// What stands beside the simulator's socket: the directories of clients.
pub(crate) fn client_directories(chronyd: &Simulator) -> Vec<PathBuf> {
    let socket = PathBuf::from(chronyd.address());
    let directory = socket.parent().expect("the socket has a directory");
    std::fs::read_dir(directory)
        .expect("the directory can be read")
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| path.is_dir())
        .collect()
}
