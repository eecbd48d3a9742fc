//! What those who watch live cost: memory, processor time for each reading, what others wait meanwhile,
//! and how often chronyd is asked. `make bench` runs it.
//!
//! The chronyd behind it is the simulated one, in this process, which counts its requests.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement ends at its first failure, and its figures are small"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::dashboard::{Dashboard, second_hand};
use common::process::computing;
use libchrony::testing::{Scenario, Simulator};
use support::{Asking, files, memory, part_of, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CROWDS: [usize; 6] = [0, 1, 10, 100, 1_000, 10_000];
/// For so long each crowd is measured, with a reading every second.
const WATCH: Duration = Duration::from_secs(10);
/// Pages that are asked for at once after a reading, and by how many.
const UPDATES: usize = 10_000;
const ASKING: usize = 64;

fn main() {
    let most = files().saturating_sub(200);
    println!(
        "| viewers | memory for each | processor time of a reading | the same for each viewer | last told after the first | chronyd's requests a reading | another page meanwhile, median | 99th percentile | most |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for crowd in CROWDS {
        if crowd as u64 > most {
            println!("| {crowd} | this system's limit of open files is too low | | | | | | | |");
        } else {
            row(crowd);
        }
    }
    updates();
}

fn start(chronyd: &Simulator, refresh: &str) -> Dashboard {
    let more = ["--refresh", refresh, "--log", "warn", "--chronyd", &chronyd.address()];
    Dashboard::start(second_hand().args(["--port", "0"]).args(more))
}

/// What the crowd was told.
#[derive(Default)]
struct Told {
    open: AtomicU64,
    events: AtomicU64,
    /// When each sample came to the first and to the last.
    times: Mutex<std::collections::BTreeMap<u64, (Instant, Instant)>>,
}

impl Told {
    fn event(&self, number: u64) {
        let now = Instant::now();
        self.events.fetch_add(1, Ordering::Relaxed);
        self.times.lock().unwrap().entry(number).or_insert((now, now)).1 = now;
    }
}

fn row(crowd: usize) {
    let chronyd = Simulator::start_unix(Scenario::many_sources(5)).unwrap();
    let dashboard = start(&chronyd, "1s");
    let (pid, host) = (dashboard.pid(), dashboard.authority().to_owned());
    let mut asking = Asking::new(&host);
    for _ in 0..20 {
        asking.get("/?live=1");
    }
    let before = memory(pid, "VmRSS");
    let told = Arc::new(Told::default());
    let ended = Arc::new(AtomicBool::new(false));
    let watching = {
        let (host, told, ended) = (host.clone(), Arc::clone(&told), Arc::clone(&ended));
        thread::spawn(move || watch(crowd, &host, &told, &ended))
    };
    let all = crowd as u64;
    while told.open.load(Ordering::Relaxed) < all {
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_secs(2));
    let each = (memory(pid, "VmRSS") - before) * 1e3 / crowd.max(1) as f64;
    let (spent, asked, events) =
        (computing(pid), chronyd.request_count(), told.events.load(Ordering::Relaxed));
    let (begin, mut waited) = (Instant::now(), Vec::new());
    while begin.elapsed() < WATCH {
        waited.push(asking.get("/?live=1").1);
        thread::sleep(Duration::from_millis(5));
    }
    let readings = begin.elapsed().as_secs_f64();
    let spent = (computing(pid) - spent).as_secs_f64() * 1e3 / readings;
    let asked = (chronyd.request_count() - asked) as f64 / readings;
    let events = (told.events.load(Ordering::Relaxed) - events) as f64;
    assert!(events >= (readings - 2.0) * crowd as f64, "{events} events for {crowd}");
    ended.store(true, Ordering::Relaxed);
    drop(dashboard);
    watching.join().unwrap();
    let times = told.times.lock().unwrap();
    let spread: Vec<_> = times.values().skip(3).map(|(first, last)| *last - *first).collect();
    println!(
        "| {crowd} | {each:.2} KB | {spent:.2} ms | {:.2} µs | {:.1} ms | {asked:.0} | {:.2} ms | {:.2} ms | {:.2} ms |",
        spent * 1e3 / crowd.max(1) as f64,
        if crowd == 0 { 0.0 } else { part_of(&spread, 0.5) },
        part_of(&waited, 0.5),
        part_of(&waited, 0.99),
        part_of(&waited, 1.0),
    );
}

/// Watches with so many until the end.
fn watch(crowd: usize, host: &str, told: &Arc<Told>, ended: &AtomicBool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let ask = request(host, "/live");
        for number in 0..crowd {
            let mut stream = TcpStream::connect(host).await.unwrap();
            stream.write_all(ask.as_bytes()).await.unwrap();
            let told = Arc::clone(told);
            tokio::task::spawn_local(async move { hear(stream, &told).await });
            // So that those who were answered are read, and the server's places for others stay free.
            if number % 16 == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        while !ended.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}

async fn hear(mut stream: TcpStream, told: &Told) {
    let (mut bytes, mut is_open) = ([0; 1_024], false);
    while let Ok(length) = stream.read(&mut bytes).await {
        if length == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes[..length]);
        for line in text.lines() {
            if let Some(number) = line.strip_prefix("id: ").and_then(|text| text.parse().ok()) {
                told.event(number);
                if !std::mem::replace(&mut is_open, true) {
                    told.open.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

/// The page of one reading, as many open pages ask for it after each.
fn updates() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(5)).unwrap();
    let dashboard = start(&chronyd, "1h");
    let host = dashboard.authority().to_owned();
    Asking::new(&host).get("/");
    let asked = chronyd.request_count();
    let begin = Instant::now();
    let asking: Vec<_> = (0..ASKING)
        .map(|_| {
            let host = host.clone();
            thread::spawn(move || {
                let mut asking = Asking::new(&host);
                let times = (0..UPDATES / ASKING).map(|_| asking.get("/?live=1").1);
                times.collect::<Vec<_>>()
            })
        })
        .collect();
    let times: Vec<_> = asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect();
    let took = begin.elapsed();
    println!("\n| the page of a reading for {} open pages, {ASKING} at a time | |", times.len());
    println!("|---|---|");
    println!("| all of them | {:.2} s |", took.as_secs_f64());
    println!(
        "| one, median and 99th percentile | {:.2} ms, {:.2} ms |",
        part_of(&times, 0.5),
        part_of(&times, 0.99)
    );
    println!("| chronyd's requests meanwhile | {} |", chronyd.request_count() - asked);
}
