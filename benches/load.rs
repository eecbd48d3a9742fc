//! Pages a second with data read for each, against a static file of the same server and against a page
//! that FastAPI makes of what pychrony reads, in turn and in the same run. `make bench` runs it.
//!
//! The original second-hand, which was such a program, cannot be installed; benches/peers/page.py stands in
//! for it. What cannot be installed here is named and left out.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement ends at its first failure, and its figures are small"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::chronyd::Chronyd;
use common::dashboard::{Dashboard, second_hand};
use common::eventually;
use common::need::Need;
use support::{Asking, median, part_of};

const ROUNDS: usize = 5;
/// Each is asked for so long in a round, by so many at a time. Those who wait for a reading share it.
const LOAD: Duration = Duration::from_secs(2);
const CLIENTS: [usize; 3] = [4, 64, 256];

fn main() {
    if let Some(reason) = Need::Chronyd.missing() {
        println!("skipped: {reason}");
        return;
    }
    let server = Chronyd::server(3);
    let source = |last: u8| {
        format!("server 127.0.0.{last} port {} minpoll 0 maxpoll 4 iburst\n", server.ntp_port)
    };
    let chronyd = Chronyd::client(&(2..7).map(source).collect::<String>());
    chronyd.wait_until("a source is selected", |snapshot| {
        snapshot.tracking.as_ref().is_some_and(|tracking| tracking.is_synchronized())
    });
    let more = ["--log", "warn", "--refresh", "5s", "--chronyd", &chronyd.unix()];
    let dashboard = Dashboard::start(second_hand().args(["--port", "0"]).args(more));
    let html = dashboard.get("/").body;
    let script = html.split('"').find(|text| text.contains("/static/live.")).unwrap();
    let peer = Peer::start(&chronyd.unix());
    for clients in CLIENTS {
        let mut all = vec![
            Asked::new("a static file of the same server", dashboard.authority(), script),
            Asked::new("the page, read for each", dashboard.authority(), "/"),
            Asked::new("the page of the last reading", dashboard.authority(), "/?live=1"),
        ];
        if let Some(peer) = &peer {
            all.push(Asked::new("stand-in: FastAPI and pychrony", &peer.host, "/"));
        }
        for _ in 0..ROUNDS {
            all.iter_mut().for_each(|asked| asked.round(clients));
        }
        println!(
            "\n| {clients} connections, {ROUNDS} rounds of {LOAD:?} | requests a second | bytes | median | 99th percentile | p99 / p50 | the page against it |"
        );
        println!("|---|---|---|---|---|---|---|");
        for asked in &all {
            asked.tell(&all[1]);
        }
    }
    if peer.is_none() {
        println!("\nThe stand-in, FastAPI and pychrony, cannot be installed here.");
    }
}

/// What is asked for, and what came.
struct Asked {
    what: &'static str,
    host: String,
    path: String,
    /// Of each round.
    rates: Vec<f64>,
    times: Vec<Duration>,
    bytes: usize,
}

impl Asked {
    fn new(what: &'static str, host: &str, path: &str) -> Self {
        let (rates, times) = (Vec::new(), Vec::new());
        Self { what, host: host.to_owned(), path: path.to_owned(), rates, times, bytes: 0 }
    }

    fn round(&mut self, clients: usize) {
        let end = Instant::now() + LOAD;
        let clients: Vec<_> = (0..clients)
            .map(|_| {
                let (host, path) = (self.host.clone(), self.path.clone());
                thread::spawn(move || {
                    let (mut asking, mut taken) = (Asking::new(&host), Vec::new());
                    while Instant::now() < end {
                        taken.push(asking.get(&path));
                    }
                    taken
                })
            })
            .collect();
        let taken: Vec<_> = clients.into_iter().flat_map(|c| c.join().unwrap()).collect();
        self.rates.push(taken.len() as f64 / LOAD.as_secs_f64());
        self.bytes = taken.last().map_or(0, |(bytes, _)| *bytes);
        self.times.extend(taken.into_iter().map(|(_, time)| time));
    }

    fn tell(&self, page: &Self) {
        let (half, most) = (part_of(&self.times, 0.5), part_of(&self.times, 0.99));
        let ratios: Vec<_> =
            page.rates.iter().zip(&self.rates).map(|(page, own)| page / own).collect();
        println!(
            "| {} | {:.0} | {} | {half:.2} ms | {most:.2} ms | {:.1} | {:.2} times |",
            self.what,
            median(&self.rates),
            self.bytes,
            most / half,
            median(&ratios),
        );
    }
}

/// The page in Python.
struct Peer {
    process: Child,
    host: String,
}

impl Peer {
    fn start(chronyd: &str) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/page.py");
        let mut process = Command::new(python()?)
            .arg(script)
            .arg(chronyd)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut port = String::new();
        BufReader::new(process.stdout.take()?).read_line(&mut port).ok()?;
        let peer = Self { process, host: format!("127.0.0.1:{}", port.trim()) };
        eventually("it listens", || std::net::TcpStream::connect(&peer.host).ok());
        Some(peer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A Python with what the page needs, in an environment below the target folder.
fn python() -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    let python = place.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&place).status();
        made.ok().filter(std::process::ExitStatus::success)?;
    }
    let packages = ["fastapi", "uvicorn", "jinja2", "pychrony"];
    let install = ["-m", "pip", "install", "--quiet"];
    let installed = Command::new(&python).args(install).args(packages).output();
    installed.is_ok_and(|output| output.status.success()).then_some(python)
}
