//! Whether everything that the service is made of moves: the threads that serve, the thread that reads
//! chronyd, and the task that asks it to. What waits for chronyd moves, however long chronyd takes, as
//! each of its waits has a deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::timeout;
use actix_web::web;
use tokio::sync::{mpsc, oneshot};

use crate::monitor::Monitor;
use crate::routes::Site;

/// Something that does not move any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stuck {
    #[error("a thread that serves answers nobody")]
    Worker,
    #[error("the thread that reads chronyd has overstepped all its deadlines")]
    Reader,
    #[error("the readings for the history have ended")]
    Sampler,
}

/// The threads that serve, each of which answers when it is asked whether it lives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workers(Arc<Mutex<Vec<mpsc::Sender<oneshot::Sender<()>>>>>);

impl Workers {
    /// Joins the thread that calls this, one of those that serve.
    pub(crate) fn join(&self) {
        let (sender, mut receiver) = mpsc::channel::<oneshot::Sender<()>>(1);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        rt::spawn(async move {
            while let Some(answer) = receiver.recv().await {
                // Whoever asked has lost patience.
                let _ = answer.send(());
            }
        });
    }

    /// Whether as many live as there should be.
    async fn live(&self, number: usize) -> bool {
        let workers = {
            let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // The server starts another thread for one that ended.
            workers.retain(|worker| !worker.is_closed());
            workers.clone()
        };
        for worker in &workers {
            let (sender, receiver) = oneshot::channel();
            if worker.send(sender).await.is_err() || receiver.await.is_err() {
                return false;
            }
        }
        workers.len() >= number
    }
}

/// All that must move.
#[derive(Debug)]
pub(crate) struct Vital {
    pub(crate) workers: Workers,
    /// How many threads serve.
    pub(crate) number: usize,
    pub(crate) site: web::Data<Site>,
    /// More than any reading takes.
    pub(crate) longest_reading: Duration,
    pub(crate) sampler: JoinHandle<()>,
}

impl Vital {
    /// Looks for signs of life; the threads that serve may take so long.
    pub(crate) async fn signs(&self, patience: Duration) -> Result<(), Stuck> {
        if self.sampler.is_finished() {
            return Err(Stuck::Sampler);
        }
        moves(&self.site.monitor, self.longest_reading)?;
        match timeout(patience, self.workers.live(self.number)).await {
            Ok(true) => Ok(()),
            _ => Err(Stuck::Worker),
        }
    }
}

fn moves<T>(monitor: &Monitor<T>, longest: Duration) -> Result<(), Stuck> {
    if monitor.owes_for() < longest { Ok(()) } else { Err(Stuck::Reader) }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;
    use crate::reports::Reports;

    const PATIENCE: Duration = Duration::from_secs(20);
    const IMPATIENCE: Duration = Duration::from_millis(50);

    /// A thread that serves, as far as this module sees it, until it is told to hang; after that until
    /// `free` is dropped.
    struct Worker {
        hang: oneshot::Sender<()>,
        hangs: std::sync::mpsc::Receiver<()>,
        free: std::sync::mpsc::Sender<()>,
        thread: thread::JoinHandle<()>,
    }

    fn worker(workers: &Workers) -> Worker {
        let (hang, told) = oneshot::channel();
        let (joined, has_joined) = channel();
        let (hanging, hangs) = channel();
        let (free, freed) = channel::<()>();
        let workers = workers.clone();
        let thread = thread::spawn(move || {
            rt::System::new().block_on(async move {
                workers.join();
                joined.send(()).unwrap();
                if told.await.is_ok() {
                    hanging.send(()).unwrap();
                    // An error means that it is free.
                    let _ = freed.recv();
                }
            });
        });
        has_joined.recv().unwrap();
        Worker { hang, hangs, free, thread }
    }

    /// Whether `number` threads live.
    fn live(workers: &Workers, number: usize, patience: Duration) -> Option<bool> {
        let workers = workers.clone();
        let asked = async move { timeout(patience, workers.live(number)).await.ok() };
        rt::System::new().block_on(asked)
    }

    #[test]
    fn threads_that_serve_live_until_one_hangs_and_again_when_it_goes_on() {
        let workers = Workers::default();
        let (first, second) = (worker(&workers), worker(&workers));
        assert_eq!(live(&workers, 2, PATIENCE), Some(true));
        first.hang.send(()).unwrap();
        first.hangs.recv().unwrap();
        assert_eq!(live(&workers, 2, IMPATIENCE), None);
        drop(first.free);
        first.thread.join().unwrap();
        // Now it has ended, which is not enough either.
        assert_eq!(live(&workers, 2, PATIENCE), Some(false));
        assert_eq!(live(&workers, 1, PATIENCE), Some(true));
        let third = worker(&workers);
        assert_eq!(live(&workers, 2, PATIENCE), Some(true));
        for worker in [second, third] {
            drop(worker.hang);
            worker.thread.join().unwrap();
        }
    }

    #[test]
    fn a_thread_that_reads_moves_for_as_long_as_no_reading_takes_too_long() {
        let (begin, begun) = channel();
        let (release, released) = channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let monitor = Monitor::start(move || {
            let (begin, released) = (begin.clone(), Arc::clone(&released));
            move |_| {
                begin.send(()).unwrap();
                // An error means that the test is over.
                let _ = released.lock().unwrap().recv();
            }
        });
        let monitor = Arc::new(monitor.unwrap());
        assert_eq!(moves(&monitor, Duration::from_nanos(1)), Ok(()), "nobody asks");
        let asks = Arc::clone(&monitor);
        let reading =
            thread::spawn(move || rt::System::new().block_on(asks.read(Reports::ALL)).is_ok());
        begun.recv().unwrap();
        assert_eq!(moves(&monitor, PATIENCE), Ok(()));
        thread::yield_now();
        assert_eq!(moves(&monitor, Duration::from_nanos(1)), Err(Stuck::Reader));
        release.send(()).unwrap();
        assert!(reading.join().unwrap());
    }
}
