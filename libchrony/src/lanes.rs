//! Several requests under way at once, on one socket: a session for each of them.
//!
//! chronyd takes requests and answers them one after the other, in the order in which they came. So
//! what arrives is for the session that has waited longest, and one queue holds them all in the order
//! in which their answers are due. An answer that never comes upsets that order; then everything
//! under way is given up, and asked for one at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use crate::exchange::{Failure, Request};
use crate::ffi::{Code, Fault, Session};
use crate::wait::Wait;

/// Requests under way at a time. chronyd's socket queues 11 requests where the system's limit is as it
/// usually is (net.unix.max_dgram_qlen), and the client's as many answers; so two who read at the same
/// time leave room for chronyc, which gives up where there is none. chronyd is kept as busy by four as by
/// more (docs/performance.md).
pub(crate) const LANES: usize = 4;

/// What follows in a chain of requests that one session makes one after the other.
#[derive(Debug)]
pub(crate) enum Step {
    /// The next request.
    Ask(Request),
    /// The chain is at its end.
    Done,
    /// Nothing more is wanted, of any chain.
    Stop,
}

/// Called with `None` for the first request of a chain, then with what each request gave.
pub(crate) type Next<'a> =
    dyn FnMut(u32, Option<(Request, Result<&Session, Failure>)>) -> Step + Send + 'a;

/// A request and the session that makes it.
#[derive(Debug)]
struct Lane {
    session: Session,
    chain: u32,
    request: Request,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All chains are at their end.
    Done,
    /// Nothing more is wanted.
    Stopped,
    /// No answer came in time, or the socket failed: what was under way is to be asked again.
    Upset,
}

/// What a run leaves.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) end: End,
    /// The requests that have no answer, with their chains, in the order of the chains.
    pub(crate) unanswered: Vec<(u32, Request)>,
    /// A session on the socket, with nothing under way; `None` where the socket failed.
    pub(crate) session: Option<Session>,
}

/// A run over chains.
struct Run<'a, 'b> {
    chains: &'a mut Range<u32>,
    next: &'a mut Next<'b>,
    /// Each waits for its answer, the longest first.
    due: VecDeque<Lane>,
    /// What the socket would not take yet.
    unsent: VecDeque<Lane>,
    idle: Vec<Session>,
    stopped: bool,
}

/// Makes the chains until all are at their end, each request within `timeout` of the last progress.
pub(crate) async fn run(
    session: Session,
    socket: &impl Wait,
    chains: &mut Range<u32>,
    (timeout, end): (Duration, Instant),
    next: &mut Next<'_>,
) -> Left {
    let mut idle = vec![session];
    while idle.len() < LANES {
        // Fewer lanes do where there is no memory for more.
        let Some(beside) = idle.first().and_then(|session| session.beside().ok()) else { break };
        idle.push(beside);
    }
    let mut run =
        Run { chains, next, due: VecDeque::new(), unsent: VecDeque::new(), idle, stopped: false };
    let finished = run.drive(socket, timeout, end).await;
    run.leave(finished)
}

impl Run<'_, '_> {
    /// Until the end, `Ok`, or until something upsets the order.
    async fn drive(
        &mut self,
        socket: &impl Wait,
        timeout: Duration,
        end: Instant,
    ) -> Result<(), Upset> {
        let mut progress = Instant::now();
        loop {
            self.send()?;
            self.fill()?;
            if self.stopped || self.due.is_empty() && self.unsent.is_empty() {
                return Ok(());
            }
            let mut events = PollFlags::IN;
            if !self.unsent.is_empty() {
                events |= PollFlags::OUT;
            }
            let limit = end.min(progress + timeout);
            if !socket.ready(events, limit).await.map_err(|_| Upset::Broken)? {
                return Err(Upset::Silent);
            }
            if self.take(limit)? {
                progress = Instant::now();
            }
        }
    }

    /// Gives what could not be sent another try.
    fn send(&mut self) -> Result<(), Upset> {
        while let Some(lane) = self.unsent.pop_front() {
            if !self.start(lane)? {
                break;
            }
        }
        Ok(())
    }

    /// Begins chains on the sessions that have nothing to do.
    fn fill(&mut self) -> Result<(), Upset> {
        while self.unsent.is_empty() && !self.stopped {
            let Some(session) = self.idle.pop() else { break };
            let Some(chain) = self.chains.next() else {
                self.idle.push(session);
                break;
            };
            match (self.next)(chain, None) {
                Step::Ask(request) => {
                    self.start(Lane { session, chain, request })?;
                }
                step => self.rest(session, &step),
            }
        }
        Ok(())
    }

