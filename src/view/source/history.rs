//! What was recorded of a source: whether it answered, its offset and delay, and what changed.

use libchrony::{Joined, ReportName, Snapshot, Source, SourceMode};
use serde::Serialize;

use crate::history::{Point, SourceWindow};
use crate::view::chart::{
    self, Chart, ChartView, Lapse, Line, Quantity, Signs, State, Strip, StripView, Times, Words,
};
use crate::view::events::{self, EventsView};
use crate::view::history::{AGAINST_SOURCE, NOTHING, RangeLink, links, note};
use crate::view::sources::is_unresolved;
use crate::view::{About, absence, format};

/// So many whiles without answer are told one by one.
const MOST_LAPSES: usize = 3;
/// The most polls that a register tells of.
const POLLS: u32 = 8;

/// The charts of a source, or why there are none.
#[derive(Debug, Serialize)]
pub(super) struct SourceHistoryView {
    ranges: Vec<RangeLink>,
    /// What is wrong with the history file.
    pub(super) notice: Option<String>,
    /// Why there are no charts.
    missing: Option<&'static str>,
    /// What the history does not reach.
    note: Option<String>,
    charts: Vec<ChartView>,
    reach: Option<StripView>,
    events: Option<EventsView>,
}

pub(super) fn history(
    snapshot: &Snapshot,
    joined: &Joined<'_>,
    about: &About,
    window: Option<&SourceWindow>,
) -> SourceHistoryView {
    let (source, range) = (joined.source, about.range);
    let mut view = SourceHistoryView {
        ranges: links(&format!("/sources/{}", source.id), range),
        notice: None,
        missing: None,
        note: None,
        charts: Vec::new(),
        reach: None,
        events: None,
    };
    let Some((window, since)) = window.and_then(|window| Some((window, window.since?))) else {
        view.missing = Some(NOTHING);
        return view;
    };
    view.events = Some(events::events(&window.events, range));
    view.note = note(Some(since), window.to, range);
    let is_younger = view.note.is_some();
    if is_unresolved(source) {
        return view;
    }
    let times = Times { from: window.from, step: window.step, since: Some(since) };
    view.charts = vec![offset(window).view(times)];
    view.charts.extend(delay(snapshot, source, window, times));
    let when = match is_younger {
        true => format!("since {}", chart::short(times, window.offset.len(), since)),
        false => range.words().to_owned(),
    };
    view.reach = Some(reach(source, window, times, &when));
    view
}

fn single<'a>(
    (id, title): (&'a str, &'a str),
    points: &'a [Option<Point>],
    error: Option<&'a [Option<Point>]>,
    signs: Option<Signs>,
) -> Chart<'a> {
    let line = Line { name: title.to_owned(), points, error, with_spread: true, selected: true };
    Chart {
        id,
        title,
        quantity: Quantity::Time,
        signs,
        with_zero: signs.is_some(),
        lines: vec![line],
        error: "error of the sample",
        left_out: None,
    }
}

fn offset(window: &SourceWindow) -> Chart<'_> {
    let name = ("chart-offset", "Offset of this clock against it");
    single(name, &window.offset, Some(&window.error), Some(AGAINST_SOURCE))
}

/// The way to a server and back; a reference clock has none.
fn delay(
    snapshot: &Snapshot,
    source: &Source,
    window: &SourceWindow,
    times: Times,
) -> Option<ChartView> {
    const NAME: (&str, &str) = ("chart-delay", "Delay, there and back");
    if source.mode == SourceMode::Refclock {
        return None;
    }
    let is_told = snapshot.ntpdata.is_some() || window.delay.iter().any(Option::is_some);
    Some(if is_told {
        single(NAME, &window.delay, None, None).view(times)
    } else {
        ChartView::without(NAME.0, NAME.1, Some(absence(Some(snapshot), ReportName::NtpData)))
    })
}

fn reach(source: &Source, window: &SourceWindow, times: Times, when: &str) -> StripView {
    let polls = polls_in(times.step.as_secs_f64(), source.poll_interval());
    let states: Vec<_> =
        window.reach.iter().map(|register| register.map(|r| answers(r, polls))).collect();
    let steps = chart::filled(&states);
    let strip = Strip {
        id: "chart-reach",
        title: "Answered polls",
        steps: &steps,
        words: Words { column: "Polls", good: "answered", partly: "some missed", bad: "missed" },
    };
    strip.view(times, summary(&steps, times, when))
}

