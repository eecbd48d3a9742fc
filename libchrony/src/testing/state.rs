//! What the simulator's owner and its thread share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::answer::{Transport, answer};
use super::course::Course;
use super::request::Request;
use super::script::{Outcome, Script};

/// The most requests that are kept.
const MOST_REQUESTS: usize = 65_536;

/// Whether requests are read and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Answering,
    Silent,
    Hung,
}

/// All that can change while the simulator runs.
pub(super) struct State {
    course: Arc<dyn Course>,
    since: Instant,
    pub(super) script: Script,
    pub(super) mode: Mode,
    pub(super) requests: Vec<Request>,
    pub(super) request_count: u64,
}

impl State {
    pub(super) fn set(&mut self, course: Arc<dyn Course>) {
        self.course = course;
        self.since = Instant::now();
    }

    /// Records a request and gives its reply, if there is one; `answerable` as its client is.
    pub(super) fn take(
        &mut self,
        request: Request,
        transport: Transport,
        answerable: bool,
    ) -> Option<Outcome> {
        self.request_count += 1;
        let outcome = (answerable && self.mode == Mode::Answering).then(|| {
            let scenario = self.course.at(self.since.elapsed());
            let reply = answer(&scenario, transport, &request, SystemTime::now());
            self.script.apply(&request, reply)
        });
        if let Some(course) = outcome.as_ref().and_then(|outcome| outcome.next.clone()) {
            self.set(course);
        }
        if self.requests.len() < MOST_REQUESTS {
            self.requests.push(request);
        }
        outcome
    }
}

/// The state, and word of new requests.
pub(super) struct Shared {
    state: Mutex<State>,
    came: Condvar,
}

impl Shared {
    pub(super) fn new(course: Arc<dyn Course>) -> Self {
        let state = State {
            course,
            since: Instant::now(),
            script: Script::default(),
            mode: Mode::Answering,
            requests: Vec::new(),
            request_count: 0,
        };
        Self { state: Mutex::new(state), came: Condvar::new() }
    }

    /// Also after a panic in somebody's edit or course: the state is whole between requests.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn notify(&self) {
        self.came.notify_all();
    }

    pub(super) fn wait_for_requests(&self, number: u64, timeout: Duration) -> bool {
        let (state, _) = self
            .came
            .wait_timeout_while(self.lock(), timeout, |state| state.request_count < number)
            .unwrap_or_else(PoisonError::into_inner);
        state.request_count >= number
    }
}
