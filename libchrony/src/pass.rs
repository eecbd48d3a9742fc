//! Reports with a record per source: read one by one, while the list of sources may change.

use std::time::Instant;

use crate::asker::Asker;
use crate::by_address::{ByAddress, Wanted};
use crate::column::Column;
use crate::error::Error;
use crate::exchange::Request;
use crate::ffi::Session;
use crate::identity::SourceAddress;
use crate::lanes::Step;
use crate::list::List;
use crate::reader::Reader;
use crate::record::Value;
use crate::report::{AuthData, NtpData, ReportName, SelectData, Source, SourceStats};
use crate::wait::Wait;

/// The most sources a chronyd is believed to have, unless set; a larger number is an impossible value.
pub(crate) const MOST_SOURCES: u32 = 65_536;

/// So many sources that are missing one after the other mean that the list is another one by now.
const MOST_MISSING: u32 = 16;

/// What reading one source gave: its address, where the record tells, and the record, where it has one.
pub(crate) type Entry<T> = (Option<SourceAddress>, Option<T>);

/// One reading of a report, source by source.
#[derive(Debug)]
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
    /// Makes room for the records of so many sources: lists that grow step by step leave holes behind.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.records.reserve_exact(count);
        self.addresses.reserve_exact(count);
    }

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
    pub(crate) fn is_lost(&self) -> bool {
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

impl<W: Wait> Asker<W> {
    /// The number of sources, as a request for the count of a report gives it.
    pub(crate) async fn count(&mut self, report: ReportName, end: Instant) -> Result<u32, Error> {
        let count = self.link.ask(Request::Count(report), end).await?.count();
        count.filter(|count| *count <= self.link.most_sources()).ok_or(Error::OutOfRange {
            report,
            record: 0,
            field: "sources",
            value: count.map_or(Value::Absent, |count| Value::Unsigned(count.into())),
            rule: "no more than is believed of a chronyd, 65536 unless set",
        })
    }

    /// Reads a report of `count` sources, once; `decode` gives the source's address and its record.
    pub(crate) async fn pass<T: Send>(
        &mut self,
        report: ReportName,
        (count, end): (u32, Instant),
        mut decode: impl FnMut(&Session, u32) -> Result<Entry<T>, Error> + Send,
    ) -> Result<Pass<T>, Error> {
        let mut column = Column::new(count);
        // libchrony would look the address up itself; asked for, it is known whether that can be.
        let first = if report.is_by_address() { ReportName::SourceStats } else { report };
        let next = |index, answer: Option<(Request, Result<&Session, Error>)>| match answer {
            None => Step::Ask(Request::Record(first, index)),
            Some((request, _)) if request.report() != report => {
                Step::Ask(Request::Record(report, index))
            }
            Some((_, answer)) => {
                column.put(index, answer.and_then(|session| decode(session, index)));
                if column.is_open() { Step::Done } else { Step::Stop }
            }
        };
        self.link.each((first, count.max(1)), end, next).await;
        column.into_pass()
    }

    /// Repeats a pass until the list of sources did not change meanwhile, at most 3 times.
    pub(crate) async fn settled<T>(
        &mut self,
        report: ReportName,
        read: impl AsyncFn(&mut Self, u32, Instant) -> Result<Pass<T>, Error>,
    ) -> Result<List<T>, Error> {
        let end = self.link.end();
        let mut count = self.count(report, end).await?;
        for last in [false, false, true] {
            let pass = read(self, count, end).await?;
            count = self.count(report, end).await?;
            if pass.is_settled(count, last) {
                return Ok(pass.into_list());
            }
        }
        Err(self.sources_changing())
    }

    pub(crate) fn sources_changing(&self) -> Error {
        Error::SourcesChanging { address: self.answered(), attempts: 3 }
    }

    pub(crate) async fn read_sources(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<Source>, Error> {
        let decode = |session: &Session, index| {
            let source = Source::decode(&Reader::new(session, ReportName::Sources, index))?;
            Ok((Some(source.address), Some(source)))
        };
        self.pass(ReportName::Sources, (count, end), decode).await
    }

    pub(crate) async fn read_source_stats(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<SourceStats>, Error> {
        self.by_address(Wanted { stats: true, ..Wanted::default() }, count, end)
            .await
            .stats
            .into_pass()
    }

    pub(crate) async fn read_select_data(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<SelectData>, Error> {
        let decode = |session: &Session, index| {
            let data = SelectData::decode(&Reader::new(session, ReportName::SelectData, index))?;
            Ok((Some(data.address), Some(data)))
        };
        self.pass(ReportName::SelectData, (count, end), decode).await
    }

    pub(crate) async fn read_auth_data(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<AuthData>, Error> {
        self.by_address(Wanted { auth: true, ..Wanted::default() }, count, end)
            .await
            .auth
            .into_pass()
    }

    pub(crate) async fn read_ntp_data(
        &mut self,
        count: u32,
        end: Instant,
    ) -> Result<Pass<NtpData>, Error> {
        self.by_address(Wanted { ntp: true, ..Wanted::default() }, count, end).await.ntp.into_pass()
    }

    /// Reads what is asked for by a source's address, together with the statistics that tell it.
    pub(crate) async fn by_address(
        &mut self,
        wanted: Wanted,
        count: u32,
        end: Instant,
    ) -> ByAddress {
        let mut read = ByAddress::new(wanted, count, self.answered());
        let chains = (ReportName::SourceStats, count.max(1));
        self.link.each(chains, end, |index, answer| read.next(index, answer)).await;
        read
    }
}
