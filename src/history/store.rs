//! What is held in memory, within bounds.
//!
//! | | up to 64 sources | more sources |
//! |---|---|---|
//! | each reading | 2 h (1 h where readings are less than 2 s apart) | 4 min |
//! | minutes | 24 h | 1 h |
//! | ten minutes | 7 days | 24 h |
//! | hours | all of it | 7 days |
//! | days | | all of it |
//!
//! The clock always has the first column. At most 2,000 sources are held: where another one comes, the
//! one that has been gone longest is forgotten; where none has gone, the new one is not recorded.
//! A source takes 20 bytes a reading and 40 a bucket, so 24 hours at 5 s take some 85 KB each, 20
//! sources and the clock 2 MB; 2,000 sources some 21 MB.

use std::collections::HashMap;
use std::sync::Arc;

use super::form::Exact;
use super::grid::{Grid, seconds};
use super::note::{CLOCK_SERIES, Note, Noted, SOURCE_SERIES};
use super::packed::Packed;
use super::track::{Plan, Raw, Track};

/// The most sources that are held.
const MOST_SOURCES: usize = 2000;
/// How many sources are held in full.
const FEW_SOURCES: usize = 64;

const MINUTE: u32 = 60;
const HOUR: u32 = 3600;
const DAY: u32 = 86_400;

/// How far back a reading may be, in seconds, to count as made at the time of the last.
const SLACK: u32 = 2;

pub(super) type ClockTrack = Track<Exact, { CLOCK_SERIES.len() }>;
pub(super) type SourceTrack = Track<Packed, { SOURCE_SERIES.len() }>;

/// A source that is or was configured.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Never used again.
    pub(super) number: u32,
    pub(super) id: Arc<str>,
    pub(super) name: String,
    /// Its place in the last list; `None` where it is configured no more.
    pub(super) place: Option<usize>,
    pub(super) track: SourceTrack,
}

#[derive(Debug)]
pub(super) struct Store {
    length: u32,
    refresh: u32,
    pub(super) clock: ClockTrack,
    /// By their ids.
    pub(super) sources: HashMap<Arc<str>, Recorded>,
    /// The number of the next source.
    pub(super) next: u32,
    /// The time of the last reading, seconds since 1970.
    pub(super) last: u32,
    /// How often what was recorded was taken back.
    pub(super) cuts: u32,
}

impl Store {
    /// For a history of so many seconds, of readings so many seconds apart.
    pub(super) fn new(length: u32, refresh: u32) -> Self {
        Self {
            length,
            refresh,
            clock: Track::new(),
            sources: HashMap::new(),
            next: 1,
            last: 0,
            cuts: 0,
        }
    }

    /// Records the values of a reading.
    ///
    /// Time goes forward only. A reading that is made at an earlier time than the last is left out as
    /// long as the clock is not synchronized: a machine without a real-time clock starts in the past,
    /// until chronyd steps its clock. Once the clock is synchronized, it was wrong before, and what was
    /// recorded for a time still to come is forgotten.
    pub(super) fn record(&mut self, note: &Note) {
        let Ok(given) = &note.given else { return };
        let mut now = seconds(note.at);
        if now < self.last {
            if self.last - now <= SLACK {
                now = self.last;
            } else if note.is_synchronized() {
                self.cut(now);
            } else {
                return;
            }
        }
        self.last = now;
        if let Some(clock) = &given.clock {
            self.clock.push(Raw::new(now, 0, clock.values));
        }
        if let Some(sources) = &given.sources {
            for recorded in self.sources.values_mut() {
                recorded.place = None;
            }
            for (place, source) in sources.iter().enumerate() {
                self.record_source(now, place, source);
            }
        }
        self.thin(now);
    }

