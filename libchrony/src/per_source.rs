//! The reports with a record per source, read until all of them belong to one list of sources.

use std::time::Instant;

use crate::asker::Asker;
use crate::by_address::Wanted;
use crate::error::Error;
use crate::identity::SourceAddress;
use crate::pass::Pass;
use crate::report::{AuthData, NtpData, ReportName, SelectData, Source, SourceStats, Tracking};
use crate::wait::Wait;

/// What reading a report gave: its data, or why this chronyd does not give it.
pub(crate) type Given<T> = Result<T, Error>;

/// Statistics, authentication and NTP data.
type Together = (Given<Pass<SourceStats>>, Given<Pass<AuthData>>, Given<Pass<NtpData>>);

/// Which of the reports are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen {
    sources: bool,
    selectdata: bool,
    by_address: Wanted,
}

impl Chosen {
    /// Those among these.
    pub(crate) fn among(reports: &[ReportName]) -> Self {
        let has = |report| reports.contains(&report);
        Self {
            sources: has(ReportName::Sources),
            selectdata: has(ReportName::SelectData),
            by_address: Wanted {
                stats: has(ReportName::SourceStats),
                auth: has(ReportName::AuthData),
                ntp: has(ReportName::NtpData),
            },
        }
    }

    fn number(self) -> usize {
        let Wanted { stats, auth, ntp } = self.by_address;
        [self.sources, self.selectdata, stats, auth, ntp].into_iter().filter(|it| *it).count()
    }

    /// Reports of one list are told from those of another by the list itself.
    fn with_list(self) -> Self {
        Self { sources: self.sources || self.number() > 1, ..self }
    }
}

/// The reports with a record per source, from one reading of each; `None` = not asked for.
pub(crate) struct PerSource {
    pub(crate) sources: Option<Given<Pass<Source>>>,
    pub(crate) sourcestats: Option<Given<Pass<SourceStats>>>,
    pub(crate) selectdata: Option<Given<Pass<SelectData>>>,
    pub(crate) authdata: Option<Given<Pass<AuthData>>>,
    pub(crate) ntpdata: Option<Given<Pass<NtpData>>>,
}

impl PerSource {
    /// Reads each report once; without a count, which chronyd refused, each asks for its own.
    async fn read<W: Wait>(
        asker: &mut Asker<W>,
        (chosen, count): (Chosen, Option<u32>),
        end: Instant,
    ) -> Result<Self, Error> {
        let Some(count) = count else { return Self::without_count(asker, chosen, end).await };
        let sources = match chosen.sources {
            true => {
                let read = asker.read_sources(count, end).await;
                Some(given(asker, read, end).await?)
            }
            false => None,
        };
        let wanted = chosen.by_address;
        let (stats, auth, ntp) = Self::by_address(asker, (wanted, count), end).await?;
        let selectdata = match chosen.selectdata {
            true => {
                let read = asker.read_select_data(count, end).await;
                Some(given(asker, read, end).await?)
            }
            false => None,
        };
        Ok(Self {
            sources,
            sourcestats: wanted.stats.then_some(stats),
            selectdata,
            authdata: wanted.auth.then_some(auth),
            ntpdata: wanted.ntp.then_some(ntp),
        })
    }

    async fn without_count<W: Wait>(
        asker: &mut Asker<W>,
        chosen: Chosen,
        end: Instant,
    ) -> Result<Self, Error> {
        async fn report<W: Wait, T>(
            asker: &mut Asker<W>,
            (chosen, report, end): (bool, ReportName, Instant),
            read: impl AsyncFn(&mut Asker<W>, u32, Instant) -> Result<Pass<T>, Error>,
        ) -> Result<Option<Given<Pass<T>>>, Error> {
            if !chosen {
                return Ok(None);
            }
            let pass = match asker.count(report, end).await {
                Ok(count) => read(asker, count, end).await,
                Err(error) => Err(error),
            };
            given(asker, pass, end).await.map(Some)
        }
        let a = asker;
        let Chosen { sources, selectdata, by_address: Wanted { stats, auth, ntp } } = chosen;
        let of = |chosen, report| (chosen, report, end);
        Ok(Self {
            sources: report(a, of(sources, ReportName::Sources), Asker::read_sources).await?,
            sourcestats: report(a, of(stats, ReportName::SourceStats), Asker::read_source_stats)
                .await?,
            authdata: report(a, of(auth, ReportName::AuthData), Asker::read_auth_data).await?,
            ntpdata: report(a, of(ntp, ReportName::NtpData), Asker::read_ntp_data).await?,
            selectdata: report(a, of(selectdata, ReportName::SelectData), Asker::read_select_data)
                .await?,
        })
    }

