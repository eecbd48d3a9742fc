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
    let step = step::configure(
        "To have chronyd measure the real-time clock, add rtcfile to its configuration and take out rtcsync, which excludes it: with rtcsync the kernel sets the real-time clock, and nobody measures it.",
        "rtcfile /var/lib/chrony/rtc",
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
            "Measurements of the real-time clock that the estimates below rest on.",
        )
        .note(if data.is_calibrated() { "calibrated" } else { "not calibrated yet" }),
        Figure::new(
            "rtc_runs",
            "Runs",
            format::count(data.runs),
            "Stretches of samples in a row on one side of the straight line through all. Few for many samples: the line fits badly.",
        ),
        Figure::new(
            "rtc_span",
            "Span",
            format::duration(f64::from(data.span)),
            "Time from the oldest to the newest of them.",
        ),
        Figure::new(
            "rtc_offset",
            "Offset",
            format::offset(data.offset),
            "Where the real-time clock stands. + is fast (ahead of this clock), \u{2212} is slow.",
        )
        .note(fast_or_slow(data.offset)),
        Figure::new(
            "rtc_freq_offset",
            "Frequency",
            format::ppm(data.freq_offset),
            "What the real-time clock gains (+) or loses (\u{2212}), in ppm.",
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

#[cfg(test)]
mod tests {
    use libchrony::testing::{RtcData as Simulated, Scenario};

    use super::*;
    use crate::view::samples::read;

    #[test]
    fn not_enabled_is_said_without_alarm_with_the_directive_that_enables_it() {
        let view = rtcdata(Some(&read(Scenario::synchronized())));
        assert!(view.missing.is_some_and(|text| text.starts_with("RTC tracking is not enabled")));
        assert_eq!(view.steps[0].lines[0].code, "rtcfile /var/lib/chrony/rtc");
        assert!(view.steps[0].text.contains("rtcsync"));
    }

    #[test]
    fn its_values_have_units_and_say_fast_or_slow() {
        let rtc =
            Simulated { samples: 7, runs: 3, span: 7_200, offset: -0.5, ..Simulated::default() };
        let view = rtcdata(Some(&read(Scenario { rtc: Some(rtc), ..Scenario::synchronized() })));
        let value = |name: &str| {
            let figure = view.figures.iter().find(|figure| figure.name == name).unwrap();
            (figure.value.as_str(), figure.note.as_deref())
        };
        assert_eq!(value("rtc_samples"), ("7", Some("calibrated")));
        assert_eq!(value("rtc_runs").0, "3");
        assert_eq!(value("rtc_span").0, "2 h");
        assert_eq!(value("rtc_offset"), ("\u{2212}500.0 ms", Some("slow")));
        assert!(value("rtc_freq_offset").0.ends_with(" ppm"));
        assert!(view.missing.is_none());
    }

    #[test]
    fn no_data_is_not_mistaken_for_not_enabled() {
        let view = rtcdata(None);
        assert!(view.missing.is_some_and(|text| text.starts_with("No data")));
        assert!(view.steps.is_empty());
    }
}
