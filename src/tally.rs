//! How often chronyd was read since the start, whoever asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::reading::Reading;

/// The counts; a clone counts on with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    reads: AtomicU64,
    failures: AtomicU64,
}

impl Tally {
    /// Counts a reading.
    pub(crate) fn add(&self, reading: &Reading) {
        self.0.reads.fetch_add(1, Ordering::Relaxed);
        if reading.data().is_err() {
            self.0.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn reads(&self) -> u64 {
        self.0.reads.load(Ordering::Relaxed)
    }

    /// Readings that gave no data.
    pub(crate) fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::Relaxed)
    }
}
