//! What was read before: series of values and a log of events, in memory and bounded.

mod window;

pub(crate) use window::{Change, Event, Point, SourceHistory, Window};

use std::time::SystemTime;

use crate::reading::Reading;

/// The recorded series.
#[derive(Debug)]
pub(crate) struct History {}

impl History {
    pub(crate) fn new() -> Self {
        Self {}
    }

    /// Takes note of a reading; one that gave no data is a gap.
    pub(crate) fn record(&self, _reading: &Reading) {}

    /// What a page shows of the time from `from` to `to`, in about `points` steps.
    pub(crate) fn window(&self, from: SystemTime, to: SystemTime, _points: usize) -> Window {
        Window { from, to, ..Window::default() }
    }
}
