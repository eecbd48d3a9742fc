//! Metrics of the smoothing of served time, where chronyd does it.

use libchrony::{Smoothing, SmoothingFlag};

use super::family::{Column, Page, gauge, given};

static COLUMNS: [Column<Smoothing>; 7] = [
    gauge(
        "second_hand_smoothing_active",
        "Whether smoothing is active now: 1 = yes, 0 = no.",
        |smoothing| given(smoothing.flags.contains(&SmoothingFlag::Active)),
    ),
    gauge(
        "second_hand_smoothing_leap_only",
        "Whether only leap seconds are smoothed: 1 = yes, 0 = no.",
        |smoothing| given(smoothing.flags.contains(&SmoothingFlag::Leaponly)),
    ),
    gauge(
        "second_hand_smoothing_offset_seconds",
        "Offset of the served time from this clock, seconds; positive = the served time is ahead.",
        |smoothing| given(smoothing.offset),
    ),
    gauge(
        "second_hand_smoothing_frequency_ppms",
        "Frequency of the served time relative to this clock, parts per million.",
        |smoothing| given(smoothing.frequency_offset),
    ),
    gauge(
        "second_hand_smoothing_wander_ppms_per_second",
        "Rate at which that frequency changes, parts per million in a second.",
        |smoothing| given(smoothing.wander),
    ),
    gauge(
        "second_hand_smoothing_last_update_age_seconds",
        "Time since the last update of the smoothing, seconds.",
        |smoothing| given(smoothing.last_update_ago),
    ),
    gauge(
        "second_hand_smoothing_remaining_seconds",
        "Time until the served time and this clock agree again, seconds.",
        |smoothing| given(smoothing.remaining_time),
    ),
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static super::family::Metric> {
    COLUMNS.iter().map(|column| &column.metric).collect()
}

pub(super) fn tell(page: &mut Page, smoothing: &Smoothing) {
    page.record(&COLUMNS, smoothing);
}
