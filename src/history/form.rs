//! In which form values are held: as they are, or in less room.

use std::fmt::Debug;

use super::cell::Cell;

/// A form of `K` series.
pub(super) trait Form<const K: usize>: Debug + Clone + Copy {
    /// The values of a reading.
    type Values: Debug + Clone + Copy;
    /// The cells of a bucket.
    type Cells: Debug + Clone + Copy;

    fn hold(values: [f32; K]) -> Self::Values;

    /// A value of a reading that was made with this reach register.
    fn value(held: &Self::Values, register: u8, series: usize) -> f32;

    fn pack(cells: [Cell; K]) -> Self::Cells;

    fn cell(held: &Self::Cells, series: usize) -> Cell;
}

/// As they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exact;

impl<const K: usize> Form<K> for Exact {
    type Values = [f32; K];
    type Cells = [Cell; K];

    fn hold(values: [f32; K]) -> [f32; K] {
        values
    }

    fn value(held: &[f32; K], _: u8, series: usize) -> f32 {
        held[series]
    }

    fn pack(cells: [Cell; K]) -> [Cell; K] {
        cells
    }

    fn cell(held: &[Cell; K], series: usize) -> Cell {
        held[series]
    }
}
