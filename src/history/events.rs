//! What changed from one reading to the next.
//!
//! - **Stepped**: between two readings the clock went further, or less far, than a clock that nobody
//!   sets, by 10 ms or more. Corrections that slew change both in step. It is this machine's clock that
//!   is looked at, so nothing is said of the clock of a chronyd elsewhere.
//! - **Restarted**: a counter of chronyd's server went back, or chronyd, which had updated the clock,
//!   says that it never did. What a fresh start does to the sources is no event of its own.
//! - **Unreachable** is a source that answered before; **Reachable** one that was unreachable.
//! - A **falseticker** stays one until the selection finds it good again: while it does not answer, it is
//!   not judged.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use libchrony::{LeapStatus, SourceState};

use super::note::{Clock, Counters, Given, Note, Noted};
use super::window::{Change, Event};

/// The most events that are held; the oldest are forgotten first.
pub(super) const MOST_EVENTS: usize = 1000;
/// The most events of one reading, as when a list of thousands of sources is gone.
const MOST_AT_ONCE: usize = 100;
/// The smallest step, seconds: reading two clocks takes a while, too.
const LEAST_STEP: f64 = 0.01;
/// The most characters of a reason that are kept.
const LONGEST_REASON: usize = 500;

/// The log, and what the next reading is compared with.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) events: VecDeque<Event>,
    /// How many there were ever.
    pub(super) total: u64,
    pub(super) seen: Seen,
    times: Option<(SystemTime, Duration)>,
    /// Whether the last reading gave no data; `None` before the first.
    silent: Option<bool>,
    is_local: bool,
    synchronized: Option<bool>,
    /// The last that was not "unsynchronised".
    leap: Option<LeapStatus>,
    selected: Option<Option<String>>,
    updated: bool,
    counters: Option<Counters>,
    sources: Option<HashMap<String, Known>>,
}

/// How often something was seen since the process was started, whatever the log still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    /// Steps of the clock.
    pub(crate) steps: u64,
    /// Restarts of chronyd.
    pub(crate) restarts: u64,
}

#[derive(Debug)]
struct Known {
    name: String,
    /// Whether it ever answered.
    answered: bool,
    unreachable: bool,
    falseticker: bool,
}

impl Log {
    /// A log with events of before, the first of which has this number.
    pub(super) fn with(first: u64, mut events: Vec<Event>) -> Self {
        let total = first.saturating_add(u64::try_from(events.len()).unwrap_or(u64::MAX));
        let old = events.len().saturating_sub(MOST_EVENTS);
        events.drain(..old);
        Self { events: events.into(), total, ..Self::default() }
    }

    /// Logs that second-hand began to read.
    pub(super) fn begin(&mut self, at: SystemTime) {
        self.add(at, [Change::Began]);
    }

    fn add(&mut self, at: SystemTime, changes: impl IntoIterator<Item = Change>) {
        for change in changes.into_iter().take(MOST_AT_ONCE) {
            if self.events.len() >= MOST_EVENTS {
                self.events.pop_front();
            }
            self.events.push_back(Event { at, change });
            self.total += 1;
        }
    }

    /// Logs what is different in this reading.
    pub(super) fn compare(&mut self, note: &Note) {
        let mut changes = Vec::new();
        let step = self.step(note);
        match &note.given {
            Ok(given) => {
                self.is_local = given.is_local;
                if self.silent.replace(false) == Some(true) {
                    changes.push(Change::Back);
                }
                changes.extend(step);
                self.data(given, &mut changes);
            }
            Err(reason) => {
                changes.extend(step);
                if self.silent.replace(true) != Some(true) {
                    let reason = reason.chars().take(LONGEST_REASON).collect();
                    changes.push(Change::Lost { reason });
                }
            }
        }
        for change in &changes {
            match change {
                Change::Stepped { .. } => self.seen.steps += 1,
                Change::Restarted => self.seen.restarts += 1,
                _ => {}
            }
        }
        self.add(note.at, changes);
    }

