//! Every field of every report, with its unit, as libchrony names them.
//!
//! `cargo run -p libchrony --example print_all [ADDRESS]`

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use libchrony::{Connection, Error, ReportName};

fn read(address: Option<String>) -> Result<String, Error> {
    let mut builder = Connection::builder();
    if let Some(address) = address {
        builder = builder.address(address.parse()?);
    }
    let mut chronyd = builder.open()?;
    let mut text = String::new();
    for report in ReportName::ALL.iter().chain(ReportName::EXTENSIONS) {
        // Writing to a String cannot fail.
        let _ = match chronyd.report(report.as_str()) {
            Ok(records) if records.is_empty() => writeln!(text, "{report}: no records"),
            Ok(records) => records.iter().try_for_each(|record| write!(text, "{record}")),
            Err(error) => writeln!(text, "{report}: {error}"),
        };
    }
    Ok(text)
}

fn main() -> ExitCode {
    match read(std::env::args().nth(1)) {
        Ok(text) => {
            // A reader that has seen enough (`| head`) is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            eprintln!("{}", error.hint());
            ExitCode::FAILURE
        }
    }
}
