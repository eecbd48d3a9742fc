//! Reads snapshots and loads pages while chronyd is restarted, killed, stopped and its sources change.
//!
//! At the end no answer was wrong, nothing hung, and no descriptor, directory or memory stays behind.
//! It runs for `SOAK_SECONDS`, 15 where that is not set; `make soak` takes a quarter of an hour.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod daemon;
mod life;
mod readers;
mod truth;

use std::process::ExitCode;
use std::time::Duration;

use common::need::Need;
use libtest_mimic::{Arguments, Failed, Trial};

fn seconds() -> Duration {
    let given = std::env::var("SOAK_SECONDS").ok();
    let seconds = given.map(|text| text.parse().expect("SOAK_SECONDS is a number of seconds"));
    Duration::from_secs(seconds.unwrap_or(15))
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let name = "nothing_is_wrong_hangs_or_leaks_while_chronyd_has_a_hard_life";
    let trial = match Need::Chronyd.missing() {
        None => Trial::test(name, || -> Result<(), Failed> {
            life::run(seconds());
            Ok(())
        }),
        Some(reason) => {
            Trial::test(format!("{name} (skipped: {reason})"), move || Err(reason.into()))
                .with_ignored_flag(true)
        }
    };
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}
