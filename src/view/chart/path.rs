//! Series as outlines of SVG: whole numbers, each relative to the one before, as they are shortest.
//!
//! A step of time is 1 wide, and its values stand in its middle.

use std::fmt::Write;

use serde::Serialize;

use crate::history::Point;

/// Steps one after the other that hold values, with those.
pub(super) type Run = Vec<(usize, Point)>;

/// A while without data, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    pub(crate) start: usize,
    pub(crate) length: usize,
}

/// How many steps apart values stand that belong together. More than one where chronyd is read less
/// often than once in a step.
pub(super) fn rhythm(filled: &[bool]) -> usize {
    let places: Vec<usize> =
        filled.iter().enumerate().filter(|(_, filled)| **filled).map(|(place, _)| place).collect();
    let mut apart: Vec<usize> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
    apart.sort_unstable();
    // Outages are rarer than one in ten.
    let usual = if apart.len() < 5 { 1 } else { apart[apart.len() * 9 / 10] };
    usual.min(filled.len() / 12).max(1)
}

/// The parts between gaps.
pub(super) fn runs(points: &[Option<Point>], rhythm: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (place, point) in points.iter().enumerate() {
        let Some(point) = *point else { continue };
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|(last, _)| place - last <= rhythm) => {
                run.push((place, point));
            }
            _ => runs.push(vec![(place, point)]),
        }
    }
    runs
}

/// The steps without data; an end that is not yet filled is none.
pub(super) fn gaps(filled: &[bool], rhythm: usize) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut next = 0;
    let places = filled.iter().enumerate().filter(|(_, filled)| **filled).map(|(place, _)| place);
    for place in places.chain([filled.len()]) {
        let length = place - next;
        let least = if place == filled.len() && next > 0 { rhythm + 1 } else { rhythm };
        if length >= least {
            gaps.push(Gap { start: next, length });
        }
        next = place + 1;
    }
    gaps
}

/// A line through the means; a value by itself is a dot.
pub(super) fn line(runs: &[Run], height: impl Fn(f64) -> f64) -> String {
    let mut pen = Pen::default();
    for run in runs {
        let mut points = run.iter().map(|(place, point)| (*place, height(point.mean)));
        let Some(first) = points.next() else { continue };
        pen.start(first);
        if run.len() == 1 {
            pen.text.push_str("h0");
        }
        points.for_each(|point| pen.to(point));
    }
    pen.text
}

/// The area between two values of each step. Empty where it would have no height.
pub(super) fn area(
    runs: &[Run],
    low: impl Fn(usize, &Point) -> f64,
    high: impl Fn(usize, &Point) -> f64,
) -> String {
    let mut pen = Pen::default();
    for run in runs {
        let top = run.iter().map(|(place, point)| (*place, high(*place, point)));
        let bottom = run.iter().rev().map(|(place, point)| (*place, low(*place, point)));
        let flat = run.iter().all(|(place, point)| low(*place, point) <= high(*place, point));
        let mut points = top.chain(bottom);
        let Some(first) = points.next().filter(|_| !flat) else { continue };
        pen.start(first);
        points.for_each(|point| pen.to(point));
        pen.text.push('z');
    }
    pen.text
}

/// Writes an outline.
#[derive(Default)]
struct Pen {
    text: String,
    at: (usize, f64),
    begun: bool,
}

impl Pen {
    fn start(&mut self, (place, height): (usize, f64)) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "M{place}.5 {}", whole(height));
        self.at = (place, height);
        self.begun = false;
    }

    fn to(&mut self, (place, height): (usize, f64)) {
        if !self.begun {
            self.text.push('l');
            self.begun = true;
        }
        let (was, before) = self.at;
        self.number(place.cast_signed() - was.cast_signed());
        self.number(whole(height) - whole(before));
        self.at = (place, height);
    }

    /// A minus sign parts numbers as well as a blank.
    fn number(&mut self, number: isize) {
        if number >= 0 && !self.text.ends_with('l') {
            self.text.push(' ');
        }
        let _ = write!(self.text, "{number}");
    }
}

/// A height is a whole number already. As one of these it is written in a fraction of the time, and a page
/// has thousands.
fn whole(height: f64) -> isize {
    #[expect(clippy::cast_possible_truncation, reason = "heights are a few hundred")]
    let whole = height as isize;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[Option<f64>]) -> Vec<Option<Point>> {
        let point = |value: f64| Point { min: value - 1.0, mean: value, max: value + 1.0 };
        values.iter().map(|value| value.map(point)).collect()
    }

    fn filled(text: &str) -> Vec<bool> {
        text.chars().map(|c| c == 'x').collect()
    }

    #[test]
    fn a_line_is_relative_whole_numbers_and_breaks_at_a_gap() {
        let points = points(&[Some(5.0), Some(3.0), Some(9.0), None, Some(4.0), None, Some(1.0)]);
        let runs = runs(&points, 1);
        assert_eq!(line(&runs, |value| value), "M0.5 5l1-2 1 6M4.5 4h0M6.5 1h0");
    }

    #[test]
    fn an_area_goes_along_the_top_and_back_below() {
        let points = points(&[Some(5.0), Some(3.0)]);
        let runs = runs(&points, 1);
        let outline = area(&runs, |_, point| 10.0 - point.min, |_, point| 10.0 - point.max);
        assert_eq!(outline, "M0.5 4l1 2 0 2-1-2z");
        assert_eq!(area(&runs, |_, point| point.mean, |_, point| point.mean), "");
    }

    #[test]
    fn gaps_are_where_nothing_was_read() {
        let gap = |start, length| Gap { start, length };
        assert_eq!(gaps(&filled("xx..xx"), 1), [gap(2, 2)]);
        assert_eq!(gaps(&filled("..xx"), 1), [gap(0, 2)]);
        assert_eq!(gaps(&filled("...."), 1), [gap(0, 4)]);
        // The step under way may still be empty.
        assert_eq!(gaps(&filled("xxx."), 1), []);
        assert_eq!(gaps(&filled("xx.."), 1), [gap(2, 2)]);
    }

    #[test]
    fn readings_rarer_than_steps_are_no_gaps() {
        let steps = filled(&"x..".repeat(20));
        assert_eq!(rhythm(&steps), 3);
        assert_eq!(gaps(&steps, 3), []);
        let mut steps = filled(&"x".repeat(60));
        steps[30] = false;
        assert_eq!(rhythm(&steps), 1);
        assert_eq!(gaps(&steps, 1).len(), 1);
    }
}
