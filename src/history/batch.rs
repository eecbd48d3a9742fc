//! What of the memory is not in the history file yet.
//!
//! The file holds what the memory holds: the same readings, the same buckets. A batch takes it from one
//! state of the memory to a later one, at once, so that no reading is ever in it twice or not at all.

use std::collections::HashMap;

use super::bytes::Writer;
use super::events::Log;
use super::form::Form;
use super::store::Store;
use super::track::{GRAINS, Track};

/// The number of the clock among the tracks.
pub(super) const CLOCK: u32 = 0;
/// Readings, then buckets of each grain.
pub(super) const TIERS: usize = GRAINS.len() + 1;

/// A track, a tier of it, and where the entry begins, seconds since 1970. Of readings, an entry is a
/// minute.
pub(super) type Key = (u32, u8, u32);

/// What the file holds.
#[derive(Debug, Default)]
pub(super) struct State {
    tracks: HashMap<u32, Extent>,
    names: HashMap<u32, String>,
    /// The number of the next event.
    events: u64,
    cuts: u32,
}

/// Where the first and the last entry of each tier begin.
type Extent = [Option<(u32, u32)>; TIERS];

/// Changes to the file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Everything else is removed first.
    pub(super) anew: bool,
    pub(super) points: Vec<(Key, Vec<u8>)>,
    /// The entries of a track's tier from the first key to before the second are removed.
    pub(super) old: Vec<(Key, Key)>,
    pub(super) sources: Vec<(u32, Vec<u8>)>,
    /// These sources are removed, their entries with them.
    pub(super) forgotten: Vec<u32>,
    pub(super) events: Vec<(u64, Vec<u8>)>,
    /// Events before this one are removed.
    pub(super) first_event: u64,
}

impl State {
    /// Of a file that holds what is in memory now.
    pub(super) fn of(log: &Log, store: &Store) -> Self {
        let sources = store.sources.values();
        let mut tracks: HashMap<_, _> =
            sources.clone().map(|one| (one.number, extent(&one.track))).collect();
        tracks.insert(CLOCK, extent(&store.clock));
        let names = sources.map(|one| (one.number, one.name.clone())).collect();
        Self { tracks, names, events: log.total, cuts: store.cuts }
    }
}

fn minute(second: u32) -> u32 {
    second - second % GRAINS[0]
}

fn extent<F: Form<K>, const K: usize>(track: &Track<F, K>) -> Extent {
    let mut extent = [None; TIERS];
    let ends = track.raw.front().zip(track.raw.back());
    extent[0] = ends.map(|(first, last)| (minute(first.second), minute(last.second)));
    for (extent, list) in extent[1..].iter_mut().zip(&track.buckets) {
        *extent = list.front().zip(list.back()).map(|(first, last)| (first.second, last.second));
    }
    extent
}

impl Batch {
    /// What takes the file from a state to what is in memory now, and the state after it.
    pub(super) fn new(log: &Log, store: &Store, before: &State) -> (Self, State) {
        let anew = before.cuts != store.cuts;
        let none = State::default();
        let old = if anew { &none } else { before };
        let mut batch = Self { anew, ..Self::default() };
        let state = State::of(log, store);
        batch.track(CLOCK, &store.clock, old, &state);
        for recorded in store.sources.values() {
            let number = recorded.number;
            batch.track(number, &recorded.track, old, &state);
            if old.names.get(&number) != Some(&recorded.name) {
                let mut out = Writer::default();
                out.text(&recorded.id);
                out.text(&recorded.name);
                batch.sources.push((number, out.0));
            }
        }
        let gone = old.tracks.keys().filter(|number| !state.tracks.contains_key(number));
        batch.forgotten = gone.copied().collect();

        let held_events = u64::try_from(log.events.len()).unwrap_or(u64::MAX);
        batch.first_event = log.total.saturating_sub(held_events);
        let events = (batch.first_event..).zip(&log.events);
        let new = events.filter(|(number, _)| *number >= old.events);
        batch.events = new.map(|(number, event)| (number, event.write())).collect();
        (batch, state)
    }

    fn track<F: Form<K>, const K: usize>(
        &mut self,
        number: u32,
        track: &Track<F, K>,
        before: &State,
        after: &State,
    ) {
        let of = |state: &State| state.tracks.get(&number).copied().unwrap_or_default();
        let (before, now) = (of(before), of(after));

        // The last entry that was written may have got more since.
        let from = before[0].map_or(0, |(_, last)| last);
        let begin = track.raw.partition_point(|reading| reading.second < from);
        let mut entry = (0, Writer::default());
        for reading in track.raw.range(begin..) {
            let second = minute(reading.second);
            if entry.0 != second {
                self.entry(number, std::mem::replace(&mut entry, (second, Writer::default())));
            }
            reading.write(&mut entry.1);
        }
        self.entry(number, entry);
        for (tier, list) in (1..).zip(&track.buckets) {
            let place = usize::from(tier);
            let from = before[place].map_or(0, |(_, last)| last);
            let begin = list.partition_point(|bucket| bucket.second < from);
            for bucket in list.range(begin..) {
                let mut out = Writer::default();
                bucket.write(&mut out);
                self.points.push(((number, tier, bucket.second), out.0));
            }
        }

        for ((tier, before), now) in (0..).zip(before).zip(now) {
            let Some((first, _)) = before else { continue };
            let end = now.map_or(u32::MAX, |(first, _)| first);
            if first < end {
                self.old.push(((number, tier, first), (number, tier, end)));
            }
        }
    }

    /// A minute of readings.
    fn entry(&mut self, number: u32, (second, out): (u32, Writer)) {
        if !out.0.is_empty() {
            self.points.push(((number, 0, second), out.0));
        }
    }
}
