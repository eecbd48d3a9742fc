//! One line and an exit code, for scripts: 0 healthy, 1 doubtful, 2 not synchronized or unknown.
//!
//! `cargo run -p libchrony --example health_check [ADDRESS]`

use std::process::ExitCode;

use libchrony::{Connection, Error};

/// The largest error that is healthy, in seconds.
const MAX_ERROR: f64 = 0.1;

fn check(address: Option<String>) -> Result<(u8, String), Error> {
    let mut builder = Connection::builder();
    if let Some(address) = address {
        builder = builder.address(address.parse()?);
    }
    let mut chronyd = builder.open()?;
    let tracking = chronyd.tracking()?;
    let reachable = chronyd.sources()?.iter().filter(|source| source.is_reachable()).count();

    Ok(if !tracking.is_synchronized() {
        (2, "not synchronized".to_owned())
    } else if tracking.is_local() {
        (1, "follows only itself".to_owned())
    } else if tracking.max_error() > MAX_ERROR {
        (1, format!("may be wrong by {:.3} s", tracking.max_error()))
    } else if tracking.is_leap_pending() {
        (1, format!("a leap second is pending: {}", tracking.leap_status))
    } else if reachable < 2 {
        (1, "fewer than two sources are reachable".to_owned())
    } else {
        (0, format!("right to within {:.6} s", tracking.max_error()))
    })
}

fn main() -> ExitCode {
    let (code, line) = check(std::env::args().nth(1))
        .unwrap_or_else(|error| (2, format!("{error}; {}", error.hint())));
    println!("{line}");
    ExitCode::from(code)
}