    fn step(&mut self, note: &Note) -> Option<Change> {
        let (at, uptime) = self.times.replace((note.at, note.uptime))?;
        let elapsed = note.uptime.saturating_sub(uptime).as_secs_f64();
        let gone = match note.at.duration_since(at) {
            Ok(ahead) => ahead.as_secs_f64(),
            Err(back) => -back.duration().as_secs_f64(),
        };
        let seconds = gone - elapsed;
        (self.is_local && seconds.abs() >= LEAST_STEP).then_some(Change::Stepped { seconds })
    }

    fn data(&mut self, given: &Given, changes: &mut Vec<Change>) {
        let restarted = self.restarted(given);
        if restarted {
            changes.push(Change::Restarted);
        }
        if let Some(clock) = &given.clock {
            self.clock(clock, changes);
        }
        self.selection(given, changes);
        if let Some(sources) = &given.sources {
            self.sources(sources, restarted, changes);
        }
    }

    fn restarted(&mut self, given: &Given) -> bool {
        let mut restarted = false;
        if let Some(now) = given.counters {
            let before = self.counters.replace(now);
            restarted |= before.is_some_and(|before| now.began_anew(&before));
        }
        if let Some(clock) = &given.clock {
            let before = std::mem::replace(&mut self.updated, clock.updated);
            restarted |= before && !clock.updated;
        }
        restarted
    }

    fn clock(&mut self, clock: &Clock, changes: &mut Vec<Change>) {
        let now = clock.synchronized;
        if self.synchronized.replace(now).is_some_and(|before| before != now) {
            changes.push(Change::Synchronized(now));
        }
        if clock.leap != LeapStatus::Unsynchronised {
            let now = clock.leap;
            if let Some(before) = self.leap.replace(now).filter(|before| *before != now) {
                changes.push(Change::Leap { before, now });
            }
        }
    }

    fn selection(&mut self, given: &Given, changes: &mut Vec<Change>) {
        let now = match (&given.sources, &given.clock) {
            (Some(sources), _) => {
                let mut sources = sources.iter();
                sources.find(|s| s.state == SourceState::Selected).map(|s| s.name.clone())
            }
            (None, Some(clock)) => clock.reference.clone(),
            (None, None) => return,
        };
        if let Some(before) = self.selected.replace(now.clone()).filter(|before| *before != now) {
            changes.push(Change::Selected { before, now });
        }
    }

    fn sources(&mut self, sources: &[Noted], restarted: bool, changes: &mut Vec<Change>) {
        let is_first = self.sources.is_none();
        let mut before = self.sources.take().unwrap_or_default();
        let mut now = HashMap::with_capacity(sources.len());
        for source in sources {
            let known = before.remove(&source.id);
            if known.is_none() && !is_first {
                changes.push(Change::Added { source: source.name.clone() });
            }
            let mut known = known.unwrap_or_else(|| Known {
                name: source.name.clone(),
                answered: false,
                unreachable: false,
                falseticker: is_first && source.state == SourceState::Falseticker,
            });
            known.name.clone_from(&source.name);
            known.change(source, restarted, changes);
            now.insert(source.id.clone(), known);
        }
        let mut gone: Vec<_> = before.into_values().map(|known| known.name).collect();
        gone.sort_unstable();
        changes.extend(gone.into_iter().map(|source| Change::Removed { source }));
        self.sources = Some(now);
    }
}

impl Known {
    fn change(&mut self, source: &Noted, restarted: bool, changes: &mut Vec<Change>) {
        let name = || source.name.clone();
        let answers = source.register != 0;
        if restarted && !answers {
            // It begins to be polled anew.
            (self.answered, self.unreachable) = (false, false);
        }
        if answers && self.unreachable {
            self.unreachable = false;
            changes.push(Change::Reachable { source: name() });
        } else if !answers && self.answered && !self.unreachable {
            self.unreachable = true;
            changes.push(Change::Unreachable { source: name() });
        }
        self.answered |= answers;
        let is = match source.state {
            SourceState::Falseticker => true,
            SourceState::Selected
            | SourceState::Unselected
            | SourceState::Selectable
            | SourceState::Jittery => false,
            _ => self.falseticker,
        };
        if is != self.falseticker {
            self.falseticker = is;
            changes.push(Change::Falseticker { source: name(), is });
        }
    }
}

