//! The history: charts of the clock and of its sources.

use std::time::{Duration, SystemTime};

use libchrony::{Snapshot, Source};
use serde::Serialize;

use crate::history::{SourceHistory, Window};
use crate::view::chart::{Chart, ChartView, Line, Quantity, Signs, Times};
use crate::view::format;

/// Steps of a chart: as many as a line needs to be smooth, and few enough for a small page.
pub(crate) const STEPS: usize = 120;
/// So many lines can be told apart.
pub(crate) const MOST_LINES: usize = 8;
/// So many sources without a line are named.
const MOST_NAMES: usize = 4;
/// What stands in the place of charts.
pub(super) const NOTHING: &str = "Nothing is recorded. The charts begin with the first reading, a few seconds after the start; with --history off there are none.";
/// A chart of everything is never shorter.
const SHORTEST: Duration = Duration::from_secs(300);
/// So long before the first reading may have happened what led to it, as that second-hand began.
const BEGINNING: Duration = Duration::from_secs(60);

/// chronyc's sign of the clock's offset.
const OFFSET: Signs = Signs { plus: "slow", minus: "fast" };
/// chronyc's sign of an offset against a source, which is the other way round.
pub(super) const AGAINST_SOURCE: Signs = Signs { plus: "ahead", minus: "behind" };
/// chronyc's sign of a frequency.
const FREQUENCY: Signs = Signs { plus: "fast", minus: "slow" };

/// How far back the charts reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Range {
    #[default]
    Hour,
    Day,
    /// Everything that is kept.
    All,
}

impl Range {
    pub(crate) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::All];

    /// The range that a query as `range=day` asks for; the last hour where it asks for none.
    pub(crate) fn from_query(query: &str) -> Self {
        let asked = query.split('&').find_map(|pair| pair.strip_prefix("range="));
        Self::ALL.into_iter().find(|range| Some(range.name()) == asked).unwrap_or_default()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::All => "all",
        }
    }

    /// The path and query of a page that shows it.
    pub(crate) fn path(self, page: &str) -> String {
        format!("{page}?range={}", self.name())
    }

    /// The query that keeps it: none where a page shows it anyway.
    pub(super) fn query(self) -> String {
        if self == Self::default() { String::new() } else { self.path("") }
    }

    /// As in `nothing has changed in the last hour`.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Hour => "in the last hour",
            Self::Day => "in the last day",
            Self::All => "since the history began",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Hour => "Last hour",
            Self::Day => "Last day",
            Self::All => "All",
        }
    }

    /// Where its charts begin on a page made at `now`: with the history, if that began later.
    pub(crate) fn begin(self, now: SystemTime, since: Option<SystemTime>) -> SystemTime {
        let recorded = before(since.unwrap_or(now), BEGINNING).min(before(now, SHORTEST));
        self.length().map_or(recorded, |length| recorded.max(before(now, length)))
    }

    fn length(self) -> Option<Duration> {
        match self {
            Self::Hour => Some(Duration::from_secs(3_600)),
            Self::Day => Some(Duration::from_secs(86_400)),
            Self::All => None,
        }
    }
}

fn before(now: SystemTime, length: Duration) -> SystemTime {
    let then = now.checked_sub(length).unwrap_or(SystemTime::UNIX_EPOCH);
    then.max(SystemTime::UNIX_EPOCH)
}

/// The charts, or why there are none.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryView {
    ranges: Vec<RangeLink>,
    /// What is wrong with the history file.
    pub(super) notice: Option<String>,
    /// Why there are no charts.
    missing: Option<&'static str>,
    /// What the history does not reach.
    note: Option<String>,
    charts: Vec<ChartView>,
}

/// A link to the charts of a range.
#[derive(Debug, Serialize)]
pub(super) struct RangeLink {
    path: String,
    label: &'static str,
    current: bool,
}

pub(crate) fn history(snapshot: Option<&Snapshot>, window: &Window, range: Range) -> HistoryView {
    let nothing = window.since.is_none();
    HistoryView {
        ranges: links("/", range),
        notice: None,
        missing: nothing.then_some(NOTHING),
        note: note(window.since, window.to, range),
        charts: if nothing { Vec::new() } else { charts(snapshot, window) },
    }
}

