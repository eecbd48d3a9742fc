//! The values that matter most.

use std::time::SystemTime;

use libchrony::{Snapshot, Tracking};

use crate::view::figure::{Figure, Health};
use crate::view::format::{self, NEVER, UNKNOWN};
use crate::view::reference::{self, Following, Reference};
use crate::view::threshold;

const OFFSET: &str = "How far this clock is from NTP time now, by chronyd's estimate; chronyd takes it away bit by bit. + is slow (behind NTP time), \u{2212} is fast (ahead of it): System time in chronyc tracking.";
const MAX_ERROR: &str = "The most that this clock can be wrong, slow or fast, while its source is right: offset + root dispersion + half of the root delay. The last two stand under Tracking.";

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
                stratum(tracking, following),
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
        "Whether chronyd keeps this clock in agreement with a source of time.",
    )
    .normal("Normal: synchronized.")
}

fn status(snapshot: &Snapshot, tracking: &Tracking, following: Following) -> Figure {
    match following {
        Following::Nothing => {
            status_box("unsynchronized").health(Health::Bad).note("follows no source")
        }
        Following::Itself => {
            status_box("local only").health(Health::Warning).note("follows only itself")
        }
        Following::Source if reference::is_lost(snapshot) => {
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
            figure(format::measure(error)).note("slow or fast").judged(error, threshold::MAX_ERROR)
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
        "Steps from a reference clock, as a GPS receiver or an atomic clock: a machine with one attached is 1, one that follows it is 2, and so on. While this clock is not synchronized, chronyd says 0 and NTP clients see 16.",
    )
}

fn stratum(tracking: &Tracking, following: Following) -> Figure {
    let Some(stratum) = tracking.stratum else {
        return stratum_box("none")
            .health(Health::Bad)
            .note("unsynchronized: chronyd says 0, NTP clients see 16")
            .normal(threshold::STRATUM.normal());
    };
    let figure = stratum_box(&format::count(stratum));
    match (following, stratum) {
        (Following::Itself, _) => figure.note("set by local").normal(threshold::STRATUM.normal()),
        (_, 1) => figure.note("at a reference clock").judged(1.0, threshold::STRATUM),
        (_, stratum) => figure
            .note(format!("follows stratum {}", format::count(stratum.saturating_sub(1))))
            .judged(f64::from(stratum), threshold::STRATUM),
    }
}

fn source_box(value: &str) -> Figure {
    Figure::new(
        "reference",
        "Reference source",
        value,
        "The source of time that the clock follows: the name it was configured with, and its address.",
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
        "Time since a measurement last corrected the clock. It comes about once a poll of the source.",
    )
}

fn last_update(snapshot: &Snapshot, tracking: &Tracking, now: SystemTime) -> Figure {
    let Some(then) = tracking.ref_time else {
        return last_update_box(NEVER).note("no measurement was used yet");
    };
    let age = format::age(now, then);
    let moment = format::moment(then);
    let figure =
        last_update_box(&format::ago(age)).counting(age).note(moment.text.clone()).moment(moment);
    match Following::of(tracking) {
        Following::Source => {
            figure.judged(age, threshold::last_update(reference::poll(snapshot, tracking)))
        }
        _ => figure,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use libchrony::testing::{Scenario, Time};

    use super::*;
    use crate::view::samples::read;

    fn of(scenario: Scenario) -> Vec<Figure> {
        boxes(Some(&read(scenario)), SystemTime::now())
    }

    fn changed(change: impl FnOnce(&mut libchrony::testing::Tracking)) -> Vec<Figure> {
        let mut scenario = Scenario::synchronized();
        change(&mut scenario.tracking);
        of(scenario)
    }

    fn texts(figure: &Figure) -> (&str, Option<&str>, Health) {
        (&figure.value, figure.note.as_deref(), figure.health)
    }

    #[test]
    fn the_six_boxes_stand_in_their_order_with_and_without_data() {
        let names = ["status", "offset", "max_error", "stratum", "reference", "last_update"];
        for boxes in [of(Scenario::synchronized()), boxes(None, SystemTime::now())] {
            assert_eq!(boxes.iter().map(|figure| figure.name).collect::<Vec<_>>(), names);
            assert!(boxes.iter().all(|figure| !figure.meaning.is_empty()));
        }
        let empty = boxes(None, SystemTime::now());
        assert!(empty.iter().all(|figure| figure.health == Health::Missing));
    }

    #[test]
    fn a_positive_offset_is_slow_and_a_negative_one_fast() {
        let slow = changed(|tracking| tracking.current_correction = 0.002_5);
        assert_eq!(texts(&slow[1]), ("+2.500 ms", Some("slow"), Health::Good));
        let fast = changed(|tracking| tracking.current_correction = -0.025);
        assert_eq!(texts(&fast[1]), ("\u{2212}25.00 ms", Some("fast"), Health::Warning));
    }

    #[test]
    fn a_large_error_bound_is_bad_in_its_box() {
        let boxes = changed(|tracking| tracking.root_dispersion = 0.3);
        assert_eq!(boxes[2].health, Health::Bad);
    }

    #[test]
    fn not_synchronized_says_0_and_16_and_knows_no_offset() {
        let boxes = of(Scenario::no_sources());
        assert_eq!(texts(&boxes[0]).0, "unsynchronized");
        assert_eq!(boxes[0].health, Health::Bad);
        let note = boxes[3].note.as_deref().unwrap_or_default();
        assert!(note.contains("unsynchronized") && note.contains('0') && note.contains("16"));
        for (index, value) in [(1, "unknown"), (2, "unknown"), (4, "none"), (5, "never")] {
            assert_eq!(boxes[index].value, value);
        }
    }

    #[test]
    fn local_is_no_agreement_with_the_world() {
        let boxes = of(Scenario::local());
        assert_eq!(texts(&boxes[0]), ("local only", Some("follows only itself"), Health::Warning));
        assert_eq!(texts(&boxes[2]).0, "unknown");
        assert_eq!(texts(&boxes[3]), ("10", Some("set by local"), Health::Plain));
        assert_eq!(
            texts(&boxes[4]),
            ("this clock itself", Some("local, 127.127.1.1"), Health::Plain)
        );
    }

    #[test]
    fn the_reference_source_has_name_and_address() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources.as_mut().unwrap()[0].name = Some("time.example.net".to_owned());
        let boxes = boxes(Some(&snapshot), SystemTime::now());
        assert_eq!(texts(&boxes[4]), ("time.example.net", Some("192.0.2.11"), Health::Plain));
        let clock = of(Scenario::gps_and_pps());
        assert_eq!(texts(&clock[4]), ("PPS", Some("reference clock"), Health::Plain));
        assert_eq!(texts(&clock[3]), ("1", Some("at a reference clock"), Health::Good));
    }

    #[test]
    fn the_age_of_the_last_update_is_judged_by_the_sources_poll() {
        for (age, health) in [(60, Health::Good), (600, Health::Warning), (3_000, Health::Bad)] {
            let boxes = changed(|tracking| tracking.reference_time = Time::seconds_ago(age));
            assert_eq!(boxes[5].health, health, "{age} s");
            assert!(boxes[5].value.ends_with("ago"));
            assert!(boxes[5].moment.is_some());
        }
    }

    #[test]
    fn a_clock_set_back_since_the_update_does_not_count_below_zero() {
        let snapshot = read(Scenario::synchronized());
        let earlier = SystemTime::now() - Duration::from_secs(3_600);
        let boxes = boxes(Some(&snapshot), earlier);
        assert!(boxes[5].value.ends_with("in the future"), "{}", boxes[5].value);
    }

    #[test]
    fn a_synchronized_clock_without_a_selected_source_says_so() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources.as_mut().unwrap().remove(0);
        let boxes = boxes(Some(&snapshot), SystemTime::now());
        assert_eq!(
            texts(&boxes[0]),
            ("synchronized", Some("no source selected now"), Health::Warning)
        );
    }
}
