//! The way to chronyd: opened when it is needed, kept while it is good, thrown away when it is not.

use std::time::Instant;

use crate::address::Address;
use crate::builder::Builder;
use crate::error::Error;
use crate::exchange::{self, Failure, Pace, Request};
use crate::ffi::{self, Session};
use crate::lanes::{self, Step};
use crate::report::ReportName;
use crate::search;
use crate::wait::Wait;

/// So often may answers fail to come while several requests are under way; then they are made one at a time.
const MOST_UPSETS: u32 = 3;

/// An open session, the way to wait for its socket, and the address it leads to.
#[derive(Debug)]
struct Open<W> {
    session: Session,
    socket: W,
    address: Address,
}

/// A session that is opened anew after each failure.
///
/// Whoever asks takes the session and puts it back with its answer. So a call that is dropped while it
/// waits drops the socket, too, and with it whatever is still to come: the next call opens anew.
#[derive(Debug)]
pub(crate) struct Link<W> {
    settings: Builder,
    open: Option<Open<W>>,
    answered: Option<Address>,
    passed_over: Vec<Error>,
    /// How often an address was opened.
    opened: u64,
    /// Whether chronyd refuses sourcestats, by which libchrony looks addresses up: it then asks twice
    /// where one answer is waited for, so that requests are made one at a time.
    is_blind: bool,
    /// The reports that chains began with on this opening and that were given: their chains need none that
    /// goes ahead alone.
    given: Vec<ReportName>,
}

impl<W: Wait> Link<W> {
    pub(crate) fn new(settings: Builder) -> Self {
        Self {
            settings,
            open: None,
            answered: None,
            passed_over: Vec::new(),
            opened: 0,
            is_blind: false,
            given: Vec::new(),
        }
    }

    /// When a call that begins now must end.
    pub(crate) fn end(&self) -> Instant {
        Instant::now() + self.settings.limit
    }

    /// The most sources that chronyd is believed to have.
    pub(crate) fn most_sources(&self) -> u32 {
        self.settings.most_sources
    }

    /// Another number after each opening: what was asked before may be of another chronyd.
    pub(crate) fn opened(&self) -> u64 {
        self.opened
    }

    /// Takes note that chains which begin with this report need none that goes ahead alone.
    pub(crate) fn note_given(&mut self, report: ReportName) {
        if !self.given.contains(&report) {
            self.given.push(report);
        }
    }

    /// The address that answered last.
    pub(crate) fn answered(&self) -> Option<&Address> {
        self.answered.as_ref()
    }

    pub(crate) fn passed_over(&self) -> &[Error] {
        &self.passed_over
    }

    /// Asks until an answer is accepted, and gives the session that holds it.
    ///
    /// A session that is open already may be one to a chronyd that was restarted since: its first
    /// failure opens a new one within the same call.
    pub(crate) async fn ask(&mut self, request: Request, end: Instant) -> Result<&Session, Error> {
        let start = Instant::now();
        let report = request.report();
        if ReportName::EXTENSIONS.contains(&report) && !ffi::has_report(report.as_c_str()) {
            return Err(Error::UnknownReport { name: report.as_str().to_owned() });
        }
        let attempts = self.settings.attempts;
        let Some(open) = self.open.take() else {
            return self.find(request, attempts, end).await;
        };
        let spent = match self.try_open(open, request, 1, end).await {
            Ok(open) => return Ok(&self.open.insert(open).session),
            Err(Error::TimedOut { attempts: spent, .. }) if spent < attempts => spent,
            Err(error) if error.is_answer() || matches!(error, Error::TimedOut { .. }) => {
                return Err(error);
            }
            Err(_) => 0,
        };
        self.find(request, attempts - spent, end).await.map_err(|error| match error {
            Error::TimedOut { address, attempts, .. } => {
                Error::TimedOut { address, attempts: attempts + spent, waited: start.elapsed() }
            }
            other => other,
        })
    }

