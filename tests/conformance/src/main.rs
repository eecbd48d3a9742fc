//! Compares upstream's libchrony with ours: `conformance UPSTREAM.so OURS.so`, and on a real chronyd
//! `conformance live UPSTREAM.so OURS.so SOCKET`.
//!
//! Both libraries hold the same conversations with a server that gives both the same answers, and
//! everything that can be seen of them is compared. `tally.rs` lists the differences there may be.

mod api;
mod case;
mod cases;
mod differences;
mod faults;
mod harvest;
mod null;
mod observe;
mod pair;
mod random;
mod sockets;
mod tally;
mod wander;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use api::Library;
use harvest::{Harvest, Live};
use libchrony::testing::Generation;
use tally::Tally;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let [word, library, case] = arguments.as_slice()
        && word == "case"
    {
        case::run_here(Path::new(library), &case.to_string_lossy())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let [word, upstream, ours, socket] = arguments.as_slice()
        && word == "live"
    {
        return live([Path::new(upstream), Path::new(ours)], Path::new(socket));
    }
    let [upstream, ours] = arguments.as_slice() else {
        return Err("usage: conformance UPSTREAM.so OURS.so".into());
    };
    let paths = [Path::new(upstream), Path::new(ours)];
    let libraries = [Library::load(paths[0])?, Library::load(paths[1])?];
    let mut tally = Tally::default();
    case::run(paths, &mut tally)?;
    let mut harvest = Harvest::default();
    harvest::simulated(libraries, &mut tally, &mut harvest)?;
    faults::run(libraries, &mut tally, &harvest)?;
    wander::run(libraries, &mut tally, &harvest)?;
    Ok(if tally.conclude() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Compares on the real chronyd that has this Unix socket and the usual UDP port.
fn live(paths: [&Path; 2], socket: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let libraries = [Library::load(paths[0])?, Library::load(paths[1])?];
    let (mut tally, mut harvest) = (Tally::default(), Harvest::default());
    let own = socket.with_file_name("conformance");
    for (name, live) in [("Unix", Live::unix(socket, &own)?), ("UDP", Live::udp("127.0.0.1:323")?)]
    {
        let server = format!("a real chronyd over {name}");
        let newest = Generation::default();
        harvest::read(libraries, &mut tally, &server, &live, newest, &mut harvest)?;
    }
    std::fs::remove_file(own)?;
    let (conversations, layouts) = (tally.conversations, harvest.0.len());
    println!("conformance: {conversations} conversations with a real chronyd, {layouts} layouts");
    Ok(if tally.is_listed() && layouts >= 8 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
