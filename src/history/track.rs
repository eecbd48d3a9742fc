//! The recorded series of one thing, the clock or a source, the older the coarser.
//!
//! Each reading is in exactly one place: first among the raw ones, then in a bucket of a minute, of ten
//! minutes, of an hour, of a day. A bucket is made of a whole minute (and so on) at once, when all of
//! it is old enough, and never changes afterwards.

use std::collections::VecDeque;

use super::cell::{Cell, Sum};
use super::form::Form;
use super::grid::Grid;
use super::window::Point;

/// Lengths of the buckets, in seconds.
pub(super) const GRAINS: [u32; 4] = [60, 600, 3600, 86_400];

/// At what age, in seconds, readings go on to the next coarser place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) raw: u32,
    /// The ages that buckets of a minute, of ten minutes and of an hour reach.
    pub(super) buckets: [u32; 3],
    /// The age at which all is forgotten.
    pub(super) length: u32,
}

/// One reading: its second since 1970, the reach register of a source, the values; NaN = none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<F: Form<K>, const K: usize> {
    pub(super) second: u32,
    pub(super) register: u8,
    values: F::Values,
}

/// The readings of one minute, ten minutes, hour or day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<F: Form<K>, const K: usize> {
    /// Where it begins, seconds since 1970.
    pub(super) second: u32,
    /// As it was at the last reading.
    pub(super) register: u8,
    cells: F::Cells,
}

#[derive(Debug, Clone)]
pub(super) struct Track<F: Form<K>, const K: usize> {
    pub(super) raw: VecDeque<Raw<F, K>>,
    pub(super) buckets: [VecDeque<Bucket<F, K>>; 4],
}

impl<F: Form<K>, const K: usize> Raw<F, K> {
    pub(super) fn new(second: u32, register: u8, values: [f32; K]) -> Self {
        Self { second, register, values: F::hold(values) }
    }

    pub(super) fn value(&self, series: usize) -> f32 {
        F::value(&self.values, self.register, series)
    }
}

impl<F: Form<K>, const K: usize> Bucket<F, K> {
    pub(super) fn new(second: u32, register: u8, cells: [Cell; K]) -> Self {
        Self { second, register, cells: F::pack(cells) }
    }

    pub(super) fn cell(&self, series: usize) -> Cell {
        F::cell(&self.cells, series)
    }
}

impl<F: Form<K>, const K: usize> Track<F, K> {
    pub(super) fn new() -> Self {
        Self { raw: VecDeque::new(), buckets: [const { VecDeque::new() }; 4] }
    }

    /// Adds a reading, which must not be older than the last.
    pub(super) fn push(&mut self, reading: Raw<F, K>) {
        debug_assert!(self.last().is_none_or(|last| last <= reading.second));
        push(&mut self.raw, reading);
    }

    /// The second of the last reading, or where the bucket with it begins.
    pub(super) fn last(&self) -> Option<u32> {
        let bucket = || self.buckets.iter().find_map(|list| list.back().map(|b| b.second));
        self.raw.back().map(|reading| reading.second).or_else(bucket)
    }

    /// The second of the first reading, or where the bucket with it begins.
    pub(super) fn first(&self) -> Option<u32> {
        let bucket = self.buckets.iter().rev().find_map(|list| list.front().map(|b| b.second));
        bucket.or_else(|| self.raw.front().map(|reading| reading.second))
    }

    /// Moves on what has the age for it, and forgets what is too old.
    pub(super) fn thin(&mut self, now: u32, plan: &Plan) {
        let end = now.saturating_sub(plan.length);
        if plan.raw < plan.length {
            let border = border(now, plan.raw, GRAINS[0]);
            while self.raw.front().is_some_and(|reading| reading.second < border) {
                self.gather_raw();
            }
        }
        for (place, age) in plan.buckets.into_iter().enumerate() {
            if age < plan.length {
                let border = border(now, age, GRAINS[place + 1]);
                while self.buckets[place].front().is_some_and(|bucket| bucket.second < border) {
                    self.gather(place);
                }
            }
        }
        while self.raw.front().is_some_and(|reading| reading.second < end) {
            self.raw.pop_front();
        }
        shrink(&mut self.raw);
        for (list, grain) in self.buckets.iter_mut().zip(GRAINS) {
            while list.front().is_some_and(|bucket| bucket.second.saturating_add(grain) <= end) {
                list.pop_front();
            }
            shrink(list);
        }
    }

