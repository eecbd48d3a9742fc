//! All reports read together, and joined per source.

use std::collections::{BTreeMap, HashMap};
use std::time::{Instant, SystemTime};

use crate::address::{Address, Transport};
use crate::asker::Asker;
use crate::by_address::Wanted;
use crate::error::Error;
use crate::identity::SourceAddress;
use crate::pass::Pass;
use crate::reader::Reader;
use crate::report::{
    Activity, AuthData, NtpData, ReportName, RtcData, SelectData, ServerStats, Smoothing, Source,
    SourceStats, Tracking, name_apart,
};
use crate::wait::Wait;

/// The chronyd that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Server {
    /// The address that answered.
    pub address: Address,
    /// The way requests travelled, which decides what it gives.
    pub transport: Transport,
}

/// All reports of one chronyd, read together.
///
/// A report that this transport or configuration does not give is `None` and named in
/// [`Self::unavailable`]. The reports with a record per source belong to the same list of sources:
/// where the list changed while it was read, it was read again.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// The chronyd that was read.
    pub chronyd: Server,
    /// When the reading began (UTC).
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::timestamp::serialize"))]
    pub fetched_at: SystemTime,
    /// Version of this crate.
    pub version: &'static str,
    /// The state of the clock.
    pub tracking: Option<Tracking>,
    /// The configured sources.
    pub sources: Option<Vec<Source>>,
    /// What the samples of each source say.
    pub sourcestats: Option<Vec<SourceStats>>,
    /// Why each source is or is not chosen.
    pub selectdata: Option<Vec<SelectData>>,
    /// How many sources are online.
    pub activity: Option<Activity>,
    /// How each NTP source is authenticated.
    pub authdata: Option<Vec<AuthData>>,
    /// The last measurement of each NTP source.
    pub ntpdata: Option<Vec<NtpData>>,
    /// What chronyd served to others.
    pub serverstats: Option<ServerStats>,
    /// The real-time clock.
    pub rtcdata: Option<RtcData>,
    /// The smoothing of served time.
    pub smoothing: Option<Smoothing>,
    /// Why a report is `None`.
    pub unavailable: BTreeMap<ReportName, Error>,
    /// Why single records are missing from their lists.
    pub odd_records: Vec<Error>,
    /// Why addresses earlier in the search were not taken.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub passed_over: Vec<String>,
}

/// Everything the reports say of one source.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Joined<'a> {
    /// Its record in the list of sources.
    pub source: &'a Source,
    /// What its samples say.
    pub stats: Option<&'a SourceStats>,
    /// Why it is or is not chosen.
    pub select: Option<&'a SelectData>,
    /// How it is authenticated.
    pub auth: Option<&'a AuthData>,
    /// Its last measurement.
    pub ntp: Option<&'a NtpData>,
}

impl Snapshot {
    /// The sources in chronyd's order, each with what the other reports say of it.
    ///
    /// Joined by address or reference ID, never by position.
    #[must_use]
    pub fn joined(&self) -> Vec<Joined<'_>> {
        let mut stats = Index::new(self.sourcestats.as_deref(), |stats| stats.address);
        let mut select = Index::new(self.selectdata.as_deref(), |data| data.address);
        let mut auth = Index::new(self.authdata.as_deref(), |data| data.address);
        let mut ntp = Index::new(self.ntpdata.as_deref(), |data| data.remote_address);
        let sources = self.sources.as_deref().unwrap_or_default().iter();
        sources
            .map(|source| Joined {
                source,
                stats: stats.next(source.address),
                select: select.next(source.address),
                auth: auth.next(source.address),
                ntp: ntp.next(source.address),
            })
            .collect()
    }
}

/// Records by source; two reference clocks may share an ID, so each record is given once.
struct Index<'a, T>(HashMap<SourceAddress, std::vec::IntoIter<&'a T>>);

