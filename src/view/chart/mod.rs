//! Series as charts: an outline for SVG, axes with round ticks, a summary in words and a table.
//!
//! Colours are the style sheet's: here are only classes. The plot is stretched to the place it has,
//! the texts beside it are not.

mod path;
mod plot;
mod scale;
mod strip;
mod table;
mod time;
mod words;

pub(crate) use scale::Quantity;
pub(crate) use strip::{Lapse, State, Strip, StripView, Words, filled, lapses};
pub(crate) use time::short;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::history::{Point, Window};
use crate::view::format;
use path::{Gap, Run};
use plot::{Data, Plot, Shape};
use scale::{Extent, HEIGHT, Scale};
use table::Table;

/// What stands in the place of a plot.
const NOTHING: &str = "Nothing was recorded in this time.";

/// When the steps of the series are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// When the first begins.
    pub(crate) from: SystemTime,
    /// How long each is.
    pub(crate) step: Duration,
    /// Since when there is a history; what is before is no loss.
    pub(crate) since: Option<SystemTime>,
}

impl Times {
    pub(crate) fn of(window: &Window) -> Self {
        Self { from: window.from, step: window.step, since: window.since }
    }

    /// When a step begins.
    pub(crate) fn begin(self, step: usize) -> SystemTime {
        let steps = u32::try_from(step).unwrap_or(u32::MAX);
        let since = self.step.checked_mul(steps).unwrap_or(Duration::ZERO);
        self.from.checked_add(since).unwrap_or(self.from)
    }
}

/// What a chart is made of.
#[derive(Debug)]
pub(crate) struct Chart<'a> {
    /// For anchors, unique on a page.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) quantity: Quantity,
    /// What the signs of a value mean, as `slow` and `fast`; none where it has no sign.
    pub(crate) signs: Option<Signs>,
    /// Whether the axis holds zero whatever the values are.
    pub(crate) with_zero: bool,
    /// The most important first; one with several has a legend that names them.
    pub(crate) lines: Vec<Line<'a>>,
    /// What the error of a line is called.
    pub(crate) error: &'a str,
    /// What was not drawn, in a sentence.
    pub(crate) left_out: Option<String>,
}

/// The words for a value above and below zero.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Signs {
    pub(crate) plus: &'static str,
    pub(crate) minus: &'static str,
}

/// One series of a chart.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) name: String,
    pub(crate) points: &'a [Option<Point>],
    /// How far the value may be off, in the unit of the value.
    pub(crate) error: Option<&'a [Option<Point>]>,
    /// Whether the lowest and highest values of each step are shown where the line is the only one.
    pub(crate) with_spread: bool,
    /// Whether the clock follows it.
    pub(crate) selected: bool,
}

/// A chart as the page places it.
#[derive(Debug, Serialize)]
pub(crate) struct ChartView {
    id: String,
    title: String,
    /// What the axis counts in, as `in µs; above 0 this clock is slow`.
    remark: String,
    /// Why there is nothing to draw.
    missing: Option<String>,
    summary: String,
    left_out: Option<String>,
    plot: Option<Plot>,
    keys: Vec<Key>,
    table: Option<Table>,
}

impl ChartView {
    /// A chart of which nothing is known, and why.
    pub(crate) fn without(id: &str, title: &str, missing: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            remark: String::new(),
            missing,
            summary: String::new(),
            left_out: None,
            plot: None,
            keys: Vec::new(),
            table: None,
        }
    }
}

/// An entry of the legend.
#[derive(Debug, Serialize)]
struct Key {
    class: String,
    /// The number at the line's end; none for an area.
    number: Option<String>,
    text: String,
    /// The latest value.
    value: Option<String>,
}

/// A line made ready.
struct Ready<'a> {
    line: &'a Line<'a>,
    points: Vec<Option<Point>>,
    errors: Vec<Option<f64>>,
    runs: Vec<Run>,
    class: String,
}

impl Ready<'_> {
    fn latest(&self) -> Option<(usize, f64)> {
        self.runs.last()?.last().map(|(place, point)| (*place, point.mean))
    }
}

