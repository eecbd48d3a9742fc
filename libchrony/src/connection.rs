//! The public door: a connection to chronyd and its reports.

use std::ops::Deref;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::error::Error;
use crate::exchange::{self, Pace, Request};
use crate::ffi::Session;
use crate::record::{Reader, Record, Value};
use crate::report::{
    Activity, AuthData, NtpData, ReportName, RtcData, SelectData, ServerStats, Smoothing, Source,
    SourceStats, Tracking, name_apart,
};
use crate::search;
use crate::snapshot::{self, Pass, Snapshot};

/// The most sources a chronyd is believed to have; a larger number is an impossible value.
const MOST_SOURCES: u32 = 65_536;

/// The records of a report that could be read, and the errors of those that could not.
///
/// It reads as a slice, so that one odd record does not blank the others.
#[derive(Debug)]
pub struct List<T> {
    records: Vec<T>,
    odd: Vec<Error>,
}

impl<T> List<T> {
    pub(crate) fn new(records: Vec<T>, odd: Vec<Error>) -> Self {
        Self { records, odd }
    }

    /// Why records are missing from the list, each with its report, record, field, value and rule.
    #[must_use]
    pub fn odd(&self) -> &[Error] {
        &self.odd
    }

    /// The records, and the errors of those that could not be read.
    #[must_use]
    pub fn into_parts(self) -> (Vec<T>, Vec<Error>) {
        (self.records, self.odd)
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.records
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}

/// How a [`Connection`] is made: where to ask, and how long to wait.
///
/// ```no_run
/// use std::time::Duration;
/// let mut chronyd = libchrony::Connection::builder()
///     .address("192.0.2.1:323".parse()?)
///     .timeout(Duration::from_millis(500))
///     .attempts(2)
///     .open()?;
/// # Ok::<(), libchrony::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    address: Option<Address>,
    timeout: Duration,
    attempts: u32,
    limit: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            address: None,
            timeout: Duration::from_secs(1),
            attempts: 3,
            limit: Duration::from_secs(30),
        }
    }
}

impl Builder {
    /// Where chronyd is asked; without it the default search ([`Address::search_order`]).
    pub fn address(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }

    /// How long one attempt waits for its answer: 1 s unless set, at least 1 ms.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// How often a request is sent before it has timed out: 3 unless set, at least 1.
    ///
    /// In a search each address gets one attempt.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long one call may take in all, whatever the number of its requests: 30 s unless set.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Makes a connection that opens at its first call.
    #[must_use]
    pub fn build(self) -> Connection {
        Connection { settings: self, link: None, passed_over: Vec::new() }
    }

    /// Opens the connection and proves it: an address is taken only after it answered.
    ///
    /// # Errors
    /// What the address gave, or [`Error::NothingAnswered`] with all that were tried.
    pub fn open(self) -> Result<Connection, Error> {
        let mut connection = self.build();
        let end = connection.end();
        match connection.ask(Request::Record(ReportName::Tracking, 0), end) {
            // Any orderly answer is proof, a refusal of this report too.
            Err(error) if !error.is_refusal() => Err(error),
            _ => Ok(connection),
        }
    }
}

#[derive(Debug)]
struct Link {
    session: Session,
    address: Address,
}

/// A connection to one chronyd.
///
/// Each call asks chronyd anew; nothing is cached. After a failure the socket is thrown away and
/// the next call opens a new one, so a connection outlives restarts of chronyd.
///
/// # Errors
/// Every reading call gives the errors of opening ([`Error::NotRunning`],
/// [`Error::NobodyListens`], [`Error::PermissionDenied`], [`Error::NothingAnswered`], …),
/// [`Error::TimedOut`], a refusal ([`Error::NotAuthorized`], [`Error::Disabled`],
/// [`Error::ServerTooOld`]) or a fault of the reply ([`Error::InvalidReply`],
/// [`Error::MissingField`], [`Error::WrongType`], [`Error::OutOfRange`]).
#[derive(Debug)]
pub struct Connection {
    settings: Builder,
    link: Option<Link>,
    passed_over: Vec<Error>,
}

