//! The values that matter most.

use std::time::SystemTime;

use libchrony::{Snapshot, Tracking};

use crate::view::figure::{Figure, Health};
use crate::view::format::{self, NEVER, UNKNOWN};
use crate::view::reference::{self, Following, Reference};
use crate::view::threshold;

const OFFSET: &str = "How far this clock is from NTP time by chronyd's estimate, in seconds, before it is corrected. Positive: the clock is slow, as chronyc shows it.";
const MAX_ERROR: &str = "The largest error the clock can have while its source is right, in seconds: offset + root dispersion + half of the root delay.";

/// The six boxes, without values where chronyd gives none.
pub(crate) fn boxes(snapshot: Option<&Snapshot>, now: SystemTime) -> Vec<Figure> {
    let given = snapshot.and_then(|snapshot| Some((snapshot, snapshot.tracking.as_ref()?)));
    match given {
        Some((snapshot, tracking)) => {
            let following = Following::of(tracking);
            vec![
                status(snapshot, tracking, following),
                offset(tracking, following),
                max_error(tracking, following),
                stratum(tracking),
                source(snapshot, tracking, following),
                last_update(snapshot, tracking, now),
            ]
        }
        None => empty(),
    }
}

fn empty() -> Vec<Figure> {
    [
        status_box(""),
        Figure::new("offset", "Offset", "", OFFSET).normal(threshold::OFFSET.normal()),
        Figure::new("max_error", "Maximum error", "", MAX_ERROR)
            .normal(threshold::MAX_ERROR.normal()),
        stratum_box("").normal(threshold::STRATUM.normal()),
        source_box(""),
        last_update_box(""),
    ]
    .map(Figure::missing)
    .into()
}

fn status_box(value: &str) -> Figure {
    Figure::new(
        "status",
        "Status",
        value,
        "Whether chronyd keeps this clock in agreement with a source.",
    )
    .normal("Normal: synchronized.")
}

fn status(snapshot: &Snapshot, tracking: &Tracking, following: Following) -> Figure {
    let selected =
        snapshot.sources.as_ref().is_none_or(|list| list.iter().any(|source| source.is_selected()));
    match following {
        Following::Nothing => {
            status_box("unsynchronized").health(Health::Bad).note("follows no source")
        }
        Following::Itself => {
            status_box("local only").health(Health::Warning).note("follows only itself")
        }
        Following::Source if !selected => {
            status_box("synchronized").health(Health::Warning).note("no source selected now")
        }
        Following::Source if tracking.is_leap_pending() => {
            status_box("synchronized").health(Health::Good).note("leap second pending")
        }
        Following::Source => status_box("synchronized").health(Health::Good),
    }
}

/// Whether a positive correction means slow or fast.
pub(crate) fn slow_or_fast(offset: f64) -> &'static str {
    match offset {
        offset if offset > 0.0 => "slow",
        offset if offset < 0.0 => "fast",
        _ => "neither slow nor fast",
    }
}

fn offset(tracking: &Tracking, following: Following) -> Figure {
    let figure = |value: String| Figure::new("offset", "Offset", value, OFFSET);
    let normal = threshold::OFFSET.normal();
    match following {
        Following::Source => figure(format::offset(tracking.offset))
            .note(slow_or_fast(tracking.offset))
            .judged(tracking.offset, threshold::OFFSET),
        Following::Itself => {
            figure(format::offset(tracking.offset)).note("against itself").normal(normal)
        }
        Following::Nothing => {
            figure(UNKNOWN.to_owned()).note("nothing to compare with").normal(normal)
        }
    }
}

fn max_error(tracking: &Tracking, following: Following) -> Figure {
    let figure = |value: String| Figure::new("max_error", "Maximum error", value, MAX_ERROR);
    let normal = threshold::MAX_ERROR.normal();
    match following {
        Following::Source => {
            let error = tracking.max_error();
            figure(format::measure(error)).note("either way").judged(error, threshold::MAX_ERROR)
        }
        Following::Itself => figure(UNKNOWN.to_owned()).note("follows only itself").normal(normal),
        Following::Nothing => figure(UNKNOWN.to_owned()).note("no limit is known").normal(normal),
    }
}

fn stratum_box(value: &str) -> Figure {
    Figure::new(
        "stratum",
        "Stratum",
        value,
        "How many steps away the primary clock is; 1 is a machine with a reference clock of its own. chronyd says 0 while the clock is not synchronized, and NTP clients see 16.",
    )
}

fn stratum(tracking: &Tracking) -> Figure {
    match tracking.stratum {
        Some(stratum) => stratum_box(&format::count(stratum))
            .judged(f64::from(stratum), threshold::STRATUM)
            .note(match stratum {
                1 => "at a reference clock".to_owned(),
                steps => format!(
                    "{} away from it",
                    format::counted(usize::from(steps - 1), "step", "steps")
                ),
            }),
        None => stratum_box("none")
            .health(Health::Bad)
            .note("unsynchronized: chronyd says 0, NTP clients see 16")
            .normal(threshold::STRATUM.normal()),
    }
}

fn source_box(value: &str) -> Figure {
    Figure::new(
        "reference",
        "Reference source",
        value,
        "The source the clock follows: the name it was configured with, and its address.",
    )
}

fn source(snapshot: &Snapshot, tracking: &Tracking, following: Following) -> Figure {
    match following {
        Following::Source => {
            let reference = Reference::of(snapshot, tracking);
            let mut figure = source_box(&reference.name);
            figure.note = reference.detail;
            figure
        }
        Following::Itself => {
            let id = tracking.reference_id_name.clone().unwrap_or_default();
            source_box("this clock itself").note(format!("local, {id}"))
        }
        Following::Nothing => source_box("none").note("reference ID 0"),
    }
}

fn last_update_box(value: &str) -> Figure {
    Figure::new(
        "last_update",
        "Last update",
        value,
        "Time since the last measurement that the clock was set by (now minus reference time).",
    )
}

fn last_update(snapshot: &Snapshot, tracking: &Tracking, now: SystemTime) -> Figure {
    let Some(then) = tracking.ref_time else {
        return last_update_box(NEVER).note("no measurement was used yet");
    };
    let age = format::age(now, then);
    let moment = format::moment(then);
    let figure = last_update_box(&format::ago(age)).note(moment.text.clone()).moment(moment);
    match Following::of(tracking) {
        Following::Source => {
            figure.judged(age, threshold::last_update(reference::poll(snapshot, tracking)))
        }
        _ => figure,
    }
}
