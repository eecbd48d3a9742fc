//! The axis of values: one unit for the whole of it, round ticks, and a range that one stray value
//! does not stretch.

use serde::Serialize;

use crate::history::Point;
use crate::view::format;

/// The height of a plot in its own units.
pub(super) const HEIGHT: f64 = 500.0;
/// Coordinates end here, where they can still be added up without loss by every browser.
pub(super) const FARTHEST: f64 = 9_999_999.0;
/// How many times longer than without them a range may grow to hold values apart from the others.
const LONGEST: f64 = 6.0;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// In seconds.
    Time,
    /// In ppm.
    Frequency,
}

impl Quantity {
    /// The unit in which a value is written, and how many of it are one second or one ppm.
    fn unit(self, largest: f64) -> (&'static str, f64) {
        let units = [("s", 1.0), ("ms", 1e3), ("µs", 1e6)];
        match self {
            Self::Frequency => ("ppm", 1.0),
            Self::Time => {
                let fits = units.into_iter().find(|(_, scale)| largest * scale >= 1.0);
                fits.unwrap_or(("ns", 1e9))
            }
        }
    }

    /// An axis is never shorter.
    fn shortest(self) -> f64 {
        match self {
            Self::Time => 1e-8,
            Self::Frequency => 0.01,
        }
    }
}

/// From a lowest to a highest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Extent {
    pub(super) fn at(value: f64) -> Self {
        Self { low: value, high: value }
    }

    fn length(self) -> f64 {
        self.high - self.low
    }

    pub(super) fn holding(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Of these points, without the few that would flatten all others.
    pub(super) fn of(points: &[Option<Point>]) -> Option<Self> {
        let (mut lows, mut highs): (Vec<f64>, Vec<f64>) =
            points.iter().flatten().map(|point| (point.min, point.max)).unzip();
        lows.sort_by(f64::total_cmp);
        highs.sort_by(f64::total_cmp);
        // Two of a hundred at either end may stand apart; of few, one.
        let apart = (lows.len() / 50).max(usize::from(lows.len() >= 20));
        let core = Self { low: *lows.get(apart)?, high: highs[highs.len() - 1 - apart] };
        let all = Self { low: lows[0], high: highs[highs.len() - 1] };
        let room = core.length() / 4.0;
        // Each end by itself: a spike up is no reason to cut the band below.
        let most = core.length() * (LONGEST - 1.0) / 2.0;
        Some(if core.length() <= 0.0 {
            all
        } else {
            Self {
                low: if core.low - all.low <= most { all.low } else { core.low - room },
                high: if all.high - core.high <= most { all.high } else { core.high + room },
            }
        })
    }

    /// Of several lines: at least the half of them that lie nearest to `start`, and more while that does
    /// not flatten those.
    pub(super) fn of_lines(start: Self, mut extents: Vec<Self>) -> Self {
        extents.sort_by(|a, b| start.holding(*a).length().total_cmp(&start.holding(*b).length()));
        let half = extents.len().div_ceil(2);
        let (near, far) = extents.split_at(half);
        let base = near.iter().fold(start, |extent, other| extent.holding(*other));
        far.iter().fold(base, |extent, other| extent.with(*other))
    }

    /// With another extent, where this does not become too long by it.
    pub(super) fn with(self, other: Self) -> Self {
        let wider = self.holding(other);
        let fits = self.length() <= 0.0 || wider.length() <= self.length() * LONGEST;
        if fits { wider } else { self }
    }
}

/// A place on an axis with its text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Tick {
    /// Where it stands, as `12.5%` from the top or the left.
    pub(crate) at: String,
    pub(crate) text: String,
}

/// From values to heights.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) unit: &'static str,
    factor: f64,
    /// The ends and the distance of the ticks, in the unit.
    pub(super) low: f64,
    pub(super) high: f64,
    step: f64,
    pub(super) decimals: usize,
}

impl Scale {
    /// Holds an extent, its ends at ticks.
    pub(super) fn new(quantity: Quantity, extent: Extent) -> Self {
        let largest = extent.low.abs().max(extent.high.abs());
        let (unit, factor) = quantity.unit(largest);
        // Far from zero, shorter steps could not be told apart.
        let shortest = quantity.shortest().max(largest * 1e-6);
        let lacking = (shortest - extent.length()).max(0.0) / 2.0;
        // What begins at zero grows away from it.
        let (low, high) = match (extent.low, extent.high) {
            (low, high) if low >= 0.0 && low <= lacking => (low, high + 2.0 * lacking),
            (low, high) => (low - lacking, high + lacking),
        };
        let (low, high) = (low * factor, high * factor);
        let (step, decimals) = round_step((high - low) / 4.0);
        // A hair inside, so that 5.000000001 does not need another step.
        let hair = 1e-6;
        Self {
            unit,
            factor,
            low: (low / step + hair).floor() * step,
            high: (high / step - hair).ceil() * step,
            step,
            decimals,
        }
    }

    /// The height of a value from the top, in whole units of the plot; beyond the plot where it is.
    pub(super) fn height(&self, value: f64) -> f64 {
        let part = (self.high - value * self.factor) / (self.high - self.low);
        // Adding zero makes a plain zero of a negative one.
        (part * HEIGHT).round().clamp(-FARTHEST, FARTHEST) + 0.0
    }

