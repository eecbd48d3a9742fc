//! The configured sources and what chronyd makes of each.

use std::ops::Deref;

use libchrony::{
    Joined, ReportName, SelectState, Snapshot, Source, SourceAddress, SourceMode, SourceState,
};
use serde::Serialize;

use crate::view::absence;
use crate::view::format::{self, Age};
use crate::view::reference;
use crate::view::rows::{Rows, When};
use crate::view::step::{self, Step};

/// What its rows are known by.
pub(super) const TABLE: &str = "sources";

/// The table of sources.
#[derive(Debug, Serialize)]
pub(crate) struct SourcesView {
    /// Why there is no table.
    pub(crate) missing: Option<String>,
    /// How many there are, as `3 sources`.
    pub(crate) count: Option<String>,
    pub(crate) rows: Rows<Row>,
    /// How a source is added, where there is none.
    pub(crate) none: Vec<Step>,
    pub(crate) states: Vec<Term>,
    pub(crate) modes: Vec<Term>,
}

/// A mark of chronyc's and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Term {
    /// The class in CSS.
    pub(crate) class: &'static str,
    pub(crate) mark: &'static str,
    pub(crate) word: &'static str,
    pub(crate) meaning: &'static str,
}

const fn term(
    class: &'static str,
    mark: &'static str,
    word: &'static str,
    meaning: &'static str,
) -> Term {
    Term { class, mark, word, meaning }
}

const SELECTED: Term = term("selected", "*", "selected", "the source the clock follows");
const COMBINED: Term =
    term("combined", "+", "combined", "good, and used together with the selected one");
const NOT_COMBINED: Term = term(
    "not-combined",
    "-",
    "not combined",
    "good, and not used now; the row says why where chronyd tells",
);
const FALSETICKER: Term = term(
    "falseticker",
    "x",
    "falseticker",
    "a liar, outvoted: its time disagrees with the majority of the sources",
);
const JITTERY: Term =
    term("jittery", "~", "too variable", "its measurements scatter too much to be used");
const UNUSABLE: Term = term("unusable", "?", "unusable", "answers, but cannot be used now");
const UNREACHABLE: Term =
    term("unreachable", "?", "unreachable", "none of the last 8 polls was answered");
const UNRESOLVED: Term = term("unresolved", "?", "not resolved", "its name has no address yet");
const IGNORED: Term = term(
    "ignored",
    "?",
    "not selectable",
    "measured, and never selected: it has the option noselect",
);
const UNKNOWN_STATE: Term =
    term("unusable", "?", "unknown state", "a state this version of the dashboard does not know");

const SERVER: Term = term("server", "^", "server", "an NTP server");
const PEER: Term = term("peer", "=", "peer", "an NTP peer: the two machines may follow each other");
const REFCLOCK: Term =
    term("refclock", "#", "reference clock", "a clock attached to this machine, as a GPS receiver");
const UNKNOWN_MODE: Term =
    term("server", "?", "unknown mode", "a mode this version of the dashboard does not know");

/// One source.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) state: Term,
    /// Why it is in this state, where chronyd tells more.
    pub(crate) why: Option<&'static str>,
    pub(crate) mode: Term,
    /// Its name, else its address.
    pub(crate) name: String,
    /// Its address, where the name is another.
    pub(crate) address: Option<String>,
    pub(crate) stratum: String,
    pub(crate) poll: String,
    pub(crate) reach: Reach,
    pub(crate) last_sample: Age,
    pub(crate) offset: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) measured: Option<String>,
}

/// What a row of any report calls its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Who {
    /// Names its page; none where the sources are not given.
    pub(crate) id: Option<String>,
    /// Its name, else its address.
    pub(crate) name: String,
    /// Its address, where the name is another.
    pub(crate) address: Option<String>,
}

impl Who {
    pub(crate) fn of(source: &Source) -> Self {
        let (name, address) = names(source);
        Self { id: Some(source.id.clone()), name, address }
    }

    /// One that is known by its address alone.
    pub(crate) fn at(address: SourceAddress) -> Self {
        Self { id: None, name: address.to_string(), address: None }
    }
}

