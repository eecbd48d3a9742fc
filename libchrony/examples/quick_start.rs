//! Is the clock right, and to within how much?
//!
//! `cargo run -p libchrony --example quick_start [ADDRESS]`

use std::process::ExitCode;

use libchrony::{Connection, Error};

fn show(address: Option<String>) -> Result<(), Error> {
    let mut builder = Connection::builder();
    if let Some(address) = address {
        builder = builder.address(address.parse()?);
    }
    let mut chronyd = builder.open()?;

    let tracking = chronyd.tracking()?;
    match &tracking.reference_id_name {
        Some(name) if tracking.is_synchronized() => {
            println!("right to within {:.6} s, following {name}", tracking.max_error());
        }
        _ => println!("not synchronized"),
    }

    let sources = chronyd.sources()?;
    for source in &sources {
        println!("{:<20} {:<14} {} of 8", source.address, source.state, source.answered_polls());
    }
    // One odd record does not blank the others.
    for error in sources.odd() {
        println!("left out: {error}");
    }
    Ok(())
}

fn main() -> ExitCode {
    match show(std::env::args().nth(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            eprintln!("{}", error.hint());
            ExitCode::FAILURE
        }
    }
}
