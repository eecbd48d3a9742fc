//! A chronyd that changes, ends, comes back or loses its socket, seen over HTTP.

use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Scenario, Simulator};

use crate::common::dashboard::{Dashboard, Response};
use crate::common::eventually;
use crate::common::process::descriptors;
use crate::{assert_failure, assert_page, client_directories, shown};

/// Three attempts of 200 ms each, twice, on a machine that is busy with other tests.
const BOUND: Duration = Duration::from_secs(8);

fn soon(dashboard: &Dashboard, path: &str) -> Response {
    let start = Instant::now();
    let response = dashboard.get(path);
    assert!(start.elapsed() < BOUND, "{path} took {:?}", start.elapsed());
    response
}

fn assert_data(dashboard: &Dashboard) {
    for path in ["/", "/api/v1/snapshot", "/api/v1/tracking", "/api/v1/sources"] {
        let response = soon(dashboard, path);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
    }
}

fn assert_none(dashboard: &Dashboard, kind: &str) {
    assert_page(&soon(dashboard, "/"), 503);
    for path in ["/api/v1/snapshot", "/api/v1/tracking", "/api/v1/sources"] {
        assert_failure(&soon(dashboard, path), 503, kind);
    }
}

#[test]
fn a_restart_between_two_requests_goes_unnoticed() {
    for udp in [false, true] {
        let start = if udp { Simulator::start_udp } else { Simulator::start_unix };
        let mut chronyd = start(Scenario::synchronized()).unwrap();
        let dashboard = Dashboard::impatient(&chronyd.address()).settled();
        assert_data(&dashboard);
        let files = descriptors(dashboard.pid());
        for _ in 0..5 {
            // Another program may have taken its port in between, for a moment.
            eventually("chronyd listens again", || chronyd.restart().ok());
            assert_data(&dashboard);
        }
        // The server's threads may each have opened what they keep.
        assert!(
            descriptors(dashboard.pid()) <= files + 4,
            "{} files",
            descriptors(dashboard.pid())
        );
        if !udp {
            assert_eq!(client_directories(&chronyd).len(), 1);
        }
    }
}

#[test]
fn a_chronyd_that_ended_is_told_until_it_is_back() {
    let (mut chronyd, dashboard) = shown(Scenario::synchronized());
    assert_data(&dashboard);
    for _ in 0..3 {
        chronyd.stop();
        assert_none(&dashboard, "nobody_listens");
        chronyd.remove_socket().unwrap();
        assert_none(&dashboard, "not_running");
        assert!(client_directories(&chronyd).is_empty(), "{:?}", client_directories(&chronyd));
        chronyd.restart().unwrap();
        assert_data(&dashboard);
    }
    assert_eq!(client_directories(&chronyd).len(), 1);
}

#[test]
fn on_udp_a_chronyd_that_ended_is_told_until_it_is_back() {
    let mut chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let dashboard = Dashboard::impatient(&chronyd.address()).settled();
    assert_data(&dashboard);
    chronyd.stop();
    assert_none(&dashboard, "nobody_listens");
    chronyd.restart().unwrap();
    assert_data(&dashboard);
}

#[test]
fn a_socket_that_is_removed_under_an_open_connection_does_not_end_it() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    // Patient: after a timeout it would open the socket anew.
    let dashboard = Dashboard::quiet(&chronyd.address()).settled();
    assert_data(&dashboard);
    chronyd.remove_socket().unwrap();
    assert_data(&dashboard);
}

#[test]
fn a_chronyd_that_hangs_or_is_silent_is_told_until_it_goes_on() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    assert_data(&dashboard);
    chronyd.hang();
    assert_none(&dashboard, "timed_out");
    chronyd.resume();
    assert_data(&dashboard);
    chronyd.stop_answering();
    assert_none(&dashboard, "timed_out");
    chronyd.resume();
    assert_data(&dashboard);
    assert_eq!(client_directories(&chronyd).len(), 1);
}

#[test]
fn a_chronyd_that_ends_during_a_reading_is_an_error_and_data_when_it_is_back() {
    let (mut chronyd, dashboard) = shown(Scenario::synchronized());
    assert_data(&dashboard);
    chronyd.script([Fault::on(Command::ACTIVITY).silence()]);
    let before = chronyd.request_count();
    let response = std::thread::scope(|scope| {
        let asked = scope.spawn(|| soon(&dashboard, "/api/v1/snapshot"));
        // The request for activity waits for its reply.
        assert!(chronyd.wait_for_requests(before + 2, BOUND));
        chronyd.stop();
        asked.join().expect("it is answered")
    });
    assert_failure(&response, 503, "nobody_listens");
    chronyd.script([]);
    chronyd.restart().unwrap();
    assert_data(&dashboard);
    assert_eq!(client_directories(&chronyd).len(), 1);
}

#[test]
fn a_list_that_changes_while_it_is_read_is_read_again() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    for (from, to) in [(3, 1), (1, 5), (5, 0), (0, 2)] {
        chronyd.set(Scenario::many_sources(from));
        chronyd.script([Fault::on(Command::COUNT).times(1).then_set(Scenario::many_sources(to))]);
        let snapshot = soon(&dashboard, "/api/v1/snapshot");
        assert_eq!(snapshot.status, 200, "{from} to {to}: {}", snapshot.body);
        let snapshot = snapshot.json();
        let length = |report: &str| snapshot[report].as_array().map(Vec::len);
        let expected = usize::try_from(to).ok();
        for report in ["sources", "sourcestats", "selectdata"] {
            assert_eq!(length(report), expected, "{report}: {from} to {to}");
        }
    }
    chronyd.script([]);
    assert_data(&dashboard);
}

#[test]
fn a_list_that_never_rests_is_said_to_change_in_bounded_time() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    // Another list after every count that is told.
    let faults = (0..200).map(|n| {
        let sources = u32::try_from(n).unwrap_or(0) % 7 + 1;
        Fault::on(Command::COUNT).nth(n + 1).then_set(Scenario::many_sources(sources))
    });
    chronyd.script(faults);
    let snapshot = soon(&dashboard, "/api/v1/snapshot");
    assert_eq!(snapshot.status, 200, "{}", snapshot.body);
    assert_eq!(snapshot.json()["unavailable"]["sources"]["kind"], "sources_changing");
    assert_failure(&soon(&dashboard, "/api/v1/sources"), 503, "sources_changing");
    // What is no list is there all the same.
    assert_eq!(soon(&dashboard, "/api/v1/tracking").status, 200);
    let page = soon(&dashboard, "/");
    assert_eq!(page.status, 200);
    chronyd.script([]);
    assert_data(&dashboard);
}

#[test]
fn a_count_that_is_a_lie_is_no_endless_reading() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    for count in [1_000_000, u32::MAX] {
        chronyd.set(Scenario { count: Some(count), ..Scenario::synchronized() });
        for path in ["/api/v1/snapshot", "/"] {
            let response = soon(&dashboard, path);
            assert!([200, 503].contains(&response.status), "{count}: {}", response.body);
        }
    }
    chronyd.set(Scenario::synchronized());
    assert_data(&dashboard);
}