/// The answers to the last eight polls.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Reach {
    /// Whether each was answered, oldest first.
    pub(crate) marks: Vec<bool>,
    pub(crate) octal: String,
    /// As `7 of 8`.
    pub(crate) words: String,
}

/// With its rows.
pub(crate) fn sources(snapshot: Option<&Ordered<'_>>) -> SourcesView {
    view(snapshot, Rows::now)
}

pub(super) fn rows<'a>(snapshot: &'a Ordered<'_>) -> impl Iterator<Item = Row> + 'a {
    snapshot.joined.iter().map(row)
}

pub(super) fn view(snapshot: Option<&Ordered<'_>>, when: When<Row>) -> SourcesView {
    let given = snapshot.filter(|snapshot| snapshot.sources.is_some());
    let number = given.map_or(0, |given| given.joined.len());
    SourcesView {
        missing: given.is_none().then(|| absence(Ordered::snapshot(snapshot), ReportName::Sources)),
        count: given.map(|_| format::counted(number, "source", "sources")),
        none: match given {
            Some(_) if number == 0 => vec![step::add_source()],
            _ => Vec::new(),
        },
        rows: given.map_or(Rows::none(TABLE), |given| when(TABLE, &mut rows(given))),
        states: vec![
            SELECTED,
            COMBINED,
            NOT_COMBINED,
            FALSETICKER,
            JITTERY,
            UNUSABLE,
            UNREACHABLE,
            UNRESOLVED,
            IGNORED,
        ],
        modes: vec![SERVER, PEER, REFCLOCK],
    }
}

/// A snapshot with its sources as all tables show them: selected, combined, then the rest in chronyd's
/// order.
#[derive(Debug)]
pub(crate) struct Ordered<'a> {
    snapshot: &'a Snapshot,
    pub(crate) joined: Vec<Joined<'a>>,
}

impl<'a> Ordered<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let mut joined = snapshot.joined();
        joined.sort_by_key(|joined| match joined.source.state {
            SourceState::Selected => 0,
            SourceState::Unselected => 1,
            _ => 2,
        });
        Self { snapshot, joined }
    }

    pub(crate) fn snapshot(given: Option<&Self>) -> Option<&'a Snapshot> {
        given.map(|ordered| ordered.snapshot)
    }
}

impl Deref for Ordered<'_> {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        self.snapshot
    }
}

/// A row for each record of a report, in the order of the sources and with their names; where the sources
/// are not given, in the report's own order with their addresses.
pub(crate) fn rows_of<'a, T, R>(
    snapshot: &'a Ordered<'_>,
    records: &'a [T],
    of: impl Fn(&Joined<'a>) -> Option<&'a T> + 'a,
    address: impl Fn(&T) -> SourceAddress + 'a,
    row: impl Fn(Who, &T) -> R + 'a,
) -> Box<dyn Iterator<Item = R> + 'a> {
    if snapshot.sources.is_none() {
        return Box::new(records.iter().map(move |record| row(Who::at(address(record)), record)));
    }
    let rows = snapshot
        .joined
        .iter()
        .filter_map(move |joined| Some(row(Who::of(joined.source), of(joined)?)));
    Box::new(rows)
}

pub(crate) fn row(joined: &Joined<'_>) -> Row {
    let source = joined.source;
    let (name, address) = names(source);
    Row {
        id: source.id.clone(),
        state: state(joined),
        why: why(joined),
        mode: match source.mode {
            SourceMode::Client => SERVER,
            SourceMode::Peer => PEER,
            SourceMode::Refclock => REFCLOCK,
            _ => UNKNOWN_MODE,
        },
        name,
        address,
        stratum: source.stratum.map_or_else(|| "none".to_owned(), format::count),
        poll: format::duration(source.poll_interval()),
        reach: reach(source),
        last_sample: format::aged(source.last_sample_ago.map(f64::from)),
        offset: source.latest_meas.map(format::offset),
        error: source.latest_meas_err.map(format::measure),
        measured: source.orig_latest_meas.map(format::offset),
    }
}

/// What a source is called, and its address where that says more.
pub(crate) fn names(source: &Source) -> (String, Option<String>) {
    let address = source.address.to_string();
    match reference::name(source) {
        Some(name) => (name, Some(address)),
        None => (address, None),
    }
}

