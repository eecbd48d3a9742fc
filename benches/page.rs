//! What the page costs: its bytes, the time to its first paint, and the server's processor time for
//! each viewer of the live page. `make bench` runs it after `performance`.
//!
//! The chronyd behind it is the simulated one, which has as many sources as are asked for; so the
//! time that a reading takes is not a real daemon's, and is told apart.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement ends at its first failure, and its figures are small"
)]

#[path = "../tests/common/mod.rs"]
mod common;
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::dashboard::{Dashboard, second_hand};
use common::process::computing;
use common::{eventually, need};
use libchrony::testing::{Scenario, Simulator};
use serde_json::{Value, json};
use support::{Asking, memory, request};

/// Loads of which the median is told.
const LOADS: usize = 15;
/// Those who watch the live page.
const VIEWERS: usize = 50;
/// For so long, with an update every second.
const WATCH: Duration = Duration::from_secs(40);

fn main() {
    println!("| page of | 5 sources | 1,000 sources |");
    println!("|---|---|---|");
    let columns: Vec<_> = [5, 1_000].into_iter().map(page).collect();
    for (number, (what, _)) in columns[0].iter().enumerate() {
        println!("| {what} | {} | {} |", columns[0][number].1, columns[1][number].1);
    }
    live();
}

fn dashboard(chronyd: &Simulator, refresh: &str) -> Dashboard {
    let more = ["--refresh", refresh, "--log", "warn"];
    Dashboard::start(
        second_hand().args(["--port", "0", "--chronyd", &chronyd.address()]).args(more),
    )
}

/// The figures of a page of so many sources.
fn page(sources: u32) -> Vec<(&'static str, String)> {
    let chronyd = Simulator::start_unix(Scenario::many_sources(sources)).unwrap();
    let dashboard = dashboard(&chronyd, "1h");
    let mut asking = Asking::new(dashboard.authority());
    let (html, _) = asking.get_plain("/");
    let mut assets: Vec<String> = String::from_utf8_lossy(asking.body())
        .split('"')
        .filter(|text| text.starts_with("/static/"))
        .map(str::to_owned)
        .collect();
    assets.sort();
    assets.dedup();
    let packed = asking.get("/").0;
    let plain_assets: usize = assets.iter().map(|path| asking.get_plain(path).0).sum();
    let packed_assets: usize = assets.iter().map(|path| asking.get(path).0).sum();
    let mut figures = vec![
        ("HTML, bytes", html.to_string()),
        ("the same, gzip", packed.to_string()),
        ("CSS, script and images, bytes", plain_assets.to_string()),
        ("the same, gzip", packed_assets.to_string()),
    ];
    let loads = (0..LOADS).map(|_| asking.get("/").1.as_secs_f64() * 1e3);
    figures.push(("load of the HTML with a fresh reading, ms", median(loads)));
    let paint = Browser::start().map_or_else(
        || "Chromium is not installed".to_owned(),
        |browser| median((0..LOADS).map(|_| browser.first_paint(&dashboard.url))),
    );
    figures.push(("first contentful paint in Chromium, ms", paint));
    figures.push((
        "resident memory of the server, MB",
        format!("{:.1}", memory(dashboard.pid(), "VmRSS")),
    ));
    figures
}

/// What each viewer of the live page costs the server.
fn live() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(20)).unwrap();
    let dashboard = dashboard(&chronyd, "1s");
    let host = dashboard.authority().to_owned();
    let alone = used_in(&dashboard, WATCH);
    let end = Instant::now() + WATCH;
    let viewers: Vec<_> = (0..VIEWERS)
        .map(|_| {
            let host = host.clone();
            thread::spawn(move || watch(&host, end))
        })
        .collect();
    let watched = used_in(&dashboard, WATCH);
    let seen: Vec<(usize, usize)> = viewers.into_iter().map(|v| v.join().unwrap()).collect();
    let updates: usize = seen.iter().map(|(updates, _)| updates).sum();
    let bytes: usize = seen.iter().map(|(_, bytes)| bytes).sum();
    let each = (watched - alone) / updates as f64;
    println!("\n| live, 20 sources, {VIEWERS} viewers for {WATCH:?} with an update a second | |");
    println!("|---|---|");
    println!("| updates seen | {updates} |");
    println!("| bytes of an update, gzip | {} |", bytes / updates);
    println!(
        "| processor time without viewers, for a reading | {:.2} ms |",
        alone * 1e3 / WATCH.as_secs_f64()
    );
    println!("| for each update of a viewer | {:.3} ms |", each * 1e3);
    println!("| for a viewer in an hour, with an update every 5 s | {:.2} s |", each * 720.0);
    let memory = memory(dashboard.pid(), "VmRSS");
    println!("| resident memory with {VIEWERS} viewers | {memory:.1} MB |");
}

/// Does what the page's script does; the updates seen and their bytes.
fn watch(host: &str, end: Instant) -> (usize, usize) {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request(host, "/live").as_bytes()).unwrap();
    let (mut asking, mut updates, mut bytes) = (Asking::new(host), 0, 0);
    for line in BufReader::new(stream).lines() {
        if Instant::now() >= end {
            break;
        }
        if let Some(number) = line.unwrap().strip_prefix("id: ") {
            bytes += asking.get(&format!("/?live={number}")).0;
            updates += 1;
        }
    }
    (updates, bytes)
}

/// Seconds of processor time that the server uses in a while.
fn used_in(dashboard: &Dashboard, length: Duration) -> f64 {
    let before = computing(dashboard.pid());
    thread::sleep(length);
    (computing(dashboard.pid()) - before).as_secs_f64()
}

fn median(times: impl Iterator<Item = f64>) -> String {
    format!("{:.0}", support::median(&times.collect::<Vec<_>>()))
}

/// Chromium, driven by chromedriver.
struct Browser {
    driver: Child,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = need::program("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &format!("--user-data-dir={}", profile.path().display()),
        ]
        .map(str::to_owned);
        let wanted =
            json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let url = format!("http://127.0.0.1:{port}/session");
        let begun = eventually("chromedriver answers", || post(&url, &wanted));
        let id = begun["value"]["sessionId"].as_str().expect("a session").to_owned();
        Some(Self { driver, session: format!("{url}/{id}"), _profile: profile })
    }

    /// Milliseconds from the start of the navigation to the first text on the screen.
    fn first_paint(&self, url: &str) -> f64 {
        post(&format!("{}/url", self.session), &json!({ "url": url })).expect("it navigates");
        let script = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        let ask = json!({ "script": script, "args": [] });
        eventually("the page is painted", || {
            post(&format!("{}/execute/sync", self.session), &ask)?["value"].as_f64()
        })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn post(url: &str, body: &Value) -> Option<Value> {
    let mut response = ureq::post(url).send(body.to_string()).ok()?;
    serde_json::from_str(&response.body_mut().read_to_string().ok()?).ok()
}
