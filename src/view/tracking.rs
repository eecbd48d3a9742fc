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
            "The clock is not synchronized: until the next update most of these values mean nothing.",
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
            "The offset that the last clock update found. + was fast (ahead), \u{2212} was slow (behind): chronyc gives it the opposite sign of Offset at the top.",
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
                "Long-term average size of the offset (root mean square).",
            ),
            tracking.rms_offset,
            threshold::RMS_OFFSET,
        ),
        Figure::new(
            "frequency",
            "Frequency",
            format::ppm(tracking.frequency),
            "How much the clock would gain (+, fast) or lose (\u{2212}, slow) if chronyd did not correct it, in parts per million (ppm). 1 ppm is 86 ms a day.",
        )
        .note(slow_or_fast(-tracking.frequency))
        .judged(tracking.frequency, threshold::FREQUENCY),
        Figure::new(
            "residual_freq",
            "Residual frequency",
            format::ppm(tracking.residual_freq),
            "What is left between the frequency that the source shows and the one in use, in ppm.",
        )
        .normal("Normal: near 0."),
        judged(
            Figure::new(
                "skew",
                "Skew",
                format::ppm_measure(tracking.skew),
                "How far that frequency may be wrong, in ppm.",
            ),
            tracking.skew,
            threshold::SKEW,
        ),
        judged(
            Figure::new(
                "root_delay",
                "Root delay",
                format::offset(tracking.root_delay).trim_start_matches('+').to_owned(),
                "Time that packets take to the reference clock at the root and back, over all servers in between.",
            ),
            tracking.root_delay,
            threshold::ROOT_DELAY,
        ),
        judged(
            Figure::new(
                "root_dispersion",
                "Root dispersion",
                format::measure(tracking.root_dispersion),
                "Error that has gathered over all servers from the reference clock to here.",
            ),
            tracking.root_dispersion,
            threshold::ROOT_DISPERSION,
        ),
        Figure::new(
            "update_interval",
            "Update interval",
            format::duration(tracking.update_interval),
            "Time between the last two updates of the clock.",
        ),
        Figure::new(
            "reference_id",
            "Reference ID",
            format!("{:08X}", tracking.reference_id.0),
            "The source as NTP names it: 8 hexadecimal digits made of its address or name.",
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
        "Whether the day at the end of this month (UTC) gets a second more or less.",
    )
    .health(health)
    .normal("Normal: neither.")
}

fn reference_time(tracking: &Tracking) -> Figure {
    let meaning = "When chronyd used the last measurement of the source (UTC).";
    let figure = |value: &str| Figure::new("ref_time", "Reference time", value, meaning);
    match tracking.ref_time.map(format::moment) {
        Some(moment) => figure(&moment.text).moment(moment),
        None => figure(NEVER),
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::*;
    use crate::view::samples::{read, read_udp};

    fn figure<'a>(view: &'a TrackingView, name: &str) -> &'a Figure {
        view.figures.iter().find(|figure| figure.name == name).unwrap()
    }

    #[test]
    fn the_report_is_shown_in_full_each_value_explained() {
        let view = tracking(Some(&read_udp(Scenario::synchronized())));
        let names: Vec<_> = view.figures.iter().map(|figure| figure.name).collect();
        assert_eq!(
            names,
            [
                "leap_status",
                "ref_time",
                "last_offset",
                "rms_offset",
                "frequency",
                "residual_freq",
                "skew",
                "root_delay",
                "root_dispersion",
                "update_interval",
                "reference_id",
            ]
        );
        assert!(view.figures.iter().all(|figure| !figure.meaning.is_empty()));
        assert_eq!(figure(&view, "reference_id").value, "C000020B");
        assert!(figure(&view, "ref_time").moment.is_some());
        assert_eq!(view.remark, None);
    }

    #[test]
    fn frequency_is_fast_when_positive_and_slow_when_negative() {
        let of = |frequency| {
            let mut scenario = Scenario::synchronized();
            scenario.tracking.frequency = frequency;
            let view = tracking(Some(&read(scenario)));
            let frequency = figure(&view, "frequency");
            (frequency.value.clone(), frequency.note.clone().unwrap(), frequency.health)
        };
        assert_eq!(of(12.5), ("+12.500 ppm".into(), "fast".into(), Health::Good));
        assert_eq!(of(-60.0), ("\u{2212}60.000 ppm".into(), "slow".into(), Health::Warning));
    }

    #[test]
    fn a_positive_last_offset_was_fast() {
        let mut scenario = Scenario::synchronized();
        scenario.tracking.last_offset = 0.001;
        let view = tracking(Some(&read(scenario)));
        assert_eq!(figure(&view, "last_offset").note.as_deref(), Some("was fast"));
    }

    #[test]
    fn values_are_judged_by_the_limits() {
        let mut scenario = Scenario::synchronized();
        scenario.tracking.rms_offset = 0.005;
        scenario.tracking.skew = 6.0;
        scenario.tracking.root_delay = 0.2;
        scenario.tracking.root_dispersion = 0.02;
        let view = tracking(Some(&read(scenario)));
        for (name, health) in [
            ("rms_offset", Health::Warning),
            ("skew", Health::Bad),
            ("root_delay", Health::Bad),
            ("root_dispersion", Health::Warning),
        ] {
            assert_eq!(figure(&view, name).health, health, "{name}");
        }
    }

    #[test]
    fn placeholders_of_a_clock_that_follows_nothing_are_not_judged() {
        let view = tracking(Some(&read(Scenario::no_sources())));
        assert!(view.remark.is_some_and(|remark| remark.contains("mean nothing")));
        assert_eq!(figure(&view, "root_delay").health, Health::Plain);
        assert_eq!(figure(&view, "leap_status").value, "not synchronized");
        assert_eq!(figure(&view, "ref_time").value, "never");
        assert_eq!(figure(&view, "last_offset").value, "0 s");
        assert_eq!(figure(&view, "reference_id").note.as_deref(), Some("none"));
    }

    #[test]
    fn a_leap_second_is_said_in_words() {
        let view = tracking(Some(&read(Scenario::leap_delete())));
        assert_eq!(figure(&view, "leap_status").value, "delete a second");
    }

    #[test]
    fn no_data_says_why() {
        let view = tracking(None);
        assert!(view.figures.is_empty() && view.missing.is_some());
    }
}