/// The links of a page to its ranges.
pub(super) fn links(page: &str, current: Range) -> Vec<RangeLink> {
    let link = |range: Range| RangeLink {
        path: range.path(page),
        label: range.label(),
        current: range == current,
    };
    Range::ALL.map(link).into()
}

/// Where the history is younger than the range.
pub(super) fn note(since: Option<SystemTime>, to: SystemTime, range: Range) -> Option<String> {
    let (since, length) = (since?, range.length()?);
    let is_younger = since > before(to, length);
    is_younger
        .then(|| format!("Recorded since {}; there is nothing before.", format::moment(since).text))
}

fn charts(snapshot: Option<&Snapshot>, window: &Window) -> Vec<ChartView> {
    let line = |name: &str, points, error| Line {
        name: name.to_owned(),
        points,
        error,
        with_spread: true,
        selected: true,
    };
    let offset = Chart {
        id: "chart-offset",
        title: "Offset",
        quantity: Quantity::Time,
        signs: Some(OFFSET),
        with_zero: true,
        lines: vec![line("Offset", &window.offset, Some(&window.max_error))],
        error: "maximum error",
        left_out: None,
    };
    let max_error = Chart {
        id: "chart-max-error",
        title: "Maximum error",
        quantity: Quantity::Time,
        signs: None,
        with_zero: true,
        lines: vec![Line { with_spread: false, ..line("Maximum error", &window.max_error, None) }],
        error: "",
        left_out: None,
    };
    let frequency = Chart {
        id: "chart-frequency",
        title: "Frequency",
        quantity: Quantity::Frequency,
        signs: Some(FREQUENCY),
        with_zero: false,
        lines: vec![Line {
            with_spread: false,
            ..line("Frequency", &window.frequency, Some(&window.skew))
        }],
        error: "skew",
        left_out: None,
    };
    let charts = [offset, max_error, frequency, sources(snapshot, window)];
    charts.iter().map(|chart| chart.view(Times::of(window))).collect()
}

/// The offsets of the sources.
fn sources<'a>(snapshot: Option<&Snapshot>, window: &'a Window) -> Chart<'a> {
    let sources = snapshot.and_then(|snapshot| snapshot.sources.as_deref()).unwrap_or_default();
    let selected = sources.iter().find(|source| Source::is_selected(source));
    let is_selected = |source: &SourceHistory| selected.is_some_and(|s| s.id == source.id);
    let lines = window.sources.iter().map(|source| Line {
        name: source.name.clone(),
        points: &source.offset,
        error: None,
        with_spread: false,
        selected: is_selected(source),
    });
    Chart {
        id: "chart-sources",
        title: "Offset against each source",
        quantity: Quantity::Time,
        signs: Some(AGAINST_SOURCE),
        with_zero: true,
        lines: lines.collect(),
        error: "",
        left_out: left_out(&window.others),
    }
}

