//! The way to chronyd: opened when it is needed, kept while it is good, thrown away when it is not.

use std::time::Instant;

use crate::address::Address;
use crate::builder::Builder;
use crate::error::Error;
use crate::exchange::{self, Pace, Request};
use crate::ffi::{self, Session};
use crate::report::ReportName;
use crate::search;

/// An open session and the address it leads to.
#[derive(Debug)]
struct Open {
    session: Session,
    address: Address,
}

/// A session that is opened anew after each failure.
#[derive(Debug)]
pub(crate) struct Link {
    settings: Builder,
    open: Option<Open>,
    answered: Option<Address>,
    passed_over: Vec<Error>,
    /// How often an address was opened.
    opened: u64,
}

impl Link {
    pub(crate) fn new(settings: Builder) -> Self {
        Self { settings, open: None, answered: None, passed_over: Vec::new(), opened: 0 }
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
    pub(crate) fn ask(&mut self, request: Request, end: Instant) -> Result<&Session, Error> {
        let start = Instant::now();
        let report = request.report();
        if ReportName::EXTENSIONS.contains(&report) && !ffi::has_report(report.as_c_str()) {
            return Err(Error::UnknownReport { name: report.as_str().to_owned() });
        }
        let attempts = self.settings.attempts;
        let Some(open) = self.open.take() else {
            return self.find(request, attempts, end);
        };
        let spent = match self.try_open(open, request, 1, end) {
            Ok(open) => return Ok(&self.open.insert(open).session),
            Err(Error::TimedOut { attempts: spent, .. }) if spent < attempts => spent,
            Err(error) if error.is_answer() || matches!(error, Error::TimedOut { .. }) => {
                return Err(error);
            }
            Err(_) => 0,
        };
        self.find(request, attempts - spent, end).map_err(|error| match error {
            Error::TimedOut { address, attempts, .. } => {
                Error::TimedOut { address, attempts: attempts + spent, waited: start.elapsed() }
            }
            other => other,
        })
    }

    /// Opens the first address that answers the request, be it with a refusal.
    fn find(&mut self, request: Request, attempts: u32, end: Instant) -> Result<&Session, Error> {
        self.passed_over.clear();
        let candidates = search::candidates(self.settings.address.as_ref(), end)?;
        let attempts = if candidates.len() > 1 { 1 } else { attempts };
        let mut tried = Vec::new();
        for address in candidates {
            self.opened += 1;
            let answer = search::open(&address).and_then(|session| {
                self.try_open(Open { session, address }, request, attempts, end)
            });
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
    fn try_open(
        &mut self,
        mut open: Open,
        request: Request,
        attempts: u32,
        end: Instant,
    ) -> Result<Open, Error> {
        let pace = Pace { timeout: self.settings.timeout, attempts, end };
        let answer = exchange::ask(&mut open.session, request, pace)
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
