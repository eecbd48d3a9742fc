//! Why each source is or is not chosen, and the interval in which it holds the true time to lie.

use libchrony::{ReportName, SelectData, SelectOption, SelectState, Snapshot};
use serde::Serialize;

use crate::view::absence;
use crate::view::format::{self, Age};
use crate::view::rows::{Rows, When};
use crate::view::sources::{Ordered, Who, reason, rows_of};

/// What its rows are known by.
pub(super) const TABLE: &str = "selectdata";

/// The selection, in the order of the sources.
#[derive(Debug, Serialize)]
pub(crate) struct SelectDataView {
    /// Why there is no table.
    pub(crate) missing: Option<String>,
    /// The ends of the axis that the bands stand on; none where no source has an interval.
    pub(crate) axis: Option<Axis>,
    pub(crate) rows: Rows<SelectRow>,
}

/// The axis of the bands, from the lowest to the highest offset.
#[derive(Debug, Serialize)]
pub(crate) struct Axis {
    pub(crate) low: String,
    pub(crate) high: String,
    /// Where the clock itself stands, 0 to 100.
    pub(crate) zero: f64,
}

/// One source's part in the selection.
#[derive(Debug, Serialize)]
pub(crate) struct SelectRow {
    pub(crate) who: Who,
    /// The class in CSS: `chosen`, `combined`, `falseticker` or `rest`.
    pub(crate) class: &'static str,
    /// What became of it, as `not chosen: disagrees with the majority`.
    pub(crate) verdict: String,
    /// Options that bear on the selection.
    pub(crate) options: Option<String>,
    pub(crate) last_sample: Age,
    pub(crate) score: String,
    pub(crate) interval: Option<String>,
    pub(crate) band: Option<Band>,
    /// Where the clock itself stands on the axis; none where there is no axis.
    pub(crate) zero: Option<Zero>,
}

/// A place on the axis, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Zero {
    pub(crate) place: f64,
}

/// An interval on the axis: where it begins and how long it is, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Band {
    pub(crate) start: f64,
    pub(crate) width: f64,
    /// Where it lies beyond an end of the axis, the outline of an arrow that points there.
    pub(crate) beyond: Option<&'static str>,
}

/// A band is never thinner, so that it is seen.
const THINNEST: f64 = 0.6;
/// The axis reaches to an interval apart from the others' while it grows no longer than so many times;
/// one that is farther away stands at the end, or nothing of the others would be seen.
const LONGEST: f64 = 6.0;
/// Arrows on an axis 100 wide and 10 high, as outlines of SVG.
const ARROW_LOW: &str = "M3 1 L0 5 L3 9 Z";
const ARROW_HIGH: &str = "M97 1 L100 5 L97 9 Z";

/// With its rows.
pub(crate) fn selectdata(snapshot: Option<&Ordered<'_>>) -> SelectDataView {
    view(snapshot, Rows::now)
}

pub(super) fn rows<'a>(snapshot: &'a Ordered<'_>) -> Box<dyn Iterator<Item = SelectRow> + 'a> {
    let data = snapshot.selectdata.as_deref().unwrap_or_default();
    let scale = Scale::of(data);
    let made = move |who, data: &SelectData| row(who, data, scale);
    rows_of(snapshot, data, |joined| joined.select, |data| data.address, made)
}

pub(super) fn view(snapshot: Option<&Ordered<'_>>, when: When<SelectRow>) -> SelectDataView {
    let Some((snapshot, data)) = snapshot.and_then(|all| Some((all, all.selectdata.as_ref()?)))
    else {
        let missing = Some(absence(Ordered::snapshot(snapshot), ReportName::SelectData));
        return SelectDataView { missing, axis: None, rows: Rows::none(TABLE) };
    };
    let axis = Scale::of(data).map(Scale::axis);
    SelectDataView { missing: None, axis, rows: when(TABLE, &mut rows(snapshot)) }
}

/// One source's part in the selection, and the axis that it shares with the others.
pub(crate) fn one(snapshot: &Snapshot, who: Who, data: &SelectData) -> (Option<Axis>, SelectRow) {
    let scale = Scale::of(snapshot.selectdata.as_deref().unwrap_or_default());
    (scale.map(Scale::axis), row(who, data, scale))
}

