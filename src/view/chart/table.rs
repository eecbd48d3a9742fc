//! A chart as a table: some steps in each row.

use serde::Serialize;

use crate::history::Point;
use crate::view::chart::scale::Quantity;
use crate::view::chart::time::short;
use crate::view::chart::{Chart, Ready, Times};
use crate::view::format;

/// Enough to see the course, and few enough to hear it read.
pub(super) const MOST_ROWS: usize = 12;
pub(super) const NO_DATA: &str = "no data";

/// The values in rows.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// A while and its values.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// When it begins, as short as the length of the chart allows.
    pub(super) from: String,
    pub(super) cells: Vec<String>,
}

pub(super) fn table(chart: &Chart<'_>, ready: &[Ready<'_>], times: Times) -> Table {
    let steps = ready.iter().map(|line| line.points.len()).max().unwrap_or(0);
    let each = steps.div_ceil(MOST_ROWS).max(1);
    let has_error = |line: &Ready<'_>| line.errors.iter().any(Option::is_some);
    let columns = match ready {
        [only] => {
            let error = has_error(only).then(|| format!("\u{b1} {}", chart.error));
            let spread = ["Lowest", "Highest"].into_iter().filter(|_| only.line.with_spread);
            ["Mean"].into_iter().chain(spread).map(str::to_owned).chain(error).collect()
        }
        lines => lines.iter().map(|line| format::plain(&line.line.name)).collect(),
    };
    let rows = (0..steps).step_by(each).map(|first| {
        let last = (first + each).min(steps);
        let cells = match ready {
            [only] => single(chart, only, first, last, has_error(only)),
            lines => lines
                .iter()
                .map(|line| match merged(&line.points, first, last) {
                    Some(point) => signed(chart, point.mean),
                    None => NO_DATA.to_owned(),
                })
                .collect(),
        };
        let time = times.begin(first);
        Row { from: short(times, steps, time), cells }
    });
    Table { columns, rows: rows.collect() }
}

fn single(
    chart: &Chart<'_>,
    line: &Ready<'_>,
    first: usize,
    last: usize,
    with_error: bool,
) -> Vec<String> {
    let point = merged(&line.points, first, last);
    let cell =
        |value: Option<f64>| value.map_or_else(|| NO_DATA.to_owned(), |value| signed(chart, value));
    let mut cells = vec![cell(point.map(|point| point.mean))];
    if line.line.with_spread {
        cells.push(cell(point.map(|point| point.min)));
        cells.push(cell(point.map(|point| point.max)));
    }
    if with_error {
        let errors = line.errors.get(first..last).unwrap_or_default();
        let largest = errors.iter().flatten().copied().reduce(f64::max);
        cells.push(match (largest, chart.quantity) {
            (None, _) => NO_DATA.to_owned(),
            (Some(error), Quantity::Time) => format::measure(error),
            (Some(error), Quantity::Frequency) => format::ppm_measure(error),
        });
    }
    cells
}

/// As the other tables of the page write it.
fn signed(chart: &Chart<'_>, value: f64) -> String {
    match (chart.quantity, chart.signs) {
        (Quantity::Time, Some(_)) => format::offset(value),
        (Quantity::Time, None) => format::measure(value),
        (Quantity::Frequency, _) => format::ppm(value),
    }
}

/// The points of some steps as one.
fn merged(points: &[Option<Point>], first: usize, last: usize) -> Option<Point> {
    let some = || points.get(first..last.min(points.len())).unwrap_or_default().iter().flatten();
    let count = some().count();
    (count > 0).then(|| Point {
        min: some().map(|point| point.min).fold(f64::INFINITY, f64::min),
        mean: some().map(|point| point.mean / count as f64).sum(),
        max: some().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max),
    })
}
