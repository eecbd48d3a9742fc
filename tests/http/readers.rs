//! A crowd that watches live: chronyd is asked as for one, each is told each sample, and one who does not
//! read costs nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use libchrony::testing::{Scenario, Simulator};
use rustix::net::sockopt;

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::process::{descriptors, memory};
use crate::common::{PATIENCE, eventually, within};
use crate::load::{at_rest, eventually_at_most, may_open};
use crate::raw::connect;

/// Who watches in `a_crowd_costs_chronyd_no_more_than_one_and_each_is_told_each_sample`.
const CROWD: usize = 1_000;

fn dashboard(chronyd: &Simulator, refresh: &str) -> Dashboard {
    let mut command = second_hand();
    command.args(["--port", "0", "--log", "warn", "--refresh", refresh]);
    Dashboard::start(command.args(["--chronyd", &chronyd.address()]))
}

/// One who watches, small, as there are many.
struct Watcher(BufReader<TcpStream>);

impl Watcher {
    fn open(dashboard: &Dashboard, path: &str) -> Self {
        let mut connection = connect(dashboard);
        let ask = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        connection.write_all(ask.as_bytes()).expect("second-hand reads");
        Self(BufReader::with_capacity(1_024, connection))
    }

    /// The number of the next sample.
    fn told(&mut self) -> u64 {
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).expect("it goes on") > 0, "it ended");
            if let Some(number) = line.trim_end().strip_prefix("id: ") {
                return number.parse().expect("a number");
            }
        }
    }
}

#[test]
fn a_crowd_costs_chronyd_no_more_than_one_and_each_is_told_each_sample() {
    if !may_open(CROWD as u64 + 200) {
        eprintln!("skipped: this system's limit of open files is too low for {CROWD} who watch");
        return;
    }
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let dashboard = dashboard(&chronyd, "2s");
    let pid = dashboard.pid();
    // The requests of a sample, from one that was told to another.
    let requests = |watcher: &mut Watcher| {
        let (first, before) = (watcher.told(), chronyd.request_count());
        while watcher.told() < first + 2 {}
        (chronyd.request_count() - before) / 2
    };
    let mut first = Watcher::open(&dashboard, "/live");
    let alone = requests(&mut first);
    let before = (at_rest(&dashboard), memory(pid));
    let mut crowd: Vec<_> = (0..CROWD).map(|_| Watcher::open(&dashboard, "/live")).collect();
    let known: Vec<u64> = crowd.iter_mut().map(Watcher::told).collect();
    // Each costs one file, and little else.
    eventually("the crowd is there", || {
        let files = descriptors(pid);
        (before.0 + CROWD..before.0 + CROWD + 20).contains(&files).then_some(())
    });
    let each = memory(pid).saturating_sub(before.1) as f64 / CROWD as f64;
    println!("{CROWD} who watch: {each:.2} KiB each");
    assert!(each < 8.0, "{each:.2} KiB for each");
    let crowded = requests(&mut first);
    assert!(crowded <= alone + 1, "{crowded} requests a sample for {CROWD}, {alone} for one");
    for (watcher, known) in crowd.iter_mut().zip(known) {
        for next in 1..=2 {
            assert_eq!(watcher.told(), known + next);
        }
    }
    drop(crowd);
    eventually_at_most(&"open files", before.0 + 1, || descriptors(pid));
}

#[test]
fn those_who_do_not_read_are_closed_and_cost_no_memory() {
    const LAZY: usize = 60;
    // An event of these is long, so that what lies between is soon full.
    let chronyd = Simulator::start_unix(Scenario::many_sources(1_000)).unwrap();
    let dashboard = dashboard(&chronyd, "1s");
    let pid = dashboard.pid();
    let mut reader = Watcher::open(&dashboard, "/api/v1/stream");
    reader.told();
    reader.told();
    let before = memory(pid);
    let mut lazy: Vec<_> = (0..LAZY)
        .map(|_| {
            let mut lazy = connect(&dashboard);
            // Or the system would take events for it for a while.
            sockopt::set_socket_recv_buffer_size(&lazy, 4_096).unwrap();
            lazy.write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            lazy
        })
        .collect();
    let mut most = before;
    let closed = within(3 * PATIENCE, || {
        reader.told();
        most = most.max(memory(pid));
        // They are closed one after the other, and each says so once.
        lazy.retain(|lazy| lazy.take_error().expect("its state is told").is_none());
        lazy.is_empty().then_some(())
    });
    println!("{LAZY} who do not read: {before} KiB, at most {most}");
    assert!(closed.is_some(), "{} are still there", lazy.len());
    // One event for each of them were some 60 MB.
    assert!(most < before + 24 * 1_024, "{before} KiB became {most}");
    // Who reads is told all the while.
    let next = reader.told();
    assert_eq!(reader.told(), next + 1);
}

#[test]
fn a_stream_follows_other_answers_on_its_connection_and_is_the_last() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let dashboard = dashboard(&chronyd, "1s");
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut connection = connect(&dashboard);
    let all = [ask("/api/v1/openapi.json"), ask("/health"), ask("/live"), ask("/health")].concat();
    connection.write_all(all.as_bytes()).unwrap();
    let mut watcher = Watcher(BufReader::new(connection));
    let (mut text, mut events) = (String::new(), 0);
    while events < 3 {
        let begin = text.len();
        assert!(watcher.0.read_line(&mut text).unwrap() > 0, "{text}");
        events += usize::from(text[begin..].starts_with("event: reading"));
    }
    assert_eq!(text.matches("HTTP/1.1 200").count(), 3, "{text}");
    let (_, stream) = text.rsplit_once("HTTP/1.1 200").unwrap();
    let (head, events) = stream.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("text/event-stream") && head.contains("connection: close"), "{head}");
    assert!(events.starts_with("retry: 2000\n\nid: "), "{events}");
}

#[test]
fn one_who_talks_while_it_watches_is_closed() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let dashboard = dashboard(&chronyd, "1s");
    let mut watcher = Watcher::open(&dashboard, "/live");
    watcher.told();
    let mut talker = watcher.0.into_inner();
    let closed = within(PATIENCE, || talker.write_all(&[b'x'; 512]).err());
    assert!(closed.is_some(), "it may talk for ever");
    // Nothing but the end follows.
    let _ = talker.read_to_end(&mut Vec::new());
}

#[test]
fn a_client_of_http_1_0_is_told_the_same() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let dashboard = dashboard(&chronyd, "1s");
    let mut connection = connect(&dashboard);
    connection.write_all(b"GET /live HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
    let mut watcher = Watcher(BufReader::new(connection));
    let first = watcher.told();
    assert_eq!(watcher.told(), first + 1);
}
