//! The reports that are asked for by the address of a source, read together with the statistics that
//! tell it, so that no address is looked up twice.

use std::collections::HashMap;

use crate::address::Address;
use crate::column::Column;
use crate::error::Error;
use crate::exchange::Request;
use crate::ffi::Session;
use crate::identity::SourceAddress;
use crate::lanes::Step;
use crate::pass::Entry;
use crate::reader::Reader;
use crate::report::{AuthData, NtpData, ReportName, Source, SourceStats};

/// Which of the reports are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) stats: bool,
    pub(crate) auth: bool,
    pub(crate) ntp: bool,
}

/// The reports in the making: for each source its statistics, then, in the same session, the others.
#[derive(Debug)]
pub(crate) struct ByAddress {
    pub(crate) stats: Column<SourceStats>,
    pub(crate) auth: Column<AuthData>,
    pub(crate) ntp: Column<NtpData>,
    wanted: Wanted,
    /// The addresses of the sources under way.
    known: HashMap<u32, SourceAddress>,
    lookup: Lookup,
    chronyd: Address,
}

/// The report that tells the address of a source: statistics, or the list where those are refused.
#[derive(Debug)]
pub(crate) struct Lookup(ReportName);

impl Lookup {
    pub(crate) fn new() -> Self {
        Self(ReportName::SourceStats)
    }

    pub(crate) fn of(&self, index: u32) -> Request {
        Request::Record(self.0, index)
    }

    /// The address alone: what else is odd in the record is another's to tell.
    pub(crate) fn address(
        report: ReportName,
        index: u32,
        session: &Session,
    ) -> Result<SourceAddress, Error> {
        let fields = Reader::new(session, report, index);
        match report {
            ReportName::Sources => Source::decode_address(&fields),
            _ => SourceStats::decode_address(&fields),
        }
    }

    /// What tells the address where a request was refused for good.
    pub(crate) fn instead(
        &mut self,
        report: ReportName,
        index: u32,
        error: &Error,
    ) -> Option<Request> {
        let refused = matches!(error, Error::NotAuthorized { .. });
        (refused && report == ReportName::SourceStats).then(|| {
            self.0 = ReportName::Sources;
            self.of(index)
        })
    }
}

impl ByAddress {
    pub(crate) fn new(wanted: Wanted, count: u32, chronyd: Address) -> Self {
        Self {
            stats: Column::new(count),
            auth: Column::new(count),
            ntp: Column::new(count),
            wanted,
            known: HashMap::new(),
            lookup: Lookup::new(),
            chronyd,
        }
    }

    /// Takes what a request gave, and says what follows.
    pub(crate) fn next(
        &mut self,
        index: u32,
        answer: Option<(Request, Result<&Session, Error>)>,
    ) -> Step {
        let Some((request, answer)) = answer else {
            return Step::Ask(self.lookup.of(index));
        };
        let report = request.report();
        match report {
            ReportName::AuthData => self.auth.put(index, self.decoded_auth(index, answer)),
            ReportName::NtpData => self.ntp.put(index, decoded_ntp(index, answer)),
            _ => {
                if let Some(step) = self.look_up(report, index, answer) {
                    return step;
                }
            }
        }
        self.follow(report, index)
    }

    /// What is asked for after a report.
    fn follow(&mut self, after: ReportName, index: u32) -> Step {
        let timed_out =
            self.stats.has_timed_out() || self.auth.has_timed_out() || self.ntp.has_timed_out();
        if timed_out || !self.is_open() {
            return Step::Stop;
        }
        let is_known = self.known.contains_key(&index);
        let first = !matches!(after, ReportName::AuthData | ReportName::NtpData);
        if is_known && first && self.wanted.auth && self.auth.is_open() {
            return Step::Ask(Request::Record(ReportName::AuthData, index));
        }
        if is_known && after != ReportName::NtpData && self.wanted.ntp && self.ntp.is_open() {
            return Step::Ask(Request::Record(ReportName::NtpData, index));
        }
        self.known.remove(&index);
        Step::Done
    }

    /// Whether anything is left that is worth a question.
    fn is_open(&self) -> bool {
        let Wanted { stats, auth, ntp } = self.wanted;
        stats && self.stats.is_open() || auth && self.auth.is_open() || ntp && self.ntp.is_open()
    }

    /// Takes the record that tells a source's address; a step where something else follows than usual.
    fn look_up(
        &mut self,
        report: ReportName,
        index: u32,
        answer: Result<&Session, Error>,
    ) -> Option<Step> {
        let address = answer.and_then(|session| {
            let address = Lookup::address(report, index, session)?;
            if self.wanted.stats && report == ReportName::SourceStats {
                let stats = SourceStats::decode(&Reader::new(session, report, index));
                self.stats.put(index, stats.map(|stats| (Some(stats.address), Some(stats))));
            }
            Ok(address)
        });
        let error = match address {
            Ok(address) => {
                self.known.insert(index, address);
                return None;
            }
            Err(error) => error,
        };
        if let Some(request) = self.lookup.instead(report, index, &error) {
            self.stats.fail(error);
            let more = self.wanted.auth || self.wanted.ntp;
            return Some(if more { Step::Ask(request) } else { Step::Stop });
        }
        if matches!(error, Error::NotAuthorized { .. }) {
            self.auth.fail(self.refused(ReportName::AuthData));
            self.ntp.fail(self.refused(ReportName::NtpData));
        } else {
            self.auth.put(index, Err(self.without_address(ReportName::AuthData, index, &error)));
            self.ntp.put(index, Err(self.without_address(ReportName::NtpData, index, &error)));
            self.stats.put(index, Err(error));
        }
        None
    }

    fn refused(&self, report: ReportName) -> Error {
        Error::NotAuthorized { address: self.chronyd.clone(), report }
    }

    /// Why a record cannot be asked for: the one that tells the address is missing or odd.
    fn without_address(&self, report: ReportName, record: u32, error: &Error) -> Error {
        let address = self.chronyd.clone();
        match error {
            Error::NoSuchSource { .. } => Error::NoSuchSource { address, report, record },
            Error::TimedOut { attempts, waited, .. } => {
                Error::TimedOut { address, attempts: *attempts, waited: *waited }
            }
            _ => Error::InvalidReply { address, report },
        }
    }

    fn decoded_auth(
        &self,
        index: u32,
        answer: Result<&Session, Error>,
    ) -> Result<Entry<AuthData>, Error> {
        let session = answer?;
        let address = self.known.get(&index).copied();
        match address {
            Some(address) if session.number_fields() > 0 => {
                let fields = Reader::new(session, ReportName::AuthData, index);
                let data = AuthData::decode(&fields, address)?;
                Ok((Some(address), Some(data)))
            }
            address => Ok((address, None)),
        }
    }
}

fn decoded_ntp(index: u32, answer: Result<&Session, Error>) -> Result<Entry<NtpData>, Error> {
    let session = answer?;
    if session.number_fields() == 0 {
        return Ok((None, None));
    }
    let data = NtpData::decode(&Reader::new(session, ReportName::NtpData, index))?;
    Ok((Some(data.remote_address), Some(data)))
}
