//! A line for each reading of several chronyds at once, on one thread, until Ctrl-C would end it.
//!
//! `cargo run -p libchrony --features tokio --example tokio_monitor ADDRESS [ADDRESS]...`
fn main() {}
