//! What a chart says and draws of series that are ordinary, odd or hostile.

use super::path::Gap;
use super::plot::APART;
use super::*;

const SIGNS: Signs = Signs { plus: "slow", minus: "fast" };

fn point(value: f64) -> Option<Point> {
    Some(at(value))
}

/// From 2026-11-21 04:30:00 UTC, a minute a step.
fn window(steps: u32) -> Window {
    let from = UNIX_EPOCH + Duration::from_secs(1_795_235_400);
    let step = Duration::from_secs(60);
    Window { from, to: from + step * steps, step, since: Some(from), ..Window::default() }
}

fn line<'a>(name: &str, points: &'a [Option<Point>]) -> Line<'a> {
    Line { name: name.to_owned(), points, error: None, with_spread: true, selected: true }
}

fn view(lines: Vec<Line<'_>>) -> ChartView {
    let steps = lines.first().map_or(0, |line| u32::try_from(line.points.len()).unwrap());
    view_of(lines, &window(steps))
}

fn view_of(lines: Vec<Line<'_>>, window: &Window) -> ChartView {
    let chart = Chart {
        id: "chart",
        title: "Offset",
        quantity: Quantity::Time,
        signs: Some(SIGNS),
        with_zero: true,
        lines,
        error: "maximum error",
        left_out: None,
    };
    chart.view(Times::of(window))
}

fn plot(view: &ChartView) -> &Plot {
    view.plot.as_ref().unwrap()
}

fn outline<'a>(view: &'a ChartView, class: &str) -> Option<&'a str> {
    let mut shapes = plot(view).shapes.iter();
    shapes.find(|shape| shape.class.starts_with(class)).map(|shape| shape.outline.as_str())
}

#[test]
fn a_series_is_drawn_told_and_listed() {
    let points = [-2e-6, 4e-6, 0.0, 1.2e-6].map(point);
    let view = view(vec![line("Offset", &points)]);
    assert_eq!(outline(&view, "mean"), Some("M0.5 500l1-500 1 333 1-100"));
    assert_eq!(view.remark, "in µs; above 0 this clock is slow");
    assert_eq!(view.summary, "Between 2.000 µs fast and 4.000 µs slow, now 1.200 µs slow.");
    let values: Vec<_> = plot(&view).values.iter().map(|tick| tick.text.as_str()).collect();
    assert_eq!(values, ["\u{2212}2", "0", "+2", "+4"]);
    assert_eq!(plot(&view).zero.as_deref(), Some("66.6%"));
    let table = view.table.as_ref().unwrap();
    assert_eq!(table.columns, ["Mean", "Lowest", "Highest"]);
    assert_eq!(table.rows[1].from, "04:31");
    assert_eq!(table.rows[1].cells, ["+4.000 µs"; 3]);
}

#[test]
fn a_gap_is_a_gap_in_the_line_the_plot_the_words_and_the_table() {
    let mut points = vec![point(1e-3); 24];
    points[10..14].fill(None);
    let view = view(vec![line("Offset", &points)]);
    assert_eq!(outline(&view, "mean").unwrap().matches('M').count(), 2);
    assert_eq!(plot(&view).gaps, [Gap { start: 10, length: 4 }]);
    assert!(view.summary.ends_with("No data for 4 m."), "{}", view.summary);
    let rows = &view.table.as_ref().unwrap().rows;
    assert_eq!(rows.len(), 12);
    assert_eq!(rows[5].cells, ["no data"; 3]);
}

#[test]
fn what_was_before_the_history_is_neither_shaded_nor_told_as_lost() {
    let mut points = vec![point(1e-3); 20];
    points[..12].fill(None);
    let mut window = window(20);
    window.since = Some(window.from + window.step * 12);
    let view = view_of(vec![line("Offset", &points)], &window);
    assert_eq!(plot(&view).gaps, []);
    assert_eq!(plot(&view).wide, [""; 0]);
    assert!(!view.summary.contains("No data"), "{}", view.summary);
}

#[test]
fn a_value_before_an_outage_that_lasts_is_not_called_now() {
    let mut points = vec![point(-1e-3); 20];
    points[15..].fill(None);
    let view = view(vec![line("Offset", &points)]);
    assert_eq!(view.summary, "1.000 ms fast all the time, at last 1.000 ms fast. No data for 5 m.");
}

#[test]
fn without_values_there_are_words_only() {
    for points in [vec![], vec![None; 9], vec![point(f64::NAN), point(f64::INFINITY)]] {
        let view = view(vec![line("Offset", &points)]);
        assert!(view.missing.is_some() && view.plot.is_none() && view.table.is_none());
    }
    assert!(view(Vec::new()).missing.is_some());
}

#[test]
fn a_single_point_is_a_dot() {
    let points = [None, point(2e-9), None];
    let view = view(vec![line("Offset", &points)]);
    assert!(outline(&view, "mean").unwrap().ends_with("h0"));
    assert!(view.summary.starts_with("2.000 ns slow all the time"), "{}", view.summary);
}

#[test]
fn equal_values_are_a_level_line_inside_the_plot() {
    for value in [0.0, 5e-6, -3.0, 86_400.0] {
        let points = [point(value); 3];
        let view = view(vec![line("Offset", &points)]);
        assert!(outline(&view, "mean").unwrap().ends_with("l1 0 1 0"), "{value}");
        assert_eq!(outline(&view, "spread"), None);
        assert!(plot(&view).above.is_empty() && plot(&view).below.is_empty());
    }
}

