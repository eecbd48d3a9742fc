//! A few threads that answer questions, and a bounded queue before them.
//!
//! Who asks what is being answered already, or waits for it, shares that answer. A question is answered for
//! as long as somebody waits for it; what nobody waits for any more is not begun.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use tokio::sync::oneshot;

/// How many questions may wait for a thread.
pub(crate) const MOST_QUEUED: usize = 256;
/// How many may wait for one answer.
const MOST_SHARING: usize = 64;

/// Why a question is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Too much waits.
    Full,
    /// The server is ending.
    Ended,
}

/// The threads and their queue. They end with it, each after the answer it is at.
#[derive(Debug)]
pub(crate) struct Pool<K, T> {
    queue: Arc<Queue<K, T>>,
}

#[derive(Debug)]
struct Queue<K, T> {
    state: Mutex<State<K, T>>,
    wake: Condvar,
}

#[derive(Debug)]
struct State<K, T> {
    /// The questions that no thread is at yet, the oldest first.
    queued: VecDeque<K>,
    /// Who waits for each, those under way among them.
    asked: HashMap<K, Asked<T>>,
    ended: bool,
}

#[derive(Debug)]
struct Asked<T> {
    waiting: Vec<oneshot::Sender<Arc<T>>>,
    /// When the last of them gives up.
    end: Instant,
}

impl<T> Asked<T> {
    /// Whether somebody still waits.
    fn is_wanted(&self) -> bool {
        self.waiting.iter().any(|waiting| !waiting.is_closed())
    }
}

impl<K: Clone + Eq + Hash, T> Queue<K, T> {
    fn lock(&self) -> MutexGuard<'_, State<K, T>> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a question that somebody still waits for; `None` at the end.
    fn next(&self) -> Option<(K, Instant)> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            while let Some(key) = state.queued.pop_front() {
                match state.asked.get(&key) {
                    Some(asked) if asked.is_wanted() => return Some((key, asked.end)),
                    _ => state.asked.remove(&key),
                };
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives the answer to all who wait for it; none, where there came none.
    fn answer(&self, key: &K, answer: Option<T>) {
        let asked = self.lock().asked.remove(key);
        if let (Some(answer), Some(asked)) = (answer.map(Arc::new), asked) {
            for waiting in asked.waiting {
                // Whoever went away needs no answer.
                let _ = waiting.send(Arc::clone(&answer));
            }
        }
    }
}

impl<K, T> Pool<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Send + Sync + 'static,
{
    /// Starts so many threads; `answer` is given a question and the time when nobody waits any more.
    pub(crate) fn start(
        threads: usize,
        answer: impl Fn(&K, Instant) -> T + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let state = State { queued: VecDeque::new(), asked: HashMap::new(), ended: false };
        let queue = Arc::new(Queue { state: Mutex::new(state), wake: Condvar::new() });
        let pool = Self { queue: Arc::clone(&queue) };
        let answer = Arc::new(answer);
        for _ in 0..threads {
            let (queue, answer) = (Arc::clone(&queue), Arc::clone(&answer));
            thread::Builder::new().name("probe".to_owned()).spawn(move || {
                while let Some((key, end)) = queue.next() {
                    let given = panic::catch_unwind(AssertUnwindSafe(|| answer(&key, end)));
                    queue.answer(&key, given.ok());
                }
            })?;
        }
        Ok(pool)
    }

    /// Asks for an answer that is wanted until `end`. What is received is an error where the pool ended or
    /// answering failed.
    pub(crate) fn ask(&self, key: &K, end: Instant) -> Result<oneshot::Receiver<Arc<T>>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.queue.lock();
            let State { queued, asked, ended } = &mut *state;
            if *ended {
                return Err(Refusal::Ended);
            }
            match asked.get_mut(key) {
                Some(asked) => {
                    if asked.waiting.len() >= MOST_SHARING {
                        asked.waiting.retain(|waiting| !waiting.is_closed());
                    }
                    if asked.waiting.len() >= MOST_SHARING {
                        return Err(Refusal::Full);
                    }
                    asked.waiting.push(sender);
                    asked.end = asked.end.max(end);
                }
                None => {
                    if queued.len() >= MOST_QUEUED {
                        queued.retain(|key| {
                            let is_wanted = asked.get(key).is_some_and(Asked::is_wanted);
                            if !is_wanted {
                                asked.remove(key);
                            }
                            is_wanted
                        });
                    }
                    if queued.len() >= MOST_QUEUED {
                        return Err(Refusal::Full);
                    }
                    queued.push_back(key.clone());
                    asked.insert(key.clone(), Asked { waiting: vec![sender], end });
                }
            }
        }
        self.queue.wake.notify_one();
        Ok(receiver)
    }
}

impl<K, T> Pool<K, T> {
    /// Ends the threads, each after the answer it is at; whoever waits is interrupted.
    pub(crate) fn end(&self) {
        let mut state = self.queue.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended = true;
        state.queued.clear();
        state.asked.clear();
        self.queue.wake.notify_all();
    }
}

impl<K, T> Drop for Pool<K, T> {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::*;

    /// A pool whose threads say what they begin, and answer when they may.
    struct Held {
        pool: Pool<u32, u32>,
        begun: Receiver<u32>,
        release: Sender<()>,
    }

    impl Held {
        fn start(threads: usize) -> Self {
            let (begin, begun) = channel();
            let (release, released) = channel::<()>();
            let (begin, released) = (Mutex::new(begin), Mutex::new(released));
            let pool = Pool::start(threads, move |key: &u32, _| {
                begin.lock().unwrap().send(*key).unwrap();
                // An error means that the test is over.
                let _ = released.lock().unwrap().recv();
                assert!(*key != 13, "the thirteenth question has no answer");
                *key * 10
            });
            Self { pool: pool.unwrap(), begun, release }
        }