impl Connection {
    /// Opens a connection by the default search: chronyd's Unix socket, 127.0.0.1, `::1`.
    ///
    /// # Errors
    /// [`Error::NothingAnswered`] with what each address gave.
    pub fn open() -> Result<Self, Error> {
        Self::builder().open()
    }

    /// Sets address, timeout and attempts before opening.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address that answered last; `None` before the first answer and after a failure.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        self.link.as_ref().map(|link| &link.address)
    }

    /// Why addresses earlier in the search were not taken, as the Unix socket for want of permission.
    #[must_use]
    pub fn passed_over(&self) -> &[Error] {
        &self.passed_over
    }

    /// The state of the clock.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn tracking(&mut self) -> Result<Tracking, Error> {
        let end = self.end();
        self.single(ReportName::Tracking, end, Tracking::decode)
    }

    /// The configured sources.
    ///
    /// # Errors
    /// See [`Connection`]; [`Error::SourcesChanging`] where the list changed thrice while it was read.
    pub fn sources(&mut self) -> Result<List<Source>, Error> {
        self.settled(Self::read_sources).map(|mut list| {
            name_apart(&mut list.records);
            list
        })
    }

    /// What the samples of each source say.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn source_stats(&mut self) -> Result<List<SourceStats>, Error> {
        self.settled(Self::read_source_stats)
    }

    /// Why each source is or is not chosen. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn select_data(&mut self) -> Result<List<SelectData>, Error> {
        self.settled(Self::read_select_data)
    }

    /// How many sources are online.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn activity(&mut self) -> Result<Activity, Error> {
        let end = self.end();
        self.single(ReportName::Activity, end, Activity::decode)
    }

    /// How each NTP source is authenticated. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn auth_data(&mut self) -> Result<List<AuthData>, Error> {
        self.settled(Self::read_auth_data)
    }

    /// The last measurement of each NTP source. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn ntp_data(&mut self) -> Result<List<NtpData>, Error> {
        self.settled(Self::read_ntp_data)
    }

    /// What chronyd served to others. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn server_stats(&mut self) -> Result<ServerStats, Error> {
        let end = self.end();
        self.single(ReportName::ServerStats, end, ServerStats::decode)
    }

    /// The real-time clock; `None` where chronyd does not track it, an ordinary state.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn rtc_data(&mut self) -> Result<Option<RtcData>, Error> {
        let end = self.end();
        match self.single(ReportName::RtcData, end, RtcData::decode) {
            Err(Error::Disabled { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// The smoothing of served time; [`Error::Disabled`] without `smoothtime`.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn smoothing(&mut self) -> Result<Smoothing, Error> {
        let end = self.end();
        self.single(ReportName::Smoothing, end, Smoothing::decode)
    }

    /// All reports together: see [`Snapshot`].
    ///
    /// # Errors
    /// Where chronyd gives nothing at all; a report that alone is not given is named in the snapshot.
    pub fn snapshot(&mut self) -> Result<Snapshot, Error> {
        let end = self.end();
        snapshot::read(self, end)
    }

    /// Any report field by field, with kind and unit, as libchrony names them.
    ///
    /// # Errors
    /// See [`Connection`]; [`Error::UnknownReport`] for a name that is none of [`ReportName::ALL`].
    pub fn report(&mut self, name: &str) -> Result<List<Record>, Error> {
        let report = ReportName::from_name(name)
            .ok_or_else(|| Error::UnknownReport { name: name.to_owned() })?;
        if report.is_per_source() {
            return self.settled(|connection, end| {
                connection.pass(report, end, |connection, index| {
                    let session = connection.ask(Request::Record(report, index), end)?;
                    Ok((None, Some(record(session, report, index))))
                })
            });
        }
        let end = self.end();
        let session = self.ask(Request::Record(report, 0), end)?;
        Ok(List::new(vec![record(session, report, 0)], Vec::new()))
    }

    /// When a call that begins now must end.
    fn end(&self) -> Instant {
        Instant::now() + self.settings.limit
    }

    /// Asks until an answer is accepted, and gives the session that holds it.
    ///
    /// A connection that is open already may be one to a chronyd that was restarted since: its
    /// first failure opens a new one within the same call.
    pub(crate) fn ask(&mut self, request: Request, end: Instant) -> Result<&Session, Error> {
        let start = Instant::now();
        let mut spent = 0;
        if let Some(link) = self.link.take() {
            let attempts = self.settings.attempts.saturating_sub(1).max(1);
            let link = match self.try_link(link, request, 1, end) {
                Ok(link) => return Ok(&self.link.insert(link).session),
                Err(error) => error,
            };
            match link {
                Error::TimedOut { attempts: tried, .. } if self.settings.attempts > 1 => {
                    spent = tried;
                }
                Error::NobodyListens { .. }
                | Error::NotRunning { .. }
                | Error::Unreachable { .. }
                | Error::PermissionDenied { .. } => {}
                other => return Err(other),
            }
            return self.find(request, attempts, end).map_err(|error| match error {
                Error::TimedOut { address, attempts, .. } => {
                    Error::TimedOut { address, attempts: attempts + spent, waited: start.elapsed() }
                }
                other => other,
            });
        }
        let attempts = self.settings.attempts;
        self.find(request, attempts, end)
    }

    /// Opens the first address that answers the request, be it with a refusal.
    fn find(&mut self, request: Request, attempts: u32, end: Instant) -> Result<&Session, Error> {
        self.passed_over.clear();
        let candidates = search::candidates(self.settings.address.as_ref(), end)?;
        let attempts = if candidates.len() > 1 { 1 } else { attempts };
        let mut tried = Vec::new();
        for address in candidates {
            let answer = search::open(&address).and_then(|session| {
                self.try_link(Link { session, address }, request, attempts, end)
            });
            match answer {
                Ok(link) => {
                    self.passed_over = tried;
                    return Ok(&self.link.insert(link).session);
                }
                Err(error) if self.link.is_some() || error.is_answer() => {
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

    /// Asks over one link. A refusal keeps it open, with a new session; any other failure drops it.
    fn try_link(
        &mut self,
        mut link: Link,
        request: Request,
        attempts: u32,
        end: Instant,
    ) -> Result<Link, Error> {
        let pace = Pace { timeout: self.settings.timeout, attempts, end };
        let Err(failure) = exchange::ask(&mut link.session, request, pace) else {
            return Ok(link);
        };
        let error = search::explain(&link.address, request, failure);
        if error.is_refusal() && link.session.renew().is_ok() {
            self.link = Some(link);
        }
        Err(error)
    }

    /// Reads and decodes a report of one record.
    pub(crate) fn single<T>(
        &mut self,
        report: ReportName,
        end: Instant,
        decode: impl FnOnce(&Reader<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.decoded(report, 0, end, decode)
    }

    fn decoded<T>(
        &mut self,
        report: ReportName,
        index: u32,
        end: Instant,
        decode: impl FnOnce(&Reader<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let session = self.ask(Request::Record(report, index), end)?;
        decode(&Reader::new(session, report, index))
    }

    /// The number of sources, as a request for the count of a report gives it.
    pub(crate) fn count(&mut self, report: ReportName, end: Instant) -> Result<u32, Error> {
        let count = self.ask(Request::Count(report), end)?.count();
        count.filter(|count| *count <= MOST_SOURCES).ok_or(Error::OutOfRange {
            report,
            record: 0,
            field: "sources",
            value: count.map_or(Value::Absent, |count| Value::Unsigned(count.into())),
            rule: "0 to 65536",
        })
    }

    /// Reads a report source by source, once; `read` gives the source's address and its record.
    fn pass<T>(
        &mut self,
        report: ReportName,
        end: Instant,
        mut read: impl FnMut(&mut Self, u32) -> Result<snapshot::Entry<T>, Error>,
    ) -> Result<Pass<T>, Error> {
        let count = self.count(report, end)?;
        let mut pass = Pass::default();
        for index in 0..count {
            pass.take(read(self, index))?;
        }
        Ok(pass)
    }

    /// Repeats a pass until the list of sources did not change meanwhile, at most 3 times.
    fn settled<T>(
        &mut self,
        read: impl Fn(&mut Self, Instant) -> Result<Pass<T>, Error>,
    ) -> Result<List<T>, Error> {
        let end = self.end();
        for last in [false, false, true] {
            let pass = read(self, end)?;
            let count = self.count(ReportName::Sources, end)?;
            if pass.is_settled(count, last) {
                return Ok(pass.into_list());
            }
        }
        Err(self.sources_changing())
    }

    pub(crate) fn sources_changing(&self) -> Error {
        let address = self.address().cloned();
        let address = address.unwrap_or_else(|| Address::search_order()[0].clone());
        Error::SourcesChanging { address, attempts: 3 }
    }

    pub(crate) fn read_sources(&mut self, end: Instant) -> Result<Pass<Source>, Error> {
        let report = ReportName::Sources;
        self.pass(report, end, |connection, index| {
            let source = connection.decoded(report, index, end, Source::decode)?;
            Ok((Some(source.address), Some(source)))
        })
    }

    pub(crate) fn read_source_stats(&mut self, end: Instant) -> Result<Pass<SourceStats>, Error> {
        let report = ReportName::SourceStats;
        self.pass(report, end, |connection, index| {
            let stats = connection.decoded(report, index, end, SourceStats::decode)?;
            Ok((Some(stats.address), Some(stats)))
        })
    }

    pub(crate) fn read_select_data(&mut self, end: Instant) -> Result<Pass<SelectData>, Error> {
        let report = ReportName::SelectData;
        self.pass(report, end, |connection, index| {
            let data = connection.decoded(report, index, end, SelectData::decode)?;
            Ok((Some(data.address), Some(data)))
        })
    }

    pub(crate) fn read_auth_data(&mut self, end: Instant) -> Result<Pass<AuthData>, Error> {
        let report = ReportName::AuthData;
        self.pass(report, end, |connection, index| {
            // authdata names no source; libchrony asks by the address these statistics give.
            let address = connection.identify(index, end)?;
            let session = connection.ask(Request::Record(report, index), end)?;
            if session.number_fields() == 0 {
                return Ok((Some(address), None));
            }
            let data = AuthData::decode(&Reader::new(session, report, index), address)?;
            Ok((Some(address), Some(data)))
        })
    }

    pub(crate) fn read_ntp_data(&mut self, end: Instant) -> Result<Pass<NtpData>, Error> {
        let report = ReportName::NtpData;
        self.pass(report, end, |connection, index| {
            let session = connection.ask(Request::Record(report, index), end)?;
            if session.number_fields() == 0 {
                return Ok((None, None));
            }
            let data = NtpData::decode(&Reader::new(session, report, index))?;
            Ok((Some(data.remote_address), Some(data)))
        })
    }

    /// The address of a source, from whichever report this transport gives.
    fn identify(
        &mut self,
        index: u32,
        end: Instant,
    ) -> Result<crate::identity::SourceAddress, Error> {
        match self.decoded(ReportName::SourceStats, index, end, SourceStats::decode) {
            Err(Error::NotAuthorized { .. }) => {
                self.decoded(ReportName::Sources, index, end, Source::decode).map(|s| s.address)
            }
            other => other.map(|stats| stats.address),
        }
    }
}

/// Copies the current record of a session, field by field.
fn record(session: &Session, report: ReportName, index: u32) -> Record {
    let fields = (0..session.number_fields()).map(|i| session.field(i)).collect();
    Record { report, index, fields }
}

impl Error {
    /// Whether something answered at the address, so that a search need not go on.
    fn is_answer(&self) -> bool {
        !matches!(
            self,
            Self::NotRunning { .. }
                | Self::NobodyListens { .. }
                | Self::PermissionDenied { .. }
                | Self::Unreachable { .. }
                | Self::TimedOut { .. }
        )
    }
}
