//! Is the clock right, and to within how much?
//!
//! `cargo run -p libchrony --example quick_start [ADDRESS]`

use libchrony::{Connection, Error};

fn main() -> Result<(), Error> {
    let mut builder = Connection::builder();
    if let Some(address) = std::env::args().nth(1) {
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
