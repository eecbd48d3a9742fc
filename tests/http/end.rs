//! How it ends: in order, soon, leaving nothing behind.

use std::io::Write;
use std::time::{Duration, Instant};

use libchrony::testing::Scenario;
use rustix::process::Signal;

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;
use crate::raw::{connect, rest};
use crate::{client_directories, shown, without_chronyd};

/// What a machine that is busy with other tests may take on top.
const SOON: Duration = Duration::from_secs(8);
/// The grace for requests under way: what ends sooner had not to wait for one.
const GRACE: Duration = Duration::from_secs(3);

/// Ends it by a signal, with code 0; gives the time that took.
fn ended(dashboard: Dashboard, signal: Signal) -> Duration {
    let start = Instant::now();
    let status = dashboard.end(signal);
    assert_eq!(status.code(), Some(0), "{status}");
    start.elapsed()
}

/// Waits until one of several ends is sooner than the grace; a busy machine may delay some of them.
fn one_is_soon(end: impl Fn() -> Duration) {
    eventually("an end that waits for nothing", || (end() < GRACE).then_some(()));
}

#[test]
fn sigterm_and_sigint_end_it_soon_and_no_socket_directory_stays() {
    for signal in [Signal::TERM, Signal::INT] {
        one_is_soon(|| ends_and_leaves_nothing(signal));
    }
}

fn ends_and_leaves_nothing(signal: Signal) -> Duration {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    assert_eq!(dashboard.get("/").status, 200);
    assert_eq!(client_directories(&chronyd).len(), 1, "the connection stays open");
    // The client keeps its connection alive, as a browser does.
    let took = ended(dashboard, signal);
    assert!(client_directories(&chronyd).is_empty());
    took
}

#[test]
fn a_signal_right_after_the_start_ends_it_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        one_is_soon(|| {
            let (_directory, dashboard) = without_chronyd();
            ended(dashboard, signal)
        });
    }
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    chronyd.stop_answering();
    let before = chronyd.request_count();
    let mut client = connect(&dashboard);
    client.write_all(b"GET /api/v1/tracking HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(chronyd.wait_for_requests(before + 1, crate::common::PATIENCE));
    // Three attempts of 200 ms each.
    assert!(ended(dashboard, Signal::TERM) < SOON);
    let answer = rest(&mut client);
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("timed_out"), "{answer}");
    assert!(client_directories(&chronyd).is_empty());
}

#[test]
fn a_chronyd_that_hangs_does_not_hold_it_up_beyond_its_reading() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    assert_eq!(dashboard.get("/").status, 200);
    chronyd.hang();
    let mut clients: Vec<_> = (0..20).map(|_| connect(&dashboard)).collect();
    for client in &mut clients {
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    }
    // The grace of 3 s, and one reading of three attempts of 200 ms each.
    assert!(ended(dashboard, Signal::TERM) < GRACE + SOON);
    assert!(client_directories(&chronyd).is_empty());
}

#[test]
fn a_client_that_does_not_read_does_not_hold_it_up_beyond_the_grace() {
    let (_chronyd, dashboard) = shown(Scenario::many_sources(200));
    let mut client = connect(&dashboard);
    let requests = "GET /api/v1/snapshot HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50);
    client.write_all(requests.as_bytes()).unwrap();
    assert!(ended(dashboard, Signal::TERM) < GRACE + SOON);
}

#[test]
fn what_a_killed_one_left_is_removed_at_the_next_start() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    assert_eq!(dashboard.get("/").status, 200);
    dashboard.kill();
    let left = client_directories(&chronyd);
    assert_eq!(left.len(), 1, "a killed process cannot clean up");
    let next = Dashboard::impatient(&chronyd.address()).settled();
    assert!(!left[0].exists());
    assert_eq!(next.get("/").status, 200);
    assert_eq!(client_directories(&chronyd).len(), 1, "that of the next");
}

#[test]
fn two_at_one_chronyd_leave_each_other_alone() {
    let (chronyd, first) = shown(Scenario::synchronized());
    assert_eq!(first.get("/").status, 200);
    let second = Dashboard::impatient(&chronyd.address()).settled();
    assert_eq!(second.get("/").status, 200);
    assert_eq!(client_directories(&chronyd).len(), 2);
    ended(second, Signal::TERM);
    assert_eq!(first.get("/").status, 200);
}

#[test]
fn it_serves_where_nobody_reads_what_it_prints() {
    let mut command = second_hand();
    command.args(["--port", "0", "--log", "debug"]);
    // Dashboard::start closes standard output after the first line.
    let dashboard = Dashboard::start(&mut command);
    for _ in 0..3 {
        assert_eq!(dashboard.get("/health").status, 200);
    }
}