fn row(who: Who, data: &SelectData, scale: Option<Scale>) -> SelectRow {
    let limits = data.low_limit.zip(data.high_limit);
    let (class, verdict) = verdict(data.state);
    SelectRow {
        who,
        class,
        verdict,
        options: options(data),
        last_sample: format::aged(data.last_sample_ago.map(f64::from)),
        score: format!("{:.1}", data.score),
        interval: limits
            .map(|(low, high)| format!("{} to {}", format::offset(low), format::offset(high))),
        band: limits.zip(scale).map(|((low, high), scale)| scale.band(low, high)),
        zero: scale.map(|scale| Zero { place: scale.place(0.0) }),
    }
}

/// What became of a source, and why.
fn verdict(state: SelectState) -> (&'static str, String) {
    match (state, reason(state)) {
        (SelectState::Best, _) => ("chosen", "chosen: the clock follows it".to_owned()),
        (SelectState::Combined, _) => ("combined", "good: combined with the chosen one".to_owned()),
        (SelectState::Falseticker, _) => {
            ("falseticker", "not chosen: its interval does not overlap the majority's".to_owned())
        }
        (_, Some(reason)) => ("rest", format!("not chosen: {reason}")),
        (state, None) => {
            let letter = u8::try_from(state.code()).map_or('?', char::from);
            ("rest", format!("not chosen: state {letter:?} of chronyc's selectdata"))
        }
    }
}

