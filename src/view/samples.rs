//! Readings for tests, made by the simulated chronyd.

use std::io;
use std::time::{Duration, SystemTime};

use libchrony::testing::{Fault, Scenario, Simulator, Source};
use libchrony::{Access, Address, Connection, Error, Snapshot};

use crate::view::About;

/// A reading over the Unix socket, which gives every report.
pub(crate) fn read(scenario: Scenario) -> Snapshot {
    of(&Simulator::start_unix(scenario).unwrap())
}

/// A reading over UDP, which gives fewer reports.
pub(crate) fn read_udp(scenario: Scenario) -> Snapshot {
    of(&Simulator::start_udp(scenario).unwrap())
}

/// A reading over the Unix socket of a chronyd with these faults.
pub(crate) fn read_with<const N: usize>(scenario: Scenario, faults: [Fault; N]) -> Snapshot {
    faulty(Simulator::start_unix(scenario), faults)
}

/// As above, over UDP.
pub(crate) fn read_udp_with<const N: usize>(scenario: Scenario, faults: [Fault; N]) -> Snapshot {
    faulty(Simulator::start_udp(scenario), faults)
}

fn faulty<const N: usize>(chronyd: io::Result<Simulator>, faults: [Fault; N]) -> Snapshot {
    let chronyd = chronyd.unwrap();
    chronyd.script(faults);
    of(&chronyd)
}

fn of(chronyd: &Simulator) -> Snapshot {
    let address: Address = chronyd.address().parse().unwrap();
    Connection::builder().address(address).build().snapshot().unwrap()
}

/// What the page says besides; read now.
pub(crate) fn about() -> About {
    About {
        host: "clock.example.net".to_owned(),
        address: "/run/chrony/chronyd.sock".to_owned(),
        version: "0.1.0",
        read_at: SystemTime::now(),
    }
}

/// What the default search gives where chronyd does not run.
pub(crate) fn not_running() -> Error {
    let socket = Error::NotRunning {
        address: "/run/chrony/chronyd.sock".parse().unwrap(),
        source: io::Error::from_raw_os_error(2),
    };
    Error::NothingAnswered { tried: vec![socket, nobody("127.0.0.1"), nobody("::1")] }
}

/// What the default search gives where the socket is closed to this user, and UDP to all.
pub(crate) fn denied_and_udp_closed() -> Error {
    Error::NothingAnswered { tried: vec![denied(), nobody("127.0.0.1"), nobody("::1")] }
}

/// What the Unix socket alone gives to another user than chrony's.
pub(crate) fn denied() -> Error {
    Error::PermissionDenied {
        address: "/run/chrony/chronyd.sock".parse().unwrap(),
        access: Access::Directory,
        source: io::Error::from_raw_os_error(13),
    }
}

/// What a stopped chronyd gives.
pub(crate) fn timed_out() -> Error {
    Error::TimedOut {
        address: "127.0.0.1".parse().unwrap(),
        attempts: 3,
        waited: Duration::from_secs(3),
    }
}

fn nobody(address: &str) -> Error {
    Error::NobodyListens {
        address: address.parse().unwrap(),
        source: io::Error::from_raw_os_error(111),
    }
}

/// Each of these sources in the state it has, where none is selected: no reference.
pub(crate) fn without_reference(sources: Vec<Source>) -> Snapshot {
    read(Scenario { sources, ..Scenario::default() })
}
