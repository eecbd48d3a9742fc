//! What the benchmarks share: requests as bytes, what the kernel counts, medians and ratios of rounds, and
//! a peer.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises this process's limit of open files as far as it may be; how many that are.
pub(crate) fn files() -> u64 {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

pub(crate) fn request(host: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n")
}

/// One request and its whole response, which has a length; opened anew where the server closes.
pub(crate) struct Asking {
    host: String,
    connection: Option<TcpStream>,
    taken: Vec<u8>,
    /// Where the body begins in it.
    head: usize,
}

impl Asking {
    pub(crate) fn new(host: &str) -> Self {
        Self { host: host.to_owned(), connection: None, taken: Vec::new(), head: 0 }
    }

    /// As a browser asks, which takes gzip: the length of the body, and how long it took.
    pub(crate) fn get(&mut self, path: &str) -> (usize, Duration) {
        self.ask(&request(&self.host, path))
    }

    /// The same without compression.
    pub(crate) fn get_plain(&mut self, path: &str) -> (usize, Duration) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host))
    }

    /// The body of the last answer.
    pub(crate) fn body(&self) -> &[u8] {
        &self.taken[self.head..]
    }

    fn ask(&mut self, request: &str) -> (usize, Duration) {
        let begin = Instant::now();
        let host = &self.host;
        let connection =
            self.connection.get_or_insert_with(|| TcpStream::connect(host).expect("it listens"));
        connection.write_all(request.as_bytes()).expect("it reads");
        self.taken.clear();
        let mut part = [0; 65_536];
        loop {
            let length = connection.read(&mut part).expect("it answers");
            assert!(length > 0, "the server closed the connection");
            self.taken.extend_from_slice(&part[..length]);
            let end = self.taken.windows(4).position(|four| four == b"\r\n\r\n");
            let Some(end) = end.map(|place| place + 4) else { continue };
            let head = String::from_utf8_lossy(&self.taken[..end]).to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "{head}");
            let body = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let body: usize = body.and_then(|text| text.trim().parse().ok()).expect("a length");
            if self.taken.len() >= end + body {
                self.head = end;
                if head.contains("connection: close") {
                    self.connection = None;
                }
                return (body, begin.elapsed());
            }
        }
    }
}

/// A figure of /proc/PID/status, in MB.
pub(crate) fn memory(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with(name)).expect("its memory");
    let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("KiB");
    kilobytes * 1024.0 / 1e6
}

/// The value below which this part of them lies; milliseconds of durations.
pub(crate) fn part_of(times: &[Duration], part: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list"
    )]
    let place = ((sorted.len() as f64 * part) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

pub(crate) fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

pub(crate) fn most(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(0.0, f64::max)
}

/// A row of figures in microseconds.
pub(crate) fn row(what: &str, times: &[f64], against: &str) {
    let (least, most) = (least(times), most(times));
    println!("| {what} | {:.1} µs | {least:.1} | {most:.1} | {against} |", median(times));
}

/// The median of the rounds' ratios, with its span.
pub(crate) fn ratio(ours: &[f64], theirs: &[f64], whose: &str) -> String {
    let ratios: Vec<_> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    let (least, most) = (least(&ratios), most(&ratios));
    let whose = if whose.is_empty() { String::new() } else { format!(" {whose}") };
    format!("{:.2} times{whose} ({least:.2} to {most:.2})", median(&ratios))
}

/// Upstream's libchrony, as pychrony brings it.
pub(crate) fn upstream() -> Option<PathBuf> {
    pychrony()?;
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pychrony/lib");
    let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let mut libraries = inside(place)
        .flat_map(|python| inside(python.path().join("site-packages/pychrony.libs")))
        .map(|file| file.path());
    libraries.find(|file| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("libchrony-") && name.contains(".so")
    })
}

/// A Python with pychrony, in an environment below the target folder.
pub(crate) fn pychrony() -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pychrony");
    let python = place.join("bin/python");
    if !python.exists() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&place).status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
    }
    let install =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pychrony==2.0.3"];
    let installed = Command::new(&python).args(install).output();
    installed.is_ok_and(|output| output.status.success()).then_some(python)
}
