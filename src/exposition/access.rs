//! Whether chronyd answers, what it gives and why not the rest, and how long the reading took.

use std::time::Duration;

use libchrony::{Clients, Error, ReportName, Snapshot};

use super::family::{Metric, Page, Value, given as always, label};

static UP: Metric = Metric::gauge(
    "chrony_up",
    "Whether chronyd answers and gives at least one report: 1 = yes, 0 = no. A report that is refused does not count: see second_hand_report_success.",
);
static EXPORTER: Metric = Metric::info(
    "chrony_exporter_build_info",
    "Always 1, with the version of second-hand, which answers here in the place of chrony_exporter.",
);
static BUILD: Metric =
    Metric::info("second_hand_build_info", "Always 1, with the version of second-hand.");
static DURATION: Metric = Metric::gauge(
    "second_hand_read_duration_seconds",
    "How long the reading of chronyd took that these numbers are of.",
);
static SUCCESS: Metric = Metric::gauge(
    "second_hand_report_success",
    "Whether chronyd gives this report: 1 = yes, 0 = no.",
);
static UNAVAILABLE: Metric = Metric::info(
    "second_hand_report_unavailable_info",
    "Always 1, for each report that chronyd does not give, with the reason as kind.",
);
static UNREADABLE: Metric = Metric::gauge(
    "second_hand_unreadable_records",
    "How many records are missing from the lists of sources as they hold what cannot be.",
);

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    vec![&UP, &EXPORTER, &BUILD, &DURATION, &SUCCESS, &UNAVAILABLE, &UNREADABLE]
}

/// Why a report is not given; `None` where it is, or where it was not asked for.
type Missing<'a> = (ReportName, Option<&'a Error>);

pub(super) fn tell(
    page: &mut Page<'_>,
    given: Result<&Snapshot, &Error>,
    clients: Option<Result<&Clients, &Error>>,
    duration: Duration,
) {
    let reports = reports(given, clients);
    let ten = ReportName::ALL.len();
    let up = reports.iter().take(ten).any(|(_, error)| error.is_none());
    page.single(&UP, always(up));
    let version = || label("version", env!("CARGO_PKG_VERSION"));
    page.family(&BUILD, [(version(), Value::Whole(1))]);
    page.family(&EXPORTER, [(version(), Value::Whole(1))]);
    page.single(&DURATION, always(duration.as_secs_f64()));
    let success = |(report, error): &Missing<'_>| {
        (label("report", report.as_str()), Value::from(error.is_none()))
    };
    page.family(&SUCCESS, reports.iter().map(success));
    let unavailable = |(report, error): &Missing<'_>| {
        let kind = (*error)?.kind().as_str();
        Some((label("report", report.as_str()).with("kind", kind), Value::Whole(1)))
    };
    page.family(&UNAVAILABLE, reports.iter().filter_map(unavailable));
    page.single(&UNREADABLE, given.ok().map(|snapshot| snapshot.odd_records.len().into()));
}

/// The ten reports and the clients.
fn reports<'a>(
    given: Result<&'a Snapshot, &'a Error>,
    clients: Option<Result<&'a Clients, &'a Error>>,
) -> Vec<Missing<'a>> {
    let missing = |report| match given {
        Ok(snapshot) => snapshot.unavailable.get(report),
        Err(error) => Some(error),
    };
    let ten = ReportName::ALL.iter().map(|report| (*report, missing(report)));
    let clients = match (clients, given) {
        (Some(clients), _) => Some(clients.err()),
        (None, Err(error)) => Some(Some(error)),
        (None, Ok(_)) => None,
    };
    ten.chain(clients.map(|error| (ReportName::Clients, error))).collect()
}
