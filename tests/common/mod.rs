//! What the tests on real parts share: chronyd daemons, the dashboard, chronyc, and what they need.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod chronyc;
pub(crate) mod chronyd;
pub(crate) mod dashboard;
pub(crate) mod manager;
pub(crate) mod metrics;
pub(crate) mod mmdb;
pub(crate) mod need;
pub(crate) mod nobody;
pub(crate) mod page;
pub(crate) mod process;
pub(crate) mod prometheus;
pub(crate) mod proxy;

use std::time::{Duration, Instant};

/// The longest that any condition is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `condition` gives something; panics with `what` where it does not come.
pub(crate) fn eventually<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, condition).unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain: {what}"))
}

/// Waits until `condition` gives something, at most so long.
pub(crate) fn within<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        let found = condition();
        if found.is_some() || Instant::now() >= end {
            return found;
        }
        // Between two looks at the condition.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