#[test]
fn what_is_no_number_leaves_no_trace() {
    let bad = |value| Some(Point { min: value, mean: 1e-3, max: 1e-3 });
    let points =
        [point(1e-3), bad(f64::NAN), point(f64::NEG_INFINITY), bad(f64::INFINITY), point(1e-3)];
    let errors = [point(f64::NAN), None, None, None, point(1e-4)];
    let with_error = Line { error: Some(&errors), ..line("Offset", &points) };
    let text = format!("{:?}", view(vec![with_error]));
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
}

#[test]
fn the_error_is_a_band_where_it_fits_and_words_where_it_does_not() {
    let points = [-2e-6, 4e-6, 0.0].map(point);
    let small = [point(1e-6); 3];
    let view_with = |errors| view(vec![Line { error: Some(errors), ..line("Offset", &points) }]);
    let view = view_with(&small);
    assert!(outline(&view, "error").is_some());
    assert!(view.keys.iter().any(|key| key.text == "\u{b1} maximum error"));
    let large = [point(1e-3); 3];
    let view = view_with(&large);
    assert_eq!(outline(&view, "error"), None);
    assert!(view.summary.ends_with("The maximum error is wider than the plot."));
    assert_eq!(view.table.as_ref().unwrap().rows[0].cells[3], "1.000 ms");
    // The values are seen all the same.
    assert_eq!(plot(&view).data.unit, "µs");
}

#[test]
fn a_stray_value_is_marked_at_the_edge() {
    let mut points = vec![point(0.0); 60];
    for (number, point) in points.iter_mut().enumerate() {
        *point = Some(at(1e-6 * (number % 7) as f64));
    }
    points[29] = point(2.0);
    points[44] = point(-2.0);
    let view = view(vec![line("Offset", &points)]);
    assert_eq!(plot(&view).above, ["49.17%"]);
    assert_eq!(plot(&view).below, ["74.17%"]);
    assert!(view.summary.contains("2.000 s fast and 2.000 s slow"), "{}", view.summary);
    assert!(view.summary.contains("Arrows mark"), "{}", view.summary);
}

#[test]
fn several_lines_have_numbers_names_and_latest_values() {
    let near = [point(1e-6); 20];
    let other = [point(-2e-6); 20];
    let far = [point(-0.03); 20];
    let rest = |line| Line { selected: false, ..line };
    let view =
        view(vec![line("<b>\u{1b}", &near), rest(line("other", &other)), rest(line("far", &far))]);
    let classes: Vec<_> = plot(&view).shapes.iter().map(|shape| shape.class.as_str()).collect();
    assert_eq!(classes, ["mean s3", "mean s2", "mean s1 selected"]);
    let ends: Vec<_> = plot(&view).ends.iter().map(|end| end.text.as_str()).collect();
    assert_eq!(ends, ["1", "2", "3"]);
    assert_eq!(view.keys[0].text, "<b>\u{fffd}");
    assert_eq!(view.keys[2].value.as_deref(), Some("30.00 ms fast, below the plot"));
    assert_eq!(view.table.as_ref().unwrap().columns[1], "other");
}

#[test]
fn numbers_at_the_ends_stand_apart_and_inside() {
    let points: Vec<_> = (0..8).map(|_| vec![point(1e-6); 30]).collect();
    let view = view(points.iter().map(|points| line("same", points)).collect());
    let heights: Vec<f64> = plot(&view)
        .ends
        .iter()
        .map(|end| end.at.trim_end_matches('%').parse::<f64>().unwrap())
        .collect();
    assert_eq!(heights.len(), 8);
    assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= APART - 0.01), "{heights:?}");
    assert!(heights.iter().all(|height| (0.0..=100.0).contains(height)), "{heights:?}");
}

#[test]
fn a_month_has_dates_on_its_axis_and_in_its_table() {
    let points = vec![point(1e-6); 120];
    let mut window = window(120);
    window.step = Duration::from_secs(6 * 3_600);
    window.to = window.from + window.step * 120;
    let view = view_of(vec![line("Offset", &points)], &window);
    let times: Vec<_> = plot(&view).times.iter().map(|tick| tick.text.as_str()).collect();
    assert_eq!(times, ["Nov 26", "Dec 3", "Dec 10", "Dec 17"]);
    assert_eq!(view.table.as_ref().unwrap().rows[1].from, "Nov 23 16:30");
}

#[test]
fn how_well_a_frequency_is_known_is_always_in_the_plot() {
    let points = [-12.345, -12.344, -12.346].map(point);
    let skew = [point(0.5); 3];
    let chart = Chart {
        id: "chart",
        title: "Frequency",
        quantity: Quantity::Frequency,
        signs: Some(Signs { plus: "fast", minus: "slow" }),
        with_zero: false,
        lines: vec![Line { error: Some(&skew), ..line("Frequency", &points) }],
        error: "skew",
        left_out: None,
    };
    let view = chart.view(Times::of(&window(3)));
    assert!(outline(&view, "error").is_some());
    assert_eq!(
        (plot(&view).data.top.as_str(), plot(&view).data.bottom.as_str()),
        ("-11.5", "-13.0")
    );
}
