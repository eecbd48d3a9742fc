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

pub(super) fn tell(page: &mut Page<'_>, smoothing: &Smoothing) {
    page.record(&COLUMNS, smoothing);
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::super::samples::shown;

    #[test]
    fn each_value_has_its_own_name() {
        let series = shown(Scenario::smoothing()).series();
        for (name, expected) in [
            ("active", 1.0),
            ("leap_only", 0.0),
            ("offset_seconds", 0.002),
            ("frequency_ppms", 0.3),
            ("wander_ppms_per_second", -0.0001),
            ("last_update_age_seconds", 8.0),
            ("remaining_seconds", 3000.0),
        ] {
            let value = series[&format!("second_hand_smoothing_{name}")];
            assert!((value - expected).abs() <= expected.abs() * 1e-6, "{name}: {value}");
        }
        let none = shown(Scenario::synchronized()).series();
        assert!(!none.keys().any(|key| key.starts_with("second_hand_smoothing")), "{none:#?}");
    }
}
