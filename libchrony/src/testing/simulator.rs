//! The simulated chronyd: a socket, and a thread that answers on it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::course::Course;
use super::fault::Fault;
use super::place::{Place, Socket};
use super::request::Request;
use super::state::{Mode, Shared};
use super::worker::Worker;

/// A simulated chronyd that answers in the background until it is dropped.
///
/// Dropping it ends its thread, closes its socket and removes all its files.
///
/// ```
/// use libchrony::testing::{Scenario, Simulator};
/// # fn main() -> std::io::Result<()> {
/// let chronyd = Simulator::start_unix(Scenario::synchronized())?;
/// let socket = std::path::PathBuf::from(chronyd.address());
/// assert!(socket.exists());
/// drop(chronyd);
/// assert!(!socket.exists());
/// # Ok(())
/// # }
/// ```
pub struct Simulator {
    // Before the place, so that the thread is gone when the files are removed.
    worker: Option<Worker>,
    shared: Arc<Shared>,
    place: Place,
}

impl Simulator {
    /// Starts one on a Unix datagram socket in a new directory, where everything is permitted.
    ///
    /// The directory stands in the system's directory for temporary files and has mode 0755: as with
    /// a real chronyd only its own user, and root, can make the client's socket beside it.
    ///
    /// # Errors
    /// What the system says when the directory, the socket or the thread cannot be made.
    pub fn start_unix(course: impl Course) -> io::Result<Self> {
        Self::start(Place::unix(None)?, course)
    }

    /// As [`Self::start_unix`], with the new directory in `parent`, as in `/dev/shm` for speed.
    ///
    /// # Errors
    /// As [`Self::start_unix`]; [`io::ErrorKind::InvalidInput`] where `parent` has more than 37 bytes,
    /// as a client could not make its socket so deep.
    pub fn start_unix_in(parent: &Path, course: impl Course) -> io::Result<Self> {
        Self::start(Place::unix(Some(parent))?, course)
    }

    /// Starts one on a free UDP port of 127.0.0.1, with chronyd's permissions for the network.
    ///
    /// # Errors
    /// What the system says when the socket or the thread cannot be made.
    pub fn start_udp(course: impl Course) -> io::Result<Self> {
        Self::start(Place::free_udp(Ipv4Addr::LOCALHOST.into())?, course)
    }

    /// Starts one on a free UDP port of `::1`, with chronyd's permissions for the network.
    ///
    /// # Errors
    /// What the system says when the socket or the thread cannot be made, as where there is no IPv6.
    pub fn start_udp6(course: impl Course) -> io::Result<Self> {
        Self::start(Place::free_udp(Ipv6Addr::LOCALHOST.into())?, course)
    }

    fn start((place, socket): (Place, Socket), course: impl Course) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(Arc::new(course)));
        let worker = Some(Worker::start(socket, &shared)?);
        Ok(Self { worker, shared, place })
    }

    /// Its address in libchrony's syntax: `/path`, `127.0.0.1:PORT` or `[::1]:PORT`.
    ///
    /// It stays the same over [`Self::stop`] and [`Self::restart`].
    #[must_use]
    pub fn address(&self) -> String {
        self.place.to_string()
    }

    /// Changes what it says; a [`Course`] begins at this moment.
    pub fn set(&self, course: impl Course) {
        self.shared.lock().set(Arc::new(course));
    }

    /// Replaces the faults, and counts requests for them from here; an empty script ends them.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        let faults: Vec<_> = faults.into_iter().collect();
        self.shared.lock().script.0 = faults;
    }

    /// The requests seen, in order, answered or not; at most 65536 after [`Self::forget_requests`].
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// Forgets the requests seen, so that [`Self::requests`] begins anew; [`Self::request_count`] goes on.
    pub fn forget_requests(&self) {
        self.shared.lock().requests.clear();
    }

    /// How many requests were seen, answered or not.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.shared.lock().request_count
    }

    /// Waits until so many requests were seen in all; `false` when they did not come in time.
    #[must_use]
    pub fn wait_for_requests(&self, number: u64, timeout: Duration) -> bool {
        self.shared.wait_for_requests(number, timeout)
    }

    /// Takes requests from now on, but answers none.
    pub fn stop_answering(&self) {
        self.enter(Mode::Silent);
    }

    /// Hangs like a chronyd that was stopped by a signal: requests pile up in its socket.
    ///
    /// A Unix socket takes only a few; then sending to it blocks.
    pub fn hang(&self) {
        self.enter(Mode::Hung);
    }

    /// Answers again, and first what piled up while it hung.
    pub fn resume(&self) {
        self.enter(Mode::Answering);
    }

    fn enter(&self, mode: Mode) {
        self.shared.lock().mode = mode;
        if let Some(worker) = &self.worker {
            worker.wake();
        }
    }

    /// Stops like a chronyd that was killed: its socket is closed, its socket file stays.
    pub fn stop(&mut self) {
        self.worker = None;
    }

    /// Removes the socket file, as when chronyd ends in order; on UDP there is none.
    ///
    /// Without [`Self::stop`] those who are connected can still ask.
    ///
    /// # Errors
    /// What the system says when the file cannot be removed; that it is gone is no error.
    pub fn remove_socket(&self) -> io::Result<()> {
        self.place.remove_socket()
    }

    /// Ends it and starts it again at the same address, with a new socket (and socket file).
    ///
    /// It answers then. Scenario, script and requests seen are kept; replies on their way are lost.
    ///
    /// # Errors
    /// What the system says when the socket or the thread cannot be made.
    pub fn restart(&mut self) -> io::Result<()> {
        self.stop();
        self.place.remove_socket()?;
        self.shared.lock().mode = Mode::Answering;
        self.worker = Some(Worker::start(self.place.bind()?, &self.shared)?);
        Ok(())
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("address", &self.address()).finish_non_exhaustive()
    }
}