    /// The first minute of the raw readings becomes a bucket.
    fn gather_raw(&mut self) {
        let Some(second) = self.raw.front().map(|first| start(first.second, GRAINS[0])) else {
            return;
        };
        let mut sums = [Sum::NONE; K];
        let mut register = 0;
        while let Some(reading) =
            self.raw.front().copied().filter(|reading| start(reading.second, GRAINS[0]) == second)
        {
            self.raw.pop_front();
            register = reading.register;
            for (series, sum) in sums.iter_mut().enumerate() {
                sum.value(reading.value(series));
            }
        }
        add(&mut self.buckets[0], Bucket::new(second, register, sums.map(Sum::to_cell)));
    }

    /// The first buckets of a grain that make one of the next do so.
    fn gather(&mut self, place: usize) {
        let grain = GRAINS[place + 1];
        let Some(second) = self.buckets[place].front().map(|first| start(first.second, grain))
        else {
            return;
        };
        let mut sums = [Sum::NONE; K];
        let mut register = 0;
        let list = &mut self.buckets[place];
        while let Some(bucket) =
            list.front().copied().filter(|bucket| start(bucket.second, grain) == second)
        {
            list.pop_front();
            register = bucket.register;
            for (series, sum) in sums.iter_mut().enumerate() {
                sum.cell(bucket.cell(series));
            }
        }
        add(&mut self.buckets[place + 1], Bucket::new(second, register, sums.map(Sum::to_cell)));
    }

    /// Forgets what was recorded for this time or later.
    pub(super) fn cut(&mut self, from: u32) {
        while self.raw.back().is_some_and(|reading| reading.second >= from) {
            self.raw.pop_back();
        }
        for (list, grain) in self.buckets.iter_mut().zip(GRAINS) {
            while list.back().is_some_and(|bucket| bucket.second.saturating_add(grain) > from) {
                list.pop_back();
            }
        }
    }

    /// The length of the longest bucket that reaches beyond a time, seconds; 1 where all is raw.
    pub(super) fn grain(&self, from: u32) -> u32 {
        let reaches = |(list, grain): &(&VecDeque<Bucket<F, K>>, u32)| {
            list.back().is_some_and(|bucket| bucket.second.saturating_add(*grain) > from)
        };
        self.buckets.iter().zip(GRAINS).rev().find(reaches).map_or(1, |(_, grain)| grain)
    }

    /// A series in steps.
    pub(super) fn points(&self, series: usize, grid: &Grid) -> Vec<Option<Point>> {
        let mut sums = vec![Sum::NONE; grid.count];
        for bucket in self.buckets_of(grid) {
            if let Some(sum) = grid.place(bucket.second).and_then(|place| sums.get_mut(place)) {
                sum.cell(bucket.cell(series));
            }
        }
        for reading in self.raw_of(grid) {
            if let Some(sum) = grid.place(reading.second).and_then(|place| sums.get_mut(place)) {
                sum.value(reading.value(series));
            }
        }
        sums.into_iter().map(Sum::point).collect()
    }

    /// Whether a series has a value in any of the steps.
    pub(super) fn has_points(&self, series: usize, grid: &Grid) -> bool {
        self.raw_of(grid).any(|reading| reading.value(series).is_finite())
            || self.buckets_of(grid).any(|bucket| bucket.cell(series).count > 0)
    }

    /// The reach register at the end of each step.
    pub(super) fn registers(&self, grid: &Grid) -> Vec<Option<u8>> {
        let mut registers = vec![None; grid.count];
        let buckets = self.buckets_of(grid).map(|bucket| (bucket.second, bucket.register));
        let raw = self.raw_of(grid).map(|reading| (reading.second, reading.register));
        for (second, register) in buckets.chain(raw) {
            if let Some(step) = grid.place(second).and_then(|place| registers.get_mut(place)) {
                *step = Some(register);
            }
        }
        registers
    }

    /// The oldest first.
    fn buckets_of(&self, grid: &Grid) -> impl Iterator<Item = &Bucket<F, K>> {
        let (from, end) = (grid.from, grid.end());
        self.buckets.iter().rev().flat_map(move |list| {
            let begin = list.partition_point(|bucket| bucket.second < from);
            list.range(begin..).take_while(move |bucket| bucket.second < end)
        })
    }