/// How many polls fall into a step; at least the last one is looked at, at most all that are known.
fn polls_in(step: f64, interval: f64) -> u32 {
    (1..POLLS).find(|polls| step < interval * f64::from(polls + 1)).unwrap_or(POLLS)
}

/// What the newest so many polls of a register say. Before its first answer nothing may have been
/// asked, so that does not count.
fn answers(register: u8, polls: u32) -> State {
    let known = (u8::BITS - register.leading_zeros()).min(polls);
    match (known, register.trailing_ones()) {
        (0, _) => State::Bad,
        (known, answered) if answered >= known => State::Good,
        _ if register.trailing_zeros() >= polls => State::Bad,
        _ => State::Partly,
    }
}

/// As `It answered all polls in the last hour, but for about 12 m from 06:10.`
fn summary(steps: &[Option<State>], times: Times, when: &str) -> String {
    let lapses = chart::lapses(steps);
    let known = || steps.iter().flatten();
    if lapses.is_empty() {
        return format!("It answered all polls {when}.");
    }
    if known().all(|state| *state == State::Bad) {
        return format!("It answered no poll {when}.");
    }
    let length = |lapse: &Lapse| {
        let count = u32::try_from(lapse.steps).unwrap_or(u32::MAX);
        times.step.as_secs_f64() * f64::from(count)
    };
    let told = |lapse: &Lapse| {
        let from = chart::short(times, steps.len(), times.begin(lapse.first));
        let some = if lapse.whole { "" } else { "some in " };
        match lapse.lasts {
            true => format!("{some}the time since {from}"),
            false => format!("{some}about {} from {from}", format::duration(length(lapse))),
        }
    };
    if lapses.len() <= MOST_LAPSES {
        let all: Vec<_> = lapses.iter().map(told).collect();
        return format!("It answered all polls {when}, but for {}.", listed(&all));
    }
    let together: f64 = lapses.iter().map(length).sum();
    let longest = lapses.iter().max_by(|a, b| a.steps.cmp(&b.steps)).map(told).unwrap_or_default();
    format!(
        "It missed polls {when} in {} whiles, about {} together; the longest: {longest}.",
        lapses.len(),
        format::duration(together)
    )
}

