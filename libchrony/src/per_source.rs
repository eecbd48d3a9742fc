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

/// The reports with a record per source, from one reading of each.
pub(crate) struct PerSource {
    pub(crate) sources: Given<Pass<Source>>,
    pub(crate) sourcestats: Given<Pass<SourceStats>>,
    pub(crate) selectdata: Given<Pass<SelectData>>,
    pub(crate) authdata: Given<Pass<AuthData>>,
    pub(crate) ntpdata: Given<Pass<NtpData>>,
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
    pub(crate) fn may_have_names(&self) -> bool {
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

/// Reads the per-source reports until they agree, at most 3 times, then says so in each.
pub(crate) async fn settled<W: Wait>(
    asker: &mut Asker<W>,
    end: Instant,
) -> Result<PerSource, Error> {
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
