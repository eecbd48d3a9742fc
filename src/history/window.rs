//! A part of the history, as pages and programs are given it.

use std::time::{Duration, SystemTime};

use libchrony::LeapStatus;

/// What a value was in one step of time; where a single reading fell into it, all three are that one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) min: f64,
    pub(crate) mean: f64,
    pub(crate) max: f64,
}

/// The history of a while, in steps of equal length. Every series has one entry for each step, the
/// first for the step that begins at `from`; `None` where nothing was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
    pub(crate) step: Duration,
    /// Since when there is a history at all; `None` before the first reading.
    pub(crate) since: Option<SystemTime>,
    /// Offset of the clock, seconds, positive = slow.
    pub(crate) offset: Vec<Option<Point>>,
    /// Bound of the clock's error, seconds.
    pub(crate) max_error: Vec<Option<Point>>,
    /// Frequency of the clock, ppm, positive = fast.
    pub(crate) frequency: Vec<Option<Point>>,
    /// Error bound of the frequency, ppm.
    pub(crate) skew: Vec<Option<Point>>,
    /// Those asked for, as [`Lines`] says.
    pub(crate) sources: Vec<SourceHistory>,
    /// The names of the others that have an offset in one of the steps, in the same order.
    pub(crate) others: Vec<String>,
    /// The oldest first.
    pub(crate) events: Vec<Event>,
}

/// Which sources a window has the series of: those with an offset in one of its steps, in the order of the
/// sources table and those that are configured no more last, but one before all; at most so many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'a> {
    /// The id of the source that comes first.
    pub(crate) first: Option<&'a str>,
    pub(crate) most: usize,
}

/// The history of one source in a window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceHistory {
    /// As in the snapshot.
    pub(crate) id: String,
    /// Its name where it has one, otherwise its address or reference ID.
    pub(crate) name: String,
    /// Offset of this clock against it at its last sample, seconds, with the sign of `latest_meas`.
    pub(crate) offset: Vec<Option<Point>>,
}

/// The history of a while of one source, for its own page. Every series has one entry for each step, the
/// first for the step that begins at `from`; `None` where nothing was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceWindow {
    pub(crate) from: SystemTime,
    pub(crate) to: SystemTime,
    pub(crate) step: Duration,
    /// Since when it is known; `None` where all that was known of it is forgotten.
    pub(crate) since: Option<SystemTime>,
    /// As in [`SourceHistory::name`].
    pub(crate) name: String,
    /// Whether it was in the last list of sources.
    pub(crate) configured: bool,
    /// As in [`SourceHistory::offset`].
    pub(crate) offset: Vec<Option<Point>>,
    /// Error bound of that offset, seconds.
    pub(crate) error: Vec<Option<Point>>,
    /// The reach register at the end of each step: the last eight polls as bits, newest lowest.
    pub(crate) reach: Vec<Option<u8>>,
    /// Network delay to it, both ways, seconds; all `None` where this transport does not tell it.
    pub(crate) delay: Vec<Option<Point>>,
    /// Those of this source, the oldest first.
    pub(crate) events: Vec<Event>,
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// When it was first seen.
    pub(crate) at: SystemTime,
    pub(crate) change: Change,
}

/// What changed. Sources are named as in [`SourceHistory::name`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub(crate) enum Change {
    /// second-hand itself began to read.
    Began,
    /// Another source is selected, or none.
    Selected {
        before: Option<String>,
        now: Option<String>,
    },
    /// The clock became synchronized, or ceased to be.
    Synchronized(bool),
    Leap {
        before: LeapStatus,
        now: LeapStatus,
    },
    /// No poll of the last eight was answered.
    Unreachable {
        source: String,
    },
    /// It answers again.
    Reachable {
        source: String,
    },
    /// It disagrees with the majority, or does so no more.
    Falseticker {
        source: String,
        is: bool,
    },
    Added {
        source: String,
    },
    Removed {
        source: String,
    },
    /// The clock was stepped by so many seconds, positive = forward.
    Stepped {
        seconds: f64,
    },
    /// chronyd was started anew.
    Restarted,
    /// chronyd gives no data, for this reason.
    Lost {
        reason: String,
    },
    /// chronyd gives data again.
    Back,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            from: SystemTime::UNIX_EPOCH,
            to: SystemTime::UNIX_EPOCH,
            step: Duration::from_secs(1),
            since: None,
            offset: Vec::new(),
            max_error: Vec::new(),
            frequency: Vec::new(),
            skew: Vec::new(),
            sources: Vec::new(),
            others: Vec::new(),
            events: Vec::new(),
        }
    }
}
