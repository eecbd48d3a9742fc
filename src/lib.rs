//! second-hand: can I trust this machine's clock?
//!
//! The product is the program; this library is what the program, its fuzz targets and its benchmarks
//! share. It promises nothing to other crates: link `libchrony` instead.
#![forbid(unsafe_code)]

mod assets;
mod check;
mod chronyd;
mod clients;
mod config;
mod country;
mod demo;
mod document;
mod error;
mod exposition;
mod history;
mod login;
mod monitor;
mod places;
mod press;
mod probe;
mod process;
mod pulse;
mod reading;
mod render;
mod report;
mod reports;
mod routes;
mod sampler;
mod server;
mod service;
mod startup;
mod tally;
mod view;

use std::process::ExitCode;

/// The programs of that chapter, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/embed.md")]
mod embed {}

#[doc(hidden)]
pub use config::command;
#[doc(hidden)]
pub use history::Measured;
#[doc(hidden)]
pub use startup::application_of;

/// Does what the command line asks, and gives the exit status.
pub fn main() -> ExitCode {
    match config::Task::from_process() {
        Ok(config::Task::Serve(config)) => match startup::run(*config) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("second-hand: {}", error::shown(&error.to_string()));
                ExitCode::FAILURE
            }
        },
        Ok(config::Task::Check(check)) => check::run(&check),
        Ok(config::Task::Report(report)) => report::run(&report),
        Err(exit) => exit,
    }
}
