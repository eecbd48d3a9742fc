//! What changed, and when: the newest first.

use libchrony::LeapStatus;
use serde::Serialize;

use crate::history::{Change, Event};
use crate::view::Range;
use crate::view::format::{self, Moment};

/// The newest so many stand on the page.
const MOST: usize = 12;

/// The log.
#[derive(Debug, Serialize)]
pub(crate) struct EventsView {
    /// Why there is no list.
    missing: Option<String>,
    count: Option<String>,
    rows: Vec<EventRow>,
    /// How many older ones are not shown.
    older: Option<String>,
}

/// One event.
#[derive(Debug, Serialize)]
struct EventRow {
    at: Moment,
    severity: Severity,
    text: String,
}

/// How much an event matters: a class in CSS, which has a mark, and a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Severity {
    class: &'static str,
    word: &'static str,
}

const NOTE: Severity = Severity { class: "plain", word: "note" };
const GOOD: Severity = Severity { class: "good", word: "good" };
const WARNING: Severity = Severity { class: "warning", word: "warning" };
const BAD: Severity = Severity { class: "bad", word: "bad" };

/// Those of a while, given the oldest first.
pub(crate) fn events(events: &[Event], range: Range) -> EventsView {
    let all = events.len();
    let older = all.saturating_sub(MOST);
    EventsView {
        missing: (all == 0).then(|| format!("Nothing has changed {}.", range.words())),
        count: (all > 0).then(|| format!("{all} {}", range.words())),
        rows: events.iter().rev().take(MOST).map(row).collect(),
        older: (older > 0).then(|| {
            format!(
                "{} in this time, not shown.",
                format::counted(older, "older event", "older events")
            )
        }),
    }
}

fn row(event: &Event) -> EventRow {
    let (severity, text) = words(&event.change);
    EventRow { at: format::moment(event.at), severity, text: format::plain(&text) }
}

fn words(change: &Change) -> (Severity, String) {
    let words = |severity, text: &str| (severity, text.to_owned());
    match change {
        Change::Began => words(NOTE, "second-hand began to read chronyd."),
        Change::Selected { before: Some(before), now: Some(now) } => {
            (NOTE, format!("{now} is selected now, in place of {before}."))
        }
        Change::Selected { before: None, now: Some(now) } => (GOOD, format!("{now} is selected.")),
        Change::Selected { before: Some(before), now: None } => {
            (WARNING, format!("No source is selected any more; it was {before}."))
        }
        Change::Selected { before: None, now: None } => words(NOTE, "No source is selected."),
        Change::Synchronized(true) => words(GOOD, "The clock became synchronized."),
        Change::Synchronized(false) => words(BAD, "The clock is not synchronized any more."),
        Change::Leap { before, now } => leap(*before, *now),
        Change::Unreachable { source } => (
            WARNING,
            format!("{source} became unreachable: none of its last 8 polls was answered."),
        ),
        Change::Reachable { source } => (GOOD, format!("{source} answers again.")),
        Change::Falseticker { source, is: true } => (
            BAD,
            format!(
                "{source} became a falseticker: its time disagrees with the majority of the sources."
            ),
        ),
        Change::Falseticker { source, is: false } => (
            GOOD,
            format!("{source} agrees with the others again, and is no falseticker any more."),
        ),
        Change::Added { source } => (NOTE, format!("{source} was added to chronyd's sources.")),
        Change::Removed { source } => {
            (NOTE, format!("{source} was taken out of chronyd's sources."))
        }
        Change::Stepped { seconds } => (WARNING, stepped(*seconds)),
        Change::Restarted => words(NOTE, "chronyd was started anew."),
        Change::Lost { reason } => {
            (BAD, format!("chronyd gives no data: {}.", reason.trim().trim_end_matches('.')))
        }
        Change::Back => words(GOOD, "chronyd gives data again."),
    }
}

fn stepped(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "The clock was set at once (a step).".to_owned();
    }
    let way = if seconds < 0.0 { "back" } else { "forward" };
    format!("The clock was set {way} by {} at once (a step).", format::measure(seconds))
}

