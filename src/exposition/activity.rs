//! Metrics of the activity report.

use libchrony::Activity;

use super::family::{Metric, Page, Value, label};

static SOURCES: Metric = Metric::gauge(
    "second_hand_activity_sources",
    "How many sources are polled (online), not polled (offline), in a burst and online or offline after it, or without a resolved name.",
);

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    vec![&SOURCES]
}

pub(super) fn tell(page: &mut Page<'_>, activity: &Activity) {
    let series = [
        ("online", activity.online_sources),
        ("offline", activity.offline_sources),
        ("burst_online", activity.burst_online_return_sources),
        ("burst_offline", activity.burst_offline_return_sources),
        ("unresolved", activity.unresolved_sources),
    ];
    let series =
        series.map(|(activity, number)| (label("activity", activity), Value::from(number)));
    page.family(&SOURCES, series);
}
