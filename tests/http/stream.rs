//! Those who watch live: events of each sample, from one reading for all, and nothing left behind.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use libchrony::testing::{Scenario, Simulator};
use rustix::process::Signal;
use serde_json::Value;

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::process::descriptors;
use crate::common::{PATIENCE, eventually, within};
use crate::load::{at_rest, eventually_at_most};
use crate::raw::{connect, talk};
use crate::{assert_failure, assert_secured, client_directories, shown, without_chronyd};

const SNAPSHOTS: &str = "/api/v1/stream";
const READINGS: &str = "/live";

/// A dashboard that reads every second.
fn lively(chronyd: &str) -> Dashboard {
    let more = ["--refresh", "1s", "--timeout", "200ms"];
    Dashboard::start(second_hand().args(["--port", "0", "--chronyd", chronyd]).args(more))
}

/// One event.
#[derive(Debug, PartialEq)]
struct Event {
    id: u64,
    name: String,
    data: Value,
}

/// A stream whose head was read.
struct Stream(BufReader<ureq::BodyReader<'static>>);

impl Stream {
    fn open(dashboard: &Dashboard, path: &str) -> Self {
        let response = asked(dashboard, path);
        assert_eq!(response.status(), 200);
        Self(BufReader::new(response.into_body().into_reader()))
    }

    /// The next event that carries a number.
    fn event(&mut self) -> Event {
        let (mut id, mut name) = (None, String::new());
        loop {
            let mut line = String::new();
            let length = self.0.read_line(&mut line).expect("the stream goes on");
            assert!(length > 0, "the stream ended");
            match (line.trim_end().split_once(": "), id) {
                (Some(("id", number)), _) => id = Some(number.parse().expect("a number")),
                (Some(("event", word)), _) => name = word.to_owned(),
                (Some(("data", data)), Some(id)) => {
                    return Event { id, name, data: serde_json::from_str(data).expect("JSON") };
                }
                _ => {}
            }
        }
    }

    /// Reads until it ends.
    fn ends(mut self) {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).expect("it ends in order");
    }
}

fn asked(dashboard: &Dashboard, path: &str) -> ureq::http::Response<ureq::Body> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .new_agent();
    agent.get(format!("{}{path}", dashboard.url)).call().expect("second-hand answers")
}

/// The answer to HEAD, which must end.
fn head(dashboard: &Dashboard, path: &str) -> String {
    let ask = format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    talk(dashboard, ask.as_bytes())
}

#[test]
fn each_sample_is_an_event_with_the_next_number_and_the_whole_snapshot() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let dashboard = lively(&chronyd.address());
    let mut stream = Stream::open(&dashboard, SNAPSHOTS);
    let first = stream.event();
    chronyd.set(Scenario::no_sources());
    let mut last = first.id;
    let changed = loop {
        let event = stream.event();
        assert_eq!((event.id, event.name.as_str()), (last + 1, "snapshot"));
        last = event.id;
        if event.data["sources"] == serde_json::json!([]) {
            break event;
        }
    };
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    assert_eq!(keys(&changed.data), keys(&dashboard.get("/api/v1/snapshot").json()));
    assert_eq!(first.data["tracking"]["synchronized"], true);
}

#[test]
fn the_latest_sample_is_told_at_once() {
    // It reads once an hour.
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for path in [SNAPSHOTS, READINGS] {
        assert_eq!(Stream::open(&dashboard, path).event().id, 1, "{path}");
    }
}

#[test]
fn the_page_s_script_is_told_the_number_and_the_age_and_gets_that_reading() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    let event = Stream::open(&dashboard, READINGS).event();
    assert_eq!((event.name.as_str(), &event.data["number"]), ("reading", &Value::from(1)));
    assert!(event.data["age"].as_f64().is_some_and(|age| age >= 0.0), "{event:?}");
    // The page of the sample, which was read before this; without `live` it is read anew.
    chronyd.set(Scenario::no_sources());
    let before = chronyd.request_count();
    let live = dashboard.get("/?live=1");
    assert!(live.page().verdict().starts_with("This clock is right"), "{}", live.page().verdict());
    let source = dashboard.get("/sources/192.0.2.11?live=1");
    assert_eq!(source.status, 200);
    assert_eq!(chronyd.request_count(), before);
    for page in [live.page(), source.page()] {
        // What the script begins with; without it none of this is shown.
        assert_eq!(page.attributes("#live[hidden]", "data-url"), [READINGS]);
        assert_eq!(page.all("#pause[hidden], #stale[hidden]").len(), 2);
        assert!(!page.attributes(".age", "data-age").is_empty());
    }
    let age: f64 = live.header("reading-age").parse().expect("seconds");
    assert!(age > 0.0);
    assert_eq!(dashboard.get("/").page().verdict(), "This clock is not synchronized");
    assert_eq!(dashboard.get("/?alive=1").page().verdict(), "This clock is not synchronized");
}

#[test]
fn a_stream_is_kept_by_nobody_held_back_by_no_proxy_and_never_compressed() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for path in [SNAPSHOTS, READINGS] {
        let mut connection = connect(&dashboard);
        let ask =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
        connection.write_all(ask.as_bytes()).unwrap();
        let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
        let get: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        assert!(lines.any(|line| line.starts_with("id: 1")), "{path}");
        let get = get.join("\n");
        for text in [&get, &head(&dashboard, path)] {
            assert!(text.starts_with("HTTP/1.1 200"), "{text}");
            for line in [
                "content-type: text/event-stream",
                "cache-control: no-store",
                "x-accel-buffering: no",
                "x-content-type-options: nosniff",
            ] {
                assert!(text.lines().any(|given| given == line), "{line}: {text}");
            }
            assert!(!text.contains("content-encoding"), "{text}");
        }
        assert_failure(&dashboard.send("POST", path), 405, "method_not_allowed");
    }
}

