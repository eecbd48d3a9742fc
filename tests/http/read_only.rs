//! chronyd is only ever asked, never told: every command that all features send, by its number.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use libchrony::testing::{Client, Command, Generation, Scenario, Simulator};
use libchrony::{Connection, ReportName};

use crate::REPORTS;
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;

/// The commands that change nothing, as docs/security.md lists them.
const READ_ONLY: [Command; 13] = [
    Command::COUNT,
    Command::SOURCES,
    Command::TRACKING,
    Command::SOURCESTATS,
    Command::RTCDATA,
    Command::ACTIVITY,
    Command::SMOOTHING,
    Command::SERVERSTATS,
    Command::NTPDATA,
    Command::SOURCENAME,
    Command::AUTHDATA,
    Command::CLIENTS,
    Command::SELECTDATA,
];

/// The word of a request for clients that would reset their counters.
const RESET: std::ops::Range<usize> = 32..36;

/// Does all that there is to do with a chronyd.
fn exercise(address: &str) {
    let arguments = ["--port", "0", "--chronyd", address, "--refresh", "1s", "--timeout", "50ms"];
    let dashboard = Dashboard::start(second_hand().args(arguments)).settled();
    for path in
        ["/health/sync", "/metrics", "/api/v1/snapshot", "/api/v1/clients", "/api/v1/history"]
    {
        dashboard.get(path);
        dashboard.send("POST", path);
    }
    dashboard.get(&format!("/api/v1/{}", REPORTS[0]));
    for link in dashboard.get("/").page().attributes("a[href^='/sources/']", "href") {
        dashboard.get(&link);
    }
    for path in ["/live", "/api/v1/stream"] {
        let stream = ureq::get(format!("{}{path}", dashboard.url)).call().expect("a stream");
        BufReader::new(stream.into_body().into_reader())
            .read_line(&mut String::new())
            .expect("text");
    }
    for arguments in [&["check", "-v"][..], &["report"], &["report", "--json"]] {
        let mut command = second_hand();
        command.args(arguments).args(["--chronyd", address, "--timeout", "50ms"]);
        command.output().expect("it runs");
    }
    let address = address.parse().expect("an address");
    let timeout = Duration::from_millis(50);
    let mut connection = Connection::builder().address(address).timeout(timeout).build();
    for name in ReportName::ALL.iter().chain(ReportName::EXTENSIONS) {
        // What this chronyd does not know it refuses.
        let _ = connection.report(name.as_str());
    }
    let _ = (connection.snapshot(), connection.clients(), connection.source_names());
}

#[test]
fn no_feature_sends_a_command_that_changes_anything() {
    let mut seen = BTreeSet::new();
    // An old one knows fewer commands and is asked in other ways.
    for generation in [Generation::V3_0, Generation::V4_0, Generation::V4_9] {
        let mut scenario = Scenario { generation, ..Scenario::nts() };
        scenario.rtc = Scenario::rtc().rtc;
        scenario.smoothing = Scenario::smoothing().smoothing;
        scenario.clients = Some(vec![Client::default(); 20]);
        let unix = Simulator::start_unix(scenario.clone()).expect("the simulator starts");
        let udp = Simulator::start_udp(scenario).expect("the simulator starts");
        for chronyd in [unix, udp] {
            exercise(&chronyd.address());
            let requests = eventually("it was asked", || {
                let requests = chronyd.requests();
                (!requests.is_empty()).then_some(requests)
            });
            assert!(requests.len() < 65_536, "some were not recorded");
            for request in requests {
                let command = request.command();
                assert!(READ_ONLY.contains(&command), "{generation:?}: {command:?}");
                if command == Command::CLIENTS {
                    let reset = request.bytes().get(RESET).expect("a whole request");
                    assert!(reset.iter().all(|byte| *byte == 0), "counters would be reset");
                }
                seen.insert(command);
            }
        }
    }
    assert_eq!(seen, BTreeSet::from(READ_ONLY), "each was sent at least once");
}

#[test]
fn the_documentation_lists_the_commands() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md");
    let text = std::fs::read_to_string(path).expect("it is text");
    let (_, list) = text.split_once("## What it sends to chronyd").expect("the section");
    let list = list.split("\n## ").next().expect("its end");
    let numbers = list.lines().filter_map(|line| line.strip_prefix("| "));
    let numbers = numbers.filter_map(|line| line.split(" | ").next()?.trim().parse::<u16>().ok());
    let listed: BTreeSet<_> = numbers.map(Command).collect();
    assert_eq!(listed, BTreeSet::from(READ_ONLY));
}
