//! The real-time clock, the one that runs while the machine is off.

use libchrony::{ErrorKind, ReportName, RtcData, Snapshot};
use serde::Serialize;

use crate::view::absence;
use crate::view::figure::Figure;
use crate::view::format::{self, NEVER};
use crate::view::step::{self, Step};

/// The real-time clock, or why it is not shown.
#[derive(Debug, Serialize)]
pub(crate) struct RtcDataView {
    /// Why there are no values.
    pub(crate) missing: Option<String>,
    /// How RTC tracking is enabled, where it is not.
    pub(crate) steps: Vec<Step>,
    pub(crate) figures: Vec<Figure>,
}

pub(crate) fn rtcdata(snapshot: Option<&Snapshot>) -> RtcDataView {
    if let Some(data) = snapshot.and_then(|snapshot| snapshot.rtcdata.as_ref()) {
        return RtcDataView { missing: None, steps: Vec::new(), figures: figures(data) };
    }
    let error = snapshot.and_then(|snapshot| snapshot.unavailable.get(&ReportName::RtcData));
    if error.is_some_and(|error| error.kind() == ErrorKind::Disabled) {
        return disabled();
    }
    let missing = Some(absence(snapshot, ReportName::RtcData));
    RtcDataView { missing, steps: Vec::new(), figures: Vec::new() }
}

fn disabled() -> RtcDataView {
    let step = Step::new(
        "If you want chronyd to measure the real-time clock, add rtcfile to its configuration and take out rtcsync, which excludes it (with rtcsync the kernel sets the real-time clock and nobody measures it).",
    )
    .lines(
        "# /etc/chrony/chrony.conf\nrtcfile /var/lib/chrony/rtc",
        "# /etc/chrony.conf\nrtcfile /var/lib/chrony/rtc",
    );
    RtcDataView {
        missing: Some("RTC tracking is not enabled. That is usual, and no fault.".to_owned()),
        steps: vec![step, step::restart()],
        figures: Vec::new(),
    }
}

fn figures(data: &RtcData) -> Vec<Figure> {
    let time = data.ref_time.map(format::moment);
    let mut ref_time = Figure::new(
        "rtc_ref_time",
        "Reference time",
        time.as_ref().map_or(NEVER, |time| &time.text),
        "What the real-time clock showed at the last estimate of its error (UTC).",
    );
    ref_time.moment = time;
    vec![
        ref_time,
        Figure::new(
            "rtc_samples",
            "Samples",
            format::count(data.samples),
            "Measurements that the calibration uses.",
        )
        .note(if data.is_calibrated() { "calibrated" } else { "not calibrated yet" }),
        Figure::new(
            "rtc_runs",
            "Runs",
            format::count(data.runs),
            "Runs of residuals with the same sign; few runs for many samples: a straight line fits badly.",
        ),
        Figure::new(
            "rtc_span",
            "Span",
            format::duration(f64::from(data.span)),
            "Time that the measurements span.",
        ),
        Figure::new(
            "rtc_offset",
            "Offset",
            format::offset(data.offset),
            "Estimated offset of the real-time clock, in seconds. Positive: it is fast.",
        )
        .note(fast_or_slow(data.offset)),
        Figure::new(
            "rtc_freq_offset",
            "Frequency",
            format::ppm(data.freq_offset),
            "Estimated rate error of the real-time clock, in ppm. Positive: it gains time.",
        )
        .note(fast_or_slow(data.freq_offset)),
    ]
}

fn fast_or_slow(value: f64) -> &'static str {
    match value {
        value if value > 0.0 => "fast",
        value if value < 0.0 => "slow",
        _ => "neither fast nor slow",
    }
}
