//! Some values in one: the least, the mean and the greatest of them.

use super::window::Point;

/// Some values of a series, in 16 bytes. A value that is missing is NaN and counts nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    pub(super) min: f32,
    pub(super) mean: f32,
    pub(super) max: f32,
    pub(super) count: u32,
}

impl Cell {
    /// Of no value.
    pub(super) const NONE: Self = Self { min: f32::NAN, mean: f32::NAN, max: f32::NAN, count: 0 };
}

/// Values as they are added up; in f64, so that the mean of many stays right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    min: f32,
    max: f32,
    total: f64,
    count: u32,
}

impl Sum {
    pub(super) const NONE: Self =
        Self { min: f32::INFINITY, max: f32::NEG_INFINITY, total: 0.0, count: 0 };

    pub(super) fn value(&mut self, value: f32) {
        if value.is_finite() {
            self.cell(Cell { min: value, mean: value, max: value, count: 1 });
        }
    }

    pub(super) fn cell(&mut self, cell: Cell) {
        if cell.count > 0 {
            self.min = self.min.min(cell.min);
            self.max = self.max.max(cell.max);
            self.total += f64::from(cell.mean) * f64::from(cell.count);
            self.count = self.count.saturating_add(cell.count);
        }
    }

    /// Their mean lies between the least and the greatest, also after rounding.
    fn mean(self) -> f64 {
        (self.total / f64::from(self.count)).clamp(f64::from(self.min), f64::from(self.max))
    }

    pub(super) fn point(self) -> Option<Point> {
        (self.count > 0).then(|| Point {
            min: f64::from(self.min),
            mean: self.mean(),
            max: f64::from(self.max),
        })
    }

    pub(super) fn to_cell(self) -> Cell {
        if self.count == 0 {
            return Cell::NONE;
        }
        Cell { min: self.min, mean: single(self.mean()), max: self.max, count: self.count }
    }
}

/// A value at the precision that is kept: seven digits. What is too large for it is no value.
pub(super) fn single(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "too large becomes infinite")]
    let value = value as f32;
    if value.is_finite() { value } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_has_the_extremes_and_the_mean_however_it_was_put_together() {
        let values = [3.0, -1.0, f32::NAN, 4.0, 4.0, 0.5];
        let mut whole = Sum::NONE;
        let mut parts = [Sum::NONE; 2];
        for (place, value) in values.into_iter().enumerate() {
            whole.value(value);
            parts[usize::from(place > 1)].value(value);
        }
        let mut joined = Sum::NONE;
        for part in parts {
            joined.cell(part.to_cell());
        }
        assert_eq!(whole.point(), Some(Point { min: -1.0, mean: 2.1, max: 4.0 }));
        let (mean, joined) = (whole.mean(), joined.point().unwrap());
        assert_eq!((joined.min, joined.max), (-1.0, 4.0));
        assert!((joined.mean - mean).abs() < 1e-6);
    }

    #[test]
    fn nothing_has_no_point() {
        let mut sum = Sum::NONE;
        sum.value(f32::NAN);
        sum.cell(Sum::NONE.to_cell());
        sum.value(single(1e300));
        assert_eq!(sum.point(), None);
    }
}
