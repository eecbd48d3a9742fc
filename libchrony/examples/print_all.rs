//! Every field of every report, with its unit, as libchrony names them.
//!
//! `cargo run -p libchrony --example print_all [ADDRESS]`

use libchrony::{Connection, Error, ReportName};

fn main() -> Result<(), Error> {
    let mut builder = Connection::builder();
    if let Some(address) = std::env::args().nth(1) {
        builder = builder.address(address.parse()?);
    }
    let mut chronyd = builder.open()?;
    for report in ReportName::ALL {
        match chronyd.report(report.as_str()) {
            Ok(records) if records.is_empty() => println!("{report}: no records"),
            Ok(records) => records.iter().for_each(|record| print!("{record}")),
            Err(error) => println!("{report}: {error}"),
        }
    }
    Ok(())
}
