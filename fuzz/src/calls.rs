//! Sequences of calls on two sessions, with any arguments in any order and any replies between,
//! held against a small model: what is pending, and what a refused call may change (nothing).

use std::ffi::CString;

use arbitrary::{Arbitrary, Unstructured};

use crate::reply::{REPORTS, mend, take_request};
use crate::session::Session;

/// The calls of one input, at most.
const MOST: usize = 64;

const OK: u32 = 0;
const UNKNOWN_REPORT: u32 = 3;
const SEND_FAILED: u32 = 5;
const RECV_FAILED: u32 = 6;
const INVALID_ARGUMENT: u32 = 7;
const UNEXPECTED_CALL: u32 = 8;
const LAST: u32 = 14;

#[derive(Debug, Arbitrary)]
enum Call {
    Count(Report),
    Record(Report, Number),
    Process,
    /// The server sends a reply whose header fits the last request, but for what is said here.
    Reply {
        mending: u8,
        code: u8,
        status: u8,
        body: Vec<u8>,
    },
    /// The server sends these bytes.
    Bytes(Vec<u8>),
    /// The server reads the requests that came; until then its socket may be full.
    Take,
    Visit,
    Index(Vec<u8>),
    Constant(i32, u64),
    Renew,
}

#[derive(Debug, Arbitrary)]
enum Report {
    Known(u8),
    Any(Vec<u8>),
}

#[derive(Debug, Arbitrary)]
enum Number {
    Small(u8),
    Any(i32),
}

impl Report {
    fn name(&self) -> CString {
        match self {
            Self::Known(number) => REPORTS[usize::from(*number) % REPORTS.len()].to_owned(),
            Self::Any(bytes) => c_string(bytes),
        }
    }
}

impl Number {
    fn get(&self) -> i32 {
        match self {
            Self::Small(number) => i32::from(*number),
            Self::Any(number) => *number,
        }
    }
}

/// Up to the first NUL.
fn c_string(bytes: &[u8]) -> CString {
    let text: Vec<u8> = bytes.iter().copied().take_while(|byte| *byte != 0).collect();
    CString::new(text).expect("no NUL is left")
}

/// A session, its last request, and how many datagrams wait for it.
struct Model {
    session: Session,
    request: Vec<u8>,
    waiting: usize,
}

impl Model {
    fn new() -> Self {
        Self { session: Session::new(), request: Vec::new(), waiting: 0 }
    }

    fn state(&self) -> (bool, i32, i32) {
        (self.session.needs_response(), self.session.fields(), self.session.count())
    }

    fn call(&mut self, call: Call) {
        let before = self.state();
        match call {
            Call::Count(report) => self.count(&report.name(), before),
            Call::Record(report, number) => self.record(&report.name(), number.get(), before),
            Call::Process => self.process(before),
            Call::Reply { mending, code, status, body } => {
                take_request(&self.session, &mut self.request);
                let mut reply = vec![6, 2, 0, 0, 0, 0, 0, code, 0, status];
                reply.resize(28, 0);
                reply.extend(body);
                mend(&mut reply, &self.request, mending);
                self.send(&reply);
            }
            Call::Bytes(bytes) => self.send(&bytes),
            Call::Take => take_request(&self.session, &mut self.request),
            Call::Visit => {
                self.session.visit();
                assert_eq!(self.state(), before, "reading changes nothing");
            }
            Call::Index(name) => {
                let found = self.session.index(&c_string(&name));
                assert!((-1..before.1.max(0)).contains(&found), "{found}");
            }
            Call::Constant(field, value) => drop(self.session.constant(field, value)),
            Call::Renew => {
                self.session.renew();
                assert_eq!(self.state(), (false, 0, 0));
            }
        }
        assert!(self.session.fd_is_kept());
    }

    fn count(&mut self, name: &CString, before: (bool, i32, i32)) {
        match self.session.request_count(name) {
            OK if self.session.count() == 1 && self.session.needs_response() == before.0 => {}
            OK => assert_eq!((self.session.needs_response(), self.session.count()), (true, 0)),
            UNKNOWN_REPORT => {
                assert!(!REPORTS.contains(&name.as_c_str()));
                assert_eq!(self.state(), before);
            }
            SEND_FAILED => assert!(!self.session.needs_response()),
            other => panic!("count gives {other}"),
        }
    }

    fn record(&mut self, name: &CString, number: i32, before: (bool, i32, i32)) {
        match self.session.request_record(name, number) {
            OK => {
                assert!(number >= 0 && REPORTS.contains(&name.as_c_str()));
                // A reference clock that is known to be one is not asked for.
                assert!(self.session.needs_response() || self.session.fields() == 0);
            }
            UNKNOWN_REPORT => {
                assert!(!REPORTS.contains(&name.as_c_str()));
                assert_eq!(self.state(), before);
            }
            INVALID_ARGUMENT => {
                assert_ne!(number, 0);
                assert_eq!(self.state(), before);
            }
            SEND_FAILED => assert!(!self.session.needs_response()),
            other => panic!("record {number} gives {other}"),
        }
        assert_eq!(self.session.count(), before.2, "a record changes no count");
    }

    fn process(&mut self, before: (bool, i32, i32)) {
        let given = self.session.process();
        let after = self.state();
        if !before.0 {
            assert_eq!((given, after), (UNEXPECTED_CALL, before));
            return;
        }
        match given {
            OK => {}
            RECV_FAILED => {
                assert_eq!(self.waiting, 0);
                assert!(after.0, "it may be repeated");
            }
            _ => {
                assert!(given <= LAST && given != UNEXPECTED_CALL, "{given}");
                assert_eq!((after.0, after.1), (false, 0), "after {given}");
            }
        }
        self.waiting = self.waiting.saturating_sub(1);
    }

    fn send(&mut self, bytes: &[u8]) {
        self.waiting += usize::from(self.session.server.send(bytes).is_ok());
    }
}

/// See the module.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut models = [Model::new(), Model::new()];
    for _ in 0..MOST {
        let Ok(which) = input.arbitrary::<bool>() else { break };
        let Ok(call) = input.arbitrary::<Call>() else { break };
        if input.is_empty() {
            break;
        }
        models[usize::from(which)].call(call);
    }
    models.iter().for_each(|model| model.session.visit());
}
