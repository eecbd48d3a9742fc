//! What the samples of each source say together.

use libchrony::{Joined, ReportName, SourceStats};
use serde::Serialize;

use crate::view::absence;
use crate::view::format;
use crate::view::rows::{Rows, When};
use crate::view::sources::{Ordered, Who};

/// What its rows are known by.
pub(super) const TABLE: &str = "sourcestats";

/// The table of statistics, in the order of the sources.
#[derive(Debug, Serialize)]
pub(crate) struct SourceStatsView {
    /// Why there is no table.
    pub(crate) missing: Option<String>,
    pub(crate) rows: Rows<StatsRow>,
}

/// One source's statistics.
#[derive(Debug, Serialize)]
pub(crate) struct StatsRow {
    pub(crate) who: Who,
    /// What is to be said instead of values.
    pub(crate) none: Option<&'static str>,
    pub(crate) samples: String,
    pub(crate) runs: String,
    pub(crate) span: String,
    pub(crate) frequency: String,
    pub(crate) skew: String,
    pub(crate) offset: String,
    pub(crate) error: String,
    pub(crate) std_dev: String,
}

/// With its rows.
pub(crate) fn sourcestats(snapshot: Option<&Ordered<'_>>) -> SourceStatsView {
    view(snapshot, Rows::now)
}

pub(super) fn rows<'a>(snapshot: &'a Ordered<'_>) -> Box<dyn Iterator<Item = StatsRow> + 'a> {
    let stats = snapshot.sourcestats.as_deref().unwrap_or_default();
    let of = |joined: &Joined<'a>| row(Who::of(joined.source), joined.stats);
    match snapshot.sources {
        Some(_) => Box::new(snapshot.joined.iter().map(of)),
        None => Box::new(stats.iter().map(|stats| row(Who::at(stats.address), Some(stats)))),
    }
}

pub(super) fn view(snapshot: Option<&Ordered<'_>>, when: When<StatsRow>) -> SourceStatsView {
    let Some(snapshot) = snapshot.filter(|snapshot| snapshot.sourcestats.is_some()) else {
        let missing = Some(absence(Ordered::snapshot(snapshot), ReportName::SourceStats));
        return SourceStatsView { missing, rows: Rows::none(TABLE) };
    };
    SourceStatsView { missing: None, rows: when(TABLE, &mut rows(snapshot)) }
}

fn row(who: Who, stats: Option<&SourceStats>) -> StatsRow {
    let text =
        |value: Option<f64>, as_text: fn(f64) -> String| value.map(as_text).unwrap_or_default();
    let stats_or_none = |number: fn(&SourceStats) -> String| stats.map(number).unwrap_or_default();
    StatsRow {
        who,
        none: match stats {
            None => Some("chronyd gives no statistics of this source"),
            Some(stats) if stats.samples == 0 => Some("no samples yet"),
            Some(_) => None,
        },
        samples: stats_or_none(|stats| format::count(stats.samples)),
        runs: stats_or_none(|stats| format::count(stats.runs)),
        span: stats_or_none(|stats| format::duration(f64::from(stats.span))),
        frequency: text(stats.and_then(|stats| stats.resid_freq), format::ppm),
        skew: text(stats.and_then(|stats| stats.skew), format::ppm_measure),
        offset: text(stats.and_then(|stats| stats.offset), format::offset),
        error: text(stats.and_then(|stats| stats.offset_err), format::measure),
        std_dev: text(stats.and_then(|stats| stats.std_dev), format::measure),
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Scenario, Source as Simulated};

    use super::*;
    use crate::view::samples::read;

    fn v4(last: u8) -> Address {
        Address::V4([192, 0, 2, last].into())
    }

    #[test]
    fn rows_stand_in_the_order_of_the_sources() {
        let servers =
            [(1, Simulated::NOT_USED), (2, Simulated::COMBINED), (3, Simulated::SELECTED)];
        let servers = servers.map(|(last, state)| Simulated::server(v4(last)).with_state(state));
        let view = sourcestats(Some(&Ordered::of(&read(Scenario::with_sources(servers.into())))));
        let names: Vec<_> = view.rows.iter().map(|row| row.who.name.as_str()).collect();
        assert_eq!(names, ["192.0.2.3", "192.0.2.2", "192.0.2.1"]);
    }

    #[test]
    fn each_value_has_its_unit() {
        let mut server = Simulated::server(v4(1)).with_state(Simulated::SELECTED);
        (server.stats.samples, server.stats.runs, server.stats.span) = (18, 9, 1_088);
        (server.stats.residual_frequency, server.stats.skew) = (-0.002, 0.031);
        (server.stats.offset, server.stats.offset_error) = (69e-6, 7.2e-6);
        server.stats.standard_deviation = 12e-6;
        let row =
            &sourcestats(Some(&Ordered::of(&read(Scenario::with_sources(vec![server]))))).rows[0];
        assert_eq!(row.none, None);
        assert_eq!((row.samples.as_str(), row.runs.as_str()), ("18", "9"));
        assert_eq!(row.span, "18 m 8 s");
        assert_eq!((row.frequency.as_str(), row.skew.as_str()), ("\u{2212}0.002 ppm", "0.031 ppm"));
        assert_eq!((row.offset.as_str(), row.error.as_str()), ("+69.00 µs", "7.200 µs"));
        assert_eq!(row.std_dev, "12.00 µs");
    }

    #[test]
    fn a_source_without_samples_says_so_instead_of_placeholders() {
        let row = &sourcestats(Some(&Ordered::of(&read(Scenario::only_unreachable())))).rows[0];
        assert_eq!(row.none, Some("no samples yet"));
        assert_eq!((row.std_dev.as_str(), row.skew.as_str()), ("", ""));
    }

    #[test]
    fn statistics_without_sources_and_sources_without_statistics_are_shown() {
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sources = None;
        assert_eq!(sourcestats(Some(&Ordered::of(&snapshot))).rows.len(), 3);
        let mut snapshot = read(Scenario::synchronized());
        snapshot.sourcestats.as_mut().unwrap().clear();
        assert!(
            sourcestats(Some(&Ordered::of(&snapshot))).rows[0]
                .none
                .is_some_and(|none| none.contains("no statistics"))
        );
        snapshot.sourcestats = None;
        assert!(sourcestats(Some(&Ordered::of(&snapshot))).missing.is_some());
    }
}