/// The mark and word for what chronyd makes of a source.
fn state(joined: &Joined<'_>) -> Term {
    let source = joined.source;
    match source.state {
        SourceState::Selected => SELECTED,
        SourceState::Unselected => COMBINED,
        SourceState::Selectable => NOT_COMBINED,
        SourceState::Falseticker => FALSETICKER,
        SourceState::Jittery => JITTERY,
        SourceState::Nonselectable if is_unresolved(source) => UNRESOLVED,
        SourceState::Nonselectable if !source.is_reachable() => UNREACHABLE,
        SourceState::Nonselectable
            if joined.select.is_some_and(|select| select.state == SelectState::Ignored) =>
        {
            IGNORED
        }
        SourceState::Nonselectable => UNUSABLE,
        _ => UNKNOWN_STATE,
    }
}

pub(crate) fn is_unresolved(source: &Source) -> bool {
    matches!(source.address, SourceAddress::Unresolved(_))
}

/// What explains the state beyond its word.
fn why(joined: &Joined<'_>) -> Option<&'static str> {
    let source = joined.source;
    if is_unresolved(source) {
        return Some("its name has no address yet");
    }
    if !source.is_reachable() {
        return Some(match source.last_sample_ago {
            None => "has not answered yet",
            Some(_) => "no answer to the last 8 polls",
        });
    }
    joined.select.and_then(|select| reason(select.state))
}

/// chronyd's reason in words; none where the state says it all.
pub(crate) fn reason(state: SelectState) -> Option<&'static str> {
    Some(match state {
        SelectState::Ignored => "has the noselect option",
        SelectState::NotSynchronized => "says that it is not synchronized itself",
        SelectState::MissingSamples => "has too few samples yet",
        SelectState::UnacceptableDistance => "its possible error is above the limit (maxdistance)",
        SelectState::LargeDistance => {
            "its possible error is too large to combine it (combinelimit)"
        }
        SelectState::Jittery => "its measurements scatter more than the limit (maxjitter)",
        SelectState::WaitingForOthers => "waits for other sources to be measured",
        SelectState::MissingSelectableSources => {
            "waits until more sources can be selected (minsources, require)"
        }
        SelectState::Stale => "its samples are older than those of the others",
        SelectState::Orphan => {
            "its stratum is no better than that of this machine's own stand-in time (local orphan)"
        }
        SelectState::NotTrusted => {
            "does not fully agree with the sources that have the option trust"
        }
        SelectState::NotPreferred => "another source has the option prefer",
        SelectState::WaitingForUpdate => {
            "waits for a new measurement, as another source was just selected"
        }
        SelectState::Outlier => "its interval of possible times lies apart from the others",
        SelectState::UnacceptableStratum => "its stratum is outside the limits set",
        _ => return None,
    })
}

