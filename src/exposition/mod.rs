//! A snapshot as text for Prometheus: numbers with names, units and labels, made anew for each scrape,
//! so that what is gone from chronyd is gone from the text.
//!
//! Names and labels are those of chrony_exporter where it has them; what it does not have begins with
//! `second_hand_`. Each report has a file with the table of its metrics; docs/metrics.md explains them.
//! What is absent, or never was, has no line: no placeholder of chronyd becomes a number.

mod access;
mod activity;
mod authdata;
mod clients;
mod family;
mod labels;
mod ntpdata;
mod own;
mod rtcdata;
mod selectdata;
mod serverstats;
mod smoothing;
mod sources;
mod sourcestats;
mod tracking;

use std::time::Duration;

use libchrony::{Clients, Error, Snapshot};

use family::Page;
use labels::Names;

pub(crate) use own::{Own, Process};

/// The two forms of the text, which have the same series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Prometheus' own, version 0.0.4.
    Classic,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Form {
    /// Its content type.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a reading of a chronyd says, or that it says nothing, and why; `clients` is `None` where they
/// were not asked for. `duration` is how long the reading took.
pub(crate) fn of_snapshot(
    given: Result<&Snapshot, &Error>,
    clients: Option<Result<&Clients, &Error>>,
    duration: Duration,
    form: Form,
) -> String {
    reading(given, clients, duration).text(form)
}

/// The same, and what this process says of itself.
pub(crate) fn of_site(
    given: Result<&Snapshot, &Error>,
    clients: Option<Result<&Clients, &Error>>,
    duration: Duration,
    own: &Own,
    form: Form,
) -> String {
    let mut page = reading(given, clients, duration);
    own.tell(&mut page);
    page.text(form)
}

fn reading(
    given: Result<&Snapshot, &Error>,
    clients: Option<Result<&Clients, &Error>>,
    duration: Duration,
) -> Page {
    let mut page = Page::default();
    access::tell(&mut page, given, clients, duration);
    let Ok(snapshot) = given else { return page };
    let names = Names::of(snapshot);
    if let Some(report) = &snapshot.tracking {
        tracking::tell(&mut page, report, snapshot.fetched_at, &names);
    }
    if let Some(report) = &snapshot.sources {
        sources::tell(&mut page, report, &names);
    }
    if let Some(report) = &snapshot.sourcestats {
        sourcestats::tell(&mut page, report, &names);
    }
    if let Some(report) = &snapshot.selectdata {
        selectdata::tell(&mut page, report, &names);
    }
    if let Some(report) = &snapshot.activity {
        activity::tell(&mut page, report);
    }
    if let Some(report) = &snapshot.authdata {
        authdata::tell(&mut page, report, &names);
    }
    if let Some(report) = &snapshot.ntpdata {
        ntpdata::tell(&mut page, report, &names);
    }
    if let Some(report) = &snapshot.serverstats {
        serverstats::tell(&mut page, report);
    }
    if let Some(report) = &snapshot.rtcdata {
        rtcdata::tell(&mut page, report);
    }
    if let Some(report) = &snapshot.smoothing {
        smoothing::tell(&mut page, report);
    }
    if let Some(Ok(report)) = clients {
        clients::tell(&mut page, report);
    }
    page
}