    fn record_source(&mut self, now: u32, place: usize, source: &Noted) {
        if !self.sources.contains_key(source.id.as_str()) {
            if self.sources.len() >= MOST_SOURCES && !self.forget_one() {
                return;
            }
            let number = self.next;
            self.next = self.next.wrapping_add(1).max(1);
            let (id, name) = (Arc::<str>::from(source.id.as_str()), String::new());
            let recorded =
                Recorded { number, id: Arc::clone(&id), name, place: None, track: Track::new() };
            self.sources.insert(id, recorded);
        }
        if let Some(recorded) = self.sources.get_mut(source.id.as_str()) {
            recorded.place = Some(place);
            if recorded.name != source.name {
                recorded.name.clone_from(&source.name);
            }
            recorded.track.push(Raw::new(now, source.register, source.values));
        }
    }

    /// Makes room: forgets the source that has been gone longest.
    fn forget_one(&mut self) -> bool {
        let gone = self.sources.values().filter(|recorded| recorded.place.is_none());
        let oldest = gone.min_by_key(|recorded| (recorded.track.last(), recorded.number));
        let oldest = oldest.map(|recorded| Arc::clone(&recorded.id));
        oldest.is_some_and(|id| self.sources.remove(&id).is_some())
    }

    /// Thins what has the age for it, and forgets sources of which nothing is left.
    pub(super) fn thin(&mut self, now: u32) {
        let raw = if self.refresh < 2 { HOUR } else { 2 * HOUR };
        let full = Plan { raw, buckets: [DAY, 7 * DAY, u32::MAX], length: self.length };
        // A little more than a window of that length asks for.
        let full = Plan { raw: full.raw + 2 * MINUTE, ..full };
        let crowded = Plan { raw: 6 * MINUTE, buckets: [HOUR, DAY, 7 * DAY], length: self.length };
        self.clock.thin(now, &full);
        let plan = if self.sources.len() > FEW_SOURCES { crowded } else { full };
        for recorded in self.sources.values_mut() {
            recorded.track.thin(now, &plan);
        }
        self.sources
            .retain(|_, recorded| recorded.place.is_some() || recorded.track.last().is_some());
    }

    fn cut(&mut self, from: u32) {
        self.cuts = self.cuts.wrapping_add(1);
        self.clock.cut(from);
        for recorded in self.sources.values_mut() {
            recorded.track.cut(from);
        }
    }

    /// The second of the first reading that is still there.
    pub(super) fn first(&self) -> Option<u32> {
        let sources = self.sources.values().filter_map(|recorded| recorded.track.first());
        self.clock.first().into_iter().chain(sources).min()
    }

    /// The shortest step that a window from a time on may have: no finer than what is held of that
    /// time, and with a reading in each step.
    pub(super) fn least_step(&self, from: u32) -> u32 {
        let sources = self.sources.values().map(|recorded| recorded.track.grain(from));
        let grain = sources.fold(self.clock.grain(from), u32::max);
        grain.max(self.refresh.saturating_mul(2))
    }

    /// The sources with anything in these steps, in the order of the sources table; those that are
    /// configured no more come last, the one that was there most recently first.
    pub(super) fn sources_of(&self, grid: &Grid) -> Vec<&Recorded> {
        let is_in = |recorded: &&Recorded| {
            let last = recorded.track.last().is_some_and(|last| last >= grid.from);
            last && recorded.track.first().is_some_and(|first| first < grid.end())
        };
        let mut sources: Vec<_> = self.sources.values().filter(is_in).collect();
        sources.sort_by_key(|recorded| {
            let gone = std::cmp::Reverse(recorded.track.last());
            (recorded.place.unwrap_or(usize::MAX), gone, recorded.number)
        });
        sources
    }

    /// What it holds, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let entry = size_of::<(Arc<str>, Recorded)>();
        let sources = self.sources.values().map(|recorded| {
            recorded.track.bytes() - size_of::<SourceTrack>()
                + recorded.id.len()
                + recorded.name.capacity()
        });
        self.clock.bytes() + self.sources.capacity() * entry + sources.sum::<usize>()
    }
}
