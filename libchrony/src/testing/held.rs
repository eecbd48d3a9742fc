//! A record as it came, to be decoded again and again: for the benchmark of decoding alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::address::Address;
use crate::error::Error;
use crate::exchange::{self, Pace, Request};
use crate::ffi::Session;
use crate::identity::SourceAddress;
use crate::reader::Reader;
use crate::report::{
    Activity, AuthData, Client, NtpData, ReportName, RtcData, SelectData, ServerStats, Smoothing,
    Source, SourceName, SourceStats, Tracking,
};
use crate::search;
use crate::wait::{Blocking, finish};

/// A session that holds a record of a report. No part of what this crate promises.
#[derive(Debug)]
pub struct Held {
    session: Session,
    report: ReportName,
    record: u32,
}

impl Held {
    /// Asks for a record and keeps it.
    ///
    /// # Errors
    /// As for every report.
    pub fn ask(address: &Address, report: ReportName, record: u32) -> Result<Self, Error> {
        let (mut session, socket) = search::open::<Blocking>(address)?;
        let timeout = Duration::from_secs(5);
        let pace = Pace { timeout, attempts: 1, end: Instant::now() + timeout };
        let request = Request::Record(report, record);
        finish(exchange::ask(&mut session, &socket, request, pace))
            .map_err(|failure| search::explain(address, request, failure))?;
        Ok(Self { session, report, record })
    }

    /// The number of its fields.
    #[must_use]
    pub fn number_fields(&self) -> u16 {
        self.session.number_fields()
    }

    /// Makes the typed record, and drops it.
    ///
    /// # Errors
    /// Where a field is missing, or has a value that cannot be.
    pub fn decode(&self) -> Result<(), Error> {
        let fields = &Reader::new(&self.session, self.report, self.record);
        // Its address is known when the record is decoded.
        let address = SourceAddress::Unresolved(1);
        match self.report {
            ReportName::Tracking => drop(black_box(Tracking::decode(fields)?)),
            ReportName::Sources => drop(black_box(Source::decode(fields)?)),
            ReportName::SourceStats => drop(black_box(SourceStats::decode(fields)?)),
            ReportName::SelectData => drop(black_box(SelectData::decode(fields)?)),
            ReportName::Activity => drop(black_box(Activity::decode(fields)?)),
            ReportName::AuthData => drop(black_box(AuthData::decode(fields, address)?)),
            ReportName::NtpData => drop(black_box(NtpData::decode(fields)?)),
            ReportName::ServerStats => drop(black_box(ServerStats::decode(fields)?)),
            ReportName::RtcData => drop(black_box(RtcData::decode(fields)?)),
            ReportName::Smoothing => drop(black_box(Smoothing::decode(fields)?)),
            ReportName::SourceName => drop(black_box(SourceName::decode(fields, address)?)),
            ReportName::Clients => drop(black_box(Client::decode(fields)?)),
        }
        Ok(())
    }
}
