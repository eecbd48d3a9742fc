//! Metrics of the tracking report.

use std::time::{SystemTime, UNIX_EPOCH};

use libchrony::{LeapStatus, ReferenceId, SourceAddress, Tracking};

use super::family::{Column, Metric, Page, Value, gauge, given, label};
use super::labels::Names;

static INFO: Metric = Metric::info(
    "chrony_tracking_info",
    "Always 1, with what the clock follows: its address and name, and its reference ID as eight hexadecimal digits. Address and name are the reference ID in readable form where there is no address, and empty while the clock follows nothing.",
);
static COLUMNS: [Column<Tracking>; 15] = [
    gauge(
        "chrony_tracking_last_offset_seconds",
        "Estimated offset of the clock at its last update, seconds; positive = the clock was ahead.",
        |tracking| given(tracking.last_offset),
    ),
    gauge(
        "chrony_tracking_system_time_seconds",
        "Offset of the clock from NTP time that is being corrected now, seconds; positive = the clock is slow.",
        |tracking| given(tracking.offset),
    ),
    gauge(
        "chrony_tracking_rms_offset_seconds",
        "Long-term average of the offset, seconds, 0 or more.",
        |tracking| given(tracking.rms_offset),
    ),
    gauge(
        "chrony_tracking_reference_timestamp_seconds",
        "When the last measurement of the source was processed, seconds since 1970; 0 = never.",
        |tracking| given(since_1970(tracking.ref_time)),
    ),
    gauge(
        "chrony_tracking_remote_reference",
        "Whether the clock follows a source: 1 = yes, 0 = it follows itself (local) or nothing.",
        |tracking| {
            let id = tracking.reference_id;
            given(id != ReferenceId::LOCAL && id != ReferenceId(0))
        },
    ),
    gauge(
        "chrony_tracking_root_delay_seconds",
        "Network delay to the primary reference, both ways, seconds.",
        |tracking| given(tracking.root_delay),
    ),
    gauge(
        "chrony_tracking_root_dispersion_seconds",
        "Error accumulated on the way from the primary reference, seconds, 0 or more.",
        |tracking| given(tracking.root_dispersion),
    ),
    gauge(
        "chrony_tracking_frequency_ppms",
        "Rate error of the clock without correction, parts per million; positive = fast.",
        |tracking| given(tracking.frequency),
    ),
    gauge(
        "chrony_tracking_residual_frequency_ppms",
        "Difference of the frequency of the source from the one in use, parts per million.",
        |tracking| given(tracking.residual_freq),
    ),
    gauge(
        "chrony_tracking_skew_ppms",
        "Error bound of the frequency, parts per million, 0 or more.",
        |tracking| given(tracking.skew),
    ),
    gauge(
        "chrony_tracking_update_interval_seconds",
        "Time between the last two updates of the clock, seconds (not the time since the last one).",
        |tracking| given(tracking.update_interval),
    ),
    gauge(
        "chrony_tracking_stratum",
        "Distance of the clock from a primary reference, 1 to 15; 0 = not synchronized.",
        |tracking| given(tracking.stratum.unwrap_or(0)),
    ),
    gauge(
        "second_hand_tracking_synchronized",
        "Whether the clock follows anything, itself (local) included: 1 = yes, 0 = no.",
        |tracking| given(tracking.is_synchronized()),
    ),
    gauge(
        "second_hand_tracking_local_reference",
        "Whether the clock follows only itself (local): 1 = yes, 0 = no.",
        |tracking| given(tracking.is_local()),
    ),
    gauge(
        "second_hand_max_error_seconds",
        "The largest error that the clock can have, given that its source is right, seconds: offset, whatever its sign, root dispersion and half of the root delay. Absent while the clock is not synchronized.",
        |tracking| tracking.is_synchronized().then(|| tracking.max_error().into()),
    ),
];
static AGE: Metric = Metric::gauge(
    "second_hand_tracking_last_update_age_seconds",
    "Time since the last update of the clock, seconds, by the clock of the machine that second-hand runs on. Absent while there was none.",
);
static LEAP: Metric = Metric::gauge(
    "second_hand_tracking_leap_status",
    "The leap status of the clock: 1 for the present one, 0 for the others.",
);

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static Metric> {
    let columns = COLUMNS.iter().map(|column| &column.metric);
    [&INFO, &AGE, &LEAP].into_iter().chain(columns).collect()
}

pub(super) fn tell(page: &mut Page<'_>, tracking: &Tracking, at: SystemTime, names: &Names) {
    let id = tracking.reference_id;
    let source = match (tracking.reference_ip, id) {
        (Some(ip), _) => Some(SourceAddress::Ip(ip)),
        (None, ReferenceId(0)) => None,
        (None, id) => Some(SourceAddress::Refclock(id)),
    };
    let address = source.map(|source| source.to_string()).unwrap_or_default();
    let name = source.and_then(|source| names.name(source)).unwrap_or(&address).to_owned();
    let follows = label("tracking_address", address)
        .with("tracking_name", name)
        .with("tracking_refid", format!("{:08X}", id.0));
    page.family(&INFO, [(follows, Value::Whole(1))]);
    page.record(&COLUMNS, tracking);
    let age = tracking.ref_time.map(|time| match at.duration_since(time) {
        Ok(age) => age.as_secs_f64(),
        Err(ahead) => -ahead.duration().as_secs_f64(),
    });
    page.single(&AGE, age.map(Value::from));
    page.family(&LEAP, leap(tracking.leap_status));
}

/// A series for each leap status there is, and for one that has no name here.
fn leap(now: LeapStatus) -> Vec<(super::family::Labels, Value)> {
    let known =
        [LeapStatus::Normal, LeapStatus::Insert, LeapStatus::Delete, LeapStatus::Unsynchronised];
    let unknown = (!known.contains(&now)).then_some(now);
    let series =
        |status: LeapStatus| (label("leap_status", status.to_string()), Value::from(status == now));
    known.into_iter().chain(unknown).map(series).collect()
}

pub(super) fn since_1970(time: Option<SystemTime>) -> f64 {
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.unwrap_or_default().as_secs_f64()
}
