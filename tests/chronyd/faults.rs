//! chronyd that is gone, hung or new, and a dashboard that is killed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use libchrony::ErrorKind;
use rustix::process::Signal;

use super::common::chronyc::chronyc;
use super::common::chronyd::Chronyd;
use super::common::dashboard::{Dashboard, Response};
use super::common::eventually;

/// The directories that clients made beside chronyd's socket.
fn client_directories(chronyd: &Chronyd) -> Vec<PathBuf> {
    std::fs::read_dir(chronyd.directory())
        .expect("the directory can be read")
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| path.is_dir())
        .collect()
}

/// The page and the API say the same: no data, this kind of error, and what to do.
fn gives_guidance(dashboard: &Dashboard, kind: &str) -> Response {
    for path in ["/api/v1/snapshot", "/api/v1/tracking", "/api/v1/rtcdata"] {
        let response = dashboard.get(path);
        assert_eq!(response.status, 503, "{path}: {}", response.body);
        let error = &response.json()["error"];
        assert_eq!(error["kind"], kind, "{path}: {error}");
        assert!(!error["hint"].as_str().unwrap().is_empty());
    }
    let response = dashboard.get("/");
    assert_eq!(response.status, 503);
    let page = response.page();
    for section in [".boxes", ".tracking", ".sources", ".sourcestats", ".rtcdata"] {
        assert_eq!(page.all(section).len(), 1, "the section {section} is gone");
    }
    // The process itself serves.
    assert_eq!(dashboard.get("/health").status, 200);
    response
}

pub(crate) fn a_killed_chronyd_gives_guidance_and_an_honest_status() {
    let mut chronyd = Chronyd::client("");
    let mut connection = chronyd.connection().open().unwrap();
    let dashboard = Dashboard::of(&chronyd.unix());
    assert_eq!(dashboard.get("/").status, 200);
    chronyd.kill();
    let error = connection.tracking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NobodyListens, "{error}");
    let page = gives_guidance(&dashboard, "nobody_listens").page();
    assert!(page.text("main").contains("systemctl"), "no command to start chronyd");
    // The socket file of the killed one is in the way of none.
    chronyd.restart();
    connection.tracking().unwrap();
    assert_eq!(dashboard.get("/").status, 200);
}

pub(crate) fn a_missing_socket_gives_guidance_and_an_honest_status() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("chronyd.sock").display().to_string();
    let address = path.parse().unwrap();
    let error = libchrony::Connection::builder().address(address).open().unwrap_err();
    assert_eq!((error.kind(), error.errno()), (ErrorKind::NotRunning, Some(2)), "{error}");
    let page = gives_guidance(&Dashboard::of(&path), "not_running").page();
    let text = page.text("main");
    assert!(text.contains("systemctl start chrony") && text.contains(&path), "{text}");
}

