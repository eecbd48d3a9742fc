//! What a scrape of `/metrics` costs: its bytes, and the time of the reading and of the rest apart.
//! `make bench` runs it after `page`; the chronyd behind it is the simulated one, as there.

#![expect(clippy::unwrap_used, reason = "a measurement ends at its first failure")]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::time::Instant;

use common::dashboard::{Dashboard, second_hand};
use common::metrics::Metrics;
use common::process;
use libchrony::testing::{Scenario, Simulator};
use support::median;

/// Scrapes of which the median is told.
const SCRAPES: usize = 200;

/// What Prometheus asks for.
const OPEN: (&str, &str) = ("Accept", "application/openmetrics-text;version=1.0.0");

fn main() {
    println!("| scrape of | 5 sources | 1,000 sources |");
    println!("|---|---|---|");
    let columns: Vec<_> = [5, 1_000].into_iter().map(scrape).collect();
    for (number, (what, _)) in columns[0].iter().enumerate() {
        println!("| {what} | {} | {} |", columns[0][number].1, columns[1][number].1);
    }
}

/// The figures of a scrape of so many sources.
fn scrape(sources: u32) -> Vec<(&'static str, String)> {
    let chronyd = Simulator::start_unix(Scenario::many_sources(sources)).unwrap();
    let address = chronyd.address();
    let arguments = ["--port", "0", "--chronyd", &address, "--refresh", "1h", "--log", "warn"];
    let dashboard = Dashboard::start(second_hand().args(arguments)).settled();
    let text = |accepted: (&str, &str)| dashboard.get_with("/metrics", &[accepted]).body;
    let packed = dashboard.get_bytes("/metrics", &[OPEN, ("Accept-Encoding", "gzip")]).1;
    let (classic, open) = (text(("Accept", "text/plain")), text(OPEN));

    let (mut readings, mut rests) = (Vec::new(), Vec::new());
    let before = process::computing(dashboard.pid());
    for _ in 0..SCRAPES {
        let begin = Instant::now();
        let text = text(OPEN);
        let whole = begin.elapsed().as_secs_f64();
        let reading = Metrics::of(&text).value("second_hand_read_duration_seconds", &[]).unwrap();
        readings.push(reading * 1e3);
        rests.push((whole - reading) * 1e3);
    }
    let used = (process::computing(dashboard.pid()) - before).as_secs_f64() * 1e3;
    let each = used / f64::from(u32::try_from(SCRAPES).unwrap());
    let kilobytes = u32::try_from(process::memory(dashboard.pid())).unwrap();
    vec![
        ("series", Metrics::of(&classic).len().to_string()),
        ("classic form, bytes", classic.len().to_string()),
        ("OpenMetrics, bytes", open.len().to_string()),
        ("the same, gzip", packed.len().to_string()),
        ("reading of chronyd, ms", format!("{:.1}", median(&readings))),
        ("all else of the scrape, encoding and transport, ms", format!("{:.1}", median(&rests))),
        ("processor time of the server for a scrape, ms", format!("{each:.1}")),
        ("resident memory of the server, MB", format!("{:.1}", f64::from(kilobytes) * 1.024e-3)),
    ]
}
