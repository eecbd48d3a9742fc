//! Several chronyds watched at once on one thread: a line for each reading, over their restarts.
//!
//! `cargo run -p libchrony --features tokio --example tokio_monitor COUNT ADDRESS...`

use std::time::Duration;

use libchrony::tokio::Connection;
use libchrony::{Address, Error};
use tokio::task::JoinSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(10_u32);
    let addresses = arguments.map(|text| text.parse()).collect::<Result<Vec<Address>, _>>()?;

    let mut all = JoinSet::new();
    for address in addresses {
        all.spawn(watch(address, count));
    }
    all.join_all().await;
    Ok(())
}

/// Reads one chronyd once a second, whatever the others do.
async fn watch(address: Address, count: u32) {
    // Opens at the first reading, and anew after each failure.
    let mut chronyd = Connection::builder().address(address.clone()).build();
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..count {
        seconds.tick().await;
        match chronyd.tracking().await {
            Ok(tracking) => println!("{address}: offset {:+.9} s", tracking.offset),
            Err(error) => println!("{error}; {}", error.hint()),
        }
    }
}