    fn raw_of(&self, grid: &Grid) -> impl Iterator<Item = &Raw<F, K>> {
        let end = grid.end();
        let begin = self.raw.partition_point(|reading| reading.second < grid.from);
        self.raw.range(begin..).take_while(move |reading| reading.second < end)
    }

    /// What it holds, in bytes, room that is reserved included.
    pub(super) fn bytes(&self) -> usize {
        let buckets: usize = self.buckets.iter().map(VecDeque::capacity).sum();
        size_of::<Self>()
            + self.raw.capacity() * size_of::<Raw<F, K>>()
            + buckets * size_of::<Bucket<F, K>>()
    }
}

/// Up to where all of `grain` seconds has reached an age.
fn border(now: u32, age: u32, grain: u32) -> u32 {
    start(now.saturating_sub(age), grain)
}

fn start(second: u32, grain: u32) -> u32 {
    second - second % grain
}

/// Adds a bucket, to the last one where that is of the same time.
fn add<F: Form<K>, const K: usize>(list: &mut VecDeque<Bucket<F, K>>, bucket: Bucket<F, K>) {
    match list.back_mut() {
        Some(last) if last.second >= bucket.second => {
            let cells = std::array::from_fn(|series| {
                let mut sum = Sum::NONE;
                sum.cell(last.cell(series));
                sum.cell(bucket.cell(series));
                sum.to_cell()
            });
            *last = Bucket::new(last.second, bucket.register, cells);
        }
        _ => push(list, bucket),
    }
}

/// Room grows by a thirty-second, as doubling would leave half of it empty.
pub(super) fn push<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 32 + 4);
    }
    list.push_back(item);
}

/// Gives back the room of what is gone for good, as where a plan holds less than the one before.
fn shrink<T>(list: &mut VecDeque<T>) {
    if list.capacity() > 2 * list.len() + 32 {
        list.shrink_to(list.len() + list.len() / 32 + 4);
    }
}

#[cfg(test)]
mod tests {
    use super::super::form::Exact;
    use super::super::grid::time;
    use super::*;

    const PLAN: Plan = Plan { raw: 600, buckets: [3600, 86_400, 7 * 86_400], length: 40 * 86_400 };
    const START: u32 = 1_699_920_000;

    /// A series that jumps about, the same each time; now and then there is no value.
    fn value(second: u32) -> f32 {
        let noise = second.wrapping_mul(2_654_435_761) >> 16;
        if noise.is_multiple_of(7) {
            f32::NAN
        } else {
            f32::from(u16::try_from(noise).unwrap()) - 30_000.0
        }
    }

    fn recorded(seconds: impl Iterator<Item = u32>, plan: &Plan) -> Track<Exact, 1> {
        let mut track = Track::new();
        for second in seconds {
            let register = second.to_le_bytes()[0];
            track.push(Raw::new(second, register, [value(second)]));
            track.thin(second, plan);
        }
        track
    }

