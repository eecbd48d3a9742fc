//! Series by their names, for programs.

use std::time::SystemTime;

use super::grid::{Grid, seconds, time};
use super::note::{CLOCK_SERIES, SOURCE_SERIES};
use super::store::Store;
use super::window::{Event, Point};
use super::{Held, History};

/// A series: one of the clock, or one of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Series {
    /// By its place among those of the clock.
    Clock(usize),
    /// By the source's id and its place among those of a source.
    Source(String, usize),
}

/// Series in steps of equal length, as in a [`super::Window`].
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
    /// Length of a step, seconds.
    pub(crate) step: u32,
    /// Since when there is a history at all.
    pub(crate) since: Option<SystemTime>,
    /// In the order in which they were asked for.
    pub(crate) series: Vec<Vec<Option<Point>>>,
    /// The oldest first.
    pub(crate) events: Vec<Event>,
}

impl Series {
    /// The series of the clock.
    pub(crate) fn of_clock() -> impl Iterator<Item = (&'static str, Self)> {
        CLOCK_SERIES.into_iter().enumerate().map(|(place, name)| (name, Self::Clock(place)))
    }

    /// `offset`, or `sources/192.0.2.1/offset`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        if let Some(rest) = name.strip_prefix("sources/") {
            let (id, series) = rest.rsplit_once('/')?;
            let place = SOURCE_SERIES.iter().position(|name| *name == series)?;
            return (!id.is_empty()).then(|| Self::Source(id.to_owned(), place));
        }
        CLOCK_SERIES.iter().position(|series| *series == name).map(Self::Clock)
    }

    /// `s`, `ppm`, or `1` for a number.
    pub(crate) fn unit(&self) -> &'static str {
        let name = match self {
            Self::Clock(place) => CLOCK_SERIES.get(*place),
            Self::Source(_, place) => SOURCE_SERIES.get(*place),
        };
        match name.copied() {
            Some("frequency" | "skew") => "ppm",
            Some("stratum" | "reach") => "1",
            _ => "s",
        }
    }

    fn points(&self, store: &Store, grid: &Grid) -> Option<Vec<Option<Point>>> {
        match self {
            Self::Clock(place) => Some(store.clock.points(*place, grid)),
            Self::Source(id, place) => {
                store.sources.get(id.as_str()).map(|recorded| recorded.track.points(*place, grid))
            }
        }
    }
}

impl History {
    /// These series from `from` to `to`, in about `points` steps; the place of the first series whose
    /// source is not known where there is one. Before the first reading none is known, and none is
    /// missed.
    pub(crate) fn chosen(
        &self,
        series: &[Series],
        from: SystemTime,
        to: SystemTime,
        points: usize,
    ) -> Result<Chosen, usize> {
        let held = self.held();
        let Held { store, .. } = &*held;
        let least = store.as_ref().map_or(1, |store| store.least_step(seconds(from)));
        let grid = Grid::new(from, to, points, least);
        let since = store.as_ref().and_then(Store::first);
        let points = |(place, series): (usize, &Series)| {
            let points = store.as_ref().and_then(|store| series.points(store, &grid));
            match points {
                None if since.is_some() => Err(place),
                points => Ok(points.unwrap_or_else(|| vec![None; grid.count])),
            }
        };
        Ok(Chosen {
            from: time(grid.from),
            to: time(grid.end()),
            step: grid.step,
            since: since.map(time),
            series: series.iter().enumerate().map(points).collect::<Result<_, _>>()?,
            events: held.events(&grid, |_| true),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples::note;
    use super::*;

    #[test]
    fn a_series_is_known_by_its_name_and_has_its_unit() {
        for (name, series, unit) in [
            ("offset", Series::Clock(0), "s"),
            ("frequency", Series::Clock(2), "ppm"),
            ("stratum", Series::Clock(7), "1"),
            ("sources/2001:db8::1/offset", Series::Source("2001:db8::1".into(), 0), "s"),
            ("sources/GPS-2/reach", Series::Source("GPS-2".into(), 2), "1"),
        ] {
            assert_eq!(Series::from_name(name).as_ref(), Some(&series), "{name}");
            assert_eq!(series.unit(), unit);
        }
        for name in ["", "Offset", "sources", "sources/", "sources//offset", "sources/a/skew"] {
            assert_eq!(Series::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_source_that_was_never_read_is_missed_once_there_is_a_history() {
        let history = History::new(Some(Duration::from_secs(3600)), Duration::from_secs(5));
        let (from, to) = (time(1_700_000_000), time(1_700_000_060));
        let series = [Series::Clock(3), Series::Source("a".into(), 3)];
        let before = history.chosen(&series, from, to, 6).unwrap();
        assert_eq!(before.series, [vec![None; 7], vec![None; 7]]);
        history.take(&note(1_700_000_010, &["b"]));
        assert_eq!(history.chosen(&series, from, to, 6).map(|_| ()), Err(1));
        let chosen = history.chosen(&series[..1], from, to, 6).unwrap();
        let skew = f64::from(0.1_f32);
        assert_eq!(chosen.series[0][1], Some(Point { min: skew, mean: skew, max: skew }));
    }
}
