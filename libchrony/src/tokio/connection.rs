//! The async door: the calls of [`crate::Connection`], each to be awaited.

use super::Builder;
use super::readiness::Readiness;
use crate::address::Address;
use crate::asker::Asker;
use crate::error::Error;
use crate::list::List;
use crate::record::Record;
use crate::report::{
    Activity, AuthData, Clients, NtpData, ReportName, RtcData, SelectData, ServerStats, Smoothing,
    Source, SourceName, SourceStats, Tracking,
};
use crate::snapshot::Snapshot;

/// A connection to one chronyd whose calls are awaited: see [`crate::Connection`], which has the same.
///
/// A call that is dropped leaves nothing behind: see [the module](super).
///
/// # Errors
/// Each call gives what the call of [`crate::Connection`] of the same name gives.
#[derive(Debug)]
pub struct Connection {
    asker: Asker<Readiness>,
}

impl Connection {
    /// Opens a connection by the default search: chronyd's Unix socket, 127.0.0.1, `::1`.
    ///
    /// # Errors
    /// [`Error::NothingAnswered`] with what each address gave.
    pub async fn open() -> Result<Self, Error> {
        Self::builder().open().await
    }

    /// Sets address, timeout and attempts before opening.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn with(settings: crate::Builder) -> Self {
        Self { asker: Asker::with(settings) }
    }

    pub(super) async fn prove(&mut self) -> Result<(), Error> {
        self.asker.prove().await
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
    /// As [`crate::Connection::tracking`].
    pub async fn tracking(&mut self) -> Result<Tracking, Error> {
        self.asker.tracking().await
    }

    /// The configured sources.
    ///
    /// # Errors
    /// As [`crate::Connection::sources`].
    pub async fn sources(&mut self) -> Result<List<Source>, Error> {
        self.asker.sources().await
    }

    /// What the samples of each source say.
    ///
    /// # Errors
    /// As [`crate::Connection::source_stats`].
    pub async fn source_stats(&mut self) -> Result<List<SourceStats>, Error> {
        self.asker.source_stats().await
    }

    /// Why each source is or is not chosen. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`crate::Connection::select_data`].
    pub async fn select_data(&mut self) -> Result<List<SelectData>, Error> {
        self.asker.select_data().await
    }

    /// How many sources are online.
    ///
    /// # Errors
    /// As [`crate::Connection::activity`].
    pub async fn activity(&mut self) -> Result<Activity, Error> {
        self.asker.activity().await
    }

    /// How each NTP source is authenticated. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`crate::Connection::auth_data`].
    pub async fn auth_data(&mut self) -> Result<List<AuthData>, Error> {
        self.asker.auth_data().await
    }

    /// The last measurement of each NTP source. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`crate::Connection::ntp_data`].
    pub async fn ntp_data(&mut self) -> Result<List<NtpData>, Error> {
        self.asker.ntp_data().await
    }

    /// What chronyd served to others. Over UDP only with chronyd's `opencommands`.
    ///
    /// # Errors
    /// As [`crate::Connection::server_stats`].
    pub async fn server_stats(&mut self) -> Result<ServerStats, Error> {
        self.asker.server_stats().await
    }

    /// The real-time clock; `None` where chronyd does not track it, an ordinary state.
    ///
    /// # Errors
    /// As [`crate::Connection::rtc_data`].
    pub async fn rtc_data(&mut self) -> Result<Option<RtcData>, Error> {
        self.asker.rtc_data().await
    }

    /// The smoothing of served time; [`Error::Disabled`] without `smoothtime`.
    ///
    /// # Errors
    /// As [`crate::Connection::smoothing`].
    pub async fn smoothing(&mut self) -> Result<Smoothing, Error> {
        self.asker.smoothing().await
    }

    /// All reports together: see [`Snapshot`].
    ///
    /// # Errors
    /// As [`crate::Connection::snapshot`].
    pub async fn snapshot(&mut self) -> Result<Snapshot, Error> {
        self.snapshot_of(ReportName::ALL).await
    }

    /// Some of the ten reports together, for no more requests than they take.
    ///
    /// # Errors
    /// As [`crate::Connection::snapshot_of`].
    pub async fn snapshot_of(&mut self, reports: &[ReportName]) -> Result<Snapshot, Error> {
        self.asker.snapshot_of(reports).await
    }

    /// Any report field by field, with kind and unit, as libchrony names them.
    ///
    /// # Errors
    /// As [`crate::Connection::report`].
    pub async fn report(&mut self, name: &str) -> Result<List<Record>, Error> {
        self.asker.report(name).await
    }

    /// The names that the NTP sources were configured with, from chronyd 4.0 on.
    ///
    /// # Errors
    /// As [`crate::Connection::source_names`].
    pub async fn source_names(&mut self) -> Result<List<SourceName>, Error> {
        self.asker.source_names().await
    }

    /// Who asked this chronyd for time, from chronyd 4.0 on; at most 65,536 places of its table.
    ///
    /// # Errors
    /// As [`crate::Connection::clients`].
    pub async fn clients(&mut self) -> Result<Clients, Error> {
        self.asker.clients().await
    }

    /// As [`Self::clients`], reading no more than so many places of the table.
    ///
    /// # Errors
    /// As [`crate::Connection::clients_within`].
    pub async fn clients_within(&mut self, places: u32) -> Result<Clients, Error> {
        self.asker.clients_within(places).await
    }
}
