//! The figures of docs/performance.md, all taken in one run: `make bench`.
//!
//! What is compared is measured in turn, round by round, and the median of the rounds' ratios is
//! told, so that a machine whose speed drifts does not decide. Peers that are not installed are
//! named and left out.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement ends at its first failure, and its figures are small"
)]

#[path = "../tests/common/mod.rs"]
mod common;

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use common::chronyd::Chronyd;
use common::dashboard::{Dashboard, second_hand};
use common::need::Need;
use support::{Asking, memory, part_of, pychrony, ratio, row};

const ROUNDS: usize = 15;
/// Exchanges on an open connection in a round.
const EXCHANGES: u32 = 4_000;
/// New connections in a round.
const OPENINGS: u32 = 300;
/// Connections that load the server, and for how long.
const CLIENTS: usize = 4;
const LOAD: Duration = Duration::from_secs(5);

fn main() {
    if let Some(reason) = Need::Chronyd.missing() {
        println!("skipped: {reason}");
        return;
    }
    let server = Chronyd::server(3);
    let source = |last: u8| {
        format!("server 127.0.0.{last} port {} minpoll 0 maxpoll 4 iburst\n", server.ntp_port)
    };
    let client = Chronyd::client(&(2..7).map(source).collect::<String>());
    client.wait_until("a source is selected", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_synchronized())
    });

    println!("| what | median | least | most | against |");
    println!("|---|---|---|---|---|");
    open_connection(&client);
    new_connection(&client);
    snapshots(&client);
    start(&client);
    pages(&client);
}

/// Microseconds for one of `count` runs.
fn timed(count: u32, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        run();
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}

/// `tracking()` on an open connection against C that sends and receives the same bytes.
fn open_connection(chronyd: &Chronyd) {
    let place = tempfile::tempdir().unwrap();
    let bare = place.path().join("bare");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/bare.c");
    assert!(
        Command::new("cc").arg("-O2").arg(source).arg("-o").arg(&bare).status().unwrap().success()
    );
    let floor = || {
        let output = Command::new(&bare)
            .arg(chronyd.socket())
            .arg(chronyd.directory().join("bare"))
            .arg(EXCHANGES.to_string())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap() / 1000.0
    };
    let mut connection = chronyd.connection().open().unwrap();
    let mut ours = || timed(EXCHANGES, || drop(connection.tracking().unwrap()));
    let (mut c, mut rust) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        c.push(floor());
        rust.push(ours());
    }
    row("bare C, send and receive the tracking datagram", &c, "");
    row("`tracking()` on an open connection", &rust, &ratio(&rust, &c, "bare C"));
}

/// A new connection for each reading, against pychrony's `get_tracking()`.
fn new_connection(chronyd: &Chronyd) {
    let ours = || timed(OPENINGS, || drop(chronyd.connection().open().unwrap()));
    let Some(python) = pychrony() else {
        let rust: Vec<_> = (0..ROUNDS).map(|_| ours()).collect();
        row("a new connection and `tracking()`", &rust, "pychrony cannot be installed here");
        return;
    };
    let script = "import sys,time; from pychrony import ChronyConnection as C\n\
        n=int(sys.argv[2]); t=time.perf_counter()\n\
        for _ in range(n):\n    \
            with C(sys.argv[1]) as c: c.get_tracking()\n\
        print((time.perf_counter()-t)*1e6/n)";
    let theirs = || {
        let mut command = Command::new(&python);
        let output =
            command.args(["-c", script, &chronyd.unix(), &OPENINGS.to_string()]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text.parse::<f64>()
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    let (mut rust, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rust.push(ours());
        peer.push(theirs());
    }
    row("pychrony, a new connection and `get_tracking()`", &peer, "");
    row("a new connection and `tracking()`", &rust, &ratio(&rust, &peer, "pychrony"));
}

fn snapshots(chronyd: &Chronyd) {
    let mut connection = chronyd.connection().open().unwrap();
    let times: Vec<_> =
        (0..ROUNDS).map(|_| timed(200, || drop(connection.snapshot().unwrap()))).collect();
    row("`snapshot()` of 5 sources, all reports", &times, "");
}

/// From the start of the process to the first page with data.
fn start(chronyd: &Chronyd) {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        let dashboard = quiet(chronyd);
        assert!(Asking::new(dashboard.authority()).get_plain("/").0 > 1000);
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    row("from start to the first page with data", &times, "");
}

fn quiet(chronyd: &Chronyd) -> Dashboard {
    let mut command = second_hand();
    command.args(["--port", "0", "--log", "warn", "--refresh", "1h", "--chronyd", &chronyd.unix()]);
    Dashboard::start(&mut command)
}

/// Pages a second, each with data read for it or shared while it waited, and memory under that load.
fn pages(chronyd: &Chronyd) {
    let dashboard = quiet(chronyd);
    let host = dashboard.authority().to_owned();
    let (body, _) = Asking::new(&host).get_plain("/");
    let memory_at_rest = memory(dashboard.pid(), "VmRSS");
    let end = Instant::now() + LOAD;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let host = host.clone();
            thread::spawn(move || {
                let (mut asking, mut times) = (Asking::new(&host), Vec::new());
                while Instant::now() < end {
                    times.push(asking.get_plain("/").1);
                }
                times
            })
        })
        .collect();
    let times: Vec<_> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let at = |part| part_of(&times, part);
    println!("\n| `GET /` with fresh data, {CLIENTS} connections, {LOAD:?} | |");
    println!("|---|---|");
    println!("| pages a second | {:.0} |", times.len() as f64 / LOAD.as_secs_f64());
    println!("| time of one, median and 99th percentile | {:.2} ms, {:.2} ms |", at(0.5), at(0.99));
    println!("| bytes of the page, uncompressed | {body} |");
    println!(
        "| resident memory, at rest and at most under load | {:.1} MB, {:.1} MB |",
        memory_at_rest,
        memory(dashboard.pid(), "VmHWM")
    );
    let binary = fs::metadata(env!("CARGO_BIN_EXE_second-hand")).unwrap().len();
    println!("| size of the binary, stripped | {:.1} MB |", binary as f64 / 1e6);
}
