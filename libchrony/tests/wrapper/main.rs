//! The wrapper on the simulated chronyd: what a real one cannot be made to do.

mod changes;
mod life;
mod refusals;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use libchrony::testing::{Scenario, Simulator, Source};
use libchrony::{Builder, Connection};

/// A connection to the simulator with short attempts, so that what is lost costs little.
fn builder(chronyd: &Simulator) -> Builder {
    let address = chronyd.address().parse().expect("the simulator's address is valid");
    Connection::builder().address(address).timeout(Duration::from_millis(200)).attempts(2)
}

fn connect(chronyd: &Simulator) -> Connection {
    builder(chronyd).open().expect("the simulator answers")
}

/// A server with the address 192.0.2.`last`.
fn server(last: u8) -> Source {
    Source::server(Ipv4Addr::new(192, 0, 2, last))
}

fn servers(last: impl IntoIterator<Item = u8>) -> Scenario {
    Scenario::with_sources(last.into_iter().map(server).collect())
}

/// What stands beside the simulator's socket: the directories of clients.
fn client_directories(chronyd: &Simulator) -> Vec<PathBuf> {
    let socket = PathBuf::from(chronyd.address());
    let directory = socket.parent().expect("the socket has a directory");
    std::fs::read_dir(directory)
        .expect("the directory can be read")
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| path.is_dir())
        .collect()
}
