//! Everything that a chronyd can do wrong, seen over HTTP: the right error in bounded time, data at
//! the next request, and nothing left behind.

use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Scenario, Simulator};

use crate::common::dashboard::Dashboard;
use crate::common::process::descriptors;
use crate::{REPORTS, assert_failure, assert_page, assert_secured, client_directories, shown};

/// Three attempts of 200 ms, on a machine that is busy with other tests.
const BOUND: Duration = Duration::from_secs(8);

/// A chronyd with every report, its dashboard, and the files that this has open after a page.
struct Faulty {
    chronyd: Simulator,
    dashboard: Dashboard,
    files: usize,
}

/// What a request should come to.
#[derive(Clone, Copy)]
enum Expected {
    Data,
    Error(&'static str),
}

use Expected::{Data, Error};

impl Faulty {
    fn start() -> Self {
        let (chronyd, dashboard) =
            shown(Scenario { smoothing: Scenario::smoothing().smoothing, ..Scenario::rtc() });
        let this = Self { chronyd, dashboard, files: usize::MAX };
        // Whatever is opened once is open then: a connection of this client, and the server's threads.
        (0..5).for_each(|_| this.assert_well());
        Self { files: descriptors(this.dashboard.pid()), ..this }
    }

    fn assert(&self, path: &str, expected: Expected, what: &str) {
        let start = Instant::now();
        let response = self.dashboard.get(path);
        let took = start.elapsed();
        assert!(took < BOUND, "{what}: {path} took {took:?}");
        match expected {
            Data => assert_eq!(response.status, 200, "{what}: {path}: {}", response.body),
            Error(_) if path == "/" => {
                assert_page(&response, 503);
                let steps = response.page().all(".steps li");
                assert!(!steps.is_empty(), "{what}: no step is named");
            }
            Error(kind) => {
                assert_eq!(
                    response.json()["error"]["kind"],
                    kind,
                    "{what}: {path}: {}",
                    response.body
                );
                assert_failure(&response, 503, kind);
            }
        }
        assert_secured(&response);
    }

    /// Data on every path, and nothing open that was not open before.
    fn assert_well(&self) {
        self.chronyd.script([]);
        for path in ["/", "/api/v1/snapshot", "/api/v1/tracking"] {
            self.assert(path, Data, "without a fault");
        }
        assert_eq!(client_directories(&self.chronyd).len(), 1, "directories of one client");
        let files = descriptors(self.dashboard.pid());
        assert!(files <= self.files, "{files} files are open, {} were", self.files);
    }

    /// A fault of every request for each path, and then none.
    fn assert_fault(
        &self,
        what: &str,
        fault: impl Fn() -> Fault,
        paths: &[&str],
        expected: Expected,
    ) {
        for path in paths {
            self.chronyd.script([fault()]);
            self.assert(path, expected, what);
        }
        self.assert_well();
    }
}

/// What is changed in a reply.
type Change = fn(Fault) -> Fault;

const FEW: [&str; 3] = ["/", "/api/v1/snapshot", "/api/v1/tracking"];

fn every_path() -> Vec<String> {
    let reports = REPORTS.iter().map(|name| format!("/api/v1/{name}"));
    ["/", "/api/v1/snapshot"].map(str::to_owned).into_iter().chain(reports).collect()
}

#[test]
fn replies_that_are_lost_or_too_late_are_a_timeout() {
    let faulty = Faulty::start();
    let late = Duration::from_secs(5);
    faulty.assert_fault("silence", || Fault::always().silence(), &FEW, Error("timed_out"));
    faulty.assert_fault("delay", || Fault::always().delay(late), &FEW, Error("timed_out"));
    faulty.assert_fault("held back", || Fault::always().reorder(), &FEW, Error("timed_out"));
}

#[test]
fn replies_that_are_lost_held_or_doubled_now_and_then_cost_only_time() {
    let faulty = Faulty::start();
    let short = Duration::from_millis(10);
    faulty.assert_fault("two lost", || Fault::always().times(2).silence(), &FEW, Data);
    faulty.assert_fault("one late", || Fault::always().times(1).late(), &FEW, Data);
    faulty.assert_fault("two change places", || Fault::always().times(1).reorder(), &FEW, Data);
    faulty.assert_fault("all doubled", || Fault::always().duplicate(), &FEW, Data);
    faulty.assert_fault("all delayed a little", || Fault::always().delay(short), &FEW, Data);
    let sources = || Fault::on(Command::SOURCES).nth(2).silence();
    faulty.assert_fault("one record lost", sources, &FEW, Data);
}

#[test]
fn a_late_reply_to_an_older_request_is_not_taken_for_a_newer_one_s() {
    let faulty = Faulty::start();
    // The reply to the first attempt comes 50 ms after the second, with other data; that to the
    // second 50 ms later.
    let stale = Fault::on(Command::TRACKING)
        .nth(1)
        .delay(Duration::from_millis(250))
        .edit(|reply| reply.iter_mut().skip(28).for_each(|byte| *byte = 0xff));
    let fresh = Fault::on(Command::TRACKING).nth(2).delay(Duration::from_millis(100));
    faulty.chronyd.script([stale, fresh]);
    let response = faulty.dashboard.get("/api/v1/tracking");
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.json()["synchronized"], true);
    faulty.assert_well();
}

