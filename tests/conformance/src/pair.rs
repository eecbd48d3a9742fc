//! Two sessions, one of each library, led through the same conversation step by step.

use std::ffi::{CStr, c_int};
use std::fmt;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use crate::api::{Library, Session};
use crate::differences::classify;
use crate::observe::{Comparison, Difference, Next, Value, What};
use crate::tally::Tally;

/// One step of a conversation. Names live for ever, because upstream reads them again (U1).
#[derive(Clone)]
pub(crate) enum Step {
    Count(&'static CStr),
    Record(&'static CStr, c_int),
    /// A datagram arrives and is processed. Its sequence number is what the right one is XORed with.
    Reply(Vec<u8>),
    /// An answer is awaited where none comes.
    Process,
    /// A datagram arrives, and before it is processed the other end is closed.
    LastReply(Vec<u8>),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(report) => write!(f, "count {report:?}"),
            Self::Record(report, record) => write!(f, "record {report:?} {record}"),
            Self::Reply(reply) => write!(f, "reply {}", hex(reply)),
            Self::Process => write!(f, "nothing comes"),
            Self::LastReply(reply) => write!(f, "last reply {}", hex(reply)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .chunks(4)
        .map(|word| word.iter().fold(String::from(" "), |text, byte| text + &format!("{byte:02x}")))
        .collect()
}

struct Side {
    session: Session,
    server: UnixDatagram,
    sequence: [u8; 4],
}

impl Side {
    fn new(library: &'static Library) -> std::io::Result<Self> {
        let (client, server) = UnixDatagram::pair()?;
        client.set_nonblocking(true)?;
        server.set_nonblocking(true)?;
        Ok(Self { session: Session::new(library, OwnedFd::from(client)), server, sequence: [0; 4] })
    }

    /// The requests that came, their sequence numbers left out.
    fn take(&mut self) -> Vec<Vec<u8>> {
        let mut buffer = [0; 2048];
        let mut requests = Vec::new();
        while let Ok(length) = self.server.recv(&mut buffer) {
            let mut request = buffer[..length].to_vec();
            if let Some(sequence) = request.get_mut(8..12) {
                self.sequence.copy_from_slice(sequence);
                sequence.fill(0);
            }
            requests.push(request);
        }
        requests
    }

    fn send(&self, reply: &[u8]) {
        if !self.session.needs_response() {
            // Nobody would read it before the next answer.
            return;
        }
        let mut reply = reply.to_vec();
        for (byte, mask) in reply.iter_mut().skip(16).zip(self.sequence) {
            *byte ^= mask;
        }
        let sent = self.server.send(&reply);
        // Nothing reaches a peer whose other end was closed.
        assert_eq!(sent.ok(), Some(reply.len()), "a reply of {} bytes is sent", reply.len());
    }

    fn act(&self, step: &Step) -> c_int {
        match step {
            Step::Count(report) => self.session.request_count(report),
            Step::Record(report, record) => self.session.request_record(report, *record),
            Step::Reply(reply) => {
                self.send(reply);
                self.session.process()
            }
            Step::Process => self.session.process(),
            Step::LastReply(reply) => {
                self.send(reply);
                let closed = self.server.shutdown(Shutdown::Read);
                assert!(closed.is_ok(), "the other end reads no more");
                self.session.process()
            }
        }
    }
}

/// What the harness knows of the conversation, by upstream's rules.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// The last step.
    pub(crate) step: Option<Step>,
    /// The request that was pending before the last step; empty where none was.
    pub(crate) pending: Vec<u8>,
    /// Whether upstream remembers a report to ask for by address.
    pub(crate) follow_up: bool,
    /// Whether the other end is closed, so that nothing can be sent any more.
    pub(crate) closed: bool,
    /// Whether a refused request made upstream forget it while its first answer was awaited.
    pub(crate) cancelled: bool,
}

impl Context {
    /// The last datagram that came.
    pub(crate) fn reply(&self) -> &[u8] {
        match &self.step {
            Some(Step::Reply(reply) | Step::LastReply(reply)) => reply,
            _ => &[],
        }
    }

    /// The command of the request that was pending.
    pub(crate) fn command(&self) -> Option<u16> {
        command(&self.pending)
    }

    fn advance(&mut self, code: c_int, sent: &[Vec<u8>], waits: bool) {
        match &self.step {
            Some(Step::Record(report, _)) => {
                let first_step = self.command() == Some(34);
                self.cancelled = code != 0 && first_step && (self.follow_up || self.cancelled);
                let by_address = [c"authdata", c"ntpdata"].contains(report);
                let looks_up = sent.last().is_some_and(|sent| command(sent) == Some(34));
                self.follow_up = code == 0 && by_address && looks_up;
            }
            Some(Step::Count(_)) => self.cancelled &= sent.is_empty(),
            _ if !sent.is_empty() || (code == 0 && !waits && self.command() == Some(34)) => {
                self.follow_up = false;
                self.cancelled = false;
            }
            _ => {}
        }
        if let Some(sent) = sent.last() {
            self.pending.clone_from(sent);
        } else if !waits {
            self.pending.clear();
        }
    }
}

fn command(request: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*request.get(4)?, *request.get(5)?]))
}