/// Options in force; those that the configuration does not name were added by authselectmode.
fn options(data: &SelectData) -> Option<String> {
    let named = |option: &SelectOption| {
        let added = !data.configured_options.contains(option);
        let word = match option {
            SelectOption::Noselect => "noselect",
            SelectOption::Prefer => "prefer",
            SelectOption::Trust => "trust",
            SelectOption::Require => "require",
            _ => "unknown option",
        };
        if added { format!("{word} (by authselectmode)") } else { word.to_owned() }
    };
    let all: Vec<_> = data.effective_options.iter().map(named).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// From offsets to places on the axis.
#[derive(Debug, Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Holds the clock itself, every interval of those that agree, and the others where they are near.
    fn of(data: &[SelectData]) -> Option<Self> {
        let all = || {
            let limits = |data: &SelectData| Some((data.state, data.low_limit?, data.high_limit?));
            data.iter().filter_map(limits)
        };
        let agree = |state: SelectState| state != SelectState::Falseticker;
        let hold = |scale: Self, low: f64, high: f64| Self {
            low: scale.low.min(low),
            high: scale.high.max(high),
        };
        all().next()?;
        let clock = Self { low: 0.0, high: 0.0 };
        let core = all()
            .filter(|(state, ..)| agree(*state))
            .fold(clock, |scale, (_, low, high)| hold(scale, low, high));
        let most = if core.high > core.low { (core.high - core.low) * LONGEST } else { f64::MAX };
        Some(all().fold(core, |scale, (_, low, high)| {
            let wider = hold(scale, low, high);
            if wider.high - wider.low <= most { wider } else { scale }
        }))
    }

    fn place(self, offset: f64) -> f64 {
        let length = self.high - self.low;
        let place = if length > 0.0 { (offset - self.low) / length * 100.0 } else { 50.0 };
        (place * 100.0).round() / 100.0
    }

    fn band(self, low: f64, high: f64) -> Band {
        let start = self.place(low).clamp(0.0, 100.0 - THINNEST);
        let end = self.place(high).min(100.0);
        let beyond = match () {
            () if high < self.low => Some(ARROW_LOW),
            () if low > self.high => Some(ARROW_HIGH),
            () => None,
        };
        let width = ((end - start).max(THINNEST) * 100.0).round() / 100.0;
        Band { start, width, beyond }
    }

    fn axis(self) -> Axis {
        let (low, high) = (format::offset(self.low), format::offset(self.high));
        Axis { low, high, zero: self.place(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use libchrony::testing::{Address, Scenario, Source as Simulated};

    use super::*;
    use crate::view::samples::{read, read_udp, without_reference};

    fn server(last: u8, state: u8, limits: (f64, f64)) -> Simulated {
        let mut server = Simulated::server(Address::V4([192, 0, 2, last].into()));
        server.select.state = state;
        (server.select.low_limit, server.select.high_limit) = limits;
        server
    }

    #[test]
    fn what_became_of_a_source_is_said_in_words() {
        let states = [b'*', b'+', b'x', b'M', b'N', b'!'];
        let servers = (1..).zip(states).map(|(last, state)| server(last, state, (-1.0, 1.0)));
        let view = selectdata(Some(&Ordered::of(&without_reference(servers.collect()))));
        let verdicts: Vec<_> = view.rows.iter().map(|row| row.verdict.as_str()).collect();
        assert_eq!(
            verdicts,
            [
                "chosen: the clock follows it",
                "good: combined with the chosen one",
                "not chosen: its interval does not overlap the majority's",
                "not chosen: has too few samples yet",
                "not chosen: has the noselect option",
                "not chosen: state '!' of chronyc's selectdata",
            ]
        );
        assert_eq!(view.rows[2].class, "falseticker");
    }

    #[test]
    fn bands_stand_on_one_axis_that_holds_the_clock_too() {
        let snapshot = without_reference(vec![
            server(1, b'*', (0.010, 0.020)),
            server(2, b'x', (0.030, 0.040)),
            server(3, b'M', (0.0, 0.0)),
        ]);
        let view = selectdata(Some(&Ordered::of(&snapshot)));
        let axis = view.axis.unwrap();
        assert_eq!((axis.low.as_str(), axis.high.as_str()), ("0 s", "+40.00 ms"));
        assert!(axis.zero.abs() < 0.01);
        let bands: Vec<_> = view.rows.iter().map(|row| row.band).collect();
        let band = |start, width| Some(Band { start, width, beyond: None });
        assert_eq!(bands, [band(25.0, 25.0), band(75.0, 25.0), None]);
        assert_eq!(view.rows[0].interval.as_deref(), Some("+10.00 ms to +20.00 ms"));
        assert_eq!(view.rows[2].interval, None);
    }

    #[test]
    fn a_narrow_band_is_still_seen_and_stays_on_the_axis() {
        let snapshot = without_reference(vec![
            server(1, b'*', (-1e-9, 1e-9)),
            server(2, b'x', (0.999_999, 1.0)),
        ]);
        for row in selectdata(Some(&Ordered::of(&snapshot))).rows.iter() {
            let band = row.band.unwrap();
            assert!(band.width >= THINNEST && band.start + band.width <= 100.01, "{band:?}");
        }
    }

    #[test]
    fn an_interval_far_away_stands_at_the_end_and_leaves_the_others_their_room() {
        let snapshot = without_reference(vec![
            server(1, b'*', (-0.010, 0.010)),
            server(2, b'x', (4.0, 5.0)),
            server(3, b'x', (-5.0, -4.0)),
            server(4, b'x', (0.020, 0.040)),
        ]);
        let view = selectdata(Some(&Ordered::of(&snapshot)));
        assert_eq!(view.axis.unwrap().high, "+40.00 ms");
        let bands: Vec<_> = view.rows.iter().filter_map(|row| row.band).collect();
        assert_eq!(bands[0], Band { start: 0.0, width: 40.0, beyond: None });
        assert_eq!((bands[1].start, bands[1].beyond), (100.0 - THINNEST, Some(ARROW_HIGH)));
        assert_eq!((bands[2].start, bands[2].beyond), (0.0, Some(ARROW_LOW)));
        assert_eq!(bands[3].beyond, None);
    }

    #[test]
    fn options_say_who_set_them() {
        let mut one = server(1, b'*', (-1.0, 1.0)).with_options(2);
        one.select.effective_options = 2 | 4;
        let view = selectdata(Some(&Ordered::of(&without_reference(vec![one]))));
        assert_eq!(view.rows[0].options.as_deref(), Some("prefer, trust (by authselectmode)"));
    }

    #[test]
    fn over_udp_it_says_how_to_get_it() {
        let view = selectdata(Some(&Ordered::of(&read_udp(Scenario::synchronized()))));
        assert!(view.missing.is_some_and(|text| text.contains("opencommands")));
        let view = selectdata(Some(&Ordered::of(&read(Scenario::no_sources()))));
        assert!(view.missing.is_none() && view.rows.is_empty() && view.axis.is_none());
    }
}
