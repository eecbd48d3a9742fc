//! The thread on which pages, and texts for Prometheus, are made. One of many sources takes some megabytes
//! and some tens of milliseconds to make: on one thread of its own that memory is needed once, and those
//! who are served meanwhile do not wait for it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::monitor::NoReading;

/// The most who wait for their page.
const MOST_WAITING: usize = 20_000;

type Job = Box<dyn FnOnce() + Send>;

/// The thread, and the way to it.
#[derive(Debug)]
pub(crate) struct Press {
    jobs: Mutex<Option<Sender<Job>>>,
    /// How many wait.
    waiting: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Press {
    pub(crate) fn start() -> io::Result<Self> {
        let (jobs, to_do) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let done = Arc::clone(&waiting);
        let serve = move || work(&to_do, &done);
        let thread = thread::Builder::new().name("pages".to_owned()).spawn(serve)?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), waiting, thread: Mutex::new(Some(thread)) })
    }

    /// What `make` gives, made when it is its turn.
    pub(crate) async fn make<T: Send + 'static>(
        &self,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoReading> {
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(move || {
            // Nothing is made for who went away.
            if !sender.is_closed() {
                let _ = sender.send(make());
            }
        });
        {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let jobs = jobs.as_ref().ok_or(NoReading::Interrupted)?;
            if self.waiting.load(Ordering::Relaxed) >= MOST_WAITING {
                return Err(NoReading::Busy);
            }
            self.waiting.fetch_add(1, Ordering::Relaxed);
            jobs.send(job).map_err(|_| NoReading::Interrupted)?;
        }
        receiver.await.map_err(|_| NoReading::Interrupted)
    }

    /// Ends the thread, after what was begun.
    pub(crate) fn end(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic was caught where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        self.end();
    }
}

fn work(to_do: &Receiver<Job>, waiting: &AtomicUsize) {
    for job in to_do {
        // Who waits for it sees that it was dropped as an interruption.
        let _ = catch_unwind(AssertUnwindSafe(job));
        waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc::channel;
    use std::task::{Context, Waker};

    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        actix_web::rt::System::new().block_on(future)
    }

    #[test]
    #[cfg_attr(miri, ignore = "needs an event loop")]
    fn what_is_made_comes_back_and_a_panic_harms_no_other() {
        let press = Press::start().unwrap();
        assert_eq!(block_on(press.make(|| 1)), Ok(1));
        assert_eq!(block_on(press.make(|| -> u32 { panic!() })), Err(NoReading::Interrupted));
        assert_eq!(block_on(press.make(|| thread::current().name() == Some("pages"))), Ok(true));
        press.end();
        assert_eq!(block_on(press.make(|| 3)), Err(NoReading::Interrupted));
    }

    #[test]
    #[cfg_attr(miri, ignore = "needs an event loop")]
    fn nothing_is_made_for_who_went_away() {
        let press = Press::start().unwrap();
        let (go, gone) = channel();
        let mut context = Context::from_waker(Waker::noop());
        let mut first = pin!(press.make(move || gone.recv()));
        assert!(first.as_mut().poll(&mut context).is_pending());
        let (made, was_made) = channel();
        {
            let left = pin!(press.make(move || made.send(())));
            assert!(left.poll(&mut context).is_pending());
        }
        go.send(()).unwrap();
        assert_eq!(block_on(press.make(|| 2)), Ok(2));
        assert!(was_made.recv().is_err());
    }
}