fn left_out(others: &[String]) -> Option<String> {
    let named = &others[..others.len().min(MOST_NAMES)];
    match others.len() {
        0 => None,
        all if all <= MOST_NAMES => Some(format!("Not drawn: {}.", named.join(", "))),
        all => Some(format!("Not drawn: {} and {} more.", named.join(", "), all - MOST_NAMES)),
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::*;
    use crate::history::Point;
    use crate::view::samples;

    #[test]
    fn a_query_names_a_range_and_anything_else_is_the_last_hour() {
        for (query, range) in [
            ("range=day", Range::Day),
            ("range=all", Range::All),
            ("a=b&range=hour", Range::Hour),
            ("a=b&range=day&c", Range::Day),
            ("", Range::Hour),
            ("range=", Range::Hour),
            ("range=week", Range::Hour),
            ("range=%00<script>", Range::Hour),
            ("orange=day", Range::Hour),
        ] {
            assert_eq!(Range::from_query(query), range, "{query}");
        }
    }

    #[test]
    fn charts_begin_with_the_range_or_with_the_history_and_have_some_length() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let month = now - Duration::from_secs(600_000);
        assert_eq!(Range::All.begin(now, Some(month)), month - BEGINNING);
        assert_eq!(Range::All.begin(now, Some(now)), now - SHORTEST);
        assert_eq!(Range::All.begin(now, None), now - SHORTEST);
        assert_eq!(Range::Hour.begin(now, Some(month)), now - Duration::from_secs(3_600));
        let lately = now - Duration::from_secs(1_000);
        assert_eq!(Range::Day.begin(now, Some(lately)), lately - BEGINNING);
        assert_eq!(Range::Day.begin(SystemTime::UNIX_EPOCH, None), SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn without_a_reading_there_are_words_and_no_charts() {
        let view = history(None, &Window::default(), Range::Day);
        assert!(view.missing.is_some() && view.charts.is_empty() && view.note.is_none());
        let current: Vec<_> = view.ranges.iter().filter(|link| link.current).collect();
        assert_eq!(current.iter().map(|link| &link.path).collect::<Vec<_>>(), ["/?range=day"]);
    }

    #[test]
    fn a_query_that_keeps_a_range_names_it_unless_it_is_the_usual_one() {
        assert_eq!(Range::ALL.map(Range::query), ["", "?range=day", "?range=all"]);
        for range in Range::ALL {
            assert_eq!(Range::from_query(range.query().trim_start_matches('?')), range);
        }
    }

    #[test]
    fn the_sign_of_an_offset_against_a_source_is_chronycs() {
        let snapshot = samples::read(Scenario::synchronized());
        let window = samples::window(3_600, 1);
        let mut ahead = window.clone();
        ahead.sources[0].offset = vec![Some(Point { min: 1e-3, mean: 1e-3, max: 1e-3 }); STEPS];
        let chart = sources(Some(&snapshot), &ahead);
        let words = serde_json::to_string(&chart.view(Times::of(&ahead))).unwrap();
        assert!(words.contains("1.000 ms ahead"), "{words}");
    }

    #[test]
    fn a_history_younger_than_the_range_says_since_when() {
        let mut window = samples::window(3_600, 5);
        assert_eq!(history(None, &window, Range::Hour).note, None);
        window.since = Some(window.from + Duration::from_secs(1_800));
        let note = history(None, &window, Range::Hour).note.unwrap();
        assert!(note.starts_with("Recorded since 20"), "{note}");
    }

    #[test]
    fn a_positive_offset_is_slow_of_the_clock_and_ahead_against_a_source_as_chronyc_signs_them() {
        let view = history(None, &samples::window(3_600, 1), Range::Hour);
        let view = serde_json::to_value(view).unwrap();
        let remark = |chart: usize| view["charts"][chart]["remark"].as_str().unwrap().to_owned();
        assert!(remark(0).ends_with("above 0 this clock is slow"), "{}", remark(0));
        assert!(remark(3).ends_with("above 0 this clock is ahead"), "{}", remark(3));
    }

    #[test]
    fn the_selected_source_stands_out_and_what_is_not_drawn_is_named() {
        let snapshot = samples::read(Scenario::synchronized());
        let mut window = samples::window(3_600, 5);
        let selected = snapshot.sources.as_ref().unwrap().iter().find(|s| s.is_selected()).unwrap();
        window.sources[2].id = selected.id.clone();
        let emphasised =
            |chart: Chart<'_>| -> Vec<_> { chart.lines.iter().map(|line| line.selected).collect() };
        assert_eq!(
            emphasised(sources(Some(&snapshot), &window)),
            [false, false, true, false, false]
        );
        // None is emphasised where none is selected.
        assert_eq!(emphasised(sources(None, &window)), [false; 5]);
        assert_eq!(sources(None, &window).left_out, None);
        for (number, words) in [
            (1, "Not drawn: 0.example."),
            (4, "Not drawn: 0.example, 1.example, 2.example, 3.example."),
            (12, "Not drawn: 0.example, 1.example, 2.example, 3.example and 8 more."),
        ] {
            window.others = (0..number).map(|number| format!("{number}.example")).collect();
            assert_eq!(sources(None, &window).left_out.as_deref(), Some(words));
        }
    }
}
