//! What was read before: series of values and a log of events, in memory and bounded.
//!
//! [`History::record`] takes note of a reading, [`History::window`] and its siblings give what was read
//! in a while, in steps of equal length. Gaps are gaps: nothing is made up for a time without a reading.

mod batch;
mod bytes;
mod cell;
mod chosen;
mod database;
mod events;
mod form;
mod grid;
mod keeper;
mod measure;
mod note;
mod packed;
mod rates;
#[cfg(test)]
mod samples;
mod store;
mod track;
mod window;

pub(crate) use chosen::{Chosen, Series};
pub(crate) use database::FileError;
pub(crate) use events::Seen;
pub use measure::Measured;
pub(crate) use rates::Rates;
pub(crate) use window::{Change, Event, Lines, Point, SourceHistory, SourceWindow, Window};

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use batch::State;
use events::Log;
use grid::{Grid, seconds, time};
use keeper::Keeper;
use note::Note;
use rates::Counted;
use store::{Recorded, Store};
use tracing::warn;

use crate::error::shown;
use crate::reading::Reading;

/// How often the history file is written: each so many readings, within these limits.
const READINGS_A_BATCH: u32 = 12;
const LEAST_BATCH: Duration = Duration::from_secs(10);
const MOST_BATCH: Duration = Duration::from_secs(60);

/// The recorded series.
#[derive(Debug)]
pub(crate) struct History {
    held: Arc<RwLock<Held>>,
    file: Option<Kept>,
}

/// The history file.
#[derive(Debug)]
struct Kept {
    keeper: Keeper,
    path: PathBuf,
    /// That another file was set aside for it.
    note: Option<String>,
}

#[derive(Debug)]
struct Held {
    /// `None` where no history is wanted.
    store: Option<Store>,
    log: Log,
    counted: Counted,
}

impl History {
    /// A history of so long (`None` = none at all) of readings so far apart, in memory.
    pub(crate) fn new(length: Option<Duration>, refresh: Duration) -> Self {
        let store = length.map(|length| new_store(length, refresh));
        let mut log = Log::default();
        if store.is_some() {
            log.begin(SystemTime::now());
        }
        let held = Held { store, log, counted: Counted::default() };
        Self { held: Arc::new(RwLock::new(held)), file: None }
    }

    /// A history that is kept in a file, with what is in it already. A file that cannot be read is set
    /// aside: see [`Self::notice`].
    pub(crate) fn open(
        path: &Path,
        length: Duration,
        refresh: Duration,
    ) -> Result<Self, FileError> {
        let opened = database::open(path, || new_store(length, refresh))?;
        if let Some(note) = &opened.note {
            warn!("{}", shown(note));
        }
        let mut log = Log::with(opened.first_event, opened.events);
        let state = State::of(&log, &opened.store);
        log.begin(SystemTime::now());
        let held = Held { store: Some(opened.store), log, counted: Counted::default() };
        let held = Arc::new(RwLock::new(held));
        let every = (refresh * READINGS_A_BATCH).clamp(LEAST_BATCH, MOST_BATCH);
        let path = path.to_owned();
        let keeper = Keeper::start(path.clone(), opened.database, state, Arc::clone(&held), every)
            .map_err(|source| FileError::Closed { source })?;
        Ok(Self { held, file: Some(Kept { keeper, path, note: opened.note }) })
    }

    /// Writes what is not in the file yet, and closes it.
    pub(crate) fn end(&self) {
        if let Some(file) = &self.file {
            file.keeper.end();
        }
    }

    /// What a reader should know of the history file, and do about it: that it is not written, or that
    /// the one there was could not be read.
    pub(crate) fn notice(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        let failure = file.keeper.failure().map(|reason| {
            format!(
                "The history file {} cannot be written: {reason}. The history goes on in memory, and the file is tried again and again. Look whether its disk has room, and whether the user that second-hand runs as may write there.",
                file.path.display()
            )
        });
        let set_aside = || {
            let note = file.note.as_ref()?;
            Some(format!("{note} The charts begin anew; keep or delete the old file as you like."))
        };
        failure.or_else(set_aside)
    }

    /// Takes note of a reading; one that gave no data is a gap.
    pub(crate) fn record(&self, reading: &Reading) {
        self.take(&Note::of(reading));
    }

