//! How a program that reads chronyd is tested without one: on the simulated chronyd.
//!
//! `cargo run -p libchrony --features testing --example own_tests`
//!
//! In a crate of your own the simulator is a development dependency,
//! `libchrony = { version = "0.1", features = ["testing"] }`, and each step below a `#[test]`.

use std::error::Error;
use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Scenario, Simulator, Source};
use libchrony::{Address, Connection, ErrorKind};

/// The code under test: one word on a clock, for a status bar.
fn word(address: &Address) -> &'static str {
    let builder = Connection::builder().address(address.clone());
    let mut chronyd = builder.timeout(Duration::from_millis(200)).attempts(3).build();
    match chronyd.tracking() {
        Ok(tracking) if tracking.is_leap_pending() => "leap second",
        Ok(tracking) if tracking.is_synchronized() => "right",
        Ok(_) => "unsynchronized",
        Err(error) if error.kind() == ErrorKind::TimedOut => "silent",
        Err(error) if error.kind() == ErrorKind::NobodyListens => "ended",
        Err(_) => "unknown",
    }
}

fn says(chronyd: &Simulator, expected: &str) -> Result<(), Box<dyn Error>> {
    let found = word(&chronyd.address().parse()?);
    if found != expected {
        return Err(format!("{found:?} is not {expected:?}").into());
    }
    println!("{found}: as expected");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // A state that a real chronyd reaches once in years, if ever.
    let mut chronyd = Simulator::start_unix(Scenario::leap_insert())?;
    says(&chronyd, "leap second")?;

    // The state can change while it runs, and every value of it can be set.
    chronyd.set(Scenario::unsynchronized());
    says(&chronyd, "unsynchronized")?;
    let mut scenario = Scenario::synchronized();
    scenario.tracking.current_correction = -0.25;
    scenario.sources.push(Source::unreachable(std::net::Ipv4Addr::new(192, 0, 2, 99)));
    chronyd.set(scenario);
    says(&chronyd, "right")?;

    // Half of the datagrams get lost, and the rest comes among noise: the attempts make up for it.
    chronyd.script([Fault::always().noise(5, 1), Fault::always().every(2).silence()]);
    says(&chronyd, "right")?;

    // One that stays silent must not hold the program up for long.
    chronyd.script([Fault::on(Command::TRACKING).silence()]);
    let begin = Instant::now();
    says(&chronyd, "silent")?;
    assert!(begin.elapsed() < Duration::from_secs(5), "it waited for {:?}", begin.elapsed());

    // What was asked can be looked at.
    let asked = chronyd.requests();
    assert!(asked.iter().all(|request| request.command() == Command::TRACKING), "{asked:?}");

    // It ends and comes back, as at a restart.
    chronyd.stop();
    says(&chronyd, "ended")?;
    chronyd.script([]);
    chronyd.restart()?;
    says(&chronyd, "right")
}
