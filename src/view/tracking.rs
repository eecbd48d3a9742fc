//! The state of the clock in full.

use libchrony::{LeapStatus, ReportName, Snapshot, Tracking};
use serde::Serialize;

use crate::view::absence;
use crate::view::boxes::slow_or_fast;
use crate::view::figure::{Figure, Health};
use crate::view::format::{self, NEVER};
use crate::view::reference::Following;
use crate::view::threshold::{self, Threshold};

/// The rest of the tracking report.
#[derive(Debug, Serialize)]
pub(crate) struct TrackingView {
    /// Why there are no values.
    pub(crate) missing: Option<String>,
    /// What is to be known of all values at once.
    pub(crate) remark: Option<&'static str>,
    pub(crate) figures: Vec<Figure>,
}

pub(crate) fn tracking(snapshot: Option<&Snapshot>) -> TrackingView {
    match snapshot.and_then(|snapshot| snapshot.tracking.as_ref()) {
        Some(tracking) => given(tracking),
        None => TrackingView {
            missing: Some(absence(snapshot, ReportName::Tracking)),
            remark: None,
            figures: Vec::new(),
        },
    }
}

fn given(tracking: &Tracking) -> TrackingView {
    let following = Following::of(tracking);
    let remark = match following {
        Following::Source => None,
        Following::Itself => Some(
            "The clock follows only itself: these values say nothing about its agreement with the world.",
        ),
        Following::Nothing => Some(
            "The clock is not synchronized: until the next update most of these values are chronyd's placeholders.",
        ),
    };
    let judged = |figure: Figure, number: f64, threshold: Threshold| match following {
        Following::Source => figure.judged(number, threshold),
        _ => figure.normal(threshold.normal()),
    };
    let figures = vec![
        leap_status(tracking),
        reference_time(tracking),
        Figure::new(
            "last_offset",
            "Last offset",
            format::offset(tracking.last_offset),
            "Estimated offset at the last clock update, in seconds. Positive: the clock was ahead.",
        )
        .note(match tracking.last_offset {
            offset if offset > 0.0 => "was fast",
            offset if offset < 0.0 => "was slow",
            _ => "none",
        }),
        judged(
            Figure::new(
                "rms_offset",
                "RMS offset",
                format::measure(tracking.rms_offset),
                "Long-term average of the offset, in seconds.",
            ),
            tracking.rms_offset,
            threshold::RMS_OFFSET,
        ),
        Figure::new(
            "frequency",
            "Frequency",
            format::ppm(tracking.frequency),
            "How fast the clock would run without correction, in millionths (ppm). 1 ppm is 86 ms a day.",
        )
        .note(slow_or_fast(-tracking.frequency))
        .judged(tracking.frequency, threshold::FREQUENCY),
        Figure::new(
            "residual_freq",
            "Residual frequency",
            format::ppm(tracking.residual_freq),
            "Difference between the frequency that the source shows and the one in use, in ppm.",
        )
        .normal("Normal: near 0."),
        judged(
            Figure::new(
                "skew",
                "Skew",
                format::ppm_measure(tracking.skew),
                "Error bound of the frequency, in ppm.",
            ),
            tracking.skew,
            threshold::SKEW,
        ),
        judged(
            Figure::new(
                "root_delay",
                "Root delay",
                format::offset(tracking.root_delay).trim_start_matches('+').to_owned(),
                "Network delay to the primary clock and back, in seconds.",
            ),
            tracking.root_delay,
            threshold::ROOT_DELAY,
        ),
        judged(
            Figure::new(
                "root_dispersion",
                "Root dispersion",
                format::measure(tracking.root_dispersion),
                "Error gathered on the way from the primary clock, in seconds.",
            ),
            tracking.root_dispersion,
            threshold::ROOT_DISPERSION,
        ),
        Figure::new(
            "update_interval",
            "Update interval",
            format::duration(tracking.update_interval),
            "Time between the last two clock updates.",
        ),
        Figure::new(
            "reference_id",
            "Reference ID",
            format!("{:08X}", tracking.reference_id.0),
            "The source as NTP names it, in hexadecimal digits.",
        )
        .note(tracking.reference_id_name.clone().unwrap_or_else(|| "none".to_owned())),
    ];
    TrackingView { missing: None, remark, figures }
}

fn leap_status(tracking: &Tracking) -> Figure {
    let (value, health) = match tracking.leap_status {
        LeapStatus::Normal => ("normal".to_owned(), Health::Good),
        LeapStatus::Insert => ("insert a second".to_owned(), Health::Plain),
        LeapStatus::Delete => ("delete a second".to_owned(), Health::Plain),
        LeapStatus::Unsynchronised => ("not synchronized".to_owned(), Health::Bad),
        other => (other.to_string(), Health::Warning),
    };
    Figure::new(
        "leap_status",
        "Leap status",
        value,
        "Whether a leap second is announced for the end of this month (UTC).",
    )
    .health(health)
    .normal("Normal: normal.")
}

fn reference_time(tracking: &Tracking) -> Figure {
    let meaning = "When the last measurement of the source was processed (UTC).";
    let figure = |value: &str| Figure::new("ref_time", "Reference time", value, meaning);
    match tracking.ref_time.map(format::moment) {
        Some(moment) => figure(&moment.text).moment(moment),
        None => figure(NEVER),
    }
}
