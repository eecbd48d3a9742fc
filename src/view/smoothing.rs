//! The smoothing of the time that is served to others.

use libchrony::{ErrorKind, ReportName, Smoothing, SmoothingFlag, Snapshot};
use serde::Serialize;

use crate::view::absence;
use crate::view::figure::Figure;
use crate::view::format;

/// The smoothing, or why it is not shown.
#[derive(Debug, Serialize)]
pub(crate) struct SmoothingView {
    /// Why there are no values.
    pub(crate) missing: Option<String>,
    pub(crate) figures: Vec<Figure>,
}

pub(crate) fn smoothing(snapshot: Option<&Snapshot>) -> SmoothingView {
    if let Some(data) = snapshot.and_then(|snapshot| snapshot.smoothing.as_ref()) {
        return SmoothingView { missing: None, figures: figures(data) };
    }
    let error = snapshot.and_then(|snapshot| snapshot.unavailable.get(&ReportName::Smoothing));
    let missing = if error.is_some_and(|error| error.kind() == ErrorKind::Disabled) {
        "Time smoothing is not enabled. That is usual, and no fault: only a server that hides steps and leap seconds from its clients needs it (smoothtime in chrony.conf).".to_owned()
    } else {
        absence(snapshot, ReportName::Smoothing)
    };
    SmoothingView { missing: Some(missing), figures: Vec::new() }
}

fn figures(data: &Smoothing) -> Vec<Figure> {
    let active = data.flags.contains(&SmoothingFlag::Active);
    let mut state = Figure::new(
        "smoothing_active",
        "State",
        if active { "active" } else { "not active" },
        "Active: the time given to others differs from this clock on purpose, so that they see no sudden change.",
    );
    if data.flags.contains(&SmoothingFlag::Leaponly) {
        state = state.note("leap seconds only");
    }
    let ahead = match data.offset {
        offset if offset > 0.0 => "served time is ahead",
        offset if offset < 0.0 => "served time is behind",
        _ => "no difference",
    };
    vec![
        state,
        Figure::new(
            "smoothing_offset",
            "Offset",
            format::offset(data.offset),
            "Served time against this clock. + is ahead of it, \u{2212} is behind.",
        )
        .note(ahead),
        Figure::new(
            "smoothing_frequency",
            "Frequency",
            format::ppm(data.frequency_offset),
            "How much faster (+) or slower (\u{2212}) than this clock the served time runs, in ppm.",
        ),
        Figure::new(
            "smoothing_wander",
            "Wander",
            format!("{} per second", format::ppm(data.wander)),
            "How fast that frequency changes, in ppm a second.",
        ),
        Figure::new(
            "smoothing_last_update",
            "Last update",
            format::ago(data.last_update_ago),
            "When the smoothing was last given a new offset.",
        )
        .counting(data.last_update_ago),
        Figure::new(
            "smoothing_remaining",
            "Remaining time",
            format::duration(data.remaining_time),
            "Time until the served time and this clock agree again.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Scenario, Smoothing as Simulated};

    use super::*;
    use crate::view::samples::read;

    #[test]
    fn its_values_have_units_and_say_ahead_or_behind() {
        let simulated = Simulated {
            flags: 3,
            offset: -0.25,
            frequency: 1.5,
            wander: 0.001,
            last_update_ago: 12.0,
            remaining_time: 75.0,
        };
        let scenario = Scenario { smoothing: Some(simulated), ..Scenario::synchronized() };
        let view = smoothing(Some(&read(scenario)));
        let values: Vec<_> = view.figures.iter().map(|figure| figure.value.as_str()).collect();
        assert_eq!(
            values,
            [
                "active",
                "\u{2212}250.0 ms",
                "+1.500 ppm",
                "+0.001 ppm per second",
                "12 s ago",
                "1 m 15 s"
            ]
        );
        assert_eq!(view.figures[0].note.as_deref(), Some("leap seconds only"));
        assert_eq!(view.figures[1].note.as_deref(), Some("served time is behind"));
    }

    #[test]
    fn not_enabled_is_told_apart_from_no_data() {
        let view = smoothing(Some(&read(Scenario::synchronized())));
        assert!(view.missing.is_some_and(|text| text.starts_with("Time smoothing is not enabled")));
        assert!(smoothing(None).missing.is_some_and(|text| text.starts_with("No data")));
    }
}