    /// The reports that are read together. Where chronyd leaves one of them without an answer, the others are
    /// read without it.
    async fn by_address<W: Wait>(
        asker: &mut Asker<W>,
        (mut wanted, count): (Wanted, u32),
        end: Instant,
    ) -> Result<Together, Error> {
        if wanted == Wanted::default() {
            return Ok((Ok(Pass::default()), Ok(Pass::default()), Ok(Pass::default())));
        }
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
    pub(crate) fn may_have_names(&self) -> bool {
        let is_old = matches!(
            self.selectdata,
            Some(Err(Error::ServerTooOld { .. } | Error::TimedOut { .. }))
        );
        !is_old && !matches!(self.sourcestats, Some(Err(Error::TimedOut { .. })))
    }

    /// None of the reports, each for the same reason.
    fn none(chosen: Chosen, error: impl Fn() -> Error) -> Self {
        let Wanted { stats, auth, ntp } = chosen.by_address;
        Self {
            sources: chosen.sources.then(|| Err(error())),
            sourcestats: stats.then(|| Err(error())),
            selectdata: chosen.selectdata.then(|| Err(error())),
            authdata: auth.then(|| Err(error())),
            ntpdata: ntp.then(|| Err(error())),
        }
    }

    /// Whether all reports speak of the same list of sources, which has `count` members after the reading.
    fn is_settled(&self, count: u32, last: bool) -> bool {
        fn fits<T>(
            pass: &Option<Given<Pass<T>>>,
            first: Option<&[Option<SourceAddress>]>,
            (count, last): (u32, bool),
        ) -> bool {
            let Some(Ok(pass)) = pass else { return true };
            pass.is_settled(count, last) && first.is_none_or(|first| pass.agrees(first))
        }
        let first = match &self.sources {
            Some(Ok(sources)) => Some(&sources.addresses[..]),
            // Nothing to compare with.
            Some(Err(_)) => return true,
            None => None,
        };
        let now = (count, last);
        fits(&self.sources, None, now)
            && fits(&self.sourcestats, first, now)
            && fits(&self.selectdata, first, now)
            && fits(&self.authdata, first, now)
            && fits(&self.ntpdata, first, now)
    }
}

/// Reads the chosen reports until they agree, at most 3 times, then says so in each.
pub(crate) async fn settled<W: Wait>(
    asker: &mut Asker<W>,
    chosen: Chosen,
    end: Instant,
) -> Result<PerSource, Error> {
    if chosen.number() == 0 {
        return Ok(PerSource::none(chosen, || asker.sources_changing()));
    }
    let read = until_settled(asker, chosen.with_list(), end).await?;
    Ok(PerSource { sources: read.sources.filter(|_| chosen.sources), ..read })
}

async fn until_settled<W: Wait>(
    asker: &mut Asker<W>,
    chosen: Chosen,
    end: Instant,
) -> Result<PerSource, Error> {
    let mut count = asker.count(ReportName::Sources, end).await;
    count = given(asker, count, end).await?;
    for last in [false, false, true] {
        // Waited for once: all of these reports begin with the same request.
        if let Err(Error::TimedOut { address, attempts, waited }) = &count {
            let (attempts, waited) = (*attempts, *waited);
            return Ok(PerSource::none(chosen, || Error::TimedOut {
                address: address.clone(),
                attempts,
                waited,
            }));
        }
        let read = PerSource::read(asker, (chosen, count.ok()), end).await?;
        if matches!(read.sources, Some(Err(_))) {
            return Ok(read);
        }
        count = asker.count(ReportName::Sources, end).await;
        count = given(asker, count, end).await?;
        if count.as_ref().is_ok_and(|count| read.is_settled(*count, last)) {
            return Ok(read);
        }
        // A report that is refused alone has no list that could settle.
        if count.is_err() && chosen.number() == 1 {
            return Ok(read);
        }
    }
    Ok(PerSource::none(chosen, || asker.sources_changing()))
}

/// Tells "this report is not given" (inner error) from "nothing is given" (outer error).
pub(crate) async fn given<W: Wait, T>(
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
        Err(error) if is_of_one_report(&error) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}

/// Whether other reports may be given all the same.
pub(crate) fn is_of_one_report(error: &Error) -> bool {
    error.is_refusal() || error.is_of_one_record() || matches!(error, Error::ServerTooNew { .. })
}