    fn assert_close(found: &[Option<Point>], expected: &[Option<Point>]) {
        assert_eq!(found.len(), expected.len());
        for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
            match (found, expected) {
                (None, None) => {}
                (Some(found), Some(expected)) => {
                    assert_eq!((found.min, found.max), (expected.min, expected.max), "{place}");
                    assert!((found.mean - expected.mean).abs() < 0.02, "{place}: {found:?}");
                }
                _ => panic!("{place}: {found:?}, not {expected:?}"),
            }
        }
    }

    /// What the readings themselves say in each step.
    fn plain(seconds: impl Iterator<Item = u32>, grid: &Grid) -> Vec<Option<Point>> {
        let mut sums = vec![Sum::NONE; grid.count];
        for second in seconds {
            if let Some(place) = grid.place(second) {
                sums[place].value(value(second));
            }
        }
        sums.into_iter().map(Sum::point).collect()
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn thinned_readings_keep_their_extremes_and_mean_in_every_step() {
        let times = || (0..20_000).map(|n| START + n * 7 + n % 3);
        let track = recorded(times(), &PLAN);
        let last = times().next_back().unwrap();
        assert!(track.buckets[0].len() > 40 && track.buckets[1].len() > 100);
        assert!(track.buckets[2].len() > 10 && track.raw.len() < 200);
        for (from, step) in [(START, 3600), (last - 86_400, 3600), (START + 77, 86_400)] {
            let grid = Grid::new(time(from), time(last), 5000, step);
            assert_close(&track.points(0, &grid), &plain(times(), &grid));
        }
        // At the border from buckets to raw readings, too.
        let from = last - 1800;
        let grid = Grid::new(time(from), time(last), 5000, track.grain(from));
        assert_eq!(grid.step, 60);
        assert_close(&track.points(0, &grid), &plain(times(), &grid));
        let grid = Grid::new(time(last - 500), time(last), 50, track.grain(last - 500));
        assert_eq!(grid.step, 10);
        assert_close(&track.points(0, &grid), &plain(times(), &grid));
    }

    #[test]
    fn a_time_without_readings_stays_empty() {
        let times =
            || (0..300).map(|n| START + n * 10).filter(|s| !(400..1900).contains(&(s - START)));
        let track = recorded(times(), &PLAN);
        let last = times().next_back().unwrap();
        let grid = Grid::new(time(START), time(last), 50, 60);
        let points = track.points(0, &grid);
        assert_close(&points, &plain(times(), &grid));
        assert!(points.iter().filter(|point| point.is_none()).count() >= 24);
        assert_eq!(track.registers(&grid).iter().filter(|r| r.is_none()).count(), 24);
    }

    #[test]
    fn the_register_of_a_step_is_its_last() {
        let track = recorded((0..200).map(|n| START + n * 10), &PLAN);
        let grid = Grid::new(time(START), time(START + 1990), 50, 60);
        for (place, register) in track.registers(&grid).into_iter().enumerate() {
            let end = grid.from + grid.step * (u32::try_from(place).unwrap() + 1);
            let last = (0..200).map(|n| START + n * 10).filter(|second| *second < end).max();
            assert_eq!(register, last.map(|second| second.to_le_bytes()[0]), "{place}");
        }
    }

    #[test]
    fn what_is_older_than_the_history_is_forgotten() {
        let plan = Plan { raw: 60, buckets: [300, 1800, 1800], length: 1800 };
        let track = recorded((0..500).map(|n| START + n * 10), &plan);
        let now = START + 4990;
        let first = track.first().unwrap();
        assert!(first >= now - 1800 - 600 && first <= now - 1200, "{}", now - first);
        assert!(track.buckets.iter().all(|list| list.len() < 20) && track.raw.len() < 20);
    }

    #[test]
    fn room_is_given_back_where_less_is_held() {
        let mut track = recorded((0..900).map(|n| START + n * 10), &Plan { raw: 7200, ..PLAN });
        assert!(track.raw.len() > 700 && track.raw.capacity() < 800);
        let now = track.last().unwrap();
        track.thin(now, &PLAN);
        assert!(track.raw.len() > 50 && track.raw.capacity() < 80, "{}", track.raw.capacity());
        track.thin(now + PLAN.length + 86_400, &PLAN);
        assert!(track.bytes() < 2000, "{} bytes", track.bytes());
    }

    #[test]
    fn a_gap_longer_than_everything_leaves_only_the_new() {
        let mut track = recorded((0..100).map(|n| START + n * 10), &PLAN);
        let late = START + 400 * 86_400;
        track.push(Raw::new(late, 1, [1.0]));
        track.thin(late, &PLAN);
        assert_eq!((track.first(), track.last()), (Some(late), Some(late)));
    }

    #[test]
    fn a_cut_leaves_only_what_was_before() {
        let mut track = recorded((0..500).map(|n| START + n * 10), &PLAN);
        track.cut(START + 4000);
        assert!(track.last().is_some_and(|last| last < START + 4000));
        track.cut(START + 1000);
        assert!(track.last().is_some_and(|last| last + 60 <= START + 1000));
        track.cut(0);
        assert_eq!(track.last(), None);
    }

    #[test]
    #[cfg_attr(miri, ignore = "so many readings take Miri too long")]
    fn a_window_is_no_finer_than_what_it_reaches() {
        let track = recorded((0..1000).map(|n| START + n * 10), &PLAN);
        let now = START + 9990;
        assert_eq!(track.grain(now - 500), 1);
        assert_eq!(track.grain(now - 1000), 60);
        assert_eq!(track.grain(START), 600);
    }
}