    fn rest(&mut self, session: Session, step: &Step) {
        self.idle.push(session);
        self.stopped |= matches!(step, Step::Stop);
    }

    /// Sends a request; false where the socket takes no more now.
    fn start(&mut self, mut lane: Lane) -> Result<bool, Upset> {
        match lane.request.start(&mut lane.session) {
            Ok(()) if lane.session.needs_response() => self.due.push_back(lane),
            // Known without a question, as that a reference clock has no NTP data.
            Ok(()) => self.answered(lane, Ok(()))?,
            Err(fault) if fault.is_passing() => {
                self.unsent.push_front(lane);
                return Ok(false);
            }
            Err(fault) => return self.failed(lane, fault).map(|()| true),
        }
        Ok(true)
    }

    /// Takes what has arrived; whether any of it was waited for.
    fn take(&mut self, limit: Instant) -> Result<bool, Upset> {
        let mut progress = false;
        while let Some(mut lane) = self.due.pop_front() {
            let before = lane.session.needs_response();
            debug_assert!(before, "only who waits for an answer is in the queue");
            match lane.session.process_response() {
                Ok(()) if !lane.session.needs_response() => {
                    progress = true;
                    self.answered(lane, Ok(()))?;
                }
                // The first step of two: its second was sent just now.
                Ok(()) if lane.session.number_fields() > 0 => {
                    progress = true;
                    self.due.push_back(lane);
                }
                // Nobody's answer.
                Ok(()) => {
                    self.due.push_front(lane);
                    if Instant::now() >= limit {
                        break;
                    }
                }
                Err(fault) if fault.code == Code::SEND_FAILED && fault.is_passing() => {
                    self.unsent.push_back(lane);
                    break;
                }
                Err(fault) if fault.is_passing() => {
                    self.due.push_front(lane);
                    break;
                }
                Err(fault) => {
                    progress = true;
                    self.failed(lane, fault)?;
                }
            }
            if self.stopped {
                break;
            }
            self.fill()?;
        }
        Ok(progress)
    }

    /// A refusal or a faulty answer is one request's; a socket that fails is everybody's.
    fn failed(&mut self, mut lane: Lane, fault: Fault) -> Result<(), Upset> {
        let broken = matches!(fault.code, Code::SEND_FAILED | Code::RECV_FAILED);
        if broken || lane.session.renew().is_err() {
            self.unsent.push_back(lane);
            return Err(Upset::Broken);
        }
        self.answered(lane, Err(fault))
    }

    /// Gives an answer to its chain, which goes on with what it wants next.
    fn answered(&mut self, mut lane: Lane, answer: Result<(), Fault>) -> Result<(), Upset> {
        let answer = answer.map(|()| &lane.session).map_err(Failure::Library);
        match (self.next)(lane.chain, Some((lane.request, answer))) {
            Step::Ask(request) => {
                lane.request = request;
                self.start(lane).map(|_| ())
            }
            step => {
                self.rest(lane.session, &step);
                Ok(())
            }
        }
    }

    fn leave(self, finished: Result<(), Upset>) -> Left {
        let under_way = self.due.into_iter().chain(self.unsent);
        let (mut unanswered, mut session) = (Vec::new(), self.idle.into_iter().next());
        for lane in under_way {
            unanswered.push((lane.chain, lane.request));
            session.get_or_insert(lane.session);
        }
        unanswered.sort_unstable_by_key(|(chain, _)| *chain);
        // A session that waits is begun anew: what it waits for is nobody's answer from now on.
        session = session.filter(|_| finished != Err(Upset::Broken));
        session = session.and_then(|mut session| session.renew().is_ok().then_some(session));
        let end = match finished {
            Err(_) => End::Upset,
            Ok(()) if self.stopped => End::Stopped,
            Ok(()) => End::Done,
        };
        if end != End::Upset {
            unanswered.clear();
        }
        Left { end, unanswered, session }
    }
}

/// Why the order of answers no longer holds.
#[derive(Debug, PartialEq, Eq)]
enum Upset {
    /// Nothing that was waited for came in time.
    Silent,
    /// The socket failed.
    Broken,
}
