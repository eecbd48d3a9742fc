//! What can go wrong, and what is done about it.
//!
//! `cargo run -p libchrony --example error_handling [ADDRESS]`

use std::process::ExitCode;
use std::time::Duration;

use libchrony::{Connection, Error, ErrorKind};

fn read(address: Option<String>) -> Result<(), Error> {
    let mut builder = Connection::builder().timeout(Duration::from_millis(500)).attempts(2);
    if let Some(address) = address {
        // Refused before any I/O where it is none.
        builder = builder.address(address.parse()?);
    }
    let mut chronyd = builder.open()?;
    for error in chronyd.passed_over() {
        println!("passed over: {error}");
    }
    if let Some(address) = chronyd.address() {
        println!("reading {address}");
    }

    println!("synchronized: {}", chronyd.tracking()?.is_synchronized());
    // Selection data needs the Unix socket; its absence is no reason to give up.
    match chronyd.select_data() {
        Ok(sources) => println!("selection data of {} sources", sources.len()),
        Err(error) if error.kind() == ErrorKind::NotAuthorized => {
            println!("no selection data: {}", error.hint());
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn main() -> ExitCode {
    match read(std::env::args().nth(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", error.kind());
            eprintln!("{}", error.hint());
            ExitCode::FAILURE
        }
    }
}
