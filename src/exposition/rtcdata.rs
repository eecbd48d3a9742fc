//! Metrics of the real-time clock (RTC), where chronyd tracks it.

use libchrony::RtcData;

use super::family::{Column, Page, gauge, given};
use super::tracking::since_1970;

static COLUMNS: [Column<RtcData>; 6] = [
    gauge(
        "second_hand_rtcdata_reference_timestamp_seconds",
        "What the RTC said at the last estimate of its error, seconds since 1970. Absent before the first.",
        |rtc| rtc.ref_time.map(|time| since_1970(Some(time)).into()),
    ),
    gauge(
        "second_hand_rtcdata_samples",
        "Number of measurements that the calibration uses.",
        |rtc| given(rtc.samples),
    ),
    gauge("second_hand_rtcdata_runs", "Number of runs of residuals with the same sign.", |rtc| {
        given(rtc.runs)
    }),
    gauge("second_hand_rtcdata_span_seconds", "Time that the measurements span, seconds.", |rtc| {
        given(rtc.span)
    }),
    gauge(
        "second_hand_rtcdata_offset_seconds",
        "Estimated offset of the RTC, seconds; positive = the RTC is fast. Absent without measurements.",
        |rtc| rtc.is_calibrated().then(|| rtc.offset.into()),
    ),
    gauge(
        "second_hand_rtcdata_frequency_ppms",
        "Estimated rate error of the RTC, parts per million; positive = it gains time. Absent without measurements.",
        |rtc| rtc.is_calibrated().then(|| rtc.freq_offset.into()),
    ),
];

#[cfg(test)]
pub(super) fn metrics() -> Vec<&'static super::family::Metric> {
    COLUMNS.iter().map(|column| &column.metric).collect()
}

pub(super) fn tell(page: &mut Page<'_>, rtc: &RtcData) {
    page.record(&COLUMNS, rtc);
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{RtcData, Scenario, Time};

    use super::super::samples::shown;

    #[test]
    fn an_rtc_without_measurements_has_no_error() {
        let series = shown(Scenario::rtc()).series();
        for (name, expected) in [
            ("samples", 10.0),
            ("runs", 6.0),
            ("span_seconds", 4500.0),
            ("offset_seconds", 0.25),
            ("frequency_ppms", -4.5),
        ] {
            assert_eq!(series[&format!("second_hand_rtcdata_{name}")], expected, "{name}");
        }
        assert!(series["second_hand_rtcdata_reference_timestamp_seconds"] > 1.7e9);
        let never = Time::Raw { high: 0, low: 0, nanoseconds: 0 };
        let fresh = RtcData { reference_time: never, samples: 0, ..RtcData::default() };
        let series = shown(Scenario { rtc: Some(fresh), ..Scenario::rtc() }).series();
        assert_eq!(series["second_hand_rtcdata_samples"], 0.0);
        for absent in ["offset_seconds", "frequency_ppms", "reference_timestamp_seconds"] {
            assert!(!series.contains_key(&format!("second_hand_rtcdata_{absent}")), "{absent}");
        }
    }
}
