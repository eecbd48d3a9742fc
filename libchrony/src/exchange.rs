//! One request and its answer, until a deadline.

use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use crate::ffi::{Code, Fault, Session};
use crate::report::ReportName;
use crate::wait::Wait;

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

    pub(crate) fn start(self, session: &mut Session) -> Result<(), Fault> {
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
pub(crate) async fn ask(
    session: &mut Session,
    socket: &impl Wait,
    request: Request,
    pace: Pace,
) -> Result<(), Failure> {
    let start = Instant::now();
    let mut attempts = 0;
    while attempts < pace.attempts {
        let now = Instant::now();
        if attempts > 0 && now >= pace.end {
            break;
        }
        attempts += 1;
        if attempt(session, socket, request, pace.end.min(now + pace.timeout)).await? {
            return Ok(());
        }
    }
    Err(Failure::TimedOut { attempts, waited: start.elapsed() })
}

/// Sends the request once and takes what comes until `end`; false where that was no answer.
async fn attempt(
    session: &mut Session,
    socket: &impl Wait,
    request: Request,
    end: Instant,
) -> Result<bool, Fault> {
    let mut started = retried(request.start(session))?;
    loop {
        if !started {
            // The peer's queue is full: a send fits when the socket is writable again.
            if !socket.ready(PollFlags::OUT, end).await? {
                return Ok(false);
            }
            started = retried(request.start(session))?;
        } else if !session.needs_response() {
            return Ok(true);
        } else if !socket.ready(PollFlags::IN, end).await? {
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

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::io;
    use std::os::unix::net::UnixDatagram;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::address::Address;
    use crate::ffi::Socket;
    use crate::wait::{Blocking, finish};

    const PATIENCE: Duration = Duration::from_secs(20);

    fn wait(session: &Session) -> Blocking {
        Blocking::on(session.socket(), &Address::search_order()[0]).unwrap()
    }

    fn ask_now(session: &mut Session, report: ReportName, pace: Pace) -> Result<(), Failure> {
        let socket = wait(session);
        finish(ask(session, &socket, Request::Record(report, 0), pace))
    }

    /// A session, its server, and the place of both.
    fn connected() -> (tempfile::TempDir, Session, UnixDatagram) {
        let place = tempfile::tempdir_in("/tmp").unwrap();
        let path = place.path().join("server");
        let server = UnixDatagram::bind(&path).unwrap();
        let socket = Socket::open(&CString::new(path.to_str().unwrap()).unwrap()).unwrap();
        (place, Session::new(socket).unwrap(), server)
    }

    /// A session that has asked, its server, and the path that the server answers to.
    fn asked() -> (tempfile::TempDir, Session, UnixDatagram, PathBuf) {
        let (place, mut session, server) = connected();
        Request::Record(ReportName::Tracking, 0).start(&mut session).unwrap();
        let (_, client) = server.recv_from(&mut [0; 512]).unwrap();
        let client = client.as_pathname().unwrap().to_owned();
        (place, session, server, client)
    }

    /// Sends until no more fits.
    fn fill(socket: &UnixDatagram, path: &Path) {
        socket.set_nonblocking(true).unwrap();
        while socket.send_to(&[0; 3], path).is_ok() {}
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn what_came_is_not_looked_at_when_the_time_is_over() {
        let (_place, session, server, client) = asked();
        server.send_to(&[0; 3], client).unwrap();
        let socket = wait(&session);
        assert!(finish(socket.ready(PollFlags::IN, Instant::now() + PATIENCE)).unwrap());
        assert!(!finish(socket.ready(PollFlags::IN, Instant::now())).unwrap());
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn a_flood_of_what_answers_nothing_ends_with_the_attempt() {
        let (_place, mut session, server, client) = asked();
        let pace = Pace { timeout: PATIENCE, attempts: 3, end: Instant::now() };
        // As many as the socket holds.
        fill(&server, &client);
        let failure = ask_now(&mut session, ReportName::Tracking, pace).unwrap_err();
        assert!(matches!(failure, Failure::TimedOut { attempts: 1, .. }), "{failure:?}");
        assert_eq!(server.send_to(&[0; 3], &client).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    #[cfg_attr(miri, ignore = "calls C")]
    fn a_second_step_that_cannot_be_sent_is_no_answer() {
        let (place, mut session, server) = connected();
        let path = place.path().join("server");
        let step = std::thread::spawn(move || {
            let mut request = [0; 512];
            let (_, client) = server.recv_from(&mut request).unwrap();
            fill(&UnixDatagram::unbound().unwrap(), &path);
            // Sourcestats of 192.0.2.1.
            let mut reply = [0; 84];
            reply[..8].copy_from_slice(&[6, 2, 0, 0, 0, 34, 0, 6]);
            reply[16..20].copy_from_slice(&request[8..12]);
            reply[32..36].copy_from_slice(&[192, 0, 2, 1]);
            reply[49] = 1;
            server.send_to(&reply, client.as_pathname().unwrap()).unwrap();
            server
        });
        let pace =
            Pace { timeout: Duration::from_secs(1), attempts: 1, end: Instant::now() + PATIENCE };
        let result = ask_now(&mut session, ReportName::AuthData, pace);
        assert!(matches!(result, Err(Failure::TimedOut { .. })), "{result:?}");
        drop(step.join().unwrap());
    }
}
