//! `second-hand check`: one line, each check in one more where asked for, and the exit status that
//! monitoring plugins use.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::SystemTime;

use crate::chronyd;
use crate::config::Check;
use crate::reports::VERDICT;
use crate::view::{Limits, Standing, Summary};

/// Reads chronyd once and says where its clock stands.
pub(crate) fn run(check: &Check) -> ExitCode {
    chronyd::remove_leftovers(&check.chronyd);
    let reading = chronyd::connection(&check.chronyd).snapshot_of(VERDICT);
    let now = SystemTime::now();
    let limits = Limits::from(&check.limits);
    let summary = Summary::new(reading.as_ref(), now, &limits);
    let more = if check.verbose { &summary.checks[..] } else { &[] };
    let mut out = io::stdout().lock();
    for line in [&summary.line].into_iter().chain(more) {
        // Whoever started this may have closed the pipe; the exit status tells all the same.
        let _ = writeln!(out, "{line}");
    }
    ExitCode::from(match summary.standing {
        Standing::Ok => 0,
        Standing::Warning => 1,
        Standing::Critical => 2,
        Standing::Unknown => 3,
    })
}
