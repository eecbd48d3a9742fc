//! All reports read together, and joined per source.

use std::collections::{BTreeMap, HashMap};
use std::time::{Instant, SystemTime};

use crate::address::{Address, Transport};
use crate::asker::Asker;
use crate::error::Error;
use crate::exchange::Request;
use crate::ffi::Session;
use crate::identity::SourceAddress;
use crate::lanes::Step;
use crate::pass::Pass;
use crate::per_source::{self, Chosen, Given, given, is_of_one_report};
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
/// [`Self::unavailable`]; one that was not asked for ([`Connection::snapshot_of`](crate::Connection::snapshot_of))
/// is `None` and not named. The reports with a record per source belong to the same list of sources:
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

/// The reports of one record; `None` = not asked for, or not yet.
#[derive(Default)]
struct Singles {
    tracking: Option<Result<Tracking, Error>>,
    activity: Option<Result<Activity, Error>>,
    serverstats: Option<Result<ServerStats, Error>>,
    rtcdata: Option<Result<RtcData, Error>>,
    smoothing: Option<Result<Smoothing, Error>>,
}

const SINGLES: [ReportName; 5] = [
    ReportName::Tracking,
    ReportName::Activity,
    ReportName::ServerStats,
    ReportName::RtcData,
    ReportName::Smoothing,
];

impl Singles {
    /// Asks for these at the same time, and for no more where one has no answer.
    async fn read<W: Wait>(asker: &mut Asker<W>, reports: &[ReportName], end: Instant) -> Self {
        let chosen: Vec<_> = SINGLES.into_iter().filter(|it| reports.contains(it)).collect();
        let mut read = Self::default();
        let next = |chain: u32, answer: Option<(Request, Result<&Session, Error>)>| {
            let Some(report) = chosen.get(chain as usize).copied() else { return Step::Done };
            let Some((_, answer)) = answer else { return Step::Ask(Request::Record(report, 0)) };
            if read.put(report, answer) { Step::Done } else { Step::Stop }
        };
        let chains = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
        asker.link.each((SINGLES[0], chains), end, next).await;
        read
    }

    /// Takes an answer; whether others are worth a question.
    fn put(&mut self, report: ReportName, answer: Result<&Session, Error>) -> bool {
        let goes_on = answer.as_ref().err().is_none_or(is_of_one_report);
        let answer = answer.map(|session| Reader::new(session, report, 0));
        match report {
            ReportName::Tracking => {
                self.tracking = Some(answer.and_then(|it| Tracking::decode(&it)));
            }
            ReportName::Activity => {
                self.activity = Some(answer.and_then(|it| Activity::decode(&it)));
            }
            ReportName::ServerStats => {
                self.serverstats = Some(answer.and_then(|it| ServerStats::decode(&it)));
            }
            ReportName::RtcData => self.rtcdata = Some(answer.and_then(|it| RtcData::decode(&it))),
            _ => self.smoothing = Some(answer.and_then(|it| Smoothing::decode(&it))),
        }
        goes_on
    }
}

fn is_silent<T>(given: &Option<Given<T>>) -> bool {
    matches!(given, Some(Err(Error::TimedOut { .. })))
}

/// A report of one record: as it was read already, or read now.
async fn single<W: Wait, T>(
    asker: &mut Asker<W>,
    read: Option<Result<T, Error>>,
    (chosen, report, end): (bool, ReportName, Instant),
    decode: impl FnOnce(&Reader<'_>) -> Result<T, Error>,
) -> Result<Option<Given<T>>, Error> {
    if !chosen {
        return Ok(None);
    }
    let read = match read {
        Some(read) => read,
        None => asker.single(report, end, decode).await,
    };
    if report == ReportName::Tracking && matches!(read, Err(Error::TimedOut { .. })) {
        return read.map(|_| None);
    }
    given(asker, read, end).await.map(Some)
}

/// Reads these of the ten reports; names come with the list of sources.
pub(crate) async fn read<W: Wait>(
    asker: &mut Asker<W>,
    reports: &[ReportName],
    end: Instant,
) -> Result<Snapshot, Error> {
    let fetched_at = SystemTime::now();
    // Where one may be left without an answer, the others would wait for it.
    let read = match asker.talks_since == Some(asker.link.opened()) {
        true => Singles::read(asker, reports, end).await,
        false => Singles::default(),
    };
    let of = |report| (reports.contains(&report), report, end);
    let (tracking, activity) = (of(ReportName::Tracking), of(ReportName::Activity));
    let tracking = single(asker, read.tracking, tracking, Tracking::decode).await?;
    let activity = single(asker, read.activity, activity, Activity::decode).await?;
    let serverstats = of(ReportName::ServerStats);
    let serverstats = single(asker, read.serverstats, serverstats, ServerStats::decode).await?;
    let (rtcdata, smoothing) = (of(ReportName::RtcData), of(ReportName::Smoothing));
    let rtcdata = single(asker, read.rtcdata, rtcdata, RtcData::decode).await?;
    let smoothing = single(asker, read.smoothing, smoothing, Smoothing::decode).await?;
    if is_silent(&activity)
        || is_silent(&serverstats)
        || is_silent(&rtcdata)
        || is_silent(&smoothing)
    {
        asker.talks_since = None;
    } else if SINGLES.iter().all(|report| reports.contains(report)) {
        asker.talks_since = Some(asker.link.opened());
        asker.link.note_given(SINGLES[0]);
    }
    let mut per_source = per_source::settled(asker, Chosen::among(reports), end).await?;
    if per_source.may_have_names()
        && let Some(Ok(sources)) = &mut per_source.sources
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

fn place<T>(
    given: Option<Given<T>>,
    report: ReportName,
    missing: &mut BTreeMap<ReportName, Error>,
) -> Option<T> {
    given?.map_err(|error| missing.insert(report, error)).ok()
}

fn place_list<T>(
    given: Option<Given<Pass<T>>>,
    report: ReportName,
    missing: &mut BTreeMap<ReportName, Error>,
    odd: &mut Vec<Error>,
) -> Option<Vec<T>> {
    let pass = place(given, report, missing)?;
    odd.extend(pass.odd);
    Some(pass.records)
}
