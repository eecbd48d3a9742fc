//! The thread that answers, until it is dropped.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::place::Socket;
use super::queue::Queue;
use super::request::Request;
use super::state::{Mode, Shared};

/// The most datagrams that are read before replies are sent.
const BATCH: usize = 64;

/// A running thread and the means to wake and end it.
pub(super) struct Worker {
    thread: Option<JoinHandle<()>>,
    end: Arc<AtomicBool>,
    bell: UnixStream,
}

impl Worker {
    pub(super) fn start(socket: Socket, shared: &Arc<Shared>) -> io::Result<Self> {
        let (bell, waker) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let end = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(shared), Arc::clone(&end));
        let thread = thread::Builder::new()
            .name("simulated chronyd".to_owned())
            .spawn(move || run(&socket, &waker, &shared, &ended))?;
        Ok(Self { thread: Some(thread), end, bell })
    }

    /// Has the thread look at its state anew.
    pub(super) fn wake(&self) {
        // A full bell rings already; one without a listener has no thread to wake.
        let _ = (&self.bell).write(&[0]);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It ends with an error only when somebody's edit or course panicked, which said so itself.
            let _ = thread.join();
        }
    }
}

fn run(socket: &Socket, bell: &UnixStream, shared: &Shared, end: &AtomicBool) {
    let mut queue = Queue::new();
    let mut buffer = [0; 4096];
    while !end.load(Ordering::Acquire) {
        let hung = shared.lock().mode == Mode::Hung;
        let now = Instant::now();
        let due = queue.next_due().filter(|_| !hung);
        let mut fds = [PollFd::new(bell, PollFlags::IN), PollFd::new(socket, PollFlags::IN)];
        let fds = if hung { &mut fds[..1] } else { &mut fds[..] };
        if wait(fds, due.map(|due| due.saturating_duration_since(now))).is_err() {
            return;
        }
        let mut bell = bell;
        while bell.read(&mut buffer).is_ok_and(|length| length > 0) {}

        for _ in 0..BATCH {
            // Locked before it is read, so that nothing is read once `hang` has returned.
            let mut state = shared.lock();
            if state.mode == Mode::Hung {
                break;
            }
            let Ok((length, client)) = socket.receive(&mut buffer) else { break };
            let request = Request::new(buffer.get(..length).unwrap_or_default());
            let outcome = state.take(request, socket.transport(), client.is_some());
            drop(state);
            shared.notify();
            if let (Some(outcome), Some(client)) = (outcome, client) {
                queue.push(outcome, &client, Instant::now());
            }
        }
        if !hung {
            for (client, reply) in queue.take_due(Instant::now()) {
                // A client that is gone, or reads nothing, misses its reply.
                let _ = socket.send(&reply, &client);
            }
        }
    }
}

/// Waits until a descriptor can be read, or for a time.
fn wait(fds: &mut [PollFd<'_>], time: Option<Duration>) -> rustix::io::Result<()> {
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    match poll(fds, time.as_ref()) {
        Err(rustix::io::Errno::INTR) | Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}