    /// Makes a chain of requests for each number below `chains`, several of them under way at once. The
    /// chains begin with this report, or with reports that are as sure to be given.
    ///
    /// `next` is called with `None` for the first request of a chain and with what each request gave
    /// for the next. Chains are begun in order; what they give may come in another. Whatever upsets
    /// the requests under way is met as [`Self::ask`] meets it, one request at a time.
    pub(crate) async fn each(
        &mut self,
        (begin, chains): (ReportName, u32),
        end: Instant,
        mut next: impl FnMut(u32, Option<(Request, Result<&Session, Error>)>) -> Step + Send,
    ) {
        let mut chains = 0..chains;
        let mut upsets = 0;
        // The first is alone: it opens, searches, and tells what is given at all. Once that is known, it is
        // in no hurry to be so.
        let is_known = self.open.is_some() && self.given.contains(&begin);
        let first = if is_known { None } else { chains.next() };
        let mut alone: Vec<_> = first.map(|chain| (chain, None)).into_iter().collect();
        loop {
            for (chain, request) in alone.drain(..) {
                if !self.one_by_one(chain, request, end, &mut next).await {
                    return;
                }
                self.note_given(begin);
            }
            if chains.is_empty() {
                return;
            }
            match self.open.take() {
                Some(Open { session, socket, address })
                    if upsets < MOST_UPSETS && !self.is_blind =>
                {
                    let mut explained =
                        |chain, answer: Option<(Request, Result<&Session, Failure>)>| {
                            let answer = answer.map(|(request, answer)| {
                                let explain = |failure| search::explain(&address, request, failure);
                                (request, answer.map_err(explain))
                            });
                            next(chain, answer)
                        };
                    let times = (self.settings.timeout, end);
                    let _turn = socket.turn(end.min(Instant::now() + times.0)).await;
                    let left =
                        lanes::run(session, &socket, &mut chains, times, &mut explained).await;
                    self.open = left.session.map(|session| Open { session, socket, address });
                    match left.end {
                        lanes::End::Done | lanes::End::Stopped => return,
                        lanes::End::Upset => upsets += 1,
                    }
                    alone = left.unanswered.into_iter().map(|(c, r)| (c, Some(r))).collect();
                }
                open => {
                    self.open = open;
                    alone.extend(chains.next().map(|chain| (chain, None)));
                }
            }
        }
    }

    /// Makes a chain, from a request on or from its begin; false where nothing more is wanted.
    async fn one_by_one(
        &mut self,
        chain: u32,
        request: Option<Request>,
        end: Instant,
        next: &mut impl FnMut(u32, Option<(Request, Result<&Session, Error>)>) -> Step,
    ) -> bool {
        let mut step = request.map_or_else(|| next(chain, None), Step::Ask);
        loop {
            match step {
                Step::Ask(request) => {
                    let answer = self.ask(request, end).await;
                    let refused = matches!(answer, Err(Error::NotAuthorized { .. }));
                    step = next(chain, Some((request, answer)));
                    self.is_blind |= refused && request.report() == ReportName::SourceStats;
                }
                Step::Done => return true,
                Step::Stop => return false,
            }
        }
    }

    /// Opens the first address that answers the request, be it with a refusal.
    async fn find(
        &mut self,
        request: Request,
        attempts: u32,
        end: Instant,
    ) -> Result<&Session, Error> {
        self.passed_over.clear();
        let candidates = search::candidates::<W>(self.settings.address.as_ref(), end).await?;
        let attempts = if candidates.len() > 1 { 1 } else { attempts };
        let mut tried = Vec::new();
        for address in candidates {
            self.opened += 1;
            self.is_blind = false;
            self.given.clear();
            let answer = match search::open(&address) {
                Ok((session, socket)) => {
                    let open = Open { session, socket, address };
                    self.try_open(open, request, attempts, end).await
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok(open) => {
                    self.passed_over = tried;
                    return Ok(&self.open.insert(open).session);
                }
                Err(error) if error.is_answer() => {
                    self.passed_over = tried;
                    return Err(error);
                }
                Err(error) => tried.push(error),
            }
        }
        match tried.len() {
            1 => Err(tried.swap_remove(0)),
            _ => Err(Error::NothingAnswered { tried }),
        }
    }

    /// Asks over an open session. A refusal keeps its socket, with a new session; any other failure
    /// throws both away.
    async fn try_open(
        &mut self,
        mut open: Open<W>,
        request: Request,
        attempts: u32,
        end: Instant,
    ) -> Result<Open<W>, Error> {
        let timeout = self.settings.timeout;
        let _turn = open.socket.turn(end.min(Instant::now() + timeout)).await;
        let pace = Pace { timeout, attempts, end };
        let answer = exchange::ask(&mut open.session, &open.socket, request, pace)
            .await
            .map_err(|failure| search::explain(&open.address, request, failure));
        if answer.as_ref().map_or_else(Error::is_answer, |()| true)
            && self.answered.as_ref() != Some(&open.address)
        {
            self.answered = Some(open.address.clone());
        }
        match answer {
            Ok(()) => Ok(open),
            Err(error) => {
                if error.is_refusal() && open.session.renew().is_ok() {
                    self.open = Some(open);
                }
                Err(error)
            }
        }
    }
}
