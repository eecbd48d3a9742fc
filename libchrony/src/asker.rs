//! The reports of one chronyd, in whichever way is waited for it.

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
use crate::wait::Wait;

/// The calls of both faces, in whichever way they wait: see [`crate::Connection`].
#[derive(Debug)]
pub(crate) struct Asker<W> {
    pub(crate) link: Link<W>,
    /// What snapshots need not ask again.
    pub(crate) names: Names,
    /// The opening in which a snapshot had an answer to each report of one record, and none since had not.
    pub(crate) talks_since: Option<u64>,
}

impl<W: Wait> Asker<W> {
    pub(crate) fn with(settings: Builder) -> Self {
        Self { link: Link::new(settings), names: Names::default(), talks_since: None }
    }

    /// Takes the address only after it answered; an orderly refusal of this report is proof too.
    pub(crate) async fn prove(&mut self) -> Result<(), Error> {
        let end = self.link.end();
        match self.link.ask(Request::Record(ReportName::Tracking, 0), end).await {
            Err(error) if !error.is_refusal() => Err(error),
            _ => Ok(()),
        }
    }

    pub(crate) fn address(&self) -> Option<&Address> {
        self.link.answered()
    }

    /// The address of a chronyd that has answered; before that, where a search begins.
    pub(crate) fn answered(&self) -> Address {
        let address = self.address().cloned();
        address.unwrap_or_else(|| Address::search_order()[0].clone())
    }

    pub(crate) fn passed_over(&self) -> &[Error] {
        self.link.passed_over()
    }

    pub(crate) async fn tracking(&mut self) -> Result<Tracking, Error> {
        let end = self.link.end();
        self.single(ReportName::Tracking, end, Tracking::decode).await
    }

    pub(crate) async fn sources(&mut self) -> Result<List<Source>, Error> {
        let list = self.settled(ReportName::Sources, Self::read_sources).await?;
        let (mut sources, odd) = list.into_parts();
        name_apart(&mut sources);
        Ok(List::new(sources, odd))
    }

    pub(crate) async fn source_stats(&mut self) -> Result<List<SourceStats>, Error> {
        self.settled(ReportName::SourceStats, Self::read_source_stats).await
    }

    pub(crate) async fn select_data(&mut self) -> Result<List<SelectData>, Error> {
        self.settled(ReportName::SelectData, Self::read_select_data).await
    }

    pub(crate) async fn activity(&mut self) -> Result<Activity, Error> {
        let end = self.link.end();
        self.single(ReportName::Activity, end, Activity::decode).await
    }

    pub(crate) async fn auth_data(&mut self) -> Result<List<AuthData>, Error> {
        self.settled(ReportName::AuthData, Self::read_auth_data).await
    }

    pub(crate) async fn ntp_data(&mut self) -> Result<List<NtpData>, Error> {
        self.settled(ReportName::NtpData, Self::read_ntp_data).await
    }

    pub(crate) async fn server_stats(&mut self) -> Result<ServerStats, Error> {
        let end = self.link.end();
        self.single(ReportName::ServerStats, end, ServerStats::decode).await
    }

    pub(crate) async fn rtc_data(&mut self) -> Result<Option<RtcData>, Error> {
        let end = self.link.end();
        match self.single(ReportName::RtcData, end, RtcData::decode).await {
            Err(Error::Disabled { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    pub(crate) async fn smoothing(&mut self) -> Result<Smoothing, Error> {
        let end = self.link.end();
        self.single(ReportName::Smoothing, end, Smoothing::decode).await
    }

    pub(crate) async fn snapshot_of(&mut self, reports: &[ReportName]) -> Result<Snapshot, Error> {
        let end = self.link.end();
        snapshot::read(self, reports, end).await
    }

    pub(crate) async fn report(&mut self, name: &str) -> Result<List<Record>, Error> {
        let report = ReportName::from_name(name)
            .ok_or_else(|| Error::UnknownReport { name: name.to_owned() })?;
        if report.is_per_source() {
            return self.records(report).await;
        }
        if report == ReportName::Clients {
            let mut records = Vec::new();
            self.each_place(MOST_PLACES, |session, place| {
                records.push(record(session, report, place));
                Ok(())
            })
            .await?;
            return Ok(List::new(records, Vec::new()));
        }
        let end = self.link.end();
        let session = self.link.ask(Request::Record(report, 0), end).await?;
        Ok(List::new(vec![record(session, report, 0)], Vec::new()))
    }

    /// As [`Self::settled`], for whatever report: a closure that holds its name would tie the call to
    /// one thread.
    async fn records(&mut self, report: ReportName) -> Result<List<Record>, Error> {
        let end = self.link.end();
        let mut count = self.count(report, end).await?;
        for last in [false, false, true] {
            let decode = |session: &Session, index| {
                let record = record(session, report, index);
                Ok((None, Some(record)))
            };
            let pass = self.pass(report, (count, end), decode).await?;
            count = self.count(report, end).await?;
            if pass.is_settled(count, last) {
                return Ok(pass.into_list());
            }
        }
        Err(self.sources_changing())
    }

    /// Reads and decodes a report of one record.
    pub(crate) async fn single<T>(
        &mut self,
        report: ReportName,
        end: Instant,
        decode: impl FnOnce(&Reader<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let session = self.link.ask(Request::Record(report, 0), end).await?;
        decode(&Reader::new(session, report, 0))
    }
}

/// Copies the current record of a session, field by field.
fn record(session: &Session, report: ReportName, index: u32) -> Record {
    let fields = (0..session.number_fields()).map(|i| session.field(i)).collect();
    Record { report, index, fields }
}
