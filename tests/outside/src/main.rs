//! Reads a clock through the wrapper alone.

fn main() -> Result<(), libchrony::Error> {
    let mut builder = libchrony::Connection::builder();
    if let Some(address) = std::env::args().nth(1) {
        builder = builder.address(address.parse()?);
    }
    let tracking = builder.open()?.tracking()?;
    println!("{}", if tracking.is_synchronized() { "synchronized" } else { "not synchronized" });
    Ok(())
}
