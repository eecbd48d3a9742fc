//! What the pages say: a reading of chronyd in words, labels and classes.
//!
//! Numbers end here. Nothing in this folder knows of HTTP or of templates.

mod access;
mod activity;
mod authdata;
mod boxes;
mod cause;
mod chart;
mod clients;
mod doctor;
mod events;
mod figure;
mod format;
mod history;
mod ntpdata;
mod quorum;
mod reference;
mod rows;
mod rtcdata;
mod section;
mod selectdata;
mod serverstats;
mod smoothing;
mod source;
mod sources;
mod sourcestats;
mod step;
mod summary;
mod threshold;
mod tracking;
mod trouble;
mod verdict;

pub(crate) use figure::Health;
pub(crate) use history::{MOST_LINES, Range, STEPS};
pub(crate) use rows::{MARK, TakeRows};
pub(crate) use section::{Absent, Cell, Content, Head, Line, Section, Table, heading, section};
pub(crate) use source::{SourcePage, may_be_id};
pub(crate) use summary::{Standing, Summary};
pub(crate) use threshold::Limits;
pub(crate) use trouble::guidance;

#[cfg(test)]
pub(crate) mod samples;

use std::time::SystemTime;

use libchrony::{Clients, Error, ErrorKind, ReportName, Snapshot, Transport};
use serde::Serialize;

use crate::history::{Rates, Window};
use access::Access;
use activity::ActivityView;
use authdata::AuthDataView;
use clients::ClientsView;
use doctor::DoctorView;
use events::EventsView;
use figure::Figure;
use history::HistoryView;
use ntpdata::NtpDataView;
use rows::Rows;
use rtcdata::RtcDataView;
use selectdata::SelectDataView;
use serverstats::ServerStatsView;
use smoothing::SmoothingView;
use sources::{Ordered, SourcesView};
use sourcestats::SourceStatsView;
use tracking::TrackingView;
use verdict::Verdict;

/// What the page says besides chronyd's data.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The name of this machine.
    pub(crate) host: String,
    /// Where chronyd was asked, or would have been.
    pub(crate) address: String,
    /// Version of this program.
    pub(crate) version: &'static str,
    /// When the reading was made.
    pub(crate) read_at: SystemTime,
    /// How far back the charts reach.
    pub(crate) range: Range,
}

/// The dashboard.
#[derive(Debug, Serialize)]
pub(crate) struct Page<'a> {
    /// What the rows of the tables are made of.
    #[serde(skip)]
    ordered: Option<Ordered<'a>>,
    title: String,
    version: &'static str,
    /// The query that keeps the range.
    query: String,
    verdict: Verdict,
    boxes: Vec<Figure>,
    doctor: DoctorView,
    history: HistoryView,
    events: EventsView,
    tracking: TrackingView,
    sources: SourcesView,
    sourcestats: SourceStatsView,
    selectdata: SelectDataView,
    ntpdata: NtpDataView,
    authdata: AuthDataView,
    activity: ActivityView,
    serverstats: ServerStatsView,
    clients: ClientsView,
    smoothing: SmoothingView,
    rtcdata: RtcDataView,
    access: Access,
}

impl<'a> Page<'a> {
    /// The dashboard of a reading, or of the error that came in its place, and of what was before.
    pub(crate) fn new(
        reading: Result<&'a Snapshot, &Error>,
        about: &About,
        window: &Window,
    ) -> Self {
        let snapshot = reading.ok();
        let all = snapshot.map(Ordered::of);
        let ordered = all.as_ref();
        let boxes = boxes::boxes(snapshot, about.read_at);
        let tracking = tracking::tracking(snapshot);
        let judged = boxes.iter().chain(&tracking.figures);
        let verdict = verdict::verdict(reading, about.read_at, &Limits::PAGE, judged);
        Self {
            title: format!("{} \u{b7} {}", verdict.short, format::plain(&about.host)),
            version: about.version,
            query: about.range.query(),
            verdict,
            boxes,
            doctor: doctor::doctor(reading, about.read_at, &Limits::PAGE),
            history: history::history(snapshot, window, about.range),
            events: events::events(&window.events, about.range),
            tracking,
            sources: sources::view(ordered, Rows::later),
            sourcestats: sourcestats::view(ordered, Rows::later),
            selectdata: selectdata::view(ordered, Rows::later),
            ntpdata: ntpdata::view(ordered, Rows::later),
            authdata: authdata::view(ordered, Rows::later),
            activity: activity::activity(snapshot),
            serverstats: serverstats::serverstats(snapshot, None),
            clients: clients::clients(None),
            smoothing: smoothing::smoothing(snapshot),
            rtcdata: rtcdata::rtcdata(snapshot),
            access: access::access(snapshot, about),
            ordered: all,
        }
    }

    /// The same with the clients that were read beside the snapshot.
    pub(crate) fn with_clients(self, given: Option<Result<&Clients, &Error>>) -> Self {
        Self { clients: clients::clients(given), ..self }
    }

    /// The same with how often chronyd's server was asked lately.
    pub(crate) fn with_rates(self, snapshot: Option<&Snapshot>, rates: Option<&Rates>) -> Self {
        Self { serverstats: serverstats::serverstats(snapshot, rates), ..self }
    }

