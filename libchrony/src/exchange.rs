//! One request and its answer, until a deadline.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::ffi::{Code, Fault, Session};
use crate::report::ReportName;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request {
    /// The number of records of a report.
    Count(ReportName),
    /// One record of a report, from 0.
    Record(ReportName, u32),
}

impl Request {
    pub(crate) fn report(self) -> ReportName {
        match self {
            Self::Count(report) | Self::Record(report, _) => report,
        }
    }

    pub(crate) fn record(self) -> Option<u32> {
        match self {
            Self::Count(_) => None,
            Self::Record(_, record) => Some(record),
        }
    }

    fn start(self, session: &mut Session) -> Result<(), Fault> {
        match self {
            Self::Count(report) => session.request_count(report.as_c_str()),
            Self::Record(report, record) => session.request_record(report.as_c_str(), record),
        }
    }
}

/// How long is waited, and how often a request is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// For one attempt.
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
    /// When the whole call must end.
    pub(crate) end: Instant,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    TimedOut { attempts: u32, waited: Duration },
    Library(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Library(fault)
    }
}

/// Asks until the session holds the accepted answer.
pub(crate) fn ask(session: &mut Session, request: Request, pace: Pace) -> Result<(), Failure> {
    let start = Instant::now();
    let mut attempts = 0;
    while attempts < pace.attempts {
        let now = Instant::now();
        if attempts > 0 && now >= pace.end {
            break;
        }
        attempts += 1;
        if attempt(session, request, pace.end.min(now + pace.timeout))? {
            return Ok(());
        }
    }
    Err(Failure::TimedOut { attempts, waited: start.elapsed() })
}

/// Sends the request once and takes what comes until `end`; false where that was no answer.
fn attempt(session: &mut Session, request: Request, end: Instant) -> Result<bool, Fault> {
    let mut started = retried(request.start(session))?;
    loop {
        if !started {
            // The peer's queue is full: a send fits when the socket is writable again.
            if !wait(session, PollFlags::OUT, end)? {
                return Ok(false);
            }
            started = retried(request.start(session))?;
        } else if !session.needs_response() {
            return Ok(true);
        } else if !wait(session, PollFlags::IN, end)? {
            return Ok(false);
        } else {
            match session.process_response() {
                Err(fault) if fault.code == Code::SEND_FAILED => started = retried(Err(fault))?,
                Err(fault) if fault.is_passing() => {}
                other => other?,
            }
        }
    }
}

/// Whether the step was done; false where it should be tried again.
fn retried(step: Result<(), Fault>) -> Result<bool, Fault> {
    match step {
        Ok(()) => Ok(true),
        Err(fault) if fault.is_passing() => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Waits for the socket until `end`; false where the time ran out.
fn wait(session: &Session, event: PollFlags, end: Instant) -> Result<bool, Fault> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 0 });
        match poll(&mut [PollFd::from_borrowed_fd(session.as_fd(), event)], Some(&timeout)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(Instant::now() < end),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => {
                return Err(Fault { code: Code::RECV_FAILED, errno: io::Error::from(errno) });
            }
        }
    }
}