        fn ask(&self, key: u32) -> oneshot::Receiver<Arc<u32>> {
            self.pool.ask(&key, Instant::now()).unwrap()
        }
    }

    #[test]
    fn what_is_asked_twice_at_once_is_answered_once() {
        let held = Held::start(1);
        let under_way = held.ask(1);
        assert_eq!(held.begun.recv(), Ok(1));
        let beside = held.ask(1);
        let (waiting, with_it) = (held.ask(2), held.ask(2));
        held.release.send(()).unwrap();
        held.release.send(()).unwrap();
        assert_eq!(under_way.blocking_recv(), Ok(Arc::new(10)));
        assert_eq!(beside.blocking_recv(), Ok(Arc::new(10)));
        assert_eq!(waiting.blocking_recv(), Ok(Arc::new(20)));
        assert_eq!(with_it.blocking_recv(), Ok(Arc::new(20)));
        assert_eq!(held.begun.try_iter().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn an_answer_is_not_kept() {
        let held = Held::start(1);
        for _ in 0..2 {
            let asked = held.ask(1);
            assert_eq!(held.begun.recv(), Ok(1));
            held.release.send(()).unwrap();
            assert_eq!(asked.blocking_recv(), Ok(Arc::new(10)));
        }
        assert!(held.pool.queue.lock().asked.is_empty());
    }

    #[test]
    fn as_many_are_answered_at_once_as_there_are_threads() {
        let held = Held::start(3);
        let asked: Vec<_> = (1..=4).map(|key| held.ask(key)).collect();
        let mut begun: Vec<_> = (0..3).map(|_| held.begun.recv().unwrap()).collect();
        begun.sort_unstable();
        assert_eq!(begun, [1, 2, 3]);
        assert!(held.begun.try_recv().is_err(), "a fourth began");
        (0..4).for_each(|_| held.release.send(()).unwrap());
        for (asked, expected) in asked.into_iter().zip([10, 20, 30, 40]) {
            assert_eq!(asked.blocking_recv(), Ok(Arc::new(expected)));
        }
    }

    #[test]
    fn a_full_queue_refuses_until_somebody_goes_away() {
        let held = Held::start(1);
        let _under_way = held.ask(0);
        assert_eq!(held.begun.recv(), Ok(0));
        let mut waiting: Vec<_> =
            (1..).take(MOST_QUEUED).map(|key| (key, held.ask(1000 + key))).collect();
        assert_eq!(held.pool.ask(&1, Instant::now()).unwrap_err(), Refusal::Full);
        // What is asked already may be shared.
        let _shared = held.ask(1001);
        waiting.pop();
        let _next = held.ask(1);
        assert_eq!(held.pool.ask(&2, Instant::now()).unwrap_err(), Refusal::Full);
        let state = held.pool.queue.lock();
        assert_eq!((state.queued.len(), state.asked.len()), (MOST_QUEUED, MOST_QUEUED + 1));
    }

    #[test]
    fn too_many_who_share_are_refused_until_some_go_away() {
        let held = Held::start(1);
        let mut sharing: Vec<_> = (0..MOST_SHARING).map(|_| held.ask(1)).collect();
        assert_eq!(held.pool.ask(&1, Instant::now()).unwrap_err(), Refusal::Full);
        sharing.pop();
        let _next = held.ask(1);
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_begun() {
        let held = Held::start(1);
        let first = held.ask(1);
        assert_eq!(held.begun.recv(), Ok(1));
        drop(held.ask(2));
        let last = held.ask(3);
        (0..2).for_each(|_| held.release.send(()).unwrap());
        assert_eq!(first.blocking_recv(), Ok(Arc::new(10)));
        assert_eq!(last.blocking_recv(), Ok(Arc::new(30)));
        assert_eq!(held.begun.try_iter().collect::<Vec<_>>(), [3]);
        assert!(held.pool.queue.lock().asked.is_empty());
    }

    #[test]
    fn a_panic_leaves_its_own_question_without_answer_and_no_other() {
        let held = Held::start(1);
        let (failing, other) = (held.ask(13), held.ask(1));
        (0..2).for_each(|_| held.release.send(()).unwrap());
        assert!(failing.blocking_recv().is_err());
        assert_eq!(other.blocking_recv(), Ok(Arc::new(10)));
    }

    #[test]
    fn an_answer_is_sought_until_the_last_who_waits_gives_up() {
        let (begin, begun) = channel();
        let (release, released) = channel::<()>();
        let (begin, released) = (Mutex::new(begin), Mutex::new(released));
        let pool = Pool::start(1, move |_: &u32, end| {
            begin.lock().unwrap().send(end).unwrap();
            let _ = released.lock().unwrap().recv();
        });
        let (pool, now) = (pool.unwrap(), Instant::now());
        let soon = now + Duration::from_secs(1);
        let _first = pool.ask(&0, now).unwrap();
        begun.recv().unwrap();
        let _waiting =
            [pool.ask(&1, now).unwrap(), pool.ask(&1, soon).unwrap(), pool.ask(&1, now).unwrap()];
        release.send(()).unwrap();
        assert_eq!(begun.recv(), Ok(soon));
    }

    #[test]
    fn the_end_interrupts_all_who_wait_and_takes_no_more() {
        let held = Held::start(1);
        let (under_way, waiting) = (held.ask(1), held.ask(2));
        assert_eq!(held.begun.recv(), Ok(1));
        held.pool.end();
        assert!(under_way.blocking_recv().is_err() && waiting.blocking_recv().is_err());
        assert_eq!(held.pool.ask(&3, Instant::now()).unwrap_err(), Refusal::Ended);
    }
}
