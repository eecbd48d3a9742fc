//! Daemons that do not answer, each told apart and each within bounded time.

use std::time::{Duration, Instant};

use libchrony::{Connection, ErrorKind};

use crate::daemons::{self, CLOSED_UDP};

/// The longest that two attempts of 300 ms may take, with what a busy machine adds.
const BOUND: Duration = Duration::from_secs(5);

fn refused(address: &str) -> libchrony::Error {
    let builder = Connection::builder().address(address.parse().unwrap());
    let start = Instant::now();
    let error = builder.timeout(Duration::from_millis(300)).attempts(2).open().unwrap_err();
    assert!(start.elapsed() < BOUND, "{address}: {:?}: {error}", start.elapsed());
    error
}

pub(crate) fn without_cmdallow_no_answer_comes_and_the_wait_ends() {
    let address = daemons::address(CLOSED_UDP);
    let error = refused(&address);
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    let (name, port) = address.rsplit_once(':').unwrap();
    let tried = format!("{}:{port}", daemons::host(name));
    assert!(error.to_string().contains(&tried), "{tried} is not in: {error}");
    assert!(error.hint().contains("cmdallow"), "{}", error.hint());
}

pub(crate) fn a_port_where_nobody_listens_is_named() {
    // The host runs chronyd, at another port.
    let closed = daemons::address(CLOSED_UDP);
    let name = closed.rsplit_once(':').unwrap().0;
    let error = refused(&format!("{name}:9"));
    assert_eq!(error.kind(), ErrorKind::NobodyListens, "{error}");
    let tried = format!("{}:9", daemons::host(name));
    assert!(error.to_string().contains(&tried), "{tried} is not in: {error}");
}

pub(crate) fn a_host_that_does_not_exist_is_named() {
    let error = refused("no-such-chronyd.invalid:323");
    assert_eq!(error.kind(), ErrorKind::NameNotResolved, "{error}");
    assert!(error.to_string().contains("no-such-chronyd.invalid"), "{error}");
}
