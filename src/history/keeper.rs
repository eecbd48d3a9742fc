//! The thread that writes the history file: a batch each minute, and one at the end. What is killed
//! loses the last batch at most. Readings never wait for it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redb::Database;
use tracing::{error, info};

use super::Held;
use super::batch::{Batch, State};
use super::database;
use crate::error::shown;

/// The file's thread.
#[derive(Debug)]
pub(super) struct Keeper {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    ended: Mutex<bool>,
    wake: Condvar,
    /// Why the last batch could not be written.
    failure: Mutex<Option<String>>,
}

/// What the thread works with.
struct Work {
    path: PathBuf,
    /// `None` after a failure.
    database: Option<Database>,
    held: Arc<RwLock<Held>>,
    state: State,
}

impl Keeper {
    /// Starts the thread, which writes so often to a file that is in this state.
    pub(super) fn start(
        path: PathBuf,
        database: Database,
        state: State,
        held: Arc<RwLock<Held>>,
        every: Duration,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let mut work = Work { path, database: Some(database), held, state };
        let serve = {
            let shared = Arc::clone(&shared);
            move || {
                let mut ended = false;
                while !ended {
                    let result = work.write();
                    shared.tell(&work.path, result);
                    ended = shared.wait(every);
                }
                let result = work.write();
                shared.tell(&work.path, result);
            }
        };
        let thread = thread::Builder::new().name("history".to_owned()).spawn(serve)?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Why the last batch could not be written.
    pub(super) fn failure(&self) -> Option<String> {
        lock(&self.shared.failure).clone()
    }

    /// Writes the last batch and closes the file.
    pub(super) fn end(&self) {
        *lock(&self.shared.ended) = true;
        self.shared.wake.notify_one();
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            // A panic was caught where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    /// Waits so long, or until the end; whether it has come.
    fn wait(&self, time: Duration) -> bool {
        let ended = lock(&self.ended);
        let waited = self.wake.wait_timeout_while(ended, time, |ended| !*ended);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Logs the first failure, and that it is over.
    fn tell(&self, path: &Path, result: Result<(), String>) {
        let path = shown(&path.display().to_string());
        let mut failure = lock(&self.failure);
        match (result, failure.is_some()) {
            (Err(reason), already) => {
                if !already {
                    error!(path, %reason, "the history file cannot be written; the history goes on in memory");
                }
                *failure = Some(reason);
            }
            (Ok(()), true) => {
                info!(path, "the history file is written again");
                *failure = None;
            }
            (Ok(()), false) => {}
        }
    }
}

impl Work {
    fn write(&mut self) -> Result<(), String> {
        let attempt = catch_unwind(AssertUnwindSafe(|| self.write_unguarded()));
        let result = attempt.unwrap_or_else(|_| Err("the database failed".to_owned()));
        if result.is_err() {
            // After a failure redb wants to be opened anew; what it holds is the last whole batch.
            let database = AssertUnwindSafe(self.database.take());
            let _ = catch_unwind(move || drop(database));
        }
        result
    }

    fn write_unguarded(&mut self) -> Result<(), String> {
        let database = match self.database.take() {
            Some(database) => database,
            None => database::open_again(&self.path).map_err(|error| error.to_string())?,
        };
        let database = self.database.insert(database);
        let (batch, state) = {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            let Some(store) = &held.store else { return Ok(()) };
            Batch::new(&held.log, store, &self.state)
        };
        database::write(database, &batch).map_err(|error| error.to_string())?;
        self.state = state;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::events::Log;
    use super::super::grid::time;
    use super::super::rates::Counted;
    use super::super::samples::note;
    use super::super::store::Store;
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "uses files")]
    fn what_could_not_be_written_is_written_when_that_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let (path, away) = (directory.path().join("history"), directory.path().join("away"));
        let new = || Store::new(86_400, 5);
        let opened = database::open(&path, new).unwrap();
        let held =
            Held { store: Some(opened.store), log: Log::default(), counted: Counted::default() };
        let held = Arc::new(RwLock::new(held));
        let database = Some(opened.database);
        let state = State::default();
        let mut work = Work { path: path.clone(), database, held, state };
        let shared = Shared::default();
        let batch = |work: &mut Work, second: u32| {
            let mut held = work.held.write().unwrap();
            held.store.as_mut().unwrap().record(&note(second, &["a"]));
            drop(held);
            shared.tell(&path, work.write());
            lock(&shared.failure).clone()
        };
        assert_eq!(batch(&mut work, 1_700_000_000), None);
        // As where its disk is gone.
        work.database = None;
        fs::rename(&work.path, &away).unwrap();
        assert!(batch(&mut work, 1_700_000_100).is_some_and(|reason| reason.contains("No such")));
        assert!(batch(&mut work, 1_700_000_200).is_some());
        fs::rename(&away, &work.path).unwrap();
        assert_eq!(batch(&mut work, 1_700_000_300), None);
        drop(work);
        let opened = database::open(&directory.path().join("history"), new).unwrap();
        assert_eq!(opened.store.clock.raw.len(), 4);
        assert_eq!(opened.store.first().map(time), Some(time(1_700_000_000)));
    }
}
