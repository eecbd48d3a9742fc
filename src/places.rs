//! How many are served at a time: as many as this process may open files.

use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::debug;

/// The most who watch live at a time. One costs some 2 KB, and what the kernel keeps for its socket.
const MOST_STREAMS: u64 = 12_000;
/// The most other connections at a time.
const MOST_CONNECTIONS: u64 = 4096;
/// Open files that are no connections: the socket to chronyd, the listener, what the runtime needs.
const OTHER_FILES: u64 = 64;

/// The places for clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    /// For those who watch live.
    pub(crate) streams: u32,
    /// For other connections.
    pub(crate) connections: usize,
}

impl Places {
    /// What the limit of open files allows, which is raised as far as it may be: the usual 1024 are too
    /// few for 1,000 people.
    pub(crate) fn of_this_process() -> Self {
        let wanted = MOST_STREAMS + MOST_CONNECTIONS + OTHER_FILES;
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current.is_some_and(|current| current < wanted) {
            let before = limit.current;
            limit.current = Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted)));
            if let Err(error) = setrlimit(Resource::Nofile, limit) {
                debug!(%error, "the limit of open files stays as it is");
                limit.current = before;
            }
        }
        Self::of(limit.current.unwrap_or(wanted))
    }

    /// Of so many files three fifths are for those who watch, so that others are served, too.
    fn of(files: u64) -> Self {
        let files = files.saturating_sub(OTHER_FILES);
        let streams = (files / 5 * 3).clamp(8, MOST_STREAMS);
        let connections = files.saturating_sub(streams).clamp(16, MOST_CONNECTIONS);
        Self {
            streams: u32::try_from(streams).unwrap_or(8),
            connections: usize::try_from(connections).unwrap_or(16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_other_connections_share_the_files_and_leave_some() {
        for files in [256, 1024, 4096, 16_160, 20_000, 1 << 20] {
            let places = Places::of(files);
            let taken = u64::from(places.streams) + places.connections as u64;
            assert!(taken + OTHER_FILES <= files, "{files}: {places:?}");
            assert!(places.streams as usize + 2 >= places.connections, "{files}: {places:?}");
        }
        assert_eq!(Places::of(0), Places { streams: 8, connections: 16 });
        assert!(Places::of(20_000).streams >= 10_000);
        assert_eq!(Places::of(1 << 20), Places { streams: 12_000, connections: 4096 });
    }
}