    fn take(&self, note: &Note) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let counters = note.given.as_ref().ok().and_then(|given| given.counters);
        if let Some(counters) = counters {
            held.counted.add(note.uptime, counters);
        }
        let Held { store, log, .. } = &mut *held;
        log.compare(note);
        match store {
            Some(store) => store.record(note),
            // Nobody is shown them.
            None => log.events.clear(),
        }
    }

    /// When the first reading was that is still known; `None` where there is none.
    pub(crate) fn since(&self) -> Option<SystemTime> {
        self.held().store.as_ref()?.first().map(time)
    }

    /// The same of one source.
    pub(crate) fn source_since(&self, id: &str) -> Option<SystemTime> {
        self.held().store.as_ref()?.sources.get(id)?.track.first().map(time)
    }

    /// What a page shows of the time from `from` to `to`, in about `points` steps.
    ///
    /// The steps lie on multiples of their length since 1970, so the first begins at `from` or before
    /// it. They are never shorter than twice the time between readings, nor finer than what is kept of
    /// that time, so that a step without value is a gap.
    pub(crate) fn window(
        &self,
        (from, to): (SystemTime, SystemTime),
        points: usize,
        lines: Lines<'_>,
    ) -> Window {
        let held = self.held();
        let Some(store) = &held.store else {
            return Window { from, to, ..Window::default() };
        };
        let grid = Grid::new(from, to, points, store.least_step(seconds(from)));
        let clock = |series| store.clock.points(series, &grid);
        let mut drawn = store.sources_of(&grid);
        // A line that has no value in this time would only take the place of another.
        drawn.retain(|recorded| recorded.track.has_points(0, &grid));
        drawn.sort_by_key(|recorded| lines.first != Some(&*recorded.id));
        let others = drawn.split_off(drawn.len().min(lines.most));
        let source = |recorded: &Recorded| SourceHistory {
            id: recorded.id.to_string(),
            name: recorded.name.clone(),
            offset: recorded.track.points(0, &grid),
        };
        Window {
            from: time(grid.from),
            to: time(grid.end()),
            step: Duration::from_secs(grid.step.into()),
            since: store.first().map(time),
            offset: clock(0),
            max_error: clock(1),
            frequency: clock(2),
            skew: clock(3),
            sources: drawn.into_iter().map(source).collect(),
            others: others.into_iter().map(|recorded| recorded.name.clone()).collect(),
            events: held.events(&grid, |_| true),
        }
    }

    /// What the page of a source shows, in steps as those of [`Self::window`]; `None` where no such
    /// source was read in all the history.
    pub(crate) fn source_window(
        &self,
        id: &str,
        from: SystemTime,
        to: SystemTime,
        points: usize,
    ) -> Option<SourceWindow> {
        let held = self.held();
        let store = held.store.as_ref()?;
        let recorded = store.sources.get(id)?;
        let least = recorded.track.grain(seconds(from)).max(store.least_step(u32::MAX));
        let grid = Grid::new(from, to, points, least);
        Some(SourceWindow {
            from: time(grid.from),
            to: time(grid.end()),
            step: Duration::from_secs(grid.step.into()),
            since: recorded.track.first().map(time),
            name: recorded.name.clone(),
            configured: recorded.place.is_some(),
            offset: recorded.track.points(0, &grid),
            error: recorded.track.points(1, &grid),
            reach: recorded.track.registers(&grid),
            delay: recorded.track.points(3, &grid),
            events: held.events(&grid, |event| event.is_of(&recorded.name)),
        })
    }

    /// How often chronyd's server is asked; `None` before two readings told of it.
    pub(crate) fn rates(&self) -> Option<Rates> {
        self.held().counted.rates()
    }

    /// How often something was seen since the process was started, also without a history.
    pub(crate) fn seen(&self) -> Seen {
        self.held().log.seen
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn new_store(length: Duration, refresh: Duration) -> Store {
    let whole = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    Store::new(whole(length), whole(refresh.saturating_add(Duration::from_millis(999))))
}

impl Held {
    /// The events within these steps, the oldest first.
    fn events(&self, grid: &Grid, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let is_in = |event: &&Event| grid.place(seconds(event.at)).is_some() && wanted(event);
        let mut events: Vec<_> = self.log.events.iter().filter(is_in).cloned().collect();
        // The clock may have gone back between them.
        events.sort_by_key(|event| event.at);
        events
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{note, silent};
    use super::*;

    const START: u32 = 1_699_920_000;
    const HOUR: u32 = 3600;
    const DAY: u32 = 86_400;

    fn history(length: u32) -> History {
        History::new(Some(Duration::from_secs(length.into())), Duration::from_secs(5))
    }

    /// With a line for each source.
    fn window_of(history: &History, from: SystemTime, to: SystemTime, points: usize) -> Window {
        history.window((from, to), points, Lines { first: None, most: usize::MAX })
    }

    fn bytes(history: &History) -> usize {
        history.held().store.as_ref().unwrap().bytes()
    }

    fn known(history: &History) -> usize {
        history.held().store.as_ref().unwrap().sources.len()
    }

    fn values(points: &[Option<Point>]) -> usize {
        points.iter().flatten().count()
    }

    #[test]
    fn what_was_read_is_in_the_window() {
        let history = history(DAY);
        for n in 0..10 {
            history.take(&note(START + n * 5, &["a", "b"]));
        }
        let window = window_of(&history, time(START - 60), time(START + 60), 300);
        assert_eq!(window.step, Duration::from_secs(10));
        assert_eq!(window.since, Some(time(START)));
        for series in [&window.offset, &window.max_error, &window.frequency, &window.skew] {
            assert_eq!((series.len(), values(series)), (13, 5));
        }
        let point = window.frequency[6].unwrap();
        assert_eq!((point.min, point.mean, point.max), (-3.0, -3.0, -3.0));
        let names: Vec<_> = window.sources.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["a.example.net", "b.example.net"]);
        assert_eq!((values(&window.sources[0].offset), window.others.len()), (5, 0));
    }

    #[test]
    fn a_window_has_as_many_lines_as_are_asked_for_and_names_the_others() {
        let history = history(DAY);
        let silent = |note: Note, id| note.with_source(id, |source| source.values[0] = f32::NAN);
        history.take(&note(START - 600, &["gone"]));
        history.take(&silent(note(START, &["a", "b", "c", "silent", "d"]), "silent"));
        let lines = |first, most| {
            let lines = Lines { first, most };
            let window = history.window((time(START - 600), time(START + 60)), 300, lines);
            let ids: Vec<_> = window.sources.into_iter().map(|source| source.id).collect();
            (ids.join(" "), window.others.join(" "))
        };
        let name = |ids: &str| ids.replace(' ', ".example.net ") + ".example.net";
        assert_eq!(lines(Some("c"), 2), ("c a".to_owned(), name("b d gone")));
        assert_eq!(lines(None, 3), ("a b c".to_owned(), name("d gone")));
        assert_eq!(lines(Some("silent"), 9), ("a b c d gone".to_owned(), String::new()));
        assert_eq!(lines(Some("unknown"), 0), (String::new(), name("a b c d gone")));
    }

    #[test]
    fn before_the_first_reading_every_step_is_empty() {
        let history = history(DAY);
        assert_eq!((history.since(), history.source_since("a")), (None, None));
        let window = window_of(&history, time(START), time(START + HOUR), 300);
        assert_eq!((window.offset.len(), values(&window.offset)), (241, 0));
        assert_eq!((window.since, window.sources), (None, Vec::new()));
    }

    #[test]
    fn a_chronyd_that_is_silent_leaves_a_gap() {
        let history = history(DAY);
        for n in 0..60 {
            let second = START + n * 5;
            let quiet = (20..40).contains(&n);
            let note = if quiet { silent(second, "no answer") } else { note(second, &["a"]) };
            history.take(&note);
        }
        let window = window_of(&history, time(START), time(START + 295), 300);
        assert_eq!((window.offset.len(), values(&window.offset)), (30, 20));
        assert_eq!(window.offset[10..20], [None; 10]);
        assert_eq!(window.sources[0].offset[10..20], [None; 10]);
    }

    #[test]
    fn without_a_history_there_is_none_but_rates_are() {
        let history = History::new(None, Duration::from_secs(5));
        history.take(&note(START, &["a"]));
        history.take(&note(START + 5, &["a"]));
        let window = window_of(&history, time(START), time(START + HOUR), 300);
        assert_eq!((window.since, window.offset.len()), (None, 0));
        assert_eq!(history.source_window("a", time(START), time(START + HOUR), 300), None);
        assert_eq!(history.rates().unwrap().received_ntp_requests, Some(1.0));
    }

    #[test]
    fn steps_and_restarts_are_counted_also_without_a_history() {
        for length in [None, Some(Duration::from_secs(600))] {
            let history = History::new(length, Duration::from_secs(5));
            history.take(&note(START, &["a"]));
            assert_eq!(history.seen(), Seen::default());
            let mut stepped = note(START + 5, &["a"]);
            stepped.at += Duration::from_secs(3600);
            history.take(&stepped);
            assert_eq!(history.seen(), Seen { steps: 1, restarts: 0 });
            let back = note(START + 10, &["a"]);
            history.take(&back.with_clock(|clock| clock.updated = false));
            assert_eq!(history.seen(), Seen { steps: 2, restarts: 1 });
            let events = history.held().log.events.len();
            assert_eq!(events > 0, length.is_some(), "{events} events are held");
        }
    }

    #[test]
    fn a_source_has_its_reach_as_it_was_and_its_delay() {
        let history = history(DAY);
        history.take(&note(START - 60, &["b"]));
        history.take(&note(START, &["a"]));
        assert_eq!(history.since(), Some(time(START - 60)));
        assert_eq!(history.source_since("a"), Some(time(START)));
        history.take(&note(START + 10, &["a"]).with_source("a", |source| {
            source.register = 0b1111_1110;
            source.values[3] = f32::NAN;
        }));
        let window = history.source_window("a", time(START), time(START + 10), 10).unwrap();
        assert_eq!(window.reach, [Some(0xff), Some(0xfe)]);
        assert_eq!(values(&window.delay), 1);
        assert_eq!((window.name.as_str(), window.configured), ("a.example.net", true));
        assert_eq!(history.source_window("c", time(START), time(START + 10), 10), None);
    }

    #[test]
    fn sources_stand_in_the_order_of_the_list_and_those_gone_last() {
        let history = history(DAY);
        history.take(&note(START, &["gone", "a", "b", "old"]));
        history.take(&note(START + 60, &["b", "a", "gone"]));
        history.take(&note(START + 120, &["b", "a"]));
        let window = window_of(&history, time(START), time(START + 120), 100);
        let ids: Vec<_> = window.sources.iter().map(|source| source.id.as_str()).collect();
        assert_eq!(ids, ["b", "a", "gone", "old"]);
        // Of the last minute nothing is known of those.
        let window = window_of(&history, time(START + 90), time(START + 120), 100);
        assert_eq!(window.sources.len(), 2);
    }

    #[test]
    fn a_source_is_forgotten_when_the_history_is_past_it() {
        let history = history(600);
        history.take(&note(START, &["a", "gone"]));
        history.take(&note(START + 500, &["a"]));
        assert_eq!(known(&history), 2);
        history.take(&note(START + 700, &["a"]));
        assert_eq!(known(&history), 1);
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many sources take Miri too long")]
    fn sources_that_come_and_go_without_end_stay_bounded() {
        let history = history(DAY);
        for n in 0..5000 {
            history.take(&note(START + n * 10, &["stays", &format!("{n}")]));
        }
        assert_eq!(known(&history), 2000);
        let window = window_of(&history, time(START + 40_000), time(START + 49_990), 300);
        assert_eq!(window.sources[0].id, "stays");
        assert_eq!(window.sources[1].id, "4999");
        let many: Vec<_> = (0..3000).map(|n| format!("new{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        history.take(&note(START + 50_000, &many));
        history.take(&note(START + 50_010, &many));
        assert_eq!(known(&history), 2000);
        assert!(history.source_window("new0", time(START), time(START + 60_000), 9).is_some());
    }

    #[test]
    fn a_clock_that_goes_back_unsynchronized_is_waited_for() {
        let history = history(DAY);
        history.take(&note(START, &["a"]));
        // As a machine starts that has no real-time clock.
        for n in 0..10 {
            let early = note(n * 5, &["a"]).with_clock(|clock| clock.synchronized = false);
            history.take(&early);
        }
        history.take(&note(START + 60, &["a"]));
        let window = window_of(&history, time(START), time(START + 60), 100);
        assert_eq!((values(&window.offset), window.since), (2, Some(time(START))));
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn a_synchronized_clock_that_went_back_takes_back_what_was_still_to_come() {
        let history = history(DAY);
        for n in 0..100 {
            history.take(&note(START + n * 10, &["a"]));
        }
        history.take(&note(START + 500, &["a"]).with_clock(|clock| clock.values[2] = 7.0));
        let window = window_of(&history, time(START), time(START + 1000), 5000);
        assert_eq!(values(&window.frequency), 51);
        assert_eq!(window.frequency[50].unwrap().max, 7.0);
        assert_eq!(window.frequency[51], None);
        history.take(&note(START + 510, &["a"]));
        history.take(&note(0, &["a"]));
        assert_eq!(window_of(&history, time(0), time(START), 10).since, Some(time(0)));
    }

    #[test]
    fn a_clock_that_jumps_ahead_leaves_a_gap() {
        let history = history(30 * DAY);
        history.take(&note(START, &["a"]));
        history.take(&note(START + 20 * DAY, &["a"]));
        let window = window_of(&history, time(START), time(START + 20 * DAY), 300);
        assert_eq!(values(&window.offset), 2);
        history.take(&note(u32::MAX, &["a"]));
        history.take(&note(u32::MAX, &["a"]));
        assert_eq!(window_of(&history, time(0), time(u32::MAX), 3).since, Some(time(u32::MAX)));
    }

    #[test]
    fn a_window_has_its_events_and_a_source_its_own() {
        let history = history(DAY);
        history.take(&note(START, &["a", "b"]));
        history.take(&note(START + 10, &["a"]));
        history.take(&note(START + 20, &["a", "c"]));
        history.take(&note(START + 3 * HOUR, &["c"]));
        let source = || "c.example.net".to_owned();
        let changes = |events: Vec<Event>| -> Vec<_> {
            events.into_iter().map(|event| (seconds(event.at) - START, event.change)).collect()
        };
        let window = window_of(&history, time(START), time(START + 60), 100);
        let removed = Change::Removed { source: "b.example.net".to_owned() };
        let added = Change::Added { source: source() };
        assert_eq!(changes(window.events), [(10, removed), (20, added.clone())]);
        let window = history.source_window("c", time(START), time(START + 4 * HOUR), 100).unwrap();
        let before = Some("a.example.net".to_owned());
        let selected = Change::Selected { before, now: Some(source()) };
        assert_eq!(changes(window.events), [(20, added), (3 * HOUR, selected)]);
    }

    /// A reading each 5 s.
    fn fill(history: &History, sources: u32, seconds: u32) {
        let ids: Vec<_> = (0..sources).map(|n| format!("192.0.2.{n}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let mut note = note(START, &ids);
        for second in (START..START + seconds).step_by(5) {
            note.at = time(second);
            history.take(&note);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn a_day_of_20_sources_every_5_seconds_takes_less_than_4_mb() {
        let history = history(DAY);
        fill(&history, 20, 25 * HOUR);
        let bytes = bytes(&history);
        assert!(bytes < 4_000_000, "{bytes} bytes");
        // It is all there.
        let window = window_of(&history, time(START + HOUR), time(START + 25 * HOUR - 5), 5000);
        assert_eq!(window.step, Duration::from_secs(60));
        assert_eq!((window.sources.len(), values(&window.sources[19].offset)), (20, 1440));
        let window =
            window_of(&history, time(START + 24 * HOUR), time(START + 25 * HOUR - 5), 5000);
        assert_eq!((window.step.as_secs(), values(&window.offset)), (10, 360));
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn many_sources_are_held_coarser_and_a_day_of_2000_takes_less_than_60_mb() {
        let history = history(DAY);
        let ids: Vec<_> = (0..2000).map(|n| format!("2001:db8::{n:x}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        let mut note = note(START, &ids);
        // Fewer readings than there are, as many are what a debug build takes long for.
        for second in (START..START + 25 * HOUR).step_by(60) {
            note.at = time(second);
            history.take(&note);
        }
        let bytes = bytes(&history);
        assert!(bytes < 60_000_000, "{bytes} bytes");
        let window = window_of(&history, time(START + 2 * HOUR), time(START + 25 * HOUR), 300);
        assert_eq!((window.sources.len(), window.step.as_secs()), (2000, 600));
    }
}
