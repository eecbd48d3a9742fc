//! Reports with a record per source: read one by one, while the list of sources may change.

use std::time::Instant;

use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::Request;
use crate::identity::SourceAddress;
use crate::list::List;
use crate::reader::Reader;
use crate::record::Value;
use crate::report::{AuthData, NtpData, ReportName, SelectData, Source, SourceStats};

/// The most sources a chronyd is believed to have, unless set; a larger number is an impossible value.
pub(crate) const MOST_SOURCES: u32 = 65_536;

/// So many sources that are missing one after the other mean that the list is another one by now.
const MOST_MISSING: u32 = 16;

/// What reading one source gave: its address, where the record tells, and the record, where it has one.
pub(crate) type Entry<T> = (Option<SourceAddress>, Option<T>);

/// One reading of a report, source by source.
pub(crate) struct Pass<T> {
    pub(crate) records: Vec<T>,
    /// The address at each index; `None` where the record did not tell.
    pub(crate) addresses: Vec<Option<SourceAddress>>,
    pub(crate) odd: Vec<Error>,
    vanished: bool,
    /// How many sources are missing since the last that was there.
    missing: u32,
}

impl<T> Default for Pass<T> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            addresses: Vec::new(),
            odd: Vec::new(),
            vanished: false,
            missing: 0,
        }
    }
}

impl<T> Pass<T> {
    /// Takes what reading the next source gave; an error of this record alone does not end the pass.
    pub(crate) fn take(&mut self, entry: Result<Entry<T>, Error>) -> Result<(), Error> {
        let missing = std::mem::take(&mut self.missing);
        let (address, record) = match entry {
            Ok(entry) => entry,
            Err(error) if error.is_of_one_record() => {
                self.odd.push(error);
                (None, None)
            }
            Err(error @ Error::NoSuchSource { .. }) => {
                self.vanished = true;
                self.missing = missing + 1;
                self.odd.push(error);
                (None, None)
            }
            Err(error) => return Err(error),
        };
        self.addresses.push(address);
        self.records.extend(record);
        Ok(())
    }

    /// Whether so many sources are missing that the rest need not be asked for.
    fn is_lost(&self) -> bool {
        self.missing >= MOST_MISSING
    }

    /// Whether the list of sources stayed as it was, given their number after the pass.
    ///
    /// At the last try a source that is missing although the number is right is an odd record.
    pub(crate) fn is_settled(&self, count: u32, last: bool) -> bool {
        let complete = u32::try_from(self.addresses.len()) == Ok(count) && !self.is_lost();
        complete && (last || !self.vanished)
    }

    pub(crate) fn into_list(self) -> List<T> {
        List::new(self.records, self.odd)
    }

    /// Whether both passes saw the same sources at the same places, as far as they tell.
    pub(crate) fn agrees(&self, addresses: &[Option<SourceAddress>]) -> bool {
        self.addresses.len() == addresses.len()
            && self
                .addresses
                .iter()
                .zip(addresses)
                .all(|(one, other)| one.is_none() || other.is_none() || one == other)
    }
}

impl Connection {
    /// The number of sources, as a request for the count of a report gives it.
    pub(crate) fn count(&mut self, report: ReportName, end: Instant) -> Result<u32, Error> {
        let count = self.link.ask(Request::Count(report), end)?.count();
        count.filter(|count| *count <= self.link.most_sources()).ok_or(Error::OutOfRange {
            report,
            record: 0,
            field: "sources",
            value: count.map_or(Value::Absent, |count| Value::Unsigned(count.into())),
            rule: "no more than is believed of a chronyd, 65536 unless set",
        })
    }

    /// Reads `count` sources, once; `read` gives the source's address and its record.
    pub(crate) fn pass<T>(
        &mut self,
        count: u32,
        mut read: impl FnMut(&mut Self, u32) -> Result<Entry<T>, Error>,
    ) -> Result<Pass<T>, Error> {
        let mut pass = Pass::default();
        for index in 0..count {
            pass.take(read(self, index))?;
            if pass.is_lost() {
                break;
            }
        }
        if count == 0 {
            // Without sources only a request for one tells whether the report is given at all.
            match read(self, 0) {
                Err(Error::NoSuchSource { .. }) | Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(pass)
    }

    /// Repeats a pass until the list of sources did not change meanwhile, at most 3 times.
    pub(crate) fn settled<T>(
        &mut self,
        report: ReportName,
        read: impl Fn(&mut Self, u32, Instant) -> Result<Pass<T>, Error>,
    ) -> Result<List<T>, Error> {
        let end = self.link.end();
        let mut count = self.count(report, end)?;
        for last in [false, false, true] {
            let pass = read(self, count, end)?;
            count = self.count(report, end)?;
            if pass.is_settled(count, last) {
                return Ok(pass.into_list());
            }
        }
        Err(self.sources_changing())
    }

    pub(crate) fn sources_changing(&self) -> Error {
        Error::SourcesChanging { address: self.answered(), attempts: 3 }
    }

    pub(crate) fn read_sources(&mut self, count: u32, end: Instant) -> Result<Pass<Source>, Error> {
        let report = ReportName::Sources;
        self.pass(count, |connection, index| {
            let source = connection.decoded(report, index, end, Source::decode)?;
            Ok((Some(source.address), Some(source)))
        })
    }

    pub(crate) fn read_source_stats(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<SourceStats>, Error> {
        let report = ReportName::SourceStats;
        self.pass(count, |connection, index| {
            let stats = connection.decoded(report, index, end, SourceStats::decode)?;
            Ok((Some(stats.address), Some(stats)))
        })
    }

    pub(crate) fn read_select_data(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<SelectData>, Error> {
        let report = ReportName::SelectData;
        self.pass(count, |connection, index| {
            let data = connection.decoded(report, index, end, SelectData::decode)?;
            Ok((Some(data.address), Some(data)))
        })
    }

    pub(crate) fn read_auth_data(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<AuthData>, Error> {
        let report = ReportName::AuthData;
        self.pass(count, |connection, index| {
            // authdata names no source; libchrony asks by the address these statistics give.
            let address = connection.identify(index, end)?;
            let session = connection.link.ask(Request::Record(report, index), end)?;
            if session.number_fields() == 0 {
                return Ok((Some(address), None));
            }
            let data = AuthData::decode(&Reader::new(session, report, index), address)?;
            Ok((Some(address), Some(data)))
        })
    }

    pub(crate) fn read_ntp_data(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<NtpData>, Error> {
        let report = ReportName::NtpData;
        self.pass(count, |connection, index| {
            let session = connection.link.ask(Request::Record(report, index), end)?;
            if session.number_fields() == 0 {
                return Ok((None, None));
            }
            let data = NtpData::decode(&Reader::new(session, report, index))?;
            Ok((Some(data.remote_address), Some(data)))
        })
    }

    /// The address of a source, from whichever report this transport gives.
    pub(crate) fn identify(&mut self, index: u32, end: Instant) -> Result<SourceAddress, Error> {
        // The address alone: what else is odd in these records is theirs to tell.
        match self.decoded(ReportName::SourceStats, index, end, SourceStats::decode_address) {
            Err(Error::NotAuthorized { .. }) => {
                self.decoded(ReportName::Sources, index, end, Source::decode_address)
            }
            other => other,
        }
    }
}