impl Event {
    /// Whether it is of a source with this name.
    pub(super) fn is_of(&self, name: &str) -> bool {
        match &self.change {
            Change::Unreachable { source }
            | Change::Reachable { source }
            | Change::Falseticker { source, .. }
            | Change::Added { source }
            | Change::Removed { source } => source == name,
            Change::Selected { before, now } => {
                [before, now].into_iter().flatten().any(|source| source == name)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid::time;
    use super::super::samples::{note, silent};
    use super::*;

    /// What is logged of readings 5 s apart, after the first.
    fn logged(notes: impl IntoIterator<Item = Note>) -> Vec<Change> {
        let mut log = Log::default();
        for (n, mut note) in (0..).zip(notes) {
            note.at += Duration::from_secs(n * 5);
            note.uptime += Duration::from_secs(n * 5);
            log.compare(&note);
        }
        log.events.into_iter().map(|event| event.change).collect()
    }

    fn healthy() -> Note {
        note(1_700_000_000, &["a", "b"])
    }

    fn name(id: &str) -> String {
        format!("{id}.example.net")
    }

    #[test]
    fn nothing_is_logged_while_nothing_changes() {
        assert_eq!(logged([healthy(), healthy(), healthy()]), []);
    }

    #[test]
    fn another_selected_source_is_logged_with_the_one_before() {
        let changed = healthy()
            .with_source("a", |source| source.state = SourceState::Unselected)
            .with_source("b", |source| source.state = SourceState::Selected);
        let expected = Change::Selected { before: Some(name("a")), now: Some(name("b")) };
        assert_eq!(logged([healthy(), changed]), [expected]);
        let none = healthy().with_source("a", |source| source.state = SourceState::Jittery);
        let expected = Change::Selected { before: Some(name("a")), now: None };
        assert_eq!(logged([healthy(), none]), [expected]);
    }

    #[test]
    fn without_the_list_of_sources_the_reference_tells_the_selection() {
        let without = |reference: &str| {
            let reference = reference.to_owned();
            healthy()
                .with(|given| given.sources = None)
                .with_clock(|clock| clock.reference = Some(reference))
        };
        let expected = Change::Selected { before: Some("a".into()), now: Some("b".into()) };
        assert_eq!(logged([without("a"), without("b")]), [expected]);
    }

    #[test]
    fn losing_and_gaining_synchronization_is_no_leap_status() {
        let lost = healthy().with_clock(|clock| {
            (clock.synchronized, clock.leap) = (false, LeapStatus::Unsynchronised);
        });
        let expected = [Change::Synchronized(false), Change::Synchronized(true)];
        assert_eq!(logged([healthy(), lost, healthy()]), expected);
        let leap = healthy().with_clock(|clock| clock.leap = LeapStatus::Insert);
        let expected = Change::Leap { before: LeapStatus::Normal, now: LeapStatus::Insert };
        assert_eq!(logged([healthy(), leap]), [expected]);
    }

    #[test]
    fn only_a_source_that_answered_becomes_unreachable_and_only_such_a_one_reachable() {
        let quiet = || healthy().with_source("b", |source| source.register = 0);
        let source = || name("b");
        let expected =
            [Change::Unreachable { source: source() }, Change::Reachable { source: source() }];
        assert_eq!(logged([healthy(), quiet(), quiet(), healthy()]), expected);
        assert_eq!(logged([quiet(), quiet(), healthy()]), []);
    }

    #[test]
    fn a_falseticker_stays_one_until_it_is_found_good() {
        let with = |state| healthy().with_source("b", |source| source.state = state);
        let is = |is| Change::Falseticker { source: name("b"), is };
        let notes = [
            healthy(),
            with(SourceState::Falseticker),
            with(SourceState::Nonselectable),
            with(SourceState::Falseticker),
            healthy(),
        ];
        assert_eq!(logged(notes), [is(true), is(false)]);
        // That it was one from the beginning is no change.
        assert_eq!(logged([with(SourceState::Falseticker), healthy()]), [is(false)]);
    }

    #[test]
    fn sources_that_come_and_go_are_logged_but_not_those_of_the_first_list() {
        let other = note(1_700_000_000, &["a", "c"]);
        let expected = [Change::Added { source: name("c") }, Change::Removed { source: name("b") }];
        assert_eq!(logged([healthy(), other]), expected);
        // Where the list is not given, nobody came or went.
        let none = healthy().with(|given| given.sources = None);
        let none = none.with_clock(|clock| clock.reference = Some(name("a")));
        assert_eq!(logged([healthy(), none, healthy()]), []);
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn a_list_that_is_gone_leaves_room_for_what_was_before() {
        let many: Vec<_> = (0..500).map(|n| format!("{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let changes = logged([note(0, &many), note(0, &[])]);
        assert_eq!(changes.len(), MOST_AT_ONCE);
    }

    #[test]
    fn no_data_is_logged_once_with_its_reason_and_its_end() {
        let silent = || silent(1_700_000_000, "no answer");
        let lost = Change::Lost { reason: "no answer".to_owned() };
        let expected = [lost.clone(), Change::Back];
        assert_eq!(logged([healthy(), silent(), silent(), healthy()]), expected);
        assert_eq!(logged([silent()]), [lost]);
    }

    #[test]
    fn a_step_is_what_the_clock_went_beside_one_that_nobody_sets() {
        for seconds in [-3600.0, -0.011, 0.011, 86_400.0] {
            let mut stepped = healthy();
            stepped.at = if seconds < 0.0 {
                stepped.at - Duration::from_secs_f64(-seconds)
            } else {
                stepped.at + Duration::from_secs_f64(seconds)
            };
            let found = logged([healthy(), stepped.clone()]);
            let [Change::Stepped { seconds: found }] = found[..] else { panic!("{found:?}") };
            assert!((found - seconds).abs() < 1e-6, "{found}, not {seconds}");
            // The clock of a chronyd elsewhere is not looked at.
            let remote = |note: Note| note.with(|given| given.is_local = false);
            assert_eq!(logged([remote(healthy()), remote(stepped)]), []);
        }
        let mut slewed = healthy();
        slewed.at += Duration::from_millis(9);
        assert_eq!(logged([healthy(), slewed]), []);
    }

    #[test]
    fn counters_that_go_back_are_a_restart_and_what_it_does_to_sources_is_not_logged() {
        let fresh = healthy().with(|given| given.counters = Some(Counters([Some(3); 8])));
        let fresh = fresh.with_source("b", |source| {
            (source.register, source.state) = (0, SourceState::Nonselectable);
        });
        assert_eq!(logged([healthy(), fresh, healthy()]), [Change::Restarted]);
    }

    #[test]
    fn a_counter_that_ran_over_is_no_restart() {
        let at = |count| healthy().with(|given| given.counters = Some(Counters([Some(count); 8])));
        assert_eq!(logged([at(u64::from(u32::MAX) - 3), at(5)]), []);
    }

    #[test]
    fn a_chronyd_that_never_updated_the_clock_after_it_had_is_a_restart() {
        let fresh = healthy().with_clock(|clock| clock.updated = false);
        assert_eq!(logged([healthy(), fresh, healthy()]), [Change::Restarted]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn the_log_holds_the_last_thousand() {
        let mut log = Log::default();
        log.begin(time(0));
        for n in 0..2000 {
            let register = u8::from(n % 2 == 1);
            log.compare(&note(n * 5, &["a"]).with_source("a", |source| source.register = register));
        }
        assert_eq!(log.events.len(), MOST_EVENTS);
        assert_eq!(log.events.back().map(|event| event.at), Some(time(9995)));
        // Each reading but the first, in which it had not answered yet, and the next is a change.
        assert_eq!(log.total, 1 + 1998);
    }
}
