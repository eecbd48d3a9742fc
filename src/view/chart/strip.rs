//! States one after another as a strip: what is not one number, beside the charts and on their axis.

use serde::Serialize;

use crate::view::chart::path::{self, Gap};
use crate::view::chart::scale::Tick;
use crate::view::chart::table::{MOST_ROWS, NO_DATA, Row, Table};
use crate::view::chart::{NOTHING, Times, plot, time};
use crate::view::format;

/// How something was in one step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Good,
    /// Now this, now that.
    Partly,
    Bad,
}

/// What a strip is made of.
#[derive(Debug)]
pub(crate) struct Strip<'a> {
    /// For anchors, unique on a page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// As [`filled`] gives them; `None` where nothing was read.
    pub(crate) steps: &'a [Option<State>],
    pub(crate) words: Words,
}

/// How a strip and its table name the states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) column: &'static str,
    pub(crate) good: &'static str,
    pub(crate) partly: &'static str,
    pub(crate) bad: &'static str,
}

/// A while in which something was not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lapse {
    pub(crate) first: usize,
    pub(crate) steps: usize,
    /// Whether it was bad all the time.
    pub(crate) whole: bool,
    /// Whether nothing came after it.
    pub(crate) lasts: bool,
}

/// A strip as the page places it.
#[derive(Debug, Serialize)]
pub(crate) struct StripView {
    id: String,
    title: String,
    /// Why there is nothing to draw.
    missing: Option<&'static str>,
    pub(crate) summary: String,
    width: usize,
    gaps: Vec<Gap>,
    wide: Vec<String>,
    marks: Vec<Mark>,
    times: Vec<Tick>,
    keys: Vec<Key>,
    table: Option<Table>,
}

/// Steps in the same state; its class tells the height and the colour.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Mark {
    class: &'static str,
    start: usize,
    length: usize,
    y: u8,
    height: u8,
}

/// An entry of the legend.
#[derive(Debug, Serialize)]
struct Key {
    class: &'static str,
    y: u8,
    height: u8,
    text: &'static str,
}

/// The height of a strip in its own units.
const HEIGHT: u8 = 20;

impl State {
    const ALL: [Self; 3] = [Self::Good, Self::Partly, Self::Bad];

    fn class(self) -> &'static str {
        match self {
            Self::Good => "answered",
            Self::Partly => "partly",
            Self::Bad => "missed",
        }
    }

    /// Colour alone would not tell.
    fn height(self) -> u8 {
        match self {
            Self::Good => HEIGHT,
            Self::Partly => HEIGHT / 2,
            Self::Bad => HEIGHT / 5,
        }
    }
}

impl Strip<'_> {
    /// As the page places it, with these words for those who do not see it.
    pub(crate) fn view(&self, times: Times, summary: String) -> StripView {
        let steps = self.steps;
        let known: Vec<bool> = steps.iter().map(Option::is_some).collect();
        let nothing = !known.contains(&true);
        let gaps = path::gaps(&known, 1);
        let lost: usize = gaps
            .iter()
            .filter(|gap| times.since.is_none_or(|since| times.begin(gap.start) >= since))
            .map(|gap| gap.length)
            .sum();
        let mut summary = summary;
        if lost > 0 && !nothing {
            let seconds = times.step.as_secs_f64() * lost as f64;
            summary.push_str(&format!(" No data for {}.", format::duration(seconds)));
        }
        let has = |state: &State| steps.contains(&Some(*state));
        let key = |state: State| Key {
            class: state.class(),
            y: HEIGHT - state.height(),
            height: state.height(),
            text: self.words.of(state),
        };
        let keys = State::ALL.into_iter().filter(has).map(key);
        let no_data = Key { class: "nodata", y: 0, height: HEIGHT, text: NO_DATA };
        StripView {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            missing: nothing.then_some(NOTHING),
            summary,
            width: steps.len(),
            wide: plot::wide(&gaps, steps.len()),
            keys: keys.chain((!gaps.is_empty()).then_some(no_data)).collect(),
            gaps,
            marks: marks(steps),
            times: time::ticks(times.from, times.begin(steps.len())),
            table: (!nothing).then(|| self.table(times)),
        }
    }

    fn table(&self, times: Times) -> Table {
        let steps = self.steps;
        let each = steps.len().div_ceil(MOST_ROWS).max(1);
        let rows = steps.chunks(each).enumerate().map(|(number, part)| {
            let all = part.iter().flatten().copied().reduce(|one, other| match one == other {
                true => one,
                false => State::Partly,
            });
            let from = time::short(times, steps.len(), times.begin(number * each));
            Row { from, cells: vec![all.map_or(NO_DATA, |state| self.words.of(state)).to_owned()] }
        });
        Table { columns: vec![self.words.column.to_owned()], rows: rows.collect() }
    }
}

impl Words {
    fn of(self, state: State) -> &'static str {
        match state {
            State::Good => self.good,
            State::Partly => self.partly,
            State::Bad => self.bad,
        }
    }
}

