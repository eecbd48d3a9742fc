//! Waiting for a socket and for names: the one thing in which the blocking and the async face differ.
//!
//! All else is written once, as `async fn` over [`Wait`]. The blocking face waits within poll(2), so
//! that its calls are never pending and [`finish`] has their result at once, without an executor.

use std::fmt::Debug;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::address::Address;
use crate::ffi::{Code, Fault, Socket};

/// How a face waits.
pub(crate) trait Wait: Debug + Send + Sync + Sized {
    /// Leave to have requests under way, until it is dropped.
    type Turn: Send;

    /// Prepares for waiting for a socket to an address.
    fn on(socket: Arc<Socket>, address: &Address) -> io::Result<Self>;

    /// Waits for a turn; from `end` on it goes without.
    fn turn(&self, end: Instant) -> impl Future<Output = Self::Turn> + Send;

    /// Waits for the socket until `end`; false where the time ran out.
    fn ready(
        &self,
        events: PollFlags,
        end: Instant,
    ) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// The addresses of a host, at least one.
    fn resolve(
        name: &str,
        port: u16,
        end: Instant,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;
}

/// Blocks the thread.
#[derive(Debug)]
pub(crate) struct Blocking(Arc<Socket>);

impl Wait for Blocking {
    /// A thread is turn enough.
    type Turn = ();

    fn on(socket: Arc<Socket>, _: &Address) -> io::Result<Self> {
        Ok(Self(socket))
    }

    async fn turn(&self, _: Instant) {}

    async fn ready(&self, events: PollFlags, end: Instant) -> Result<bool, Fault> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Some(is_ready) = polled(&self.0, events, left)? {
                return Ok(is_ready && Instant::now() < end);
            }
        }
    }

    /// On a thread of its own, as the system's resolver knows no deadline.
    async fn resolve(name: &str, port: u16, end: Instant) -> io::Result<Vec<SocketAddr>> {
        let (sender, receiver) = mpsc::channel();
        let host = (name.to_owned(), port);
        std::thread::Builder::new().name("resolver".to_owned()).spawn(move || {
            // The receiver is gone where the time ran out.
            let _ = sender.send(host.to_socket_addrs());
        })?;
        let left = end.saturating_duration_since(Instant::now());
        let found =
            receiver.recv_timeout(left).map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        some(found?)
    }
}

/// Asks the system once whether the socket is ready; `None` where a signal came between.
pub(crate) fn polled(
    socket: &Socket,
    events: PollFlags,
    timeout: Duration,
) -> Result<Option<bool>, Fault> {
    let timeout = Timespec::try_from(timeout).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 0 });
    match poll(&mut [PollFd::new(socket, events)], Some(&timeout)) {
        Ok(number) => Ok(Some(number > 0)),
        Err(rustix::io::Errno::INTR) => Ok(None),
        Err(errno) => Err(broken(errno.into())),
    }
}

/// A socket that cannot be waited for.
pub(crate) fn broken(errno: io::Error) -> Fault {
    Fault { code: Code::RECV_FAILED, errno }
}

/// The addresses, where there are any.
pub(crate) fn some(found: impl Iterator<Item = SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(found)
}

/// The result of a call whose waits block.
pub(crate) fn finish<T>(call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = call.as_mut().poll(&mut context) {
            return result;
        }
    }
}
