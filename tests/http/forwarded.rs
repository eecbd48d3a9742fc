//! What proxies say of the requests they pass on: believed of those that are listed alone.

use std::fs::File;
use std::path::Path;

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;
use crate::raw::talk;

fn start(flags: &[&str], log: &Path) -> Dashboard {
    let mut command = second_hand();
    command.args(["--port", "0", "--log", "debug", "--chronyd", "/nowhere/chronyd.sock"]);
    Dashboard::start_telling(command.args(flags), File::create(log).expect("a file for its log"))
}

/// The status of an answer to a request with these headers.
fn status(dashboard: &Dashboard, path: &str, headers: &str) -> String {
    let ask = format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    let answer = talk(dashboard, ask.as_bytes());
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// Whom the log names as the client of a request with these headers.
fn named(flags: &[&str], headers: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let log = directory.path().join("log");
    let dashboard = start(flags, &log);
    assert_eq!(status(&dashboard, "/health", &format!("Host: localhost\r\n{headers}")), "200");
    eventually("the request is in the log", || {
        let text = std::fs::read_to_string(&log).expect("the log is text");
        let line = text.lines().find(|line| line.contains("path=\"/health\""))?;
        Some(line.split("client=").nth(1)?.split(' ').next()?.to_owned())
    })
}

const TRUSTED: [&str; 2] = ["--trusted-proxy", "127.0.0.0/8"];

#[test]
fn the_log_names_the_client_that_a_listed_proxy_names() {
    for (headers, expected) in [
        ("", "127.0.0.1"),
        ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        ("X-Forwarded-For: 198.51.100.1, 192.0.2.7, 127.0.0.9\r\n", "192.0.2.7"),
        ("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 2001:db8::7\r\n", "2001:db8::7"),
        ("X-Forwarded-For: \u{e9}, \"\r\n", "127.0.0.1"),
        ("Forwarded: for=192.0.2.7\r\n", "127.0.0.1"),
        ("X-Real-IP: 192.0.2.7\r\n", "127.0.0.1"),
    ] {
        assert_eq!(named(&TRUSTED, headers), expected, "{headers}");
    }
}

#[test]
fn of_anybody_else_the_headers_have_no_effect() {
    let headers = "X-Forwarded-For: 192.0.2.7\r\n";
    assert_eq!(named(&[], headers), "127.0.0.1");
    assert_eq!(named(&["--trusted-proxy", "192.0.2.0/24"], headers), "127.0.0.1");
    let directory = tempfile::tempdir().expect("a directory");
    let dashboard = start(&["--trusted-proxy", "192.0.2.1"], &directory.path().join("log"));
    for forwarded in ["example.net", "localhost", "\u{e9}", ""] {
        let own = format!("Host: localhost\r\nX-Forwarded-Host: {forwarded}\r\n");
        assert_eq!(status(&dashboard, "/health", &own), "200", "{forwarded}");
        let foreign = format!("Host: example.net\r\nX-Forwarded-Host: {forwarded}\r\n");
        assert_eq!(status(&dashboard, "/health", &foreign), "421", "{forwarded}");
    }
}

#[test]
fn the_host_that_a_listed_proxy_was_asked_for_must_be_right_beside_the_one_it_asks_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let flags = [&TRUSTED[..], &["--allowed-host", "clock.example.net"]].concat();
    let dashboard = start(&flags, &directory.path().join("log"));
    for (host, forwarded, expected) in [
        ("localhost", &["clock.example.net"][..], "200"),
        ("clock.example.net", &["clock.example.net:443"], "200"),
        ("localhost", &["example.net"], "421"),
        ("localhost", &[""], "421"),
        ("localhost", &["clock.example.net, example.net"], "421"),
        ("localhost", &["example.net, clock.example.net"], "421"),
        ("localhost", &["clock.example.net", "example.net"], "421"),
        ("localhost", &["\u{e9}"], "400"),
        // A page that a browser on this machine shows can send the header, too.
        ("example.net", &["localhost"], "421"),
        ("example.net", &["clock.example.net"], "421"),
    ] {
        let forwarded: String =
            forwarded.iter().map(|host| format!("X-Forwarded-Host: {host}\r\n")).collect();
        for path in ["/health", "/api/v1/openapi.json"] {
            let given = status(&dashboard, path, &format!("Host: {host}\r\n{forwarded}"));
            assert_eq!(given, expected, "{host} {forwarded}");
        }
    }
}
