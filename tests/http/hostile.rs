//! Texts that would do harm where they are taken for markup, data or a command to a terminal.

use std::fs::File;

use crate::common::dashboard::{Dashboard, Response, second_hand};
use crate::raw::talk;
use libchrony::testing::{Command, Fault, Scenario, Simulator, Source};
use rustix::process::Signal;

const TEXTS: [&str; 16] = [
    "<script>alert(1)</script>",
    "</td></table><script src=//evil.example/x.js></script>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "<img src=x onerror=alert(1)>",
    "--><svg onload=alert(1)>",
    "</title><base href=//evil.example/>",
    "&lt;b&gt; &amp; &#39; &",
    "{{ 7 * 7 }}{% include \"x\" %}",
    "javascript:alert(1)",
    "line\r\nSet-Cookie: a=b\r\n\r\n<b>",
    "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m",
    "\u{202e}txt.exe\u{2066}\u{200f}",
    "\\u003cscript\\u003e\\\"}],\"x\":[{",
    "\u{2028}\u{2029}\u{feff}\u{7f}",
    "zeit\u{301}.example.net \u{1f550}",
];

/// What a terminal or a reader's eye would obey.
fn is_commanding(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A dashboard that remembers nothing: what was recorded would tell pages of different texts apart.
fn unrecorded(scenario: Scenario) -> (Simulator, Dashboard) {
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    let arguments = ["--port", "0", "--history", "off", "--chronyd", &chronyd.address()];
    let dashboard = Dashboard::start(second_hand().args(arguments)).settled();
    (chronyd, dashboard)
}

fn assert_harmless(response: &Response, skeleton: &[String], text: &str) {
    assert_eq!(response.status, 200, "{text:?}");
    assert!(response.header("set-cookie").is_empty(), "{text:?}");
    let commanding: Vec<_> = response.body.chars().filter(|c| is_commanding(*c)).collect();
    assert!(commanding.is_empty(), "{text:?}: {commanding:?}");
    let found = response.page().skeleton();
    let other = found.iter().zip(skeleton).find(|(one, other)| one != other);
    assert!(found.len() == skeleton.len() && other.is_none(), "{text:?}: {other:?}");
}

#[test]
fn four_characters_of_a_reference_id_change_the_text_and_nothing_else() {
    let with = |id: [u8; 4]| {
        let clock = Source::reference_clock(id).with_state(Source::SELECTED);
        Scenario::with_sources(vec![clock, Source::server(std::net::Ipv4Addr::new(192, 0, 2, 1))])
    };
    let (_chronyd, dashboard) = unrecorded(with(*b"PPS\0"));
    let skeleton = dashboard.get("/").page().skeleton();
    let own = dashboard.get("/sources/PPS").page().skeleton();
    for id in
        [*b"<b>\0", *b"</a>", *b"\"x='", *b"&lt;", *b"\x1b[2J", *b"a\r\nb", *b"\xff\xfe\xfd\xfc"]
    {
        let text = String::from_utf8_lossy(&id).into_owned();
        let (_chronyd, dashboard) = unrecorded(with(id));
        let response = dashboard.get("/");
        assert_harmless(&response, &skeleton, &text);
        // The clock's own page, too, is the same but for its text.
        let link = response.page().attributes(".sources tr.selected a", "href").remove(0);
        assert_harmless(&dashboard.get(&link), &own, &text);
        for path in
            ["/api/v1/snapshot", "/api/v1/tracking", "/api/v1/sources", "/api/v1/selectdata"]
        {
            let response = dashboard.get(path);
            assert_eq!(response.status, 200, "{text:?}");
            assert!(!response.body.contains(char::is_control), "{text:?}: {}", response.body);
            assert!(!response.json().is_null(), "{text:?}");
        }
    }
}

#[test]
fn a_name_of_a_source_changes_the_text_and_nothing_else() {
    let with = |name: &str| {
        let source = Source::server(std::net::Ipv4Addr::new(192, 0, 2, 1));
        let name = name.to_owned();
        Scenario::with_sources(vec![Source { name, ..source.with_state(Source::SELECTED) }])
    };
    let (mut chronyd, dashboard) = unrecorded(with("time.example.net"));
    let skeleton = dashboard.get("/").page().skeleton();
    for text in TEXTS {
        chronyd.stop();
        chronyd.restart().unwrap();
        chronyd.set(with(text));
        assert_harmless(&dashboard.get("/"), &skeleton, text);
        let sources = dashboard.get("/api/v1/sources");
        assert_eq!(sources.body.chars().find(|c| is_commanding(*c)), None, "{text:?}");
        let name = sources.json()[0]["name"].as_str().map(|name| name.chars().count());
        assert_eq!(name, Some(text.chars().count()), "{text:?}");
    }
}

/// Every byte of every report takes the value of a character with a meaning in markup.
#[test]
fn no_byte_of_any_report_becomes_markup() {
    let (chronyd, dashboard) = unrecorded(Scenario::rtc());
    let clean = dashboard.get("/").page();
    for byte in *b"<\"\x1b\xff" {
        for command in [
            Command::TRACKING,
            Command::SOURCES,
            Command::SOURCESTATS,
            Command::SELECTDATA,
            Command::AUTHDATA,
            Command::NTPDATA,
            Command::SERVERSTATS,
            Command::ACTIVITY,
            Command::RTCDATA,
            Command::SMOOTHING,
            Command::SOURCENAME,
            Command::CLIENTS,
        ] {
            chronyd.script([Fault::on(command).edit(move |reply| {
                reply.iter_mut().skip(28).for_each(|b| *b = byte);
            })]);
            let response = dashboard.get("/");
            let commanding = response.body.chars().find(|c| is_commanding(*c));
            assert_eq!(commanding, None, "{command:?} {byte:#x}");
            let page = response.page();
            for tag in ["script", "h1", "main"] {
                let expected = clean.all(tag).len();
                assert_eq!(page.all(tag).len(), expected, "{tag}: {command:?} {byte:#x}");
            }
            let snapshot = dashboard.get("/api/v1/snapshot");
            assert!(snapshot.json().is_object(), "{command:?} {byte:#x}");
            assert!(!snapshot.body.contains(char::is_control), "{command:?} {byte:#x}");
        }
    }
}

#[test]
fn a_socket_s_path_with_markup_reaches_log_page_and_json_as_text() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    // Characters that a terminal obeys are refused in an address; markup is an odd name, and no more.
    let socket = format!("{}/<u>{{{{7*7}}}}\"&'", directory.path().display());
    let log = directory.path().join("log");
    let mut command = second_hand();
    command.args(["--port", "0", "--log", "debug", "--chronyd", &socket]);
    let dashboard = Dashboard::start_telling(&mut command, File::create(&log).unwrap());
    let page = dashboard.get("/");
    assert_eq!(page.status, 503);
    assert_eq!(page.body.chars().find(|c| is_commanding(*c)), None, "{}", page.body);
    assert!(page.page().all("u").is_empty());
    assert!(page.page().text("main").contains("/<u>{{7*7}}\"&'"), "{}", page.body);
    let json = dashboard.get("/api/v1/snapshot").json();
    assert!(json["error"]["message"].as_str().is_some_and(|text| text.contains("/<u>{{7*7}}\"&'")));
    dashboard.end(Signal::TERM);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("chronyd gives no data"), "{log}");
    assert_eq!(log.chars().find(|c| is_commanding(*c)), None, "{log:?}");
    assert!(log.lines().all(|line| line.starts_with("20")), "a forged line: {log}");
}