    /// Makes the rows of a table and gives them away; nothing where there is no such table.
    pub(crate) fn give_rows<T: TakeRows>(&self, table: &str, to: &mut T) -> Result<(), T::Error> {
        let Some(all) = &self.ordered else { return Ok(()) };
        match table {
            sources::TABLE => rows::give(table, sources::rows(all), to),
            sourcestats::TABLE => rows::give(table, sourcestats::rows(all), to),
            selectdata::TABLE => rows::give(table, selectdata::rows(all), to),
            ntpdata::TABLE => rows::give(table, ntpdata::rows(all), to),
            authdata::TABLE => rows::give(table, authdata::rows(all), to),
            _ => Ok(()),
        }
    }

    /// The same with what is wrong with the history file.
    pub(crate) fn with_notice(mut self, notice: Option<String>) -> Self {
        self.history.notice = notice.as_deref().map(format::plain);
        self
    }
}

#[cfg(test)]
impl Page<'_> {
    pub(crate) fn checks(&self) -> &[doctor::Check] {
        &self.doctor.checks
    }
}

/// A page that says what went wrong with a request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What is wrong, in a few words.
    pub(crate) title: String,
    /// What is wrong, in a sentence.
    pub(crate) text: String,
    /// What to do next.
    pub(crate) hint: String,
}

/// Why a report is not shown, in a sentence or two.
fn absence(snapshot: Option<&Snapshot>, report: ReportName) -> String {
    let Some(snapshot) = snapshot else {
        return "No data: chronyd gave none. The top of the page says why.".to_owned();
    };
    let why = why(snapshot, report);
    if is_refused_to_user(snapshot, report) {
        return format!("No data: {}; see Access.", why.trim_end_matches('.'));
    }
    format!("No data: {why}")
}

/// Why a reading lacks a report, and what to do.
fn why(snapshot: &Snapshot, report: ReportName) -> String {
    match snapshot.unavailable.get(&report) {
        // The error's own hint is to use the socket.
        Some(_) if is_refused_to_user(snapshot, report) => format!(
            "chronyd does not give the report {report} to this user. Run as chrony's own user or as root."
        ),
        Some(error) => format!("{}. {}", format::error(error), error.hint()),
        None => "chronyd did not give this report.".to_owned(),
    }
}

/// Whether a report is not given although it was asked for through the socket.
fn is_refused_to_user(snapshot: &Snapshot, report: ReportName) -> bool {
    let error = snapshot.unavailable.get(&report);
    snapshot.chronyd.transport == Transport::Unix
        && error.is_some_and(|error| error.kind() == ErrorKind::NotAuthorized)
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Fault, Scenario};

    use super::*;

    #[test]
    fn the_title_carries_the_verdict_and_the_host() {
        let snapshot = samples::read(Scenario::no_sources());
        let page = Page::new(Ok(&snapshot), &samples::about(), &Window::default());
        assert_eq!(page.title, "not synchronized \u{b7} clock.example.net");
        let page = Page::new(Err(&samples::denied()), &samples::about(), &Window::default());
        assert_eq!(page.title, "permission denied \u{b7} clock.example.net");
    }

    #[test]
    fn without_data_every_part_stays_and_says_so() {
        let page = Page::new(Err(&samples::not_running()), &samples::about(), &Window::default());
        assert_eq!(page.boxes.len(), 6);
        let missing = [
            page.tracking.missing,
            page.sources.missing,
            page.sourcestats.missing,
            page.selectdata.missing,
            page.ntpdata.missing,
            page.authdata.missing,
            page.activity.missing,
            page.serverstats.missing,
            page.clients.missing,
            page.smoothing.missing,
            page.rtcdata.missing,
        ];
        for text in missing {
            assert!(text.is_some_and(|text| text.starts_with("No data")));
        }
    }

    #[test]
    fn a_refused_report_says_what_to_do_in_its_own_place() {
        let snapshot = samples::read_udp(Scenario::synchronized());
        let text = absence(Some(&snapshot), ReportName::SelectData);
        assert!(text.contains("opencommands"), "{text}");
    }

    #[test]
    fn every_section_says_how_to_open_its_report_over_each_transport() {
        let refused = |read: fn(Scenario, [Fault; 1]) -> Snapshot| {
            let snapshot = read(Scenario::rtc(), [Fault::always().status(2)]);
            let page = Page::new(Ok(&snapshot), &samples::about(), &Window::default());
            [
                page.tracking.missing,
                page.sources.missing,
                page.sourcestats.missing,
                page.selectdata.missing,
                page.ntpdata.missing,
                page.authdata.missing,
                page.activity.missing,
                page.serverstats.missing,
                page.smoothing.missing,
                page.rtcdata.missing,
            ]
        };
        for text in refused(samples::read_udp_with) {
            assert!(text.as_ref().is_some_and(|text| text.contains("opencommands")), "{text:?}");
        }
        for text in refused(samples::read_with) {
            assert!(text.as_ref().is_some_and(|text| text.contains("Run as")), "{text:?}");
            assert!(text.is_some_and(|text| !text.contains("opencommands")));
        }
    }
}
