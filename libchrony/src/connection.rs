//! The public door: a connection to chronyd and its reports.

use crate::address::Address;
use crate::asker::Asker;
use crate::builder::Builder;
use crate::error::Error;
use crate::list::List;
use crate::record::Record;
use crate::report::{
    Activity, AuthData, Clients, NtpData, ReportName, RtcData, SelectData, ServerStats, Smoothing,
    Source, SourceName, SourceStats, Tracking,
};
use crate::snapshot::Snapshot;
use crate::wait::{Blocking, finish};

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
    asker: Asker<Blocking>,
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
        Self { asker: Asker::with(settings) }
    }

    pub(crate) fn prove(&mut self) -> Result<(), Error> {
        finish(self.asker.prove())
    }

    /// The address that answered last; `None` before the first answer.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        self.asker.address()
    }

    /// Why addresses earlier in the search were not taken, as the Unix socket for want of permission.
    #[must_use]
    pub fn passed_over(&self) -> &[Error] {
        self.asker.passed_over()
    }

    /// The state of the clock.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn tracking(&mut self) -> Result<Tracking, Error> {
        finish(self.asker.tracking())
    }

    /// The configured sources.
    ///
    /// # Errors
    /// See [`Connection`]; [`Error::SourcesChanging`] where the list changed thrice while it was read.
    pub fn sources(&mut self) -> Result<List<Source>, Error> {
        finish(self.asker.sources())
    }

    /// What the samples of each source say.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn source_stats(&mut self) -> Result<List<SourceStats>, Error> {
        finish(self.asker.source_stats())
    }

    /// Why each source is or is not chosen. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn select_data(&mut self) -> Result<List<SelectData>, Error> {
        finish(self.asker.select_data())
    }

    /// How many sources are online.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn activity(&mut self) -> Result<Activity, Error> {
        finish(self.asker.activity())
    }

    /// How each NTP source is authenticated. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn auth_data(&mut self) -> Result<List<AuthData>, Error> {
        finish(self.asker.auth_data())
    }

    /// The last measurement of each NTP source. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn ntp_data(&mut self) -> Result<List<NtpData>, Error> {
        finish(self.asker.ntp_data())
    }

    /// What chronyd served to others. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn server_stats(&mut self) -> Result<ServerStats, Error> {
        finish(self.asker.server_stats())
    }

    /// The real-time clock; `None` where chronyd does not track it, an ordinary state.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn rtc_data(&mut self) -> Result<Option<RtcData>, Error> {
        finish(self.asker.rtc_data())
    }

    /// The smoothing of served time; [`Error::Disabled`] without `smoothtime`.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn smoothing(&mut self) -> Result<Smoothing, Error> {
        finish(self.asker.smoothing())
    }

    /// All reports together: see [`Snapshot`].
    ///
    /// # Errors
    /// Where chronyd gives nothing at all; a report that alone is not given is named in the snapshot.
    pub fn snapshot(&mut self) -> Result<Snapshot, Error> {
        self.snapshot_of(ReportName::ALL)
    }

    /// Some of the ten reports together, for no more requests than they take: of 1,000 sources the tracking
    /// report alone is one request, and all of them are 5,000. The names of the sources come with
    /// [`ReportName::Sources`]; [`ReportName::EXTENSIONS`] are no part of a snapshot.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub fn snapshot_of(&mut self, reports: &[ReportName]) -> Result<Snapshot, Error> {
        finish(self.asker.snapshot_of(reports))
    }

    /// Any report field by field, with kind and unit, as libchrony names them; of clients as many as
    /// [`Self::clients`] reads.
    ///
    /// # Errors
    /// See [`Connection`]; [`Error::UnknownReport`] for a name that is none of
    /// [`ReportName::ALL`](crate::ReportName::ALL) and
    /// [`ReportName::EXTENSIONS`](crate::ReportName::EXTENSIONS), or that the libchrony that is linked
    /// lacks.
    pub fn report(&mut self, name: &str) -> Result<List<Record>, Error> {
        finish(self.asker.report(name))
    }

    /// The names that the NTP sources were configured with, from chronyd 4.0 on.
    ///
    /// The report is an extension of the bundled libchrony: with upstream's it is
    /// [`Error::UnknownReport`].
    ///
    /// # Errors
    /// As [`Self::sources`].
    pub fn source_names(&mut self) -> Result<List<SourceName>, Error> {
        finish(self.asker.source_names())
    }

    /// Who asked this chronyd for time, from chronyd 4.0 on; at most 65,536 places of its table.
    ///
    /// Over UDP only with chronyd's `opencommands`. [`Error::Disabled`] with `noclientlog`. The report
    /// is an extension of the bundled libchrony: with upstream's it is [`Error::UnknownReport`].
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn clients(&mut self) -> Result<Clients, Error> {
        finish(self.asker.clients())
    }

    /// As [`Self::clients`], reading no more than so many places of the table.
    ///
    /// chronyd's table has a place for each client and, as it doubles when it is full, empty ones
    /// between them. It is read in parts of eight clients, so that `places` / 8 is about the most
    /// requests; a small table takes one.
    ///
    /// # Errors
    /// See [`Connection`].
    pub fn clients_within(&mut self, places: u32) -> Result<Clients, Error> {
        finish(self.asker.clients_within(places))
    }
}