pub(crate) fn a_stopped_chronyd_costs_bounded_time_and_is_read_again_when_it_goes_on() {
    let chronyd = Chronyd::client("server 127.0.0.9 port 9");
    let timeout = Duration::from_millis(200);
    let mut connection = chronyd.connection().timeout(timeout).open().unwrap();
    let dashboard = Dashboard::impatient(&chronyd.unix());
    assert_eq!(dashboard.get("/").status, 200);
    chronyd.stop();
    let start = Instant::now();
    let error = connection.tracking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    // Three attempts, and what a busy machine takes.
    assert!(start.elapsed() < 3 * timeout + Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(connection.snapshot().unwrap_err().kind(), ErrorKind::TimedOut);
    gives_guidance(&dashboard, "timed_out");
    // Six readings of at most three attempts each; a hang would be told by the harness's own bound.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    chronyd.go_on();
    eventually("the wrapper reads again", || connection.tracking().ok());
    eventually("the page reads again", || (dashboard.get("/").status == 200).then_some(()));
    drop(connection);
    assert!(dashboard.end(Signal::TERM).success());
    assert!(client_directories(&chronyd).is_empty(), "{:?}", client_directories(&chronyd));
}

pub(crate) fn a_restart_between_two_reads_goes_unnoticed() {
    let mut chronyd = Chronyd::client("");
    let dashboard = Dashboard::of(&chronyd.unix());
    let mut over_socket = chronyd.connection().open().unwrap();
    let udp = chronyd.udp().parse().unwrap();
    let mut over_udp = libchrony::Connection::builder().address(udp).open().unwrap();
    assert_eq!(dashboard.get("/").status, 200);
    chronyd.restart();
    over_socket.tracking().unwrap();
    over_udp.tracking().unwrap();
    assert_eq!(dashboard.get("/").status, 200);
}

pub(crate) fn socket_directories_of_killed_dashboards_are_removed_at_the_next_start() {
    let chronyd = Chronyd::client("");
    let dashboard = Dashboard::of(&chronyd.unix());
    assert_eq!(dashboard.get("/").status, 200);
    dashboard.kill();
    let left = client_directories(&chronyd);
    assert_eq!(left.len(), 1, "a killed process leaves its directory");
    // What has another form stays, whatever its name.
    let foreign = chronyd.directory().join("libchrony.mine");
    std::fs::create_dir(&foreign).unwrap();
    // Another user's stays too, though its process is gone.
    let other = chronyd.directory().join("libchrony.AAAAAAAAAAAA");
    let inner = other.join("abcdefghijklmnop");
    std::fs::create_dir_all(&inner).unwrap();
    drop(std::os::unix::net::UnixDatagram::bind(inner.join("sock")).unwrap());
    for path in [&other, &inner, &inner.join("sock")] {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }

    let living = Dashboard::of(&chronyd.unix());
    assert_eq!(living.get("/").status, 200);
    assert!(!left[0].exists(), "{left:?} is still there");
    assert!(foreign.exists());
    assert!(inner.join("sock").exists());
    assert_eq!(client_directories(&chronyd).len(), 3);
    // A second start leaves the directory of the first alone, which still reads.
    let second = Dashboard::of(&chronyd.unix());
    assert_eq!((second.get("/").status, living.get("/").status), (200, 200));
}

pub(crate) fn signals_end_the_dashboard_and_leave_nothing() {
    let chronyd = Chronyd::client("");
    for signal in [Signal::TERM, Signal::INT] {
        let dashboard = Dashboard::of(&chronyd.unix());
        assert_eq!(dashboard.get("/").status, 200);
        assert_eq!(client_directories(&chronyd).len(), 1);
        assert!(dashboard.end(signal).success(), "{signal:?} is no clean end");
        assert!(client_directories(&chronyd).is_empty(), "{signal:?} left something");
    }
}

pub(crate) fn every_load_reads_anew() {
    let chronyd = Chronyd::client("");
    let mut connection = chronyd.connection().open().unwrap();
    let dashboard = Dashboard::of(&chronyd.unix());
    for (command, expected) in [
        ("add server 127.0.0.201 port 9 offline", &["127.0.0.201"][..]),
        ("add server 127.0.0.202 port 9 offline", &["127.0.0.201", "127.0.0.202"]),
        ("delete 127.0.0.201", &["127.0.0.202"]),
        ("delete 127.0.0.202", &[]),
    ] {
        chronyc(&chronyd, command);
        let sources = connection.sources().unwrap();
        let read: Vec<_> = sources.iter().map(|source| source.address.to_string()).collect();
        assert_eq!(read, expected, "the wrapper after {command}");
        let page = dashboard.get("/").page();
        // Behind the address stands why the source is not used.
        let shown = page.all(".sources tbody th");
        let shown: Vec<_> = shown.iter().filter_map(|text| text.split(' ').next()).collect();
        assert_eq!(shown, expected, "the page after {command}");
        let json = dashboard.get("/api/v1/activity").json();
        assert_eq!(json["offline_sources"], expected.len(), "the API after {command}");
    }
}
