//! Reads chronyd every so often, through the monitor as everybody does, for the history and for those
//! who watch live. It pauses nobody: who asks meanwhile shares its reading or gets the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use tokio::sync::watch;

use crate::history::History;
use crate::monitor::Monitor;
use crate::reading::Reading;
use crate::reports::Reports;

/// A reading of the sampler.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Counts up from 1 while the process runs.
    pub(crate) number: u64,
    pub(crate) reading: Arc<Reading>,
}

/// The rhythm of the readings, and the last of them.
#[derive(Debug)]
pub(crate) struct Sampler {
    refresh: Duration,
    latest: watch::Sender<Option<Sample>>,
    ended: AtomicBool,
}

impl Sampler {
    pub(crate) fn new(refresh: Duration) -> Self {
        Self { refresh, latest: watch::Sender::new(None), ended: AtomicBool::new(false) }
    }

    /// The last sample, and word of each further one. `None` before the first.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Sample>> {
        self.latest.subscribe()
    }

    /// The last sample.
    pub(crate) fn latest(&self) -> Option<Sample> {
        self.latest.borrow().clone()
    }

    /// Sends away those who watch: the server ends.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.latest.send_modify(|_| {});
    }

    /// Whether nobody should watch any longer. Who watches is woken when this comes true.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Reads for as long as it is polled.
    pub(crate) async fn run(&self, monitor: &Monitor<Reading>, history: &History) {
        let mut number = 0;
        loop {
            let begun = Instant::now();
            // Without a reading, as at the end, there is a gap.
            if let Ok(reading) = monitor.read(Reports::ALL).await {
                history.record(&reading);
                number += 1;
                self.latest.send_replace(Some(Sample { number, reading }));
            }
            // A slow chronyd is left alone for a while, too.
            sleep(self.refresh.saturating_sub(begun.elapsed()).max(self.refresh / 2)).await;
        }
    }
}