/// A conversation in progress.
pub(crate) struct Pair<'a> {
    name: &'a dyn Fn() -> String,
    tally: &'a mut Tally,
    upstream: Side,
    ours: Side,
    context: Context,
    history: Vec<Step>,
    /// Whether the two libraries have gone different ways, so that no further step compares.
    parted: bool,
}

impl<'a> Pair<'a> {
    /// Begins a conversation.
    pub(crate) fn begin(
        libraries: [&'static Library; 2],
        tally: &'a mut Tally,
        name: &'a dyn Fn() -> String,
    ) -> std::io::Result<Self> {
        let [upstream, ours] = libraries;
        tally.conversations += 1;
        let mut pair = Self {
            name,
            tally,
            upstream: Side::new(upstream)?,
            ours: Side::new(ours)?,
            context: Context::default(),
            history: Vec::new(),
            parted: false,
        };
        pair.compare(false);
        Ok(pair)
    }

    /// The request that awaits an answer; `None` where none does or the two have parted.
    pub(crate) fn awaiting(&self) -> Option<&[u8]> {
        let waits = !self.parted && self.upstream.session.needs_response();
        waits.then_some(self.context.pending.as_slice())
    }

    /// The number of records, as both know it.
    pub(crate) fn count(&self) -> c_int {
        self.upstream.session.count()
    }

    /// Takes a step with both libraries and compares all that can be seen.
    pub(crate) fn step(&mut self, step: Step) {
        self.take(step, false);
    }

    /// As above, and the names of all constants too.
    pub(crate) fn step_thoroughly(&mut self, step: Step) {
        self.take(step, true);
    }

    fn take(&mut self, step: Step, thorough: bool) {
        if self.parted {
            return;
        }
        self.tally.steps += 1;
        let codes = [self.upstream.act(&step), self.ours.act(&step)];
        let sent = [self.upstream.take(), self.ours.take()];
        self.history.push(step.clone());
        self.context.closed |= matches!(step, Step::LastReply(_));
        self.context.step = Some(step);
        let [code, our_code] = codes;
        if code != our_code {
            self.differs(What::Code, code.into(), our_code.into());
        }
        let [sent, our_sent] = sent;
        if sent != our_sent && !self.parted {
            self.differs(What::Sent, Value::Datagrams(sent.clone()), Value::Datagrams(our_sent));
        }
        if !self.parted {
            self.compare(thorough);
        }
        self.context.advance(code, &sent, self.upstream.session.needs_response());
    }

    fn differs(&mut self, what: What, upstream: Value, ours: Value) {
        let difference = Difference { what, field: None, upstream, ours };
        let next = judge(self.tally, &self.context, &self.history, self.name, &difference);
        self.parted |= next == Next::Stop;
    }

    fn compare(&mut self, thorough: bool) {
        let Self { upstream, ours, context, history, name, tally, .. } = self;
        let differs = |difference: Difference| judge(tally, context, history, *name, &difference);
        let mut comparison =
            Comparison { upstream: &upstream.session, ours: &ours.session, differs };
        self.parted |= comparison.run(thorough) == Next::Stop;
    }
}

/// Counts a difference for its row; what no row lists ends the conversation.
fn judge(
    tally: &mut Tally,
    context: &Context,
    history: &[Step],
    name: &dyn Fn() -> String,
    difference: &Difference,
) -> Next {
    match classify(context, difference) {
        Some((row, next)) => {
            tally.count(row);
            next
        }
        None => {
            tally.unlisted(|| format!("{}: {difference:?} after {history:?}", name()));
            Next::Stop
        }
    }
}