impl<'a, T> Index<'a, T> {
    fn new(records: Option<&'a [T]>, address: impl Fn(&T) -> SourceAddress) -> Self {
        let mut lists: HashMap<_, Vec<_>> = HashMap::new();
        for record in records.unwrap_or_default() {
            lists.entry(address(record)).or_default().push(record);
        }
        Self(lists.into_iter().map(|(address, list)| (address, list.into_iter())).collect())
    }

    fn next(&mut self, address: SourceAddress) -> Option<&'a T> {
        self.0.get_mut(&address)?.next()
    }
}

/// What reading a report gave: its data, or why this chronyd does not give it.
type Given<T> = Result<T, Error>;

/// Statistics, authentication and NTP data.
type Together = (Given<Pass<SourceStats>>, Given<Pass<AuthData>>, Given<Pass<NtpData>>);

/// The reports with a record per source, from one reading of each.
struct PerSource {
    sources: Given<Pass<Source>>,
    sourcestats: Given<Pass<SourceStats>>,
    selectdata: Given<Pass<SelectData>>,
    authdata: Given<Pass<AuthData>>,
    ntpdata: Given<Pass<NtpData>>,
}

impl PerSource {
    /// Reads each report once; without a count, which chronyd refused, each asks for its own.
    async fn read<W: Wait>(
        asker: &mut Asker<W>,
        count: Option<u32>,
        end: Instant,
    ) -> Result<Self, Error> {
        let Some(count) = count else { return Self::without_count(asker, end).await };
        let sources = asker.read_sources(count, end).await;
        let sources = given(asker, sources, end).await?;
        let (sourcestats, authdata, ntpdata) = Self::by_address(asker, count, end).await?;
        let selectdata = asker.read_select_data(count, end).await;
        let selectdata = given(asker, selectdata, end).await?;
        Ok(Self { sources, sourcestats, selectdata, authdata, ntpdata })
    }

    async fn without_count<W: Wait>(asker: &mut Asker<W>, end: Instant) -> Result<Self, Error> {
        async fn report<W: Wait, T>(
            asker: &mut Asker<W>,
            (report, end): (ReportName, Instant),
            read: impl AsyncFn(&mut Asker<W>, u32, Instant) -> Result<Pass<T>, Error>,
        ) -> Result<Given<Pass<T>>, Error> {
            let pass = match asker.count(report, end).await {
                Ok(count) => read(asker, count, end).await,
                Err(error) => Err(error),
            };
            given(asker, pass, end).await
        }
        let a = asker;
        Ok(Self {
            sources: report(a, (ReportName::Sources, end), Asker::read_sources).await?,
            sourcestats: report(a, (ReportName::SourceStats, end), Asker::read_source_stats)
                .await?,
            authdata: report(a, (ReportName::AuthData, end), Asker::read_auth_data).await?,
            ntpdata: report(a, (ReportName::NtpData, end), Asker::read_ntp_data).await?,
            selectdata: report(a, (ReportName::SelectData, end), Asker::read_select_data).await?,
        })
    }

    /// The reports that are read together. Where chronyd leaves one of them without an answer, the others are
    /// read without it.
    async fn by_address<W: Wait>(
        asker: &mut Asker<W>,
        count: u32,
        end: Instant,
    ) -> Result<Together, Error> {
        let mut wanted = Wanted::ALL;
        let (mut together, mut rest) = Self::once(asker, (wanted, count), end).await?;
        while rest != wanted && rest != Wanted::default() {
            wanted = rest;
            let (stats, auth, ntp);
            ((stats, auth, ntp), rest) = Self::once(asker, (wanted, count), end).await?;
            if wanted.stats {
                together.0 = stats;
            }
            if wanted.auth {
                together.1 = auth;
            }
            if wanted.ntp {
                together.2 = ntp;
            }
        }
        Ok(together)
    }

