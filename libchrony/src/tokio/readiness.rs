//! Waiting for a socket by tokio's reactor.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::consume_budget;
use tokio::time::{sleep_until, timeout_at};

use crate::address::Address;
use crate::ffi::{Fault, Socket};
use crate::lanes::LANES;
use crate::wait::{Wait, broken, polled, some};

/// The pauses between two looks whether chronyd's queue has room.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// Leaves the thread to others while it waits.
///
/// What comes wakes its task. Room to send is looked for now and then instead: each request that chronyd
/// takes from a full queue would wake all who wait for it, at chronyd's expense, so that the time of a
/// thousand would grow with its square.
#[derive(Debug)]
pub(crate) struct Readiness {
    socket: AsyncFd<Arc<Socket>>,
    turns: Arc<Semaphore>,
}

impl Wait for Readiness {
    type Turn = Option<OwnedSemaphorePermit>;

    fn on(socket: Arc<Socket>, address: &Address) -> io::Result<Self> {
        Ok(Self { socket: socket.watched()?, turns: turns(address) })
    }

    async fn turn(&self, end: Instant) -> Self::Turn {
        timeout_at(end.into(), Arc::clone(&self.turns).acquire_owned()).await.ok()?.ok()
    }

    async fn ready(&self, events: PollFlags, end: Instant) -> Result<bool, Fault> {
        // Where every answer is there already, others have their turn all the same.
        consume_budget().await;
        // Who began to wait in time takes what has come, however late the runtime has its turn: a thousand
        // calls on one thread are each late.
        let in_time = Instant::now() < end;
        let mut pause = FIRST_PAUSE;
        loop {
            let mut until = end;
            if events.contains(PollFlags::OUT) {
                until = end.min(Instant::now() + pause);
                pause = LONGEST_PAUSE.min(2 * pause);
            }
            let mut seen = None;
            if events.contains(PollFlags::IN) {
                // An error is to be taken as well: a UDP port that nobody listens on is one.
                let come = self.socket.ready(Interest::READABLE | Interest::ERROR);
                seen = timeout_at(until.into(), come).await.ok().transpose().map_err(broken)?;
            } else {
                sleep_until(until.into()).await;
            }
            // What the reactor saw may be from before the last datagram was taken.
            match (polled(self.socket.get_ref(), events, Duration::ZERO)?, seen) {
                (Some(true), _) => return Ok(in_time),
                (Some(false), Some(mut seen)) => seen.clear_ready(),
                _ if Instant::now() >= end => return Ok(false),
                _ => {}
            }
        }
    }

    /// On tokio's threads for what blocks.
    async fn resolve(name: &str, port: u16, end: Instant) -> io::Result<Vec<SocketAddr>> {
        let found = timeout_at(end.into(), tokio::net::lookup_host((name, port))).await;
        some(found.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??)
    }
}

/// The turns at one chronyd, which all connections of this process share.
///
/// Its queue holds about ten requests, and its send buffer some hundreds of answers that were not taken
/// yet: what comes on top would be lost. Nobody has to wait for a turn for ever, as a caller may keep one
/// without going on.
fn turns(address: &Address) -> Arc<Semaphore> {
    static TURNS: LazyLock<Mutex<HashMap<Address, Weak<Semaphore>>>> =
        LazyLock::new(Mutex::default);
    let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    turns.get(address).and_then(Weak::upgrade).unwrap_or_else(|| {
        turns.retain(|_, of_others| of_others.strong_count() > 0);
        let new = Arc::new(Semaphore::new(LANES));
        turns.insert(address.clone(), Arc::downgrade(&new));
        new
    })
}
