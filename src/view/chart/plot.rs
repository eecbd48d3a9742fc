//! What is drawn of a chart: outlines, marks and the places of texts.

use serde::Serialize;

use crate::history::Point;
use crate::view::chart::path::{self, Gap};
use crate::view::chart::scale::{self, HEIGHT, Scale, Tick};
use crate::view::chart::{Ready, Signs};
use crate::view::format;

/// Marks at the ends of the plot for values beyond it: no more are drawn.
const MOST_MARKS: usize = 8;
/// Labels at the ends of lines stand at least so far apart, in percent of the height.
pub(super) const APART: f64 = 8.0;

/// What is drawn.
#[derive(Debug, Serialize)]
pub(super) struct Plot {
    /// How many steps it is wide.
    pub(super) steps: usize,
    pub(super) gaps: Vec<Gap>,
    /// The middles of those gaps that words fit into.
    pub(super) wide: Vec<String>,
    /// Areas and lines, from the back to the front.
    pub(super) shapes: Vec<Shape>,
    /// The outline of the thin lines at the ticks.
    pub(super) grid: String,
    pub(super) zero: Option<String>,
    pub(super) values: Vec<Tick>,
    pub(super) times: Vec<Tick>,
    /// Marks for values above and below the plot.
    pub(super) above: Vec<String>,
    pub(super) below: Vec<String>,
    /// The lines' numbers where they end.
    pub(super) ends: Vec<Tick>,
    pub(super) data: Data,
}

/// An outline with its class; a line has a name, by which the value at the pointer is shown.
#[derive(Debug, Serialize)]
pub(super) struct Shape {
    pub(super) class: String,
    pub(super) name: Option<String>,
    pub(super) outline: String,
}

/// What turns places in the plot into text.
#[derive(Debug, Serialize)]
pub(super) struct Data {
    /// Of the first step, seconds since 1970.
    pub(super) from: f64,
    /// Seconds.
    pub(super) step: f64,
    pub(super) top: String,
    pub(super) bottom: String,
    pub(super) unit: &'static str,
    pub(super) decimals: usize,
    pub(super) signs: Option<Signs>,
}

/// Areas first, and the most important line last, so that nothing hides it.
pub(super) fn shapes(ready: &[Ready<'_>], scale: &Scale) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let mut area = |class: &str, outline: String| {
        if !outline.is_empty() {
            shapes.push(Shape { class: class.to_owned(), name: None, outline });
        }
    };
    if let [only] = ready {
        let error = |place: usize| only.errors.get(place).copied().flatten().unwrap_or(0.0);
        let low = |place: usize, point: &Point| scale.height(point.mean - error(place));
        let high = |place: usize, point: &Point| scale.height(point.mean + error(place));
        // One that covers the whole plot shows nothing.
        let is_seen = only.runs.iter().flatten().any(|(place, point)| {
            error(*place) > 0.0 && (low(*place, point) < HEIGHT || high(*place, point) > 0.0)
        });
        if is_seen {
            area("error", path::area(&only.runs, low, high));
        }
        let low = |_: usize, point: &Point| scale.height(point.min);
        let high = |_: usize, point: &Point| scale.height(point.max);
        if only.line.with_spread {
            area("spread", path::area(&only.runs, low, high));
        }
    }
    let lines = ready.iter().rev().map(|line| Shape {
        class: format!("mean {}", line.class),
        name: Some(format::plain(&line.line.name)),
        outline: path::line(&line.runs, |value| scale.height(value)),
    });
    shapes.extend(lines.filter(|shape| !shape.outline.is_empty()));
    shapes
}

/// Where values stand above and below the plot: one mark for each while that they do.
pub(super) fn beyond(line: &Ready<'_>, scale: &Scale, steps: usize) -> (Vec<String>, Vec<String>) {
    let places = |is_beyond: &dyn Fn(&Point) -> bool| {
        let mut whiles: Vec<(usize, usize)> = Vec::new();
        for (place, _) in line.runs.iter().flatten().filter(|(_, point)| is_beyond(point)) {
            match whiles.last_mut() {
                Some((_, last)) if place - *last <= steps / 30 + 1 => *last = *place,
                _ => whiles.push((*place, *place)),
            }
        }
        let middle = |(first, last)| ((first + last) as f64 / 2.0 + 0.5) / steps as f64;
        whiles.into_iter().map(|ends| scale::percent(middle(ends))).take(MOST_MARKS).collect()
    };
    (
        places(&|point| scale.height(point.max) < 0.0),
        places(&|point| scale.height(point.min) > HEIGHT),
    )
}

/// The outline of the thin lines at the ticks.
pub(super) fn grid(values: &[Tick], times: &[Tick], steps: usize) -> String {
    let part = |tick: &Tick| tick.at.trim_end_matches('%').parse::<f64>().unwrap_or(0.0) / 100.0;
    let two = |number: f64| (number * 100.0).round() / 100.0;
    let across = values.iter().map(|tick| format!("M0 {}h{steps}", two(part(tick) * HEIGHT)));
    let down = times.iter().map(|t| format!("M{} 0v{HEIGHT}", two(part(t) * steps as f64)));
    across.chain(down).collect()
}

/// The middles of the gaps that words fit into on a phone.
pub(super) fn wide(gaps: &[Gap], steps: usize) -> Vec<String> {
    let fits = |gap: &&Gap| gap.length * 5 >= steps;
    let middle = |gap: &Gap| (gap.start as f64 + gap.length as f64 / 2.0) / steps as f64;
    gaps.iter().filter(fits).map(|gap| scale::percent(middle(gap))).collect()
}

/// The numbers of the lines at their ends, none over another.
pub(super) fn ends(ready: &[Ready<'_>], scale: &Scale) -> Vec<Tick> {
    let mut ends: Vec<(f64, String)> = ready
        .iter()
        .enumerate()
        .filter_map(|(number, line)| {
            let (place, value) = line.latest()?;
            // One that ended before stands in the legend only.
            let is_at_end = place + line.points.len() / 20 + 1 >= line.points.len();
            let height = scale.height(value) / HEIGHT * 100.0;
            is_at_end.then(|| (height.clamp(0.0, 100.0), (number + 1).to_string()))
        })
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut least = 0.0;
    for (height, _) in &mut ends {
        *height = height.max(least);
        least = *height + APART;
    }
    let mut most = 100.0;
    for (height, _) in ends.iter_mut().rev() {
        *height = height.min(most);
        most = *height - APART;
    }
    ends.into_iter()
        .map(|(height, text)| Tick { at: scale::percent(height / 100.0), text })
        .collect()
}