    /// The ticks from the bottom to the top, with a plus sign where signs mean something.
    pub(super) fn ticks(&self, with_plus: bool) -> Vec<Tick> {
        let number = ((self.high - self.low) / self.step).round();
        (0..32u8)
            .map(f64::from)
            .take_while(|step| *step <= number)
            .map(|step| Tick {
                at: percent(1.0 - step / number),
                text: format::tick(self.low + step * self.step, self.decimals, with_plus),
            })
            .collect()
    }
}

/// The next round step (1, 2 or 5 times a power of ten) that is not shorter, and the decimals it needs.
fn round_step(least: f64) -> (f64, usize) {
    let power = least.log10().floor();
    let ten = 10f64.powf(power);
    let times = [1.0, 2.0, 5.0].into_iter().find(|times| times * ten >= least * (1.0 - 1e-9));
    // 10 is 1 of the next power.
    let (step, power) = times.map_or((10.0 * ten, power + 1.0), |times| (times * ten, power));
    let decimals = (0..12u8).find(|decimals| f64::from(*decimals) >= -power);
    (step, decimals.map_or(12, usize::from))
}

/// A part of the whole, 0 to 1, as an SVG attribute says it.
pub(super) fn percent(part: f64) -> String {
    let rounded = (part * 1e4).round() / 100.0 + 0.0;
    format!("{rounded}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(quantity: Quantity, low: f64, high: f64) -> (Vec<String>, &'static str) {
        let scale = Scale::new(quantity, Extent { low, high });
        (scale.ticks(true).into_iter().map(|tick| tick.text).collect(), scale.unit)
    }

    #[test]
    fn ticks_are_round_and_in_one_unit() {
        let (ticks, unit) = texts(Quantity::Time, -3.1e-6, 4.2e-6);
        assert_eq!(
            (ticks, unit),
            (["\u{2212}4", "\u{2212}2", "0", "+2", "+4", "+6"].map(str::to_owned).to_vec(), "µs")
        );
        let (ticks, unit) = texts(Quantity::Time, 0.0, 0.001_4);
        assert_eq!((ticks.join(" "), unit), ("0.0 +0.5 +1.0 +1.5".to_owned(), "ms"));
        let (ticks, unit) = texts(Quantity::Frequency, -12.352, -12.341);
        assert_eq!(unit, "ppm");
        assert_eq!(ticks.first().map(String::as_str), Some("\u{2212}12.355"));
        let (ticks, unit) = texts(Quantity::Time, -40.0, 3.0);
        assert_eq!((ticks.join(" "), unit), ("\u{2212}40 \u{2212}20 0 +20".to_owned(), "s"));
    }

    #[test]
    fn every_range_has_some_ticks_and_not_too_many() {
        for low in [-1e9, -3.7, -1e-3, -7e-9, 0.0, 4.1e-6, 12.0] {
            for length in [0.0, 1e-12, 3e-9, 9.99e-4, 0.77, 1e3, 1e12] {
                for quantity in [Quantity::Time, Quantity::Frequency] {
                    let scale = Scale::new(quantity, Extent { low, high: low + length });
                    let ticks = scale.ticks(false);
                    assert!((2..=7).contains(&ticks.len()), "{low} {length}: {ticks:?}");
                    let (top, bottom) = (scale.height(low + length), scale.height(low));
                    assert!((0.0..=HEIGHT).contains(&top), "{low} {length}: {top}");
                    assert!((0.0..=HEIGHT).contains(&bottom), "{low} {length}: {bottom}");
                    assert_eq!(ticks[0].at, "100%");
                    assert_eq!(ticks[ticks.len() - 1].at, "0%");
                    let mut texts: Vec<_> = ticks.iter().map(|tick| &tick.text).collect();
                    texts.dedup();
                    assert_eq!(texts.len(), ticks.len(), "{low} {length}: {ticks:?}");
                }
            }
        }
    }

    fn series(values: &[f64]) -> Vec<Option<Point>> {
        let point = |value: &f64| Some(Point { min: *value, mean: *value, max: *value });
        values.iter().map(point).collect()
    }

    #[test]
    fn one_stray_value_does_not_flatten_the_others() {
        let mut values: Vec<f64> = (0..100).map(|i| f64::from(i % 10)).collect();
        values[50] = 1_000.0;
        let extent = Extent::of(&series(&values)).unwrap();
        assert!(extent.low >= 0.0 && extent.high > 9.0 && extent.high < 20.0, "{extent:?}");
        // One that is near is held.
        values[50] = 15.0;
        assert_eq!(Extent::of(&series(&values)).unwrap(), Extent { low: 0.0, high: 15.0 });
    }

    #[test]
    fn equal_values_and_single_ones_have_an_extent() {
        assert_eq!(Extent::of(&series(&[3.0; 9])), Some(Extent::at(3.0)));
        assert_eq!(Extent::of(&series(&[3.0])), Some(Extent::at(3.0)));
        assert_eq!(Extent::of(&[None, None]), None);
    }

    #[test]
    fn a_line_far_from_the_majority_is_left_outside() {
        let near = Extent { low: -1.0, high: 1.0 };
        let far = Extent { low: 90.0, high: 91.0 };
        let zero = Extent::at(0.0);
        assert_eq!(Extent::of_lines(zero, vec![far, near, near]), near);
        // Where there are as many, the nearer ones.
        assert_eq!(Extent::of_lines(zero, vec![far, near]), near);
        assert_eq!(Extent::of_lines(zero, vec![far]), Extent { low: 0.0, high: 91.0 });
        let beside = Extent { low: 2.0, high: 5.0 };
        assert_eq!(Extent::of_lines(zero, vec![near, beside]), Extent { low: -1.0, high: 5.0 });
    }
}
