//! A line in the log for each login that failed; of many at a time only some.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;

/// The most lines in a [`WHILE`].
const MOST: u32 = 10;
const WHILE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Told>);

/// What was told in this while.
#[derive(Debug, Default)]
struct Told {
    since: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Told {
    /// How many lines were left out before this one; `None` where this is left out, too.
    fn next(&mut self, now: Instant) -> Option<u64> {
        let is_over = self.since.is_none_or(|since| now.saturating_duration_since(since) >= WHILE);
        if is_over {
            (self.since, self.lines) = (Some(now), 0);
        }
        if self.lines >= MOST {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Failures {
    /// Tells of one, with its name where that is known.
    pub(super) fn tell(&self, client: Option<IpAddr>, name: Option<&str>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left_out) = told.next(Instant::now()) else { return };
        drop(told);
        let client = client.map(|client| client.to_string()).unwrap_or_default();
        match name {
            Some(name) => warn!(%client, ?name, left_out, "a login failed: wrong password"),
            None => warn!(%client, left_out, "a login failed: unknown name or token"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_some_are_told_and_the_others_counted() {
        let (mut told, start) = (Told::default(), Instant::now());
        for _ in 0..MOST {
            assert_eq!(told.next(start), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(told.next(start + WHILE / 2), None);
        }
        assert_eq!(told.next(start + WHILE), Some(5));
        assert_eq!(told.next(start + WHILE), Some(0));
    }
}
