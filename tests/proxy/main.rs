//! second-hand behind real proxies, set up as packaging/proxy shows.
//!
//! A test that cannot run on this machine is listed as ignored, with the reason in its name.

#[path = "../common/mod.rs"]
mod common;

use std::fs::{self, File};
use std::io::BufRead;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libchrony::testing::{Scenario, Simulator};
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;

use common::dashboard::{Dashboard, second_hand};
use common::eventually;
use common::proxy::{Kind, OTHER, OWN, Proxy};

// "word", by htpasswd -nbB -C 4; Caddy takes costs from 4 on, too.
const ANN: &str = "ann:$2y$04$P1l4YjvDNaif0Fyjm9EaHuBG8EXjwal5QDVNHUj7f00AhVg3oOiz2";

/// A proxy before two dashboards of one chronyd.
struct Site {
    proxy: Proxy,
    _own: Dashboard,
    _below: Dashboard,
    directory: TempDir,
    _chronyd: Simulator,
}

impl Site {
    fn start(kind: Kind, login: Option<&str>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let chronyd = Simulator::start_unix(Scenario::nts()).expect("the simulator starts");
        let dashboard = |name: &str, flags: &[&str]| {
            let mut command = second_hand();
            command.args(["--port", "0", "--refresh", "1s", "--chronyd", &chronyd.address()]);
            command.args(["--trusted-proxy", "127.0.0.1", "--allowed-host", name]).args(flags);
            let log = File::create(directory.path().join(name)).expect("a file for its log");
            Dashboard::start_telling(&mut command, log)
        };
        let own = dashboard(OWN, &[]);
        let below = dashboard(OTHER, &["--base-path", "/clock"]);
        let proxy = Proxy::start(kind, own.authority(), below.authority(), login);
        Self { proxy, _own: own, _below: below, directory, _chronyd: chronyd }
    }
}

fn the_pages_the_data_and_their_files_are_served(kind: Kind) {
    let site = Site::start(kind, None);
    for (name, base) in [(OWN, ""), (OTHER, "/clock")] {
        let (status, page) = site.proxy.ask(name, &format!("{base}/"), "");
        assert_eq!(status, 200, "{page}");
        assert!(page.contains("This clock is right to within"), "{page}");
        let (_, html) = page.split_once("\r\n\r\n").expect("a body");
        let page = common::page::Page::new(html);
        let mut addresses = page.attributes("link, a", "href");
        addresses.extend(page.attributes("script", "src"));
        addresses.retain(|address| !address.starts_with('#'));
        assert!(addresses.len() > 15, "{addresses:?}");
        addresses.push(format!("{base}/api/v1/snapshot"));
        addresses.push(format!("{base}/health"));
        addresses.sort();
        addresses.dedup();
        for address in addresses {
            assert!(address.starts_with(base), "{address}");
            let path = address.split('#').next().unwrap_or_default();
            assert_eq!(site.proxy.ask(name, path, "").0, 200, "{name}{path}");
        }
    }
    let (status, text) = site.proxy.ask(OTHER, "/clock", "");
    assert_eq!(status, 308, "{text}");
    assert!(text.to_ascii_lowercase().contains("/clock/\r\n"), "{text}");
    assert_ne!(site.proxy.ask(OTHER, "/api/v1/tracking", "").0, 503, "nothing is there");
}

fn events_arrive_at_once(kind: Kind) {
    let site = Site::start(kind, None);
    for (name, path) in [
        (OWN, "/live"),
        (OWN, "/api/v1/stream"),
        (OTHER, "/clock/live"),
        (OTHER, "/clock/api/v1/stream"),
    ] {
        let begun = Instant::now();
        let stream = site.proxy.stream(name, path, "Accept-Encoding: gzip\r\n");
        let mut conversation = stream;
        let mut events = 0;
        while events < 3 {
            let mut line = String::new();
            let length = conversation.output.read_line(&mut line).expect("the stream goes on");
            assert!(length > 0, "{name}{path} ended");
            if line.starts_with("event: reading") || line.starts_with("event: snapshot") {
                events += 1;
            }
        }
        // One a second; held back until 4 kilobytes are together they would take minutes on /live.
        let taken = begun.elapsed();
        assert!(taken < Duration::from_secs(20), "{name}{path}: {taken:?}");
    }
}

fn other_names_and_forged_headers_lead_nowhere(kind: Kind) {
    let site = Site::start(kind, None);
    let foreign = site.proxy.ask(OWN, "/api/v1/snapshot", "Host: evil.example\r\n");
    assert!(!foreign.1.contains("tracking"), "{}", foreign.1);
    if kind == Kind::Nginx {
        assert_eq!(foreign.0, 421, "nginx gives it to its first server, and second-hand refuses");
    }
    let forged = "X-Forwarded-Host: evil.example\r\nX-Forwarded-For: 198.51.100.1\r\nForwarded: for=198.51.100.2;host=evil.example\r\n";
    assert_eq!(site.proxy.ask(OWN, "/health", forged).0, 200);
    eventually("the log names who asked", || {
        let log = fs::read_to_string(site.directory.path().join(OWN)).expect("text");
        assert!(!log.contains("198.51.100."), "{log}");
        log.lines()
            .find(|line| line.contains("\"/health\"") && line.contains("client=127.0.0.1"))
            .map(|_| ())
    });
}

fn the_proxy_asks_for_a_password_where_it_is_told_to(kind: Kind) {
    let site = Site::start(kind, Some(ANN));
    let login = |password: &str| {
        format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("ann:{password}")))
    };
    for (headers, expected) in [(String::new(), 401), (login("wrong"), 401), (login("word"), 200)] {
        let (status, text) = site.proxy.ask(OWN, "/api/v1/tracking", &headers);
        assert_eq!((status, text.contains("stratum")), (expected, expected == 200), "{text}");
    }
}

/// A test, by the sentence it proves.
type Test = (&'static str, fn(Kind));

const TESTS: [Test; 4] = [
    (
        "the_pages_the_data_and_their_files_are_served",
        the_pages_the_data_and_their_files_are_served,
    ),
    ("events_arrive_at_once", events_arrive_at_once),
    ("other_names_and_forged_headers_lead_nowhere", other_names_and_forged_headers_lead_nowhere),
    (
        "the_proxy_asks_for_a_password_where_it_is_told_to",
        the_proxy_asks_for_a_password_where_it_is_told_to,
    ),
];

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (proxy, kind) in [("nginx", Kind::Nginx), ("caddy", Kind::Caddy)] {
        for (name, test) in TESTS {
            let name = format!("{proxy}::{name}");
            trials.push(match kind.missing() {
                None => Trial::test(name, move || -> Result<(), Failed> {
                    test(kind);
                    Ok(())
                }),
                // Asked for all the same (`--include-ignored`), it fails rather than seems to pass.
                Some(reason) => {
                    Trial::test(format!("{name} (skipped: {reason})"), move || Err(reason.into()))
                        .with_ignored_flag(true)
                }
            });
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
