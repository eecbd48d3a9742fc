//! The steps of a window: equal, and on multiples of their length since 1970, so that a chart that
//! moves on does not shimmer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: u32 = 86_400;
/// Lengths of a step below a day, in seconds. Each from a minute on is a whole number of every coarser
/// grain below it, so that no thinned value lies across the border of two steps.
const STEPS: [u32; 18] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    2 * 60,
    5 * 60,
    10 * 60,
    20 * 60,
    30 * 60,
    3600,
    2 * 3600,
    3 * 3600,
    6 * 3600,
    12 * 3600,
    DAY,
];

/// Seconds since 1970, from there to 2106.
pub(super) fn seconds(time: SystemTime) -> u32 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    u32::try_from(since).unwrap_or(u32::MAX)
}

pub(super) fn time(seconds: u32) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.into())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// Where the first step begins, seconds since 1970.
    pub(super) from: u32,
    /// Length of a step, seconds.
    pub(super) step: u32,
    pub(super) count: usize,
}

impl Grid {
    /// The steps that hold `from` and `to`: about `points` of them, none shorter than `least` seconds.
    pub(super) fn new(from: SystemTime, to: SystemTime, points: usize, least: u32) -> Self {
        let from = seconds(from);
        let to = seconds(to).max(from);
        let points = u32::try_from(points).unwrap_or(u32::MAX).max(1);
        let wanted = (to - from).div_ceil(points).max(least).max(1);
        let step = STEPS
            .into_iter()
            .find(|step| *step >= wanted)
            .unwrap_or_else(|| wanted.div_ceil(DAY).saturating_mul(DAY));
        let from = from - from % step;
        let count = usize::try_from((to - from) / step).unwrap_or(usize::MAX).saturating_add(1);
        Self { from, step, count }
    }

    /// The step that a time falls into.
    pub(super) fn place(&self, second: u32) -> Option<usize> {
        let place = usize::try_from(second.checked_sub(self.from)? / self.step).ok()?;
        (place < self.count).then_some(place)
    }

    /// Where the last step ends, seconds since 1970.
    pub(super) fn end(&self) -> u32 {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.from.saturating_add(self.step.saturating_mul(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_lie_on_multiples_of_their_length_and_hold_both_ends() {
        for (from, to, points) in [
            (1_000_003, 1_003_603, 300),
            (1_000_003, 1_000_003, 1),
            (0, 1_700_000_000, 300),
            (1_700_000_001, 1_702_592_001, 77),
            (5, 5, 0),
            (0, u32::MAX, 5000),
        ] {
            let grid = Grid::new(time(from), time(to), points, 1);
            assert_eq!(grid.from % grid.step, 0);
            assert_eq!(grid.place(from), Some(0));
            assert_eq!(grid.place(to), Some(grid.count - 1));
            assert!(grid.count <= points.max(1) + 2, "{grid:?}");
        }
    }

    #[test]
    fn a_grid_that_moves_on_keeps_its_borders() {
        let at = |now: u32| Grid::new(time(now - 3600), time(now), 300, 10);
        let (one, other) = (at(1_700_000_003), at(1_700_000_019));
        assert_eq!((one.step, other.step), (15, 15));
        assert_eq!(other.from - one.from, 15);
    }

    #[test]
    fn a_step_is_never_shorter_than_asked_and_fits_the_grains() {
        for least in [7, 60, 600, 3600, DAY] {
            for points in [1, 50, 300, 5000] {
                let grid = Grid::new(time(1_700_000_000), time(1_702_000_000), points, least);
                assert!(grid.step >= least, "{grid:?}");
                let grain = if least < 60 { 1 } else { least };
                assert_eq!(grid.step % grain, 0, "{grid:?}");
            }
        }
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_one_step() {
        assert_eq!(Grid::new(time(100), time(50), 10, 1).count, 1);
    }
}
