//! The real binary from outside, on the simulated chronyd: its command line, its answers, its end.

#[path = "../common/mod.rs"]
mod common;

mod api;
mod base;
mod bytes;
mod check;
mod command_line;
mod daemon;
mod demo;
mod end;
mod faults;
mod files;
mod forwarded;
mod gzip;
mod history;
mod hostile;
mod hosts;
mod load;
mod log;
mod login;
mod metrics;
mod openapi;
mod pages;
mod past;
mod paths;
mod probe;
mod raw;
mod read_only;
mod readers;
mod report;
mod service;
mod slow;
mod sources;
mod stream;
mod sync;
mod wire;

use std::path::PathBuf;

use common::dashboard::{Dashboard, Response};
use libchrony::testing::{Scenario, Simulator};

/// The ten reports, as chronyc names them.
const REPORTS: [&str; 10] = [
    "tracking",
    "sources",
    "sourcestats",
    "selectdata",
    "activity",
    "authdata",
    "ntpdata",
    "serverstats",
    "rtcdata",
    "smoothing",
];

/// A simulated chronyd on a Unix socket, and the dashboard that shows it; from here on only those who
/// ask it cost chronyd a reading.
fn shown(scenario: Scenario) -> (Simulator, Dashboard) {
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    let dashboard = Dashboard::impatient(&chronyd.address()).settled();
    (chronyd, dashboard)
}

/// A dashboard for a chronyd that is not there; the directory is held for as long as it runs.
fn without_chronyd() -> (tempfile::TempDir, Dashboard) {
    let directory = tempfile::tempdir_in("/tmp").expect("a directory");
    let socket = directory.path().join("chronyd.sock");
    let dashboard = Dashboard::impatient(&socket.display().to_string());
    (directory, dashboard)
}

/// The socket directories of clients beside a simulated chronyd.
fn client_directories(chronyd: &Simulator) -> Vec<PathBuf> {
    let socket = PathBuf::from(chronyd.address());
    let beside = socket.parent().expect("a socket stands in a directory");
    let entries = beside.read_dir().expect("the directory is readable");
    let names = entries.map(|entry| entry.expect("an entry").path());
    names.filter(|path| path != &socket).collect()
}

/// What every response carries.
fn assert_secured(response: &Response) {
    let policy = response.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|given| given == part), "{part} is not in {policy:?}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(response.header("x-content-type-options"), "nosniff");
    assert_eq!(response.header("referrer-policy"), "no-referrer");
}

/// An error for people: a page with its status, secured, kept by nobody.
fn assert_page(response: &Response, status: u16) {
    assert_eq!(response.status, status, "{}", response.body);
    assert_eq!(response.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(response.header("cache-control"), "no-store");
    assert!(response.body.contains("<h1"), "{}", response.body);
    assert_secured(response);
}

/// An error for programs: JSON with kind, message and hint, secured, kept by nobody.
fn assert_failure(response: &Response, status: u16, kind: &str) {
    assert_eq!(response.status, status, "{}", response.body);
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-store");
    let json = response.json();
    let error = json["error"].as_object().expect("an error");
    assert_eq!(error["kind"], kind, "{json}");
    for key in ["message", "hint"] {
        assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "{json}");
    }
    assert_eq!((error.len(), json.as_object().map(serde_json::Map::len)), (3, Some(1)), "{json}");
    assert_secured(response);
}