/// As `a, b and c`.
fn listed(all: &[String]) -> String {
    match all {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => all.concat(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use libchrony::testing::Scenario;

    use super::*;
    use crate::view::samples;

    /// 2026-11-21 06:00:00 UTC, and steps of 30 s, an hour of them.
    fn times() -> Times {
        let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_240_800);
        Times { from, step: Duration::from_secs(30), since: Some(from) }
    }

    /// What is said of an hour in which these steps, from the first and so many, were in a state.
    fn told(bad: &[(usize, usize, State)]) -> String {
        let mut steps = vec![Some(State::Good); 120];
        for (first, count, state) in bad {
            steps[*first..first + count].fill(Some(*state));
        }
        summary(&steps, times(), "in the last hour")
    }

    #[test]
    fn the_words_say_when_polls_were_missed_and_for_how_long() {
        use State::{Bad, Partly};
        for (bad, words) in [
            (&[][..], "It answered all polls in the last hour."),
            (
                &[(20, 24, Bad)],
                "It answered all polls in the last hour, but for about 12 m from 06:10.",
            ),
            (
                &[(20, 24, Bad), (60, 2, Partly), (110, 10, Bad)],
                "It answered all polls in the last hour, but for about 12 m from 06:10, some in about 1 m from 06:30 and the time since 06:55.",
            ),
            (&[(0, 120, Bad)], "It answered no poll in the last hour."),
            (
                &[(10, 2, Bad), (20, 2, Bad), (30, 6, Bad), (50, 2, Bad)],
                "It missed polls in the last hour in 4 whiles, about 6 m together; the longest: about 3 m from 06:15.",
            ),
        ] {
            assert_eq!(told(bad), words);
        }
    }

    #[test]
    fn a_step_is_judged_by_the_polls_that_fell_into_it() {
        assert_eq!(
            [10.0, 64.0, 128.0, 200.0, 7200.0].map(|step| polls_in(step, 64.0)),
            [1, 1, 2, 3, 8]
        );
        use State::{Bad, Good, Partly};
        for (register, polls, state) in [
            (0b1111_1111, 1, Good),
            (0b0000_0001, 1, Good),
            (0b1111_1110, 1, Bad),
            (0b1111_1101, 1, Good),
            (0b1111_1101, 2, Partly),
            (0b1111_0111, 3, Good),
            (0b1111_1000, 3, Bad),
            (0b1111_1000, 4, Partly),
            (0b1110_1111, 8, Partly),
            // It began to be polled.
            (0b0000_0111, 8, Good),
            (0b0000_0101, 8, Partly),
            (0, 8, Bad),
            (0, 1, Bad),
        ] {
            assert_eq!(answers(register, polls), state, "{register:b} {polls}");
        }
    }

    /// The clock's window with the history of a source.
    fn window(change: impl FnOnce(&mut SourceWindow)) -> SourceWindow {
        let mut window = samples::source_window(&samples::window(3_600, 1));
        change(&mut window);
        window
    }

    fn of(snapshot: &Snapshot, id: &str, window: Option<&SourceWindow>) -> SourceHistoryView {
        let all = snapshot.joined();
        let joined = all.iter().find(|joined| joined.source.id == id).unwrap();
        history(snapshot, joined, &samples::about(), window)
    }

    fn titles(view: &SourceHistoryView) -> Vec<String> {
        let charts = serde_json::to_value(&view.charts).unwrap();
        let charts = charts.as_array().unwrap().iter();
        charts.map(|chart| chart["title"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_server_has_a_delay_and_a_reference_clock_none() {
        let window = window(|_| ());
        let snapshot = samples::read(Scenario::gps_and_pps());
        assert_eq!(titles(&of(&snapshot, "PPS", Some(&window))).len(), 1);
        let snapshot = samples::read(Scenario::synchronized());
        assert_eq!(titles(&of(&snapshot, "192.0.2.11", Some(&window)))[1], "Delay, there and back");
        let snapshot = samples::read_udp(Scenario::synchronized());
        let view = of(&snapshot, "192.0.2.11", Some(&window));
        let delay = serde_json::to_value(&view.charts[1]).unwrap();
        assert!(delay["missing"].as_str().unwrap().contains("opencommands"), "{delay}");
    }

    #[test]
    fn what_was_never_recorded_is_words() {
        let snapshot = samples::read(Scenario::synchronized());
        for window in [None, Some(&window(|window| window.since = None))] {
            let view = of(&snapshot, "192.0.2.11", window);
            assert!(view.missing.is_some() && view.charts.is_empty() && view.reach.is_none());
            assert_eq!(view.ranges.len(), 3);
        }
    }

    #[test]
    fn a_name_without_an_address_has_events_only() {
        let snapshot = samples::read(Scenario::unresolved());
        let view =
            of(&snapshot, "unresolved-1", Some(&window(|window| window.reach.fill(Some(0)))));
        assert!(view.reach.is_none() && view.charts.is_empty() && view.events.is_some());
    }

    #[test]
    fn of_a_time_before_the_first_reading_nothing_is_said() {
        let window = |since| {
            window(|window| {
                window.reach.fill(Some(0xff));
                window.since = Some(window.from + window.step * since);
            })
        };
        let snapshot = samples::read(Scenario::synchronized());
        let summary =
            |since| of(&snapshot, "192.0.2.11", Some(&window(since))).reach.unwrap().summary;
        assert_eq!(summary(30), "It answered all polls since 03:45.");
        assert_eq!(summary(0), "It answered all polls in the last hour.");
    }

    #[test]
    fn its_charts_are_in_chronycs_sign_for_sources() {
        let ahead = Some(Point { min: 1e-3, mean: 1e-3, max: 1e-3 });
        let window = window(|window| window.offset.fill(ahead));
        let snapshot = samples::read(Scenario::synchronized());
        let view = of(&snapshot, "192.0.2.11", Some(&window));
        let text = serde_json::to_string(&view.charts).unwrap();
        assert!(text.contains("1.000 ms ahead"), "{text}");
    }
}
