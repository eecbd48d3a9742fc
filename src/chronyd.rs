//! The way to chronyd, as the options say: its connection, and what killed processes left beside it.

use std::time::Duration;

use libchrony::{Address, Connection};
use tracing::{debug, info};

use crate::config::Chronyd;

/// What one reading of chronyd may take in all, so that a long `--timeout` cannot hold up the end.
const READING_LIMIT: Duration = Duration::from_secs(30);

/// What one call may take.
fn limit(chronyd: &Chronyd) -> Duration {
    READING_LIMIT.max(chronyd.timeout)
}

/// More than any reading takes that still moves: a snapshot and the clients after it, each within the
/// limit of a call, on a busy machine.
pub(crate) fn longest_reading(chronyd: &Chronyd) -> Duration {
    limit(chronyd) * 2 + Duration::from_secs(30)
}

/// A connection, opened when it is first used.
pub(crate) fn connection(chronyd: &Chronyd) -> Connection {
    let mut builder = Connection::builder().timeout(chronyd.timeout).limit(limit(chronyd));
    if let Some(address) = &chronyd.address {
        builder = builder.address(address.clone());
    }
    builder.build()
}

/// Removes the socket directories that killed processes of this user left beside chronyd's socket.
pub(crate) fn remove_leftovers(chronyd: &Chronyd) {
    let search = Address::search_order();
    for address in chronyd.address.as_ref().map_or(&search[..], std::slice::from_ref) {
        let Address::Unix(path) = address else { continue };
        match libchrony::remove_leftovers(path) {
            Ok(0) => {}
            Ok(number) => info!(number, "removed socket directories of killed processes"),
            Err(error) => debug!(%error, "no look for socket directories of killed processes"),
        }
    }
}
