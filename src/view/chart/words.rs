//! A chart in words, for those who do not see it.

use crate::view::chart::path::Gap;
use crate::view::chart::scale::{HEIGHT, Quantity, Scale};
use crate::view::chart::{Chart, Ready, Signs, Times};
use crate::view::format;

/// A value with its sign in words, as `1.200 µs slow`.
pub(super) fn value(quantity: Quantity, signs: Option<Signs>, value: f64) -> String {
    let size = match quantity {
        Quantity::Time => format::measure(value),
        Quantity::Frequency => format::ppm_measure(value),
    };
    match signs {
        Some(signs) if size.contains(|c: char| ('1'..='9').contains(&c)) => {
            format!("{size} {}", if value < 0.0 { signs.minus } else { signs.plus })
        }
        _ => size,
    }
}

/// As `Between 3.100 µs fast and 4.000 µs slow, now 1.200 µs slow. No data for 4 m.`
pub(super) fn summary(
    chart: &Chart<'_>,
    ready: &[Ready<'_>],
    times: Times,
    gaps: &[Gap],
    scale: &Scale,
) -> String {
    let text = |number| value(chart.quantity, chart.signs, number);
    let mut sentences = Vec::new();
    // Several lines are told by the first, and each by its place in the legend.
    if let Some(first) = ready.iter().find(|line| line.latest().is_some()) {
        let whose = match ready {
            [_] => String::new(),
            _ => format!("{}: ", format::plain(&first.line.name)),
        };
        let points = || first.points.iter().flatten();
        let low = points().map(|point| point.min).fold(f64::INFINITY, f64::min);
        let high = points().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max);
        let (low_text, high_text) = (text(low), text(high));
        let range = match low_text == high_text {
            true => format!("{low_text} all the time"),
            false => format!("between {low_text} and {high_text}"),
        };
        let now = first.latest().map_or_else(String::new, |(place, latest)| {
            // What is long past is not now.
            let ended = gaps.last().is_some_and(|gap| gap.start > place);
            format!(", {} {}", if ended { "at last" } else { "now" }, text(latest))
        });
        sentences.push(format!("{}{now}.", capital(&format!("{whose}{range}"))));
        if ready.len() == 1 && (scale.height(high) < 0.0 || scale.height(low) > HEIGHT) {
            sentences.push("Arrows mark what lies beyond the plot.".to_owned());
        }
    }
    if ready.iter().filter(|line| line.latest().is_some()).count() > 1 {
        sentences.push("The latest values of the others stand beside their names.".to_owned());
    }
    let lost: usize = gaps.iter().map(|gap| gap.length).sum();
    if lost > 0 {
        let seconds = times.step.as_secs_f64() * lost as f64;
        sentences.push(format!("No data for {}.", format::duration(seconds)));
    }
    sentences.join(" ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match text.split(' ').next() {
        Some("between") => {
            let first = letters.next().map(char::to_uppercase);
            first.into_iter().flatten().chain(letters).collect()
        }
        // A name stays as it is.
        _ => text.to_owned(),
    }
}
