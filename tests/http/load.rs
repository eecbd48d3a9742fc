//! Many connections: others are served, all are closed, nothing stays behind.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use libchrony::testing::Scenario;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::common::PATIENCE;
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::process::{computing, descriptors, memory};
use crate::common::within;
use crate::raw::{connect, talk};
use crate::{shown, without_chronyd};

/// What "soon" means on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(8);
const CONNECTIONS: usize = 2000;
const ANSWERED: usize = 1500;
const ASK: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ASK_ONCE: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Raises this process's own limit of open files; `false` where the system's limit is lower.
pub(crate) fn may_open(files: u64) -> bool {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).expect("up to the hard limit it may be raised");
    }
    limit.current.is_none_or(|current| current >= files)
}

/// The answer to one request on a connection of its own, and how long it took.
fn asked(dashboard: &Dashboard) -> Duration {
    let start = Instant::now();
    let answer = talk(dashboard, ASK_ONCE);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    start.elapsed()
}

/// The files that it has open where nobody asks, all its threads running.
pub(crate) fn at_rest(dashboard: &Dashboard) -> usize {
    asked(dashboard);
    let (mut last, mut looks) = (0, 0);
    let found = within(PATIENCE, || {
        let now = descriptors(dashboard.pid());
        looks = if now == last { looks + 1 } else { 0 };
        last = now;
        (looks == 25).then_some(now)
    });
    found.expect("it comes to rest")
}

pub(crate) fn eventually_at_most(
    what: &impl Debug,
    limit: usize,
    count: impl Fn() -> usize,
) -> Duration {
    let start = Instant::now();
    let fallen = within(PATIENCE, || (count() <= limit).then_some(()));
    assert!(fallen.is_some(), "{what:?}: {} after {PATIENCE:?}, not {limit}", count());
    start.elapsed()
}

#[test]
fn two_thousand_idle_connections_hold_up_nobody_and_are_closed() {
    // Both sides hold them.
    if !may_open(CONNECTIONS as u64 + 200) {
        eprintln!("skipped: this system's limit of open files is too low for 2,000 connections");
        return;
    }
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let pid = dashboard.pid();
    assert!(
        talk(&dashboard, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .contains("200")
    );
    let before = (at_rest(&dashboard), memory(pid), computing(pid));
    // Most have had an answer, the rest never say a word.
    let start = Instant::now();
    let mut held: Vec<_> = (0..CONNECTIONS).map(|_| connect(&dashboard)).collect();
    let (asking, _silent) = held.split_at_mut(ANSWERED);
    for stream in asking.iter_mut() {
        stream.write_all(ASK).unwrap();
    }
    for stream in asking {
        stream.read_exact(&mut [0]).unwrap();
    }
    let full = (descriptors(pid), memory(pid));
    assert!(full.0 >= before.0 + ANSWERED, "{} files", full.0);
    let slowest = (0..20).map(|_| asked(&dashboard)).max().unwrap();
    assert!(slowest < SOON, "somebody else waited {slowest:?}");
    eventually_at_most(&"open files", before.0, || descriptors(pid));
    let closed = start.elapsed();
    assert!(closed < Duration::from_secs(30), "closed after {closed:?}");
    for stream in &mut held {
        let mut answer = Vec::new();
        // Closed in order or hard.
        let _ = stream.read_to_end(&mut answer);
    }
    let spent = computing(pid) - before.2;
    println!(
        "2,000 idle: {} → {} files, {} → {} KiB, slowest other answer {slowest:?}, all closed after \
         {closed:?}, {spent:?} of computing",
        before.0, full.0, before.1, full.1
    );
    let each = full.1.saturating_sub(before.1) / CONNECTIONS as u64;
    assert!(each < 64, "{each} KiB a connection");
    assert!(spent < Duration::from_secs(10), "{spent:?} of computing");
}

/// What ten thousand clients do, one after the other and eight at a time.
fn visit(dashboard: &Dashboard, number: usize) {
    match number % 10 {
        // Some go away before they are answered, some in the midst of a request.
        0 => drop(connect(dashboard).write(ASK)),
        1 => drop(connect(dashboard).write(b"GET / HTTP/1.1\r\nHos")),
        2 => drop(connect(dashboard)),
        3 => {
            let answer = talk(
                dashboard,
                b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            );
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        }
        4 if number % 100 == 4 => {
            let answer =
                talk(dashboard, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        _ => drop(asked(dashboard)),
    }
}

fn visited(dashboard: &Dashboard, visits: usize) {
    const CLIENTS: usize = 8;
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                (client..visits).step_by(CLIENTS).for_each(|number| visit(dashboard, number));
            });
        }
    });
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let pid = dashboard.pid();
    let first = memory(pid);
    // What is made once and kept is there after the first thousand.
    visited(&dashboard, 1000);
    let before = (at_rest(&dashboard), memory(pid));
    let start = Instant::now();
    visited(&dashboard, 10_000);
    let took = start.elapsed();
    eventually_at_most(&"open files", before.0, || descriptors(pid));
    let after = memory(pid);
    println!(
        "10,000 connections in {took:?}: {} → {} files, {first} KiB at the start, {} → {after} KiB",
        before.0,
        descriptors(pid),
        before.1
    );
    assert!(after < before.1 + 4096, "{} KiB became {after} KiB", before.1);
}

#[test]
fn where_all_places_are_taken_the_next_is_served_after_them() {
    let (_directory, socket) = {
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        let socket = directory.path().join("chronyd.sock").display().to_string();
        (directory, socket)
    };
    let binary = second_hand().get_program().to_owned();
    // 256 files are 78 connections, and 114 streams.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -n 256; exec \"$0\" --port 0 --chronyd \"$1\""])
        .arg(binary)
        .arg(socket);
    let dashboard = Dashboard::start(&mut command);
    let pid = dashboard.pid();
    let before = at_rest(&dashboard);
    let held: Vec<TcpStream> = (0..220).map(|_| connect(&dashboard)).collect();
    let (mut most, mut next) = (0, None);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| asked(&dashboard));
        within(PATIENCE, || {
            most = most.max(descriptors(pid));
            asking.is_finished().then_some(())
        });
        next = asking.join().ok();
    });
    let waited = next.expect("the next is served");
    assert!(waited < Duration::from_secs(25), "{waited:?}");
    assert!(most >= before + 70, "{most} files: the places were never taken");
    // Some are left for chronyd, whatever the clients do.
    assert!(most <= 240, "{most} of 256 files");
    drop(held);
    eventually_at_most(&"open files", before, || descriptors(pid));
    println!("all places taken: the next was served after {waited:?}");
    assert!(asked(&dashboard) < SOON);
}

#[test]
fn a_crowd_that_floods_with_requests_and_leaves_is_forgotten() {
    let (_directory, dashboard) = without_chronyd();
    let pid = dashboard.pid();
    let before = at_rest(&dashboard);
    for _ in 0..10 {
        let mut crowd: Vec<_> = (0..50).map(|_| connect(&dashboard)).collect();
        for stream in &mut crowd {
            stream.write_all(&ASK.repeat(20)).unwrap();
        }
    }
    eventually_at_most(&"open files", before, || descriptors(pid));
    assert!(asked(&dashboard) < SOON);
}
