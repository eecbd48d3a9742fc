//! A line for each reading, over restarts of chronyd, on one connection.
//!
//! `cargo run -p libchrony --example monitor_loop [ADDRESS [COUNT [INTERVAL]]]`

use std::time::Duration;

use libchrony::{Connection, Error};

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let mut builder = Connection::builder();
    if let Some(address) = arguments.next() {
        builder = builder.address(address.parse()?);
    }
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(10_u32);
    let interval = arguments.next().and_then(|text| humantime::parse_duration(&text).ok());

    // Opens at the first reading, and anew after each failure.
    let mut chronyd = builder.build();
    for number in 0..count {
        if number > 0 {
            std::thread::sleep(interval.unwrap_or(Duration::from_secs(1)));
        }
        match chronyd.tracking() {
            Ok(tracking) => println!(
                "offset {:+.9} s, at most {:.9} s, {:+.3} ppm",
                tracking.offset,
                tracking.max_error(),
                tracking.frequency
            ),
            Err(error) => println!("{error}; {}", error.hint()),
        }
    }
    Ok(())
}