fn leap(before: LeapStatus, now: LeapStatus) -> (Severity, String) {
    let (severity, text) = match (before, now) {
        (_, LeapStatus::Insert) => (
            WARNING,
            "A leap second is announced: the last day of the month (UTC) gets a second more.",
        ),
        (_, LeapStatus::Delete) => (
            WARNING,
            "A leap second is announced: the last day of the month (UTC) gets a second less.",
        ),
        (LeapStatus::Insert | LeapStatus::Delete, LeapStatus::Normal) => {
            (NOTE, "The leap second is over or called off.")
        }
        (_, LeapStatus::Normal) => (GOOD, "No leap second is announced (leap status normal)."),
        (_, LeapStatus::Unsynchronised) => {
            (BAD, "chronyd calls the clock not synchronized (leap status).")
        }
        _ => (WARNING, "The leap status is one that this version of the dashboard does not know."),
    };
    (severity, text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn of(changes: impl IntoIterator<Item = Change>) -> EventsView {
        let at = |number| SystemTime::UNIX_EPOCH + Duration::from_secs(number);
        let event = |(number, change)| Event { at: at(number), change };
        let all: Vec<_> = (1_795_235_456..).zip(changes).map(event).collect();
        events(&all, Range::Hour)
    }

    #[test]
    fn a_step_says_which_way() {
        let view = of([
            Change::Stepped { seconds: 1.2 },
            Change::Stepped { seconds: -0.004 },
            Change::Stepped { seconds: f64::NAN },
        ]);
        let texts: Vec<_> = view.rows.iter().rev().map(|row| row.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "The clock was set forward by 1.200 s at once (a step).",
                "The clock was set back by 4.000 ms at once (a step).",
                "The clock was set at once (a step).",
            ]
        );
        assert!(view.rows.iter().all(|row| row.severity == WARNING));
    }

    #[test]
    fn the_newest_comes_first_with_its_time() {
        let view = of([Change::Began, Change::Back]);
        assert_eq!(view.rows[0].text, "chronyd gives data again.");
        assert_eq!(view.rows[0].at.datetime, "2026-11-21T04:30:57Z");
        assert_eq!(
            (view.count.as_deref(), view.missing.as_deref()),
            (Some("2 in the last hour"), None)
        );
    }

    #[test]
    fn older_ones_are_counted() {
        let view = of(vec![Change::Back; MOST + 3]);
        assert_eq!(view.rows.len(), MOST);
        assert_eq!(view.older.as_deref(), Some("3 older events in this time, not shown."));
        assert_eq!(of(vec![Change::Back; MOST]).older, None);
    }

    #[test]
    fn where_nothing_changed_it_says_so() {
        let view = of([]);
        assert!(view.missing.is_some() && view.rows.is_empty() && view.count.is_none());
    }

    #[test]
    fn every_change_is_a_sentence_with_the_names_in_it() {
        let name = || "a\u{1b}[2Jb".to_owned();
        let sources = [
            Change::Selected { before: Some(name()), now: Some("other".to_owned()) },
            Change::Selected { before: None, now: Some(name()) },
            Change::Selected { before: Some(name()), now: None },
            Change::Unreachable { source: name() },
            Change::Reachable { source: name() },
            Change::Falseticker { source: name(), is: true },
            Change::Falseticker { source: name(), is: false },
            Change::Added { source: name() },
            Change::Removed { source: name() },
            Change::Lost { reason: name() },
        ];
        for row in of(sources).rows {
            assert!(row.text.contains("a\u{fffd}[2Jb"), "{}", row.text);
            assert!(row.text.ends_with('.'), "{}", row.text);
        }
        let states = [LeapStatus::Normal, LeapStatus::Insert, LeapStatus::Delete];
        let mut texts: Vec<_> = states
            .into_iter()
            .flat_map(|now| [(LeapStatus::Insert, now), (LeapStatus::Unsynchronised, now)])
            .map(|(before, now)| leap(before, now).1)
            .chain([leap(LeapStatus::Normal, LeapStatus::Unsynchronised).1])
            .collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 5, "{texts:?}");
    }

    #[test]
    fn what_is_lost_is_bad_and_what_comes_back_is_good() {
        let of = |change| words(&change).0.class;
        assert_eq!(of(Change::Synchronized(false)), "bad");
        assert_eq!(of(Change::Synchronized(true)), "good");
        assert_eq!(of(Change::Falseticker { source: String::new(), is: true }), "bad");
        assert_eq!(of(Change::Falseticker { source: String::new(), is: false }), "good");
        assert_eq!(of(Change::Selected { before: Some(String::new()), now: None }), "warning");
    }
}
