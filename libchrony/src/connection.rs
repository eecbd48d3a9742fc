//! The public door: a connection to chronyd and its reports.

use std::time::Instant;

use crate::address::Address;
use crate::builder::Builder;
use crate::error::Error;
use crate::exchange::Request;
use crate::ffi::Session;
use crate::link::Link;
use crate::list::List;
use crate::names::Names;
use crate::reader::Reader;
use crate::record::Record;
use crate::report::{
    Activity, AuthData, MOST_PLACES, NtpData, ReportName, RtcData, SelectData, ServerStats,
    Smoothing, Source, SourceStats, Tracking, name_apart,
};
use crate::snapshot::{self, Snapshot};

/// A connection to one chronyd.
///
/// Each call asks chronyd anew; nothing is cached but the names of sources in snapshots, which are kept for
/// a minute at most, and while the connection lasts and the sources stay. After a failure the socket is thrown away and
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
    pub(crate) link: Link,
    /// What snapshots need not ask again.
    pub(crate) names: Names,
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

    pub(crate) fn with(settings: Builder) -> Self {
        Self { link: Link::new(settings), names: Names::default() }
    }

    /// Takes the address only after it answered; an orderly refusal of this report is proof too.
    pub(crate) fn prove(&mut self) -> Result<(), Error> {
        let end = self.link.end();
        match self.link.ask(Request::Record(ReportName::Tracking, 0), end) {
            Err(error) if !error.is_refusal() => Err(error),
            _ => Ok(()),
        }
    }

    /// The address that answered last; `None` before the first answer.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        self.link.answered()
    }

    /// The address of a chronyd that has answered; before that, where a search begins.
    pub(crate) fn answered(&self) -> Address {
        let address = self.address().cloned();
        address.unwrap_or_else(|| Address::search_order()[0].clone())
    }

    /// Why addresses earlier in the search were not taken, as the Unix socket for want of permission.
    #[must_use]
    pub fn passed_over(&self) -> &[Error] {
        self.link.passed_over()
    }

    /// The state of the clock.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn tracking(&mut self) -> Result<Tracking, Error> {
        let end = self.link.end();
        self.single(ReportName::Tracking, end, Tracking::decode)
    }

    /// The configured sources.
    ///
    /// # Errors
    /// See [`Connection`]; [`Error::SourcesChanging`] where the list changed thrice while it was read.
    pub fn sources(&mut self) -> Result<List<Source>, Error> {
        self.settled(ReportName::Sources, Self::read_sources).map(|list| {
            let (mut sources, odd) = list.into_parts();
            name_apart(&mut sources);
            List::new(sources, odd)
        })
    }

    /// What the samples of each source say.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn source_stats(&mut self) -> Result<List<SourceStats>, Error> {
        self.settled(ReportName::SourceStats, Self::read_source_stats)
    }

    /// Why each source is or is not chosen. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn select_data(&mut self) -> Result<List<SelectData>, Error> {
        self.settled(ReportName::SelectData, Self::read_select_data)
    }

    /// How many sources are online.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn activity(&mut self) -> Result<Activity, Error> {
        let end = self.link.end();
        self.single(ReportName::Activity, end, Activity::decode)
    }

    /// How each NTP source is authenticated. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn auth_data(&mut self) -> Result<List<AuthData>, Error> {
        self.settled(ReportName::AuthData, Self::read_auth_data)
    }

    /// The last measurement of each NTP source. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn ntp_data(&mut self) -> Result<List<NtpData>, Error> {
        self.settled(ReportName::NtpData, Self::read_ntp_data)
    }

    /// What chronyd served to others. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn server_stats(&mut self) -> Result<ServerStats, Error> {
        let end = self.link.end();
        self.single(ReportName::ServerStats, end, ServerStats::decode)
    }

    /// The real-time clock; `None` where chronyd does not track it, an ordinary state.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn rtc_data(&mut self) -> Result<Option<RtcData>, Error> {
        let end = self.link.end();
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
        let end = self.link.end();
        self.single(ReportName::Smoothing, end, Smoothing::decode)
    }

    /// All reports together: see [`Snapshot`].
    ///
    /// # Errors
    /// Where chronyd gives nothing at all; a report that alone is not given is named in the snapshot.
    pub fn snapshot(&mut self) -> Result<Snapshot, Error> {
        let end = self.link.end();
        snapshot::read(self, end)
    }

    /// Any report field by field, with kind and unit, as libchrony names them; of clients as many as
    /// [`Self::clients`] reads.
    ///
    /// # Errors
    /// See [`Connection`]; [`Error::UnknownReport`] for a name that is none of [`ReportName::ALL`] and
    /// [`ReportName::EXTENSIONS`], or that the libchrony that is linked lacks.
    pub fn report(&mut self, name: &str) -> Result<List<Record>, Error> {
        let report = ReportName::from_name(name)
            .ok_or_else(|| Error::UnknownReport { name: name.to_owned() })?;
        if report.is_per_source() {
            return self.settled(report, |connection, count, end| {
                connection.pass(report, (count, end), |session, index| {
                    Ok((None, Some(record(session, report, index))))
                })
            });
        }
        if report == ReportName::Clients {
            let mut records = Vec::new();
            self.each_place(MOST_PLACES, |session, place| {
                records.push(record(session, report, place));
                Ok(())
            })?;
            return Ok(List::new(records, Vec::new()));
        }
        let end = self.link.end();
        let session = self.link.ask(Request::Record(report, 0), end)?;
        Ok(List::new(vec![record(session, report, 0)], Vec::new()))
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

    pub(crate) fn decoded<T>(
        &mut self,
        report: ReportName,
        index: u32,
        end: Instant,
        decode: impl FnOnce(&Reader<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let session = self.link.ask(Request::Record(report, index), end)?;
        decode(&Reader::new(session, report, index))
    }
}

/// Copies the current record of a session, field by field.
fn record(session: &Session, report: ReportName, index: u32) -> Record {
    let fields = (0..session.number_fields()).map(|i| session.field(i)).collect();
    Record { report, index, fields }
}