    /// Reads those wanted once, and tells which of them are not silent.
    async fn once<W: Wait>(
        asker: &mut Asker<W>,
        (wanted, count): (Wanted, u32),
        end: Instant,
    ) -> Result<(Together, Wanted), Error> {
        let read = asker.by_address(wanted, count, end).await;
        let rest = Wanted {
            stats: wanted.stats && !read.stats.has_timed_out(),
            auth: wanted.auth && !read.auth.has_timed_out(),
            ntp: wanted.ntp && !read.ntp.has_timed_out(),
        };
        let together = (
            given(asker, read.stats.into_pass(), end).await?,
            given(asker, read.auth.into_pass(), end).await?,
            given(asker, read.ntp.into_pass(), end).await?,
        );
        Ok((together, rest))
    }

    /// Whether names are worth a request: what chronyd gives since 4.0, as it does names, is not too old
    /// for it, and the request that finds the address of a source was not silent.
    fn may_have_names(&self) -> bool {
        let is_old =
            matches!(self.selectdata, Err(Error::ServerTooOld { .. } | Error::TimedOut { .. }));
        !is_old && !matches!(self.sourcestats, Err(Error::TimedOut { .. }))
    }

    /// None of the reports, each for the same reason.
    fn none(error: impl Fn() -> Error) -> Self {
        Self {
            sources: Err(error()),
            sourcestats: Err(error()),
            selectdata: Err(error()),
            authdata: Err(error()),
            ntpdata: Err(error()),
        }
    }

    /// Whether all reports speak of the same list of sources, which has `count` members after the reading.
    fn is_settled(&self, count: u32, last: bool) -> bool {
        let Ok(first) = &self.sources else {
            return true;
        };
        fn fits<T>(
            pass: &Given<Pass<T>>,
            first: &[Option<SourceAddress>],
            c: u32,
            l: bool,
        ) -> bool {
            pass.as_ref().map_or(true, |pass| pass.is_settled(c, l) && pass.agrees(first))
        }
        let addresses = &first.addresses;
        first.is_settled(count, last)
            && fits(&self.sourcestats, addresses, count, last)
            && fits(&self.selectdata, addresses, count, last)
            && fits(&self.authdata, addresses, count, last)
            && fits(&self.ntpdata, addresses, count, last)
    }
}

/// Tells "this report is not given" (inner error) from "nothing is given" (outer error).
async fn given<W: Wait, T>(
    asker: &mut Asker<W>,
    read: Result<T, Error>,
    end: Instant,
) -> Result<Given<T>, Error> {
    match read {
        Ok(value) => Ok(Ok(value)),
        // chronyd before 2.3 does not answer requests it does not know: is it there at all?
        Err(error @ Error::TimedOut { .. }) => {
            match asker.single(ReportName::Tracking, end, Tracking::decode).await {
                Ok(_) => Ok(Err(error)),
                Err(probe) if probe.is_refusal() || probe.is_of_one_record() => Ok(Err(error)),
                Err(_) => Err(error),
            }
        }
        Err(error)
            if error.is_refusal()
                || error.is_of_one_record()
                || matches!(error, Error::ServerTooNew { .. }) =>
        {
            Ok(Err(error))
        }
        Err(error) => Err(error),
    }
}

