//! What many sources cost: a whole reading against what chronyd itself needs to answer as many requests,
//! and against pychrony. `make bench` runs it after `performance`.
//!
//! The daemon is a real one whose sources are offline, so that nothing but the readings keeps it busy.

#![expect(clippy::unwrap_used, reason = "a measurement ends at its first failure")]

#[path = "../tests/common/mod.rs"]
mod common;

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use common::chronyd::Chronyd;
use common::dashboard::{Dashboard, second_hand};
use common::need::Need;
use support::{Asking, median, memory, pychrony, ratio};

/// So many sources.
const SOURCES: [u32; 5] = [1, 10, 100, 1_000, 5_000];
/// Rounds of each comparison.
const ROUNDS: usize = 9;
/// Requests that the wrapper has under way.
const UNDER_WAY: u32 = 4;

fn main() {
    if let Some(reason) = Need::Chronyd.missing() {
        println!("skipped: {reason}");
        return;
    }
    println!(
        "| sources | snapshot | the same requests by bare C, {UNDER_WAY} under way | one at a time | snapshot against bare C with {UNDER_WAY} | one at a time against the snapshot | chronyd's processor time of a snapshot |"
    );
    println!("|---|---|---|---|---|---|---|");
    let daemons: Vec<_> =
        SOURCES.into_iter().map(|sources| (sources, with_sources(sources))).collect();
    for (sources, chronyd) in &daemons {
        snapshots(chronyd, *sources);
    }
    println!();
    println!(
        "| sources of a page | time of a load with a fresh reading | bytes | the same, gzip | resident memory | chronyd's processor time of a load |"
    );
    println!("|---|---|---|---|---|---|");
    for (sources, chronyd) in &daemons {
        page(chronyd, *sources);
    }
    println!();
    println!("| of 1,000 sources | median | against |");
    println!("|---|---|---|");
    four_reports(&daemons[3].1);
}

/// A daemon with so many sources, none of which is ever asked for the time.
fn with_sources(number: u32) -> Chronyd {
    let line = |source: u32| {
        format!(
            "server 127.{}.{}.{} offline\n",
            1 + source / 40_000,
            source / 200 % 200,
            1 + source % 200
        )
    };
    Chronyd::client(&(0..number).map(line).collect::<String>())
}

fn milliseconds(times: &[f64]) -> String {
    format!("{:.2} ms", median(times))
}

/// A whole reading, the same by bare C, both in turn.
fn snapshots(chronyd: &Chronyd, sources: u32) {
    let place = tempfile::tempdir().unwrap();
    let program = compiled(place.path());
    let mut connection = chronyd.connection().open().unwrap();
    // The names of the sources are asked for once.
    connection.snapshot().unwrap();
    let (mut ours, mut bare, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(by_c(&program, chronyd, sources, UNDER_WAY));
        let start = Instant::now();
        let snapshot = connection.snapshot().unwrap();
        ours.push(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(snapshot.ntpdata.map(|all| all.len()), usize::try_from(sources).ok());
        single.push(by_c(&program, chronyd, sources, 1));
    }
    let spent = spent(chronyd, sources, || drop(connection.snapshot().unwrap()));
    println!(
        "| {sources} | {} | {} | {} | {} | {} | {spent:.2} ms |",
        milliseconds(&ours),
        milliseconds(&bare),
        milliseconds(&single),
        ratio(&ours, &bare, ""),
        ratio(&single, &ours, ""),
    );
}

/// Milliseconds of processor time that chronyd needs for one of these, of so many that its clock counts them.
fn spent(chronyd: &Chronyd, sources: u32, mut run: impl FnMut()) -> f64 {
    let number = (4_000 / sources).clamp(8, 1_000);
    let before = chronyd.processor_time();
    (0..number).for_each(|_| run());
    (chronyd.processor_time() - before) * 1e3 / f64::from(number)
}

/// A page load, each with a reading of its own.
fn page(chronyd: &Chronyd, sources: u32) {
    let mut command = second_hand();
    command.args(["--port", "0", "--log", "warn", "--refresh", "1h", "--chronyd", &chronyd.unix()]);
    let dashboard = Dashboard::start(&mut command);
    let mut asking = Asking::new(dashboard.authority());
    let (packed, _) = asking.get("/");
    let plain = dashboard.get("/").body.len();
    let times: Vec<_> = (0..ROUNDS).map(|_| asking.get("/").1.as_secs_f64() * 1e3).collect();
    let resident = memory(dashboard.pid(), "VmRSS");
    let spent = spent(chronyd, sources, || {
        asking.get("/");
    });
    println!(
        "| {sources} | {} | {plain} | {packed} | {resident:.1} MB | {spent:.2} ms |",
        milliseconds(&times)
    );
}

fn compiled(place: &Path) -> PathBuf {
    let program = place.join("window");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/window.c");
    let status = Command::new("cc").arg("-O2").arg(source).arg("-o").arg(&program).status();
    assert!(status.unwrap().success());
    program
}

/// Milliseconds that C needs.
fn by_c(program: &Path, chronyd: &Chronyd, sources: u32, under_way: u32) -> f64 {
    let output = Command::new(program)
        .arg(chronyd.socket())
        .arg(chronyd.directory().join("window"))
        .args([sources.to_string(), under_way.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    text.parse::<f64>().unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
        / 1e6
}

/// The same is read so often in a round.
const READINGS: u32 = 5;

/// Tracking, sources, source statistics and RTC, as pychrony reads them.
fn four_reports(chronyd: &Chronyd) {
    let mut connection = chronyd.connection().open().unwrap();
    let mut read = || {
        let start = Instant::now();
        for _ in 0..READINGS {
            connection.tracking().unwrap();
            let (sources, stats) =
                (connection.sources().unwrap(), connection.source_stats().unwrap());
            connection.rtc_data().unwrap();
            assert_eq!((sources.len(), stats.len()), (1_000, 1_000));
        }
        start.elapsed().as_secs_f64() * 1e3 / f64::from(READINGS)
    };
    let Some(python) = pychrony() else {
        let times: Vec<_> = (0..ROUNDS).map(|_| read()).collect();
        println!(
            "| tracking, sources, source statistics, RTC | {} | pychrony cannot be installed here |",
            milliseconds(&times)
        );
        return;
    };
    let script = "import sys,time; from pychrony import ChronyConnection as C\n\
        n=int(sys.argv[2])\n\
        with C(sys.argv[1]) as c:\n    \
            t=time.perf_counter()\n    \
            for _ in range(n):\n        \
                c.get_tracking(); s=c.get_sources(); q=c.get_source_stats(); c.get_rtc_data()\n        \
                assert len(s)==len(q)==1000\n    \
            print((time.perf_counter()-t)*1e3/n)";
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(read());
        let output = Command::new(&python)
            .args(["-c", script, &chronyd.unix(), &READINGS.to_string()])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let time = text.parse::<f64>();
        theirs.push(time.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))));
    }
    println!(
        "| pychrony: tracking, sources, source statistics, RTC | {} | |",
        milliseconds(&theirs)
    );
    println!(
        "| libchrony: the same | {} | pychrony needs {} |",
        milliseconds(&ours),
        ratio(&theirs, &ours, "of that")
    );
}
