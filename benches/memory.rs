//! The memory of the process, its start, and the size of its binary. `make bench` runs it.
//!
//! The history that the second row begins with is in a file that was written before, as if the same
//! sources had been read for 24 hours; the chronyd behind it is the simulated one.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement ends at its first failure, and its figures are small"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::dashboard::{Dashboard, second_hand};
use libchrony::testing::{Scenario, Simulator};
use second_hand::Measured;
use support::{Asking, memory, part_of, request};

/// Seconds between readings, as without the option.
const REFRESH: u32 = 5;
/// For so long it is watched.
const WATCH: Duration = Duration::from_secs(40);
const VIEWERS: usize = 100;
const STARTS: usize = 15;

fn main() {
    println!("| memory of a process | at rest | at the end of {WATCH:?} | most |");
    println!("|---|---|---|---|");
    few();
    many();
    let starts: Vec<_> = (0..STARTS).map(|_| first_answer()).collect();
    println!("\n| start and size | |");
    println!("|---|---|");
    println!(
        "| from start to the first answer, median and most | {:.1} ms, {:.1} ms |",
        part_of(&starts, 0.5),
        part_of(&starts, 1.0)
    );
    let binary = fs::metadata(env!("CARGO_BIN_EXE_second-hand")).unwrap().len();
    println!("| size of the binary, stripped | {:.2} MB |", binary as f64 / 1e6);
}

fn start(chronyd: &Simulator, more: &[&str]) -> Dashboard {
    let usual = ["--port", "0", "--log", "warn", "--chronyd", &chronyd.address()];
    Dashboard::start(second_hand().args(usual).args(more))
}

fn row(what: &str, dashboard: &Dashboard, rest: f64) {
    let (now, most) = (memory(dashboard.pid(), "VmRSS"), memory(dashboard.pid(), "VmHWM"));
    println!("| {what} | {rest:.1} MB | {now:.1} MB | {most:.1} MB |");
}

/// A page of five sources, asked for again and again.
fn few() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(5)).unwrap();
    let dashboard = start(&chronyd, &[]);
    let mut asking = Asking::new(dashboard.authority());
    asking.get("/");
    let rest = memory(dashboard.pid(), "VmRSS");
    let begin = Instant::now();
    while begin.elapsed() < WATCH {
        asking.get("/");
        thread::sleep(Duration::from_millis(20));
    }
    row("5 sources, 50 pages a second", &dashboard, rest);
}

/// A thousand sources with a day's history, and those who watch.
fn many() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(1_000)).unwrap();
    let address: libchrony::Address = chronyd.address().parse().unwrap();
    let snapshot = libchrony::Connection::builder().address(address).build().snapshot().unwrap();
    let ids: Vec<_> = snapshot.sources.unwrap().into_iter().map(|source| source.id).collect();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("history");
    Measured::write(&file, 24, REFRESH, &ids).unwrap();
    let dashboard = start(&chronyd, &["--history-file", file.to_str().unwrap()]);
    thread::sleep(Duration::from_secs(u64::from(REFRESH) + 2));
    let host = dashboard.authority();
    let rest = memory(dashboard.pid(), "VmRSS");
    for (what, scraped) in [
        ("1,000 sources, 24 h of history, 100 viewers of the page", false),
        ("the same, and a scrape of /metrics each second", true),
    ] {
        let end = Instant::now() + WATCH;
        let viewers: Vec<_> = (0..VIEWERS).map(|_| viewer(host, end)).collect();
        let mut scrapes = Asking::new(host);
        while Instant::now() < end && scraped {
            scrapes.get("/metrics");
            thread::sleep(Duration::from_secs(1));
        }
        let updates: usize = viewers.into_iter().map(|viewer| viewer.join().unwrap()).sum();
        assert!(updates > VIEWERS, "{updates} updates");
        row(what, &dashboard, rest);
    }
}

/// Does what the page's script does; gives how many updates there were.
fn viewer(host: &str, end: Instant) -> JoinHandle<usize> {
    let host = host.to_owned();
    thread::spawn(move || {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.write_all(request(&host, "/live").as_bytes()).unwrap();
        let (mut asking, mut updates) = (Asking::new(&host), 0);
        for line in BufReader::with_capacity(512, stream).lines() {
            if Instant::now() >= end {
                break;
            }
            if let Some(number) = line.unwrap().strip_prefix("id: ") {
                asking.get(&format!("/?live={number}"));
                updates += 1;
            }
        }
        updates
    })
}

/// From the start of the process to the first page with data.
fn first_answer() -> Duration {
    let chronyd = Simulator::start_unix(Scenario::many_sources(5)).unwrap();
    let begin = Instant::now();
    let dashboard = start(&chronyd, &[]);
    assert!(Asking::new(dashboard.authority()).get("/").0 > 1_000);
    begin.elapsed()
}
