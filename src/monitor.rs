//! Fresh readings for whoever asks, at the cost of few: the one place where sharing is decided.
//!
//! Requests that arrive while a reading waits to start share it; none gets data that was read before
//! it arrived; at most one reading runs at a time. So any number of people pressing reload at once
//! cost chronyd two readings. A cache would be added here and nowhere else: [`Monitor::read`] would
//! give the last reading while it is young enough.
//!
//! Pages take longer to make than a small reading takes. Were chronyd read whenever somebody asks for a
//! page, the readings would run ahead, each shared by few, and the pages of all of them would queue. So
//! while the page of one reading is made, one more is read; the next waits, and is shared by all who
//! ask meanwhile ([`Monitor::read_in_turn`]).

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::reports::Reports;

/// So many readings are in use by those who take turns: one under way, one of which a page is made.
const MOST_TURNS: usize = 2;

/// The most requests that wait for one reading.
const MOST_WAITING: usize = 20_000;

/// Why there is no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoReading {
    /// Too many requests wait.
    Busy,
    /// The reader failed, or the server is ending.
    Interrupted,
}

/// A thread that reads, and those who wait for it. Readings never run on the threads that serve.
#[derive(Debug)]
pub(crate) struct Monitor<T> {
    queue: Arc<Queue<T>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A reading that was given in turn: shared by all who got it, until what it is for is done.
#[derive(Debug)]
pub(crate) struct Turn<T>(Arc<Queue<T>>);

impl<T> Drop for Turn<T> {
    fn drop(&mut self) {
        self.0.lock().turns -= 1;
        self.0.wake.notify_one();
    }
}

#[derive(Debug)]
struct Queue<T> {
    state: Mutex<State<T>>,
    wake: Condvar,
}

/// What who waits is sent: the reading, and the turn where it waited for one.
pub(crate) type Given<T> = (Arc<T>, Option<Arc<Turn<T>>>);

#[derive(Debug)]
struct Waiting<T> {
    sender: oneshot::Sender<Given<T>>,
    /// Whether it waits for those before it to be done with their reading.
    in_turn: bool,
}

#[derive(Debug)]
struct State<T> {
    waiting: Vec<Waiting<T>>,
    /// How many readings given in turn, or under way for it, are in use.
    turns: usize,
    /// What those who wait want to know.
    wanted: Option<Reports>,
    /// Since when the reading under way, or in its absence somebody, waits for the thread.
    owed: Option<Instant>,
    ended: bool,
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for people who ask, and tells what for; `None` at the end.
    fn next(self: &Arc<Self>) -> Option<Asked<T>> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            // Whoever went away in the meantime needs no reading.
            state.waiting.retain(|waiting| !waiting.sender.is_closed());
            let takes_turns = |waiting: &Waiting<T>| waiting.in_turn;
            // Those who do not take turns are not kept waiting, and whoever waits beside them gains.
            if !state.waiting.is_empty()
                && (state.turns < MOST_TURNS || !state.waiting.iter().all(takes_turns))
            {
                state.owed = Some(Instant::now());
                let wanted = state.wanted.take().unwrap_or(Reports::ALL);
                let waiting = std::mem::take(&mut state.waiting);
                let turn = waiting.iter().any(takes_turns).then(|| {
                    state.turns += 1;
                    Arc::new(Turn(Arc::clone(self)))
                });
                return Some((waiting, wanted, turn));
            }
            if state.waiting.is_empty() {
                state.wanted = None;
            }
            state.owed = None;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Those who wait, what they want to know, and the turn of those among them who take turns.
type Asked<T> = (Vec<Waiting<T>>, Reports, Option<Arc<Turn<T>>>);

impl<T: Send + Sync + 'static> Monitor<T> {
    /// Starts the thread. `reader` makes what reads; it is asked again after a reading panicked.
    pub(crate) fn start<R>(reader: impl Fn() -> R + Send + 'static) -> io::Result<Self>
    where
        R: FnMut(Reports) -> T,
    {
        let state = State { waiting: Vec::new(), turns: 0, wanted: None, owed: None, ended: false };
        let queue = Arc::new(Queue { state: Mutex::new(state), wake: Condvar::new() });
        let serve = {
            let queue = Arc::clone(&queue);
            move || {
                let mut read = None;
                while let Some((waiting, wanted, turn)) = queue.next() {
                    let reading = AssertUnwindSafe(|| read.get_or_insert_with(&reader)(wanted));
                    match panic::catch_unwind(reading) {
                        Ok(reading) => share(&Arc::new(reading), turn.as_ref(), waiting),
                        // The senders are dropped, which those who wait see as an interruption.
                        Err(_) => read = None,
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("chronyd".to_owned()).spawn(serve)?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// A reading that begins after this call, of these reports and what others want to know at the
    /// same time.
    pub(crate) async fn read(&self, reports: Reports) -> Result<Arc<T>, NoReading> {
        self.ask(reports, false).await.map(|(reading, _)| reading)
    }

    /// The same of all reports, when those before are done with theirs: see the head of this file.
    pub(crate) async fn read_in_turn(&self) -> Result<Given<T>, NoReading> {
        self.ask(Reports::ALL, true).await
    }

    async fn ask(&self, reports: Reports, in_turn: bool) -> Result<Given<T>, NoReading> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.queue.lock();
            if state.ended {
                return Err(NoReading::Interrupted);
            }
            if state.waiting.len() >= MOST_WAITING {
                state.waiting.retain(|waiting| !waiting.sender.is_closed());
            }
            if state.waiting.len() >= MOST_WAITING {
                return Err(NoReading::Busy);
            }
            state.waiting.push(Waiting { sender, in_turn });
            state.wanted = Some(state.wanted.map_or(reports, |wanted| wanted.and(reports)));
            // Until his turn comes, the thread owes him nothing.
            if !in_turn || state.turns < MOST_TURNS {
                state.owed.get_or_insert_with(Instant::now);
            }
        }
        self.queue.wake.notify_one();
        receiver.await.map_err(|_| NoReading::Interrupted)
    }
}

impl<T> Monitor<T> {
    /// For how long the thread has owed a reading: as long as one takes while it works, longer than any
    /// may take where it is stuck.
    pub(crate) fn owes_for(&self) -> Duration {
        self.queue.lock().owed.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Ends the thread, and with it what it reads with, after the reading under way, which has a
    /// deadline of its own. Whoever else waits is interrupted.
    pub(crate) fn end(&self) {
        {
            let mut state = self.queue.lock();
            state.ended = true;
            state.waiting.clear();
        }
        self.queue.wake.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic was caught where it happened.
            let _ = thread.join();
        }
    }
}

fn share<T>(reading: &Arc<T>, turn: Option<&Arc<Turn<T>>>, all: Vec<Waiting<T>>) {
    for Waiting { sender, in_turn } in all {
        let turn = turn.filter(|_| in_turn).map(Arc::clone);
        // Whoever went away needs no reading.
        let _ = sender.send((Arc::clone(reading), turn));
    }
}

impl<T> Drop for Monitor<T> {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::{Pin, pin};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::{Context, Poll, Wake, Waker};

    use super::*;

    /// A reader that says when it begins and waits until it may end; its readings are numbered.
    struct Held {
        monitor: Monitor<u32>,
        begun: Receiver<u32>,
        release: Sender<()>,
    }

    impl Held {
        fn start() -> Self {
            let (begin, begun) = channel();
            let (release, released) = channel::<()>();
            let released = Arc::new(Mutex::new(released));
            let number = Arc::new(Mutex::new(0));
            let monitor = Monitor::start(move || {
                let (begin, released, number) =
                    (begin.clone(), Arc::clone(&released), Arc::clone(&number));
                move |_| {
                    let reading = {
                        let mut number = number.lock().unwrap();
                        *number += 1;
                        *number
                    };
                    begin.send(reading).unwrap();
                    // An error means that the test is over.
                    let _ = released.lock().unwrap().recv();
                    assert!(reading != 13, "the thirteenth reading fails");
                    reading
                }
            });
            Self { monitor: monitor.unwrap(), begun, release }
        }
    }

    struct Unpark(thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Polls once, so that the request is in the queue.
    fn queued<F: Future>(request: F) -> Pin<Box<F>> {
        let mut request = Box::pin(request);
        assert!(request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        request
    }

    fn ask(monitor: &Monitor<u32>) -> Pin<Box<impl Future<Output = Result<Arc<u32>, NoReading>>>> {
        queued(monitor.read(Reports::ALL))
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many requests take Miri too long")]
    fn a_thousand_requests_during_a_reading_cost_one_more() {
        let held = Held::start();
        let first = ask(&held.monitor);
        assert_eq!(held.begun.recv(), Ok(1));
        let others: Vec<_> = (0..1000).map(|_| ask(&held.monitor)).collect();
        held.release.send(()).unwrap();
        assert_eq!(block_on(first), Ok(Arc::new(1)));
        assert_eq!(held.begun.recv(), Ok(2));
        held.release.send(()).unwrap();
        for other in others {
            // None gets the reading that began before it asked.
            assert_eq!(block_on(other), Ok(Arc::new(2)));
        }
        assert!(held.begun.try_recv().is_err(), "a third reading began");
    }

    #[test]
    fn a_request_after_a_reading_gets_a_new_one() {
        let held = Held::start();
        for number in 1..4 {
            let request = ask(&held.monitor);
            assert_eq!(held.begun.recv(), Ok(number));
            held.release.send(()).unwrap();
            assert_eq!(block_on(request), Ok(Arc::new(number)));
        }
    }

    #[test]
    fn a_panic_interrupts_its_requests_and_no_later_ones() {
        let held = Held::start();
        for number in 1..=14 {
            let request = ask(&held.monitor);
            assert_eq!(held.begun.recv(), Ok(number));
            held.release.send(()).unwrap();
            let expected =
                if number == 13 { Err(NoReading::Interrupted) } else { Ok(Arc::new(number)) };
            assert_eq!(block_on(request), expected);
        }
    }

    #[test]
    fn a_reading_is_owed_from_when_it_is_asked_for_until_it_is_given() {
        let held = Held::start();
        assert_eq!(held.monitor.owes_for(), Duration::ZERO);
        let first = ask(&held.monitor);
        assert_eq!(held.begun.recv(), Ok(1));
        let second = ask(&held.monitor);
        let before = held.monitor.owes_for();
        while held.monitor.owes_for() == before {
            thread::yield_now();
        }
        assert!(held.monitor.owes_for() > before);
        held.release.send(()).unwrap();
        assert_eq!(block_on(first), Ok(Arc::new(1)));
        // The next begins a time of its own.
        assert_eq!(held.begun.recv(), Ok(2));
        assert!(held.monitor.owes_for() > Duration::ZERO);
        held.release.send(()).unwrap();
        assert_eq!(block_on(second), Ok(Arc::new(2)));
        let end = Instant::now() + Duration::from_secs(20);
        while held.monitor.owes_for() > Duration::ZERO {
            assert!(Instant::now() < end, "nothing is owed to nobody");
        }
    }

    #[test]
    fn nobody_is_read_for_who_went_away() {
        let held = Held::start();
        let first = ask(&held.monitor);
        assert_eq!(held.begun.recv(), Ok(1));
        drop(ask(&held.monitor));
        held.release.send(()).unwrap();
        assert_eq!(block_on(first), Ok(Arc::new(1)));
        let last = ask(&held.monitor);
        assert_eq!(held.begun.recv(), Ok(2));
        held.release.send(()).unwrap();
        assert_eq!(block_on(last), Ok(Arc::new(2)));
    }

    /// As one who asks for a page.
    fn ask_in_turn(
        monitor: &Monitor<u32>,
    ) -> Pin<Box<impl Future<Output = Result<Given<u32>, NoReading>>>> {
        queued(monitor.read_in_turn())
    }

    #[test]
    fn those_who_take_turns_wait_while_the_page_of_one_reading_is_made_and_another_is_read() {
        let held = Held::start();
        let monitor = &held.monitor;
        let read = |number: u32| {
            assert_eq!(held.begun.recv(), Ok(number));
            held.release.send(()).unwrap();
        };
        let first = ask_in_turn(monitor);
        read(1);
        let first = block_on(first).unwrap();
        // One is read ahead.
        let second = ask_in_turn(monitor);
        read(2);
        let second = block_on(second).unwrap();
        assert_eq!((*first.0, *second.0), (1, 2));
        // For whoever takes no turn all that wait are served, and nobody else.
        let waits = ask_in_turn(monitor);
        let beside = ask(monitor);
        read(3);
        assert_eq!(*block_on(beside).unwrap(), 3);
        let third = block_on(waits).unwrap();
        let (waits, also) = (ask_in_turn(monitor), ask_in_turn(monitor));
        drop((second, third));
        // The page of the first is still in the making.
        read(4);
        let fourth = (block_on(waits).unwrap(), block_on(also).unwrap());
        assert_eq!((*fourth.0.0, *fourth.1.0), (4, 4));
        let waits = ask_in_turn(monitor);
        drop(fourth.0);
        assert!(held.begun.try_recv().is_err(), "one of those who share it is not done");
        let end = Instant::now() + Duration::from_secs(20);
        while monitor.owes_for() > Duration::ZERO {
            assert!(Instant::now() < end, "the thread that reads owes nothing");
        }
        drop(fourth.1);
        read(5);
        assert_eq!(*block_on(waits).unwrap().0, 5);
        drop(first);
    }

    #[test]
    fn who_goes_away_ends_his_turn() {
        let held = Held::start();
        for number in 1..=4 {
            let request = ask_in_turn(&held.monitor);
            assert_eq!(held.begun.recv(), Ok(number));
            if number % 2 == 0 {
                // It has its reading, and does not take it.
                held.release.send(()).unwrap();
                while held.monitor.queue.lock().owed.is_some() {
                    thread::yield_now();
                }
                drop(request);
            } else {
                drop(request);
                held.release.send(()).unwrap();
            }
        }
        let end = Instant::now() + Duration::from_secs(20);
        while held.monitor.queue.lock().turns > 0 {
            assert!(Instant::now() < end, "a turn has no end");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many requests take Miri too long")]
    fn too_many_who_wait_are_told_so() {
        let held = Held::start();
        let _first = ask(&held.monitor);
        assert_eq!(held.begun.recv(), Ok(1));
        let waiting: Vec<_> = (0..MOST_WAITING).map(|_| ask(&held.monitor)).collect();
        assert_eq!(block_on(held.monitor.read(Reports::ALL)), Err(NoReading::Busy));
        // Those who went away make room.
        drop(waiting);
        drop(ask(&held.monitor));
        held.release.send(()).unwrap();
    }

    #[test]
    fn a_reading_is_of_what_those_who_share_it_want_and_of_nothing_else() {
        use libchrony::ReportName;

        let (wait, waits) = channel::<()>();
        let waits = Arc::new(Mutex::new(waits));
        let monitor = Monitor::start(move || {
            let waits = Arc::clone(&waits);
            move |wanted: Reports| {
                // An error means that the test is over.
                let _ = waits.lock().unwrap().recv();
                wanted
            }
        });
        let monitor = monitor.unwrap();
        let ask = |report| queued(monitor.read(Reports::of(report)));
        let first = ask(ReportName::Tracking);
        // Taken by the thread, so that the next ones share a reading of their own.
        while !monitor.queue.lock().waiting.is_empty() {
            thread::yield_now();
        }
        let others = [ask(ReportName::Activity), ask(ReportName::Sources)];
        wait.send(()).unwrap();
        wait.send(()).unwrap();
        assert_eq!(block_on(first).unwrap().names(), [ReportName::Tracking]);
        for other in others {
            let expected = [ReportName::Sources, ReportName::Activity];
            assert_eq!(block_on(other).unwrap().names(), expected);
        }
    }

    #[test]
    fn the_end_interrupts_those_who_wait_and_not_the_reading_under_way() {
        let Held { monitor, begun, release } = Held::start();
        let wait = |monitor: &Monitor<u32>| {
            let (sender, receiver) = oneshot::channel();
            monitor.queue.lock().waiting.push(Waiting { sender, in_turn: false });
            monitor.queue.wake.notify_one();
            receiver
        };
        let under_way = wait(&monitor);
        assert_eq!(begun.recv(), Ok(1));
        let waiting = wait(&monitor);
        let end = thread::spawn(move || drop(monitor));
        assert!(waiting.blocking_recv().is_err());
        release.send(()).unwrap();
        assert_eq!(*under_way.blocking_recv().unwrap().0, 1);
        end.join().unwrap();
    }
}
