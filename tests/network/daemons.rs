//! The daemons of docker/compose.test.yml, by the variables that hold their addresses.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::OnceLock;
use std::time::Duration;

use libchrony::{Builder, Connection, Snapshot, SourceState};

use crate::common::{PATIENCE, eventually, within};

/// Follows two servers that agree, one that is five seconds off and one that is not there.
pub(crate) const FOLLOWER_SOCKET: &str = "TEST_FOLLOWER_SOCKET";
/// The same chronyd over UDP, where it opens what it does by default.
pub(crate) const FOLLOWER_UDP: &str = "TEST_FOLLOWER_UDP";
/// Opens all reports over UDP, where its version can.
pub(crate) const OPENER_UDP: &str = "TEST_OPENER_UDP";
/// Listens to the network and allows nobody there.
pub(crate) const CLOSED_UDP: &str = "TEST_CLOSED_UDP";

/// The sources of the follower, by the names of their containers.
pub(crate) const NAMES: [&str; 4] = ["truth", "witness", "liar", "closed"];
/// Their number.
pub(crate) const SOURCES: usize = NAMES.len();

/// The first variable that is not set.
pub(crate) fn missing() -> Option<&'static str> {
    let all = [FOLLOWER_SOCKET, FOLLOWER_UDP, OPENER_UDP, CLOSED_UDP];
    all.into_iter().find(|variable| std::env::var_os(variable).is_none())
}

/// The address in a variable.
pub(crate) fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set"))
}

/// The address of another container, by its name in docker/compose.test.yml.
pub(crate) fn host(name: &str) -> IpAddr {
    let mut found = (name, 0).to_socket_addrs().unwrap_or_else(|error| panic!("{name}: {error}"));
    found.next().expect("an address").ip()
}

/// A connection to a daemon, not open yet.
pub(crate) fn to(variable: &str) -> Builder {
    let address = address(variable);
    let parsed = address.parse().unwrap_or_else(|error| panic!("{variable}={address}: {error}"));
    Connection::builder().address(parsed)
}

/// An open connection to a daemon, which may still be starting.
pub(crate) fn open(variable: &str) -> Connection {
    eventually(&format!("{variable}={} answers", address(variable)), || {
        to(variable).timeout(Duration::from_millis(500)).attempts(1).open().ok()
    })
}

/// An open connection to the follower, whose clock and sources have come to rest.
pub(crate) fn follower(variable: &str) -> Connection {
    static RESTED: OnceLock<()> = OnceLock::new();
    RESTED.get_or_init(|| {
        let mut connection = open(FOLLOWER_SOCKET);
        let mut last = None;
        let rested = within(PATIENCE, || {
            last = connection.snapshot().ok();
            last.as_ref().filter(|snapshot| is_at_rest(snapshot)).map(|_| ())
        });
        assert!(rested.is_some(), "the follower does not come to rest: {last:#?}");
    });
    open(variable)
}

fn is_at_rest(snapshot: &Snapshot) -> bool {
    let count = |state| snapshot.sources.iter().flatten().filter(|s| s.state == state).count();
    count(SourceState::Selected) == 1
        && count(SourceState::Falseticker) == 1
        && snapshot.tracking.as_ref().is_some_and(|t| t.is_synchronized() && t.max_error() < 0.01)
        // The first burst of requests is over.
        && snapshot.activity.as_ref().is_some_and(|a| a.online_sources == 4)
        && snapshot.sourcestats.iter().flatten().filter(|stats| stats.has_enough_samples()).count()
            == SOURCES - 1
}
