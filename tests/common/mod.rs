//! What the tests on real parts share: chronyd daemons, the dashboard, chronyc, and what they need.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod chronyc;
pub(crate) mod chronyd;
pub(crate) mod dashboard;
pub(crate) mod need;
pub(crate) mod page;

use std::time::{Duration, Instant};

/// The longest that any condition is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `condition` gives something; panics with `what` where it does not come.
pub(crate) fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain: {what}");
        // Between two looks at the condition.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