#[test]
fn replies_to_nothing_that_was_asked_are_passed_over() {
    let faulty = Faulty::start();
    let faults: [(&str, Change); 7] = [
        ("sequence", Fault::wrong_sequence),
        ("version 5", |fault| fault.version(5)),
        ("version 7", |fault| fault.version(7)),
        ("packet type", |fault| fault.packet_type(1)),
        ("reserved bytes", |fault| fault.reserved(0x0102)),
        ("command", |fault| fault.reply_command(Command::MANUAL)),
        ("random bytes", |fault| fault.random(7)),
    ];
    for (what, fault) in faults {
        let path = ["/api/v1/tracking"];
        faulty.assert_fault(what, || fault(Fault::always()), &path, Error("timed_out"));
        // One wrong reply is no more than one lost.
        faulty.assert_fault(what, || fault(Fault::always().times(1)), &FEW, Data);
    }
}

#[test]
fn each_status_is_its_error_in_page_snapshot_and_every_report() {
    let faulty = Faulty::start();
    let all = every_path();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    for status in 0..=22 {
        let kind = match status {
            2 => "not_authorized",
            3 => "server_too_old",
            6 | 13 => "disabled",
            0 | 18 | 19 => "server_too_new",
            _ => "unexpected_status",
        };
        let refused = || Fault::always().status(status);
        let what = format!("status {status}");
        let paths: &[&str] = if [2, 3, 5].contains(&status) { &all } else { &FEW };
        faulty.assert_fault(&what, refused, paths, Error(kind));
    }
    // No RTC tracking is an ordinary state, and no error.
    faulty.assert_fault("no RTC", || Fault::on(Command::RTCDATA).status(13), &all, Data);
}

#[test]
fn a_report_that_is_refused_alone_is_missing_alone() {
    let faulty = Faulty::start();
    for (command, name) in [
        (Command::TRACKING, "tracking"),
        (Command::SOURCESTATS, "sourcestats"),
        (Command::SELECTDATA, "selectdata"),
        (Command::ACTIVITY, "activity"),
        (Command::AUTHDATA, "authdata"),
        (Command::NTPDATA, "ntpdata"),
        (Command::SERVERSTATS, "serverstats"),
        (Command::RTCDATA, "rtcdata"),
        (Command::SMOOTHING, "smoothing"),
    ] {
        faulty.chronyd.script([Fault::on(command).status(2)]);
        for other in REPORTS {
            let expected = if other == name { Error("not_authorized") } else { Data };
            faulty.assert(&format!("/api/v1/{other}"), expected, name);
        }
        let snapshot = faulty.dashboard.get("/api/v1/snapshot");
        assert_eq!(snapshot.status, 200);
        assert_eq!(snapshot.json()["unavailable"][name]["kind"], "not_authorized", "{name}");
        faulty.assert_well();
    }
}

#[test]
fn replies_cut_short_anywhere_are_invalid_or_none() {
    let faulty = Faulty::start();
    for length in [0, 1, 27] {
        let cut = || Fault::always().truncate(length);
        faulty.assert_fault("no header", cut, &["/api/v1/tracking"], Error("timed_out"));
    }
    for length in 28..104 {
        faulty.chronyd.script([Fault::on(Command::TRACKING).truncate(length)]);
        faulty.assert("/api/v1/tracking", Error("invalid_reply"), &format!("{length} bytes"));
        faulty.assert("/api/v1/sources", Data, &format!("{length} bytes of tracking"));
    }
    faulty.assert_well();
}

#[test]
fn replies_longer_than_any_are_read_as_far_as_they_go() {
    let faulty = Faulty::start();
    for length in [105, 500, 1500, 4000] {
        faulty.assert_fault("padded", || Fault::always().pad(length), &FEW, Data);
    }
}

#[test]
fn random_data_is_an_answer_or_an_error_and_never_a_failure_of_the_server() {
    let faulty = Faulty::start();
    for seed in 0..40 {
        faulty.chronyd.script([Fault::always().random_data(seed)]);
        for path in ["/", "/api/v1/snapshot", "/api/v1/tracking", "/api/v1/ntpdata"] {
            let start = Instant::now();
            let response = faulty.dashboard.get(path);
            let took = start.elapsed();
            assert!([200, 503].contains(&response.status), "seed {seed}: {}", response.body);
            assert!(took < BOUND, "seed {seed}: {path} took {took:?}");
            if path != "/" {
                assert!(!response.json().is_null(), "seed {seed}: {path}");
            }
        }
    }
    faulty.assert_well();
}