/// Where chronyd is read less often than once in a step, what was read last holds on till the next.
pub(crate) fn filled(steps: &[Option<State>]) -> Vec<Option<State>> {
    let known: Vec<bool> = steps.iter().map(Option::is_some).collect();
    let rhythm = path::rhythm(&known);
    let gaps = path::gaps(&known, rhythm);
    let is_gap =
        |place: usize| gaps.iter().any(|gap| (gap.start..gap.start + gap.length).contains(&place));
    let mut last = None;
    let mut filled = Vec::with_capacity(steps.len());
    for (place, step) in steps.iter().enumerate() {
        last = if is_gap(place) { None } else { step.or(last) };
        filled.push(last);
    }
    filled
}

fn marks(steps: &[Option<State>]) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (place, state) in steps.iter().enumerate() {
        let Some(state) = *state else { continue };
        match marks.last_mut() {
            Some(mark) if mark.class == state.class() && mark.start + mark.length == place => {
                mark.length += 1;
            }
            _ => marks.push(Mark {
                class: state.class(),
                start: place,
                length: 1,
                y: HEIGHT - state.height(),
                height: state.height(),
            }),
        }
    }
    marks
}

/// The whiles that were not good; a while without data in between does not end one.
pub(crate) fn lapses(steps: &[Option<State>]) -> Vec<Lapse> {
    let mut lapses: Vec<Lapse> = Vec::new();
    let mut goes_on = false;
    for (place, state) in steps.iter().enumerate() {
        let Some(state) = *state else { continue };
        match lapses.last_mut().filter(|_| goes_on) {
            Some(lapse) if state != State::Good => {
                lapse.steps = place + 1 - lapse.first;
                lapse.whole &= state == State::Bad;
            }
            _ if state != State::Good => {
                let whole = state == State::Bad;
                lapses.push(Lapse { first: place, steps: 1, whole, lasts: false });
            }
            _ => {}
        }
        goes_on = state != State::Good;
    }
    if let Some(last) = lapses.last_mut() {
        last.lasts = goes_on;
    }
    lapses
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// `+` good, `/` partly, `-` bad, anything else nothing.
    pub(crate) fn steps(text: &str) -> Vec<Option<State>> {
        let state = |letter| match letter {
            '+' => Some(State::Good),
            '/' => Some(State::Partly),
            '-' => Some(State::Bad),
            _ => None,
        };
        text.chars().map(state).collect()
    }

    fn view(text: &str) -> StripView {
        let from = UNIX_EPOCH + Duration::from_secs(1_795_235_400);
        let times = Times { from, step: Duration::from_secs(60), since: Some(from) };
        let words = Words { column: "Polls", good: "all", partly: "some", bad: "none" };
        let strip = Strip { id: "strip", title: "", steps: &filled(&steps(text)), words };
        strip.view(times, "Words.".to_owned())
    }

    #[test]
    fn steps_in_the_same_state_are_one_mark_that_differs_in_height() {
        let view = view("++++--//+...++");
        let marks: Vec<_> = view.marks.iter().map(|m| (m.class, m.start, m.length)).collect();
        assert_eq!(
            marks,
            [
                ("answered", 0, 4),
                ("missed", 4, 2),
                ("partly", 6, 2),
                ("answered", 8, 1),
                ("answered", 12, 2)
            ]
        );
        let mut heights: Vec<_> = view.marks[..3].iter().map(|mark| mark.height).collect();
        heights.dedup();
        assert_eq!(heights.len(), 3);
        assert!(view.marks.iter().all(|mark| mark.y + mark.height == HEIGHT));
        assert_eq!(view.gaps, [Gap { start: 9, length: 3 }]);
        assert_eq!(view.summary, "Words. No data for 3 m.");
    }

    #[test]
    fn the_legend_names_what_is_there() {
        let keys = |text| view(text).keys.iter().map(|key| key.text).collect::<Vec<_>>();
        assert_eq!(keys("++++"), ["all"]);
        assert_eq!(keys("+-/..+"), ["all", "some", "none", "no data"]);
    }

    #[test]
    fn a_table_says_the_same() {
        let table = view("+++---+-+...").table.unwrap();
        let cells: Vec<_> = table.rows.iter().map(|row| row.cells[0].as_str()).collect();
        assert_eq!((cells[0], cells[3], cells[11]), ("all", "none", "no data"));
        let table = view(&"+-".repeat(12)).table.unwrap();
        assert_eq!((table.rows.len(), table.rows[1].cells[0].as_str()), (12, "some"));
        assert_eq!(table.rows[1].from, "04:32");
    }

    #[test]
    fn where_nothing_was_read_there_are_words_only() {
        for text in ["", "....."] {
            let view = view(text);
            assert!(view.missing.is_some() && view.table.is_none() && view.marks.is_empty());
            assert!(!view.summary.contains("No data"), "{}", view.summary);
        }
    }

    #[test]
    fn readings_rarer_than_steps_leave_no_gaps() {
        let view = view(&"+..".repeat(20));
        assert_eq!(view.marks.len(), 1);
        assert_eq!(view.summary, "Words.");
    }

    #[test]
    fn a_lapse_is_a_while_that_was_not_good() {
        let found = |text| {
            let all = lapses(&steps(text)).into_iter();
            all.map(|l| (l.first, l.steps, l.whole, l.lasts)).collect::<Vec<_>>()
        };
        assert_eq!(found("++++"), []);
        assert_eq!(found("+--+"), [(1, 2, true, false)]);
        assert_eq!(found("+-/+.--"), [(1, 2, false, false), (5, 2, true, true)]);
        assert_eq!(found("-..-+"), [(0, 4, true, false)]);
    }
}