/// Reads a report of one record.
async fn single<W: Wait, T>(
    asker: &mut Asker<W>,
    (report, end): (ReportName, Instant),
    decode: impl FnOnce(&Reader<'_>) -> Result<T, Error>,
) -> Result<Given<T>, Error> {
    let read = asker.single(report, end, decode).await;
    given(asker, read, end).await
}

pub(crate) async fn read<W: Wait>(asker: &mut Asker<W>, end: Instant) -> Result<Snapshot, Error> {
    let fetched_at = SystemTime::now();
    let tracking = match asker.single(ReportName::Tracking, end, Tracking::decode).await {
        Err(error @ Error::TimedOut { .. }) => return Err(error),
        other => given(asker, other, end).await?,
    };
    let activity = single(asker, (ReportName::Activity, end), Activity::decode).await?;
    let serverstats = single(asker, (ReportName::ServerStats, end), ServerStats::decode).await?;
    let rtcdata = single(asker, (ReportName::RtcData, end), RtcData::decode).await?;
    let smoothing = single(asker, (ReportName::Smoothing, end), Smoothing::decode).await?;
    let mut per_source = settled(asker, end).await?;
    if per_source.may_have_names()
        && let Ok(sources) = &mut per_source.sources
    {
        asker.name_sources(sources, end).await;
    }

    let address = asker.answered();
    let mut snapshot = Snapshot {
        chronyd: Server { transport: address.transport(), address },
        fetched_at,
        version: env!("CARGO_PKG_VERSION"),
        tracking: None,
        sources: None,
        sourcestats: None,
        selectdata: None,
        activity: None,
        authdata: None,
        ntpdata: None,
        serverstats: None,
        rtcdata: None,
        smoothing: None,
        unavailable: BTreeMap::new(),
        odd_records: Vec::new(),
        passed_over: asker.passed_over().iter().map(ToString::to_string).collect(),
    };
    let missing = &mut snapshot.unavailable;
    snapshot.tracking = place(tracking, ReportName::Tracking, missing);
    snapshot.activity = place(activity, ReportName::Activity, missing);
    snapshot.serverstats = place(serverstats, ReportName::ServerStats, missing);
    snapshot.rtcdata = place(rtcdata, ReportName::RtcData, missing);
    snapshot.smoothing = place(smoothing, ReportName::Smoothing, missing);
    let odd = &mut snapshot.odd_records;
    snapshot.sources = place_list(per_source.sources, ReportName::Sources, missing, odd);
    snapshot.sourcestats =
        place_list(per_source.sourcestats, ReportName::SourceStats, missing, odd);
    snapshot.selectdata = place_list(per_source.selectdata, ReportName::SelectData, missing, odd);
    snapshot.authdata = place_list(per_source.authdata, ReportName::AuthData, missing, odd);
    snapshot.ntpdata = place_list(per_source.ntpdata, ReportName::NtpData, missing, odd);
    if let Some(sources) = &mut snapshot.sources {
        name_apart(sources);
    }
    Ok(snapshot)
}

/// Reads the per-source reports until they agree, at most 3 times, then says so in each.
async fn settled<W: Wait>(asker: &mut Asker<W>, end: Instant) -> Result<PerSource, Error> {
    let mut count = asker.count(ReportName::Sources, end).await;
    count = given(asker, count, end).await?;
    for last in [false, false, true] {
        // Waited for once: all of these reports begin with the same request.
        if let Err(Error::TimedOut { address, attempts, waited }) = &count {
            let (attempts, waited) = (*attempts, *waited);
            return Ok(PerSource::none(|| Error::TimedOut {
                address: address.clone(),
                attempts,
                waited,
            }));
        }
        let read = PerSource::read(asker, count.ok(), end).await?;
        if read.sources.is_err() {
            return Ok(read);
        }
        count = asker.count(ReportName::Sources, end).await;
        count = given(asker, count, end).await?;
        if count.as_ref().is_ok_and(|count| read.is_settled(*count, last)) {
            return Ok(read);
        }
    }
    Ok(PerSource::none(|| asker.sources_changing()))
}

fn place<T>(
    given: Given<T>,
    report: ReportName,
    missing: &mut BTreeMap<ReportName, Error>,
) -> Option<T> {
    given.map_err(|error| missing.insert(report, error)).ok()
}

fn place_list<T>(
    given: Given<Pass<T>>,
    report: ReportName,
    missing: &mut BTreeMap<ReportName, Error>,
    odd: &mut Vec<Error>,
) -> Option<Vec<T>> {
    let pass = place(given, report, missing)?;
    odd.extend(pass.odd);
    Some(pass.records)
}