fn reach(source: &Source) -> Reach {
    let register = source.reachability;
    Reach {
        marks: (0..8).rev().map(|bit| register >> bit & 1 == 1).collect(),
        octal: format::octal(register),
        words: format!("{} of 8", source.answered_polls()),
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Scenario, Source as Simulated};

    use super::*;
    use crate::view::samples::{read, read_udp, without_reference};

    fn v4(last: u8) -> Address {
        Address::V4([192, 0, 2, last].into())
    }

    fn words(view: &SourcesView) -> Vec<(&str, &str, &str)> {
        view.rows.iter().map(|row| (row.state.mark, row.state.word, row.name.as_str())).collect()
    }

    #[test]
    fn the_selected_source_comes_first_then_the_combined_then_the_rest_in_order() {
        let servers = [
            (1, Simulated::FALSETICKER),
            (2, Simulated::COMBINED),
            (3, Simulated::NOT_USED),
            (4, Simulated::SELECTED),
            (5, Simulated::COMBINED),
        ];
        let servers = servers.map(|(last, state)| Simulated::server(v4(last)).with_state(state));
        let view = sources(Some(&Ordered::of(&read(Scenario::with_sources(servers.into())))));
        let marks: Vec<_> = view.rows.iter().map(|row| row.state.mark).collect();
        assert_eq!(marks, ["*", "+", "+", "x", "-"]);
        let names: Vec<_> = view.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["192.0.2.4", "192.0.2.2", "192.0.2.5", "192.0.2.1", "192.0.2.3"]);
        assert_eq!(view.count.as_deref(), Some("5 sources"));
    }

    #[test]
    fn each_state_has_its_own_word_mark_and_class() {
        let snapshot = without_reference(vec![
            Simulated::server(v4(1)).with_state(Simulated::JITTERY),
            Simulated::unreachable(v4(2)),
            Simulated::unresolved(1, "lost.example.net"),
            Simulated::server(v4(3)).with_options(1).with_state(Simulated::NONSELECTABLE),
            Simulated { state: 9, ..Simulated::server(v4(4)) },
        ]);
        let view = sources(Some(&Ordered::of(&snapshot)));
        let states: Vec<_> = words(&view).iter().map(|(mark, word, _)| (*mark, *word)).collect();
        assert_eq!(
            states,
            [
                ("~", "too variable"),
                ("?", "unreachable"),
                ("?", "not resolved"),
                ("?", "not selectable"),
                ("?", "unknown state"),
            ]
        );
        assert_eq!(view.rows[1].why, Some("has not answered yet"));
        assert_eq!(view.rows[3].why, Some("has the noselect option"));
        let mut classes: Vec<_> = view.states.iter().map(|term| term.class).collect();
        classes.dedup();
        assert_eq!(classes.len(), view.states.len());
    }

    #[test]
    fn without_selection_data_an_answering_source_is_unusable_without_a_reason() {
        let view = sources(Some(&Ordered::of(&read_udp(Scenario::unsynchronized()))));
        assert_eq!((view.rows[0].state.word, view.rows[0].why), ("unusable", None));
        let view = sources(Some(&Ordered::of(&read(Scenario::unsynchronized()))));
        assert_eq!(view.rows[0].why, Some("has too few samples yet"));
    }

    #[test]
    fn reach_is_eight_marks_oldest_first_with_octal_and_a_count() {
        let server = Simulated { reachability: 0o273, ..Simulated::server(v4(1)) };
        let view = sources(Some(&Ordered::of(&without_reference(vec![server]))));
        let reach = &view.rows[0].reach;
        assert_eq!(reach.marks, [true, false, true, true, true, false, true, true]);
        assert_eq!((reach.octal.as_str(), reach.words.as_str()), ("273", "6 of 8"));
    }

    #[test]
    fn a_source_never_sampled_shows_words_and_no_placeholders() {
        let view = sources(Some(&Ordered::of(&read(Scenario::only_unreachable()))));
        let row = &view.rows[0];
        assert_eq!((row.last_sample.text.as_str(), row.stratum.as_str()), ("never", "none"));
        assert_eq!((&row.offset, &row.error, &row.measured), (&None, &None, &None));
    }

    #[test]
    fn a_refclock_shows_its_id_its_mode_and_a_poll_below_a_second() {
        let view = sources(Some(&Ordered::of(&read(Scenario::gps_and_pps()))));
        let row = &view.rows[0];
        assert_eq!((row.name.as_str(), row.mode.mark, row.poll.as_str()), ("PPS", "#", "250 ms"));
        assert_eq!(row.stratum, "0");
    }

    #[test]
    fn a_name_is_shown_with_its_address() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources.as_mut().unwrap()[0].name = Some("time.example.net".to_owned());
        let view = sources(Some(&Ordered::of(&snapshot)));
        assert_eq!(view.rows[0].name, "time.example.net");
        assert_eq!(view.rows[0].address.as_deref(), Some("192.0.2.11"));
    }

    #[test]
    fn no_source_shows_the_line_of_configuration_that_adds_one() {
        let view = sources(Some(&Ordered::of(&read(Scenario::no_sources()))));
        assert!(view.rows.is_empty() && view.missing.is_none());
        assert!(view.none[0].lines[0].code.contains("server time.example.net iburst"));
    }

    #[test]
    fn no_data_is_told_apart_from_no_sources() {
        let view = sources(None);
        assert!(view.missing.is_some_and(|missing| missing.starts_with("No data")));
        assert!(view.none.is_empty() && view.count.is_none());
    }
}