#[test]
fn what_a_client_sends_is_shown_and_logged_escaped() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let log = directory.path().join("log");
    let mut command = second_hand();
    command.args(["--port", "0", "--log", "debug", "--chronyd", "/nowhere/chronyd.sock"]);
    let dashboard = Dashboard::start_telling(&mut command, File::create(&log).unwrap());
    for text in TEXTS {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in ["/", "/static/", "/sources/", "/api/v1/", "/?", "/api/v1/snapshot?"] {
            let response = dashboard.get(&format!("{path}{encoded}"));
            assert!([404, 503].contains(&response.status), "{path} {text:?}");
            assert_eq!(response.body.chars().find(|c| is_commanding(*c)), None, "{text:?}");
            assert!(!response.body.contains("alert(1)"), "{text:?}: {}", response.body);
        }
    }
    for host in ["<script>alert(1)</script>", "\"><b>", "a&b'c", "{{7*7}}"] {
        let page = dashboard.get_as(host, "/");
        assert_eq!(page.status, 421, "{host}");
        assert!(page.page().all("b").is_empty() && !page.body.contains("<script>alert"), "{host}");
        let json = dashboard.get_as(host, "/api/v1/tracking").json();
        assert_eq!(json["error"]["kind"], "foreign_host");
    }
    for path in ["/\u{202e}x", "/\u{9b}31m", "/api/v1/\u{2066}", "/?\u{202e}"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = talk(&dashboard, request.as_bytes());
        assert_eq!(answer.chars().find(|c| is_commanding(*c) && *c != '\r'), None, "{answer:?}");
    }
    dashboard.end(Signal::TERM);
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("status=404") && log.contains("status=421"), "{log}");
    assert_eq!(log.chars().find(|c| is_commanding(*c)), None);
    assert!(log.lines().all(|line| line.starts_with("20")), "a forged line: {log}");
}

#[test]
fn the_command_line_s_own_text_comes_back_escaped() {
    let mut runs = 0;
    for text in TEXTS {
        let options = ["host", "port", "timeout", "log", "chronyd", "allowed-host", "demo"];
        let flags = options.iter().map(|option| vec![format!("--{option}={text}")]);
        let others = [vec![text.to_owned()], vec![format!("--{text}")], vec![format!("-x{text}")]];
        for arguments in flags.chain(others) {
            // What is a good host name of chronyd would make it start.
            if arguments[0].starts_with("--chronyd") {
                continue;
            }
            let output = second_hand().args(&arguments).output().expect("it runs");
            let error = String::from_utf8(output.stderr).expect("UTF-8");
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
            assert_eq!(error.chars().find(|c| is_commanding(*c)), None, "{arguments:?}: {error:?}");
            assert_eq!(error.lines().count(), 1, "{arguments:?}: {error:?}");
            runs += 1;
        }
    }
    assert_eq!(runs, TEXTS.len() * 9);
}
