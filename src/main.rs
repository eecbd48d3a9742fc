//! second-hand: can I trust this machine's clock?
#![forbid(unsafe_code)]

mod assets;
mod config;
mod demo;
mod error;
mod monitor;
mod reading;
mod render;
mod routes;
mod startup;
mod view;

use std::process::ExitCode;

fn main() -> ExitCode {
    let config = match config::Config::from_process() {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match startup::run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("second-hand: {error}");
            ExitCode::FAILURE
        }
    }
}
