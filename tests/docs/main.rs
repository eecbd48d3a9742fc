//! Every command in the documentation holds: it is run, or tried in another way, or the table says why not.
//!
//! A command that table.rs does not know fails, so that a text that is written later is held to the same.

#![expect(clippy::unwrap_used, reason = "a test ends at its first failure")]

#[path = "../common/mod.rs"]
mod common;

mod blocks;
mod fixed;
mod output;
mod table;
mod world;

use std::process::ExitCode;

use blocks::Command;
use libtest_mimic::{Arguments, Failed, Trial};

/// The trial of one command, ignored with the reason where it cannot be held here.
fn trial(command: Command) -> Trial {
    let name = format!("{}: {}", command.place, command.line);
    let way = table::way(&command.line);
    match way.as_ref().and_then(|way| way.missing(&command.line)) {
        Some(reason) => {
            Trial::test(format!("{name} [ignored: {reason}]"), || Ok(())).with_ignored_flag(true)
        }
        None => Trial::test(name, move || match way {
            Some(way) => world::hold(way, &command).map_err(Failed::from),
            None => Err(Failed::from(format!(
                "{}: no rule of tests/docs/table.rs says how `{}` is held true: add one",
                command.place, command.line
            ))),
        }),
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // In the order of the texts, where one command may need what another made.
    arguments.test_threads = Some(1);
    let mut trials: Vec<_> = blocks::commands().into_iter().map(trial).collect();
    trials.extend(fixed::TESTS.iter().map(|(name, test)| {
        Trial::test(*name, move || {
            test();
            Ok(())
        })
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    world::end();
    conclusion.exit_code()
}