impl Chart<'_> {
    /// As the page places it. What is no number counts as not read.
    pub(crate) fn view(&self, times: Times) -> ChartView {
        let left_out = self.left_out.as_deref().map(format::plain);
        let mut view = ChartView { left_out, ..ChartView::without(self.id, self.title, None) };
        let steps = self.lines.iter().map(|line| line.points.len()).max().unwrap_or(0);
        let points: Vec<_> = self.lines.iter().map(|line| numbers(line.points)).collect();
        let filled: Vec<bool> = (0..steps)
            .map(|step| points.iter().any(|points| points.get(step).is_some_and(Option::is_some)))
            .collect();
        if !filled.contains(&true) {
            view.missing = Some(NOTHING.to_owned());
            return view;
        }
        let rhythm = path::rhythm(&filled);
        let ready: Vec<_> = self
            .lines
            .iter()
            .zip(points)
            .enumerate()
            .map(|(number, (line, points))| Ready {
                line,
                runs: path::runs(&points, rhythm),
                errors: errors(line),
                points,
                class: format!("s{}{}", number + 1, if line.selected { " selected" } else { "" }),
            })
            .collect();
        let scale = Scale::new(self.quantity, self.extent(&ready));
        let mut gaps = path::gaps(&filled, rhythm);
        // What was before the history began is no loss, and needs no mark.
        let is_loss = |gap: &Gap| times.since.is_none_or(|since| times.begin(gap.start) >= since);
        gaps.retain(is_loss);
        let shapes = plot::shapes(&ready, &scale);
        let (above, below) = if ready.len() == 1 {
            plot::beyond(&ready[0], &scale, steps)
        } else {
            Default::default()
        };
        view.remark = match self.signs {
            Some(signs) => format!("in {}; above 0 this clock is {}", scale.unit, signs.plus),
            None => format!("in {}", scale.unit),
        };
        view.summary = words::summary(self, &ready, times, &gaps, &scale);
        let is_error = |shape: &Shape| shape.class == "error";
        if ready.len() == 1
            && ready[0].errors.iter().any(Option::is_some)
            && !shapes.iter().any(is_error)
        {
            view.summary.push_str(&format!(" The {} is wider than the plot.", self.error));
        }
        view.keys = self.keys(&ready, &shapes, &scale, times);
        view.table = Some(table::table(self, &ready, times));
        let (values, hours) =
            (scale.ticks(self.signs.is_some()), time::ticks(times.from, times.begin(steps)));
        view.plot = Some(Plot {
            steps,
            wide: plot::wide(&gaps, steps),
            gaps,
            grid: plot::grid(&values, &hours, steps),
            shapes,
            zero: (scale.low < 0.0 && scale.high > 0.0)
                .then(|| scale::percent(scale.height(0.0) / HEIGHT)),
            values,
            times: hours,
            above,
            below,
            ends: if ready.len() > 1 { plot::ends(&ready, &scale) } else { Vec::new() },
            data: Data {
                from: times.from.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
                step: times.step.as_secs_f64(),
                top: format!("{:.*}", scale.decimals, scale.high),
                bottom: format!("{:.*}", scale.decimals, scale.low),
                unit: scale.unit,
                decimals: scale.decimals + 1,
                signs: self.signs,
            },
        });
        view
    }

    /// What the axis holds.
    fn extent(&self, ready: &[Ready<'_>]) -> Extent {
        let extents: Vec<_> = ready.iter().filter_map(|line| Extent::of(&line.points)).collect();
        let start = match extents.first() {
            Some(first) if !self.with_zero => *first,
            _ => Extent::at(0.0),
        };
        let extent = Extent::of_lines(start, extents);
        // The error too, where the values are still seen beside it.
        let with_errors = ready.iter().filter_map(|line| {
            let pairs = line.points.iter().zip(&line.errors);
            let ends: Vec<_> = pairs
                .filter_map(|(point, error)| {
                    let (point, error) = ((*point)?, (*error)?);
                    let (min, max) = (point.mean - error, point.mean + error);
                    Some(Some(Point { min, mean: point.mean, max }))
                })
                .collect();
            let low: Vec<_> = ends.iter().map(|end| end.map(|end| at(end.min))).collect();
            let high: Vec<_> = ends.iter().map(|end| end.map(|end| at(end.max))).collect();
            Some(Extent::of(&low)?.holding(Extent::of(&high)?))
        });
        match self.quantity {
            Quantity::Time => with_errors.fold(extent, Extent::with),
            // How well it is known is what a frequency is good for.
            Quantity::Frequency => with_errors.fold(extent, Extent::holding),
        }
    }

    fn keys(&self, ready: &[Ready<'_>], shapes: &[Shape], scale: &Scale, times: Times) -> Vec<Key> {
        let area = |class: &str, text: String| {
            let key = Key { class: class.to_owned(), number: None, text, value: None };
            shapes.iter().any(|shape| shape.class == class).then_some(key)
        };
        if ready.len() == 1 {
            let spread = area(
                "spread",
                format!("lowest to highest in {}", format::duration(times.step.as_secs_f64())),
            );
            let error = area("error", format!("\u{b1} {}", self.error));
            return spread.into_iter().chain(error).collect();
        }
        let key = |(number, line): (usize, &Ready<'_>)| {
            let (_, latest) = line.latest()?;
            let place = match scale.height(latest) {
                height if height < 0.0 => ", above the plot",
                height if height > HEIGHT => ", below the plot",
                _ => "",
            };
            Some(Key {
                class: line.class.clone(),
                number: Some(format::count(u32::try_from(number + 1).unwrap_or(u32::MAX))),
                text: format::plain(&line.line.name),
                value: Some(format!("{}{place}", self.text(latest))),
            })
        };
        ready.iter().enumerate().filter_map(key).collect()
    }

    /// A value in words.
    fn text(&self, value: f64) -> String {
        words::value(self.quantity, self.signs, value)
    }
}

fn at(value: f64) -> Point {
    Point { min: value, mean: value, max: value }
}

/// Without what is no number.
fn numbers(points: &[Option<Point>]) -> Vec<Option<Point>> {
    let is_number =
        |point: &Point| [point.min, point.mean, point.max].iter().all(|value| value.is_finite());
    points.iter().map(|point| point.filter(is_number)).collect()
}

/// The largest error in each step.
fn errors(line: &Line<'_>) -> Vec<Option<f64>> {
    let errors = line.error.unwrap_or_default().iter();
    let mut errors: Vec<_> =
        errors.map(|error| Some(error.as_ref()?.max.abs()).filter(|e| e.is_finite())).collect();
    errors.resize(line.points.len(), None);
    errors
}

#[cfg(test)]
mod tests;
