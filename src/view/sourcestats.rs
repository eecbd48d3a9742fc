//! What the samples of each source say together.

use libchrony::{ReportName, Snapshot, SourceStats};
use serde::Serialize;

use crate::view::absence;
use crate::view::format;
use crate::view::sources::{names, ordered};

/// The table of statistics, in the order of the sources.
#[derive(Debug, Serialize)]
pub(crate) struct SourceStatsView {
    /// Why there is no table.
    pub(crate) missing: Option<String>,
    pub(crate) rows: Vec<StatsRow>,
}

/// One source's statistics.
#[derive(Debug, Serialize)]
pub(crate) struct StatsRow {
    pub(crate) name: String,
    /// Its address, where the name is another.
    pub(crate) address: Option<String>,
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

pub(crate) fn sourcestats(snapshot: Option<&Snapshot>) -> SourceStatsView {
    let Some((snapshot, stats)) =
        snapshot.and_then(|snapshot| Some((snapshot, snapshot.sourcestats.as_ref()?)))
    else {
        let missing = Some(absence(snapshot, ReportName::SourceStats));
        return SourceStatsView { missing, rows: Vec::new() };
    };
    let rows = match snapshot.sources {
        Some(_) => ordered(snapshot)
            .iter()
            .map(|joined| {
                let (name, address) = names(joined.source);
                row(name, address, joined.stats)
            })
            .collect(),
        None => {
            stats.iter().map(|stats| row(stats.address.to_string(), None, Some(stats))).collect()
        }
    };
    SourceStatsView { missing: None, rows }
}

fn row(name: String, address: Option<String>, stats: Option<&SourceStats>) -> StatsRow {
    let text =
        |value: Option<f64>, as_text: fn(f64) -> String| value.map(as_text).unwrap_or_default();
    let stats_or_none = |number: fn(&SourceStats) -> String| stats.map(number).unwrap_or_default();
    StatsRow {
        name,
        address,
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