#[test]
fn a_chronyd_that_gives_nothing_is_told_and_data_follows_when_it_does() {
    let mut chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let dashboard = lively(&chronyd.address());
    let mut stream = Stream::open(&dashboard, SNAPSHOTS);
    let mut readings = Stream::open(&dashboard, READINGS);
    assert_eq!(stream.event().name, "snapshot");
    chronyd.stop();
    let mut until =
        |name: &str| eventually(name, || Some(stream.event()).filter(|event| event.name == name));
    let error = &until("unavailable").data["error"];
    assert_eq!(error["kind"], "nobody_listens");
    assert!(error["message"].is_string() && error["hint"].is_string(), "{error}");
    chronyd.restart().unwrap();
    assert_eq!(until("snapshot").data["tracking"]["synchronized"], true);
    // For the page an error is a reading, too.
    assert_eq!(readings.event().name, "reading");
}

#[test]
fn many_who_watch_cost_chronyd_no_more_than_one_and_get_the_same() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let dashboard = lively(&chronyd.address());
    let of_one = |streams: &mut [Stream]| {
        let (first, before) = (streams[0].event().id, chronyd.request_count());
        let mut id = first;
        while id < first + 3 {
            id = streams[0].event().id;
        }
        (chronyd.request_count() - before) / (id - first)
    };
    let mut streams = vec![Stream::open(&dashboard, SNAPSHOTS)];
    let alone = of_one(&mut streams);
    streams.extend((0..50).map(|n| Stream::open(&dashboard, [SNAPSHOTS, READINGS][n % 2])));
    let (crowded, open) = (of_one(&mut streams), streams.len());
    assert!(crowded <= alone + 1, "{crowded} requests a sample for {open}, {alone} for one");
    let mut same = streams.iter_mut().step_by(2).map(|stream| {
        eventually("an event of the crowd", || Some(stream.event()).filter(|event| event.id >= 8))
    });
    let first = same.next().expect("a stream");
    for other in same {
        let is_same = other == first;
        assert!(is_same || other.id != first.id, "{other:?} and {first:?}");
    }
}

#[test]
fn open_streams_do_not_hold_up_the_end() {
    let end = || {
        let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
        let dashboard = lively(&chronyd.address());
        let mut streams: Vec<_> =
            (0..20).map(|n| Stream::open(&dashboard, [SNAPSHOTS, READINGS][n % 2])).collect();
        streams.iter_mut().for_each(|stream| drop(stream.event()));
        let start = Instant::now();
        assert!(dashboard.end(Signal::TERM).success());
        let took = start.elapsed();
        streams.into_iter().for_each(Stream::ends);
        assert!(client_directories(&chronyd).is_empty());
        took
    };
    // The grace for others is 3 s; a busy machine may delay one end or another.
    eventually("an end that waits for no stream", || {
        (end() < Duration::from_secs(3)).then_some(())
    });
}

#[test]
fn one_who_does_not_read_is_closed_and_holds_up_nobody() {
    let chronyd = Simulator::start_unix(Scenario::many_sources(400)).unwrap();
    let dashboard = lively(&chronyd.address());
    let mut lazy = connect(&dashboard);
    let ask = format!("GET {SNAPSHOTS} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    lazy.write_all(ask.as_bytes()).unwrap();
    lazy.peek(&mut [0]).expect("it is served");
    // When what lies between is full, it has 20 s; meanwhile others get each sample.
    let closed = within(3 * PATIENCE, || {
        let mut other = Stream::open(&dashboard, READINGS);
        let id = other.event().id;
        assert_eq!(other.event().id, id + 1);
        lazy.take_error().expect("its state is told")
    });
    assert_eq!(closed.map(|error| error.kind()), Some(ErrorKind::ConnectionReset));
}

#[test]
fn those_who_leave_are_forgotten_and_their_places_are_free() {
    let (_directory, dashboard) = without_chronyd();
    let before = at_rest(&dashboard);
    for _ in 0..5 {
        let streams: Vec<_> = (0..40).map(|_| Stream::open(&dashboard, READINGS)).collect();
        drop(streams);
    }
    eventually_at_most(&"open files", before, || descriptors(dashboard.pid()));
}

#[test]
fn where_all_places_are_taken_the_next_is_told_to_come_later() {
    // 256 files are 78 connections, and 114 streams.
    let binary = second_hand().get_program().to_owned();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 256; exec \"$0\" --port 0 --chronyd /nowhere/sock"]).arg(binary);
    let dashboard = Dashboard::start(&mut command);
    let mut streams = Vec::new();
    let refused = loop {
        let response = asked(&dashboard, READINGS);
        if response.status() != 200 {
            break response;
        }
        streams.push(Stream(BufReader::new(response.into_body().into_reader())));
    };
    assert_eq!(streams.len(), 114);
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"10".parse().unwrap())
    );
    let busy = dashboard.get(SNAPSHOTS);
    assert_failure(&busy, 503, "busy");
    assert_secured(&busy);
    // Others are served all the same, and a place that is left is free.
    assert_eq!(dashboard.get("/health").status, 200);
    streams.pop();
    eventually("a place is free", || (asked(&dashboard, SNAPSHOTS).status() == 200).then_some(()));
}
