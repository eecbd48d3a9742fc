//! Three servers, one of them selected: every report, shared by tests that take turns.

use std::sync::{Arc, Mutex, PoisonError};

use libchrony::{ErrorKind, ReportName};
use serde_json::Value;
use serial_test::serial;

use super::common::chronyc::Witness;
use super::common::chronyd::Chronyd;
use super::common::dashboard::Dashboard;

/// The daemons, and the dashboard that reads the client's.
struct Trio {
    _server: Chronyd,
    client: Chronyd,
    dashboard: Dashboard,
}

static TRIO: Mutex<Option<Arc<Trio>>> = Mutex::new(None);

/// Starts the daemons for the first test that asks.
fn trio() -> Arc<Trio> {
    let mut shared = TRIO.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(shared.get_or_insert_with(|| {
        let server = Chronyd::server(3);
        let port = server.ntp_port;
        let source =
            |last: u8| format!("server 127.0.0.{last} port {port} minpoll -4 maxpoll 0 iburst\n");
        let client = Chronyd::client(&format!("{}{}{}", source(2), source(3), source(4)));
        client.wait_until("one of three servers is selected and all are sampled", |snapshot| {
            let selected = |sources: &[libchrony::Source]| sources.iter().any(|s| s.is_selected());
            snapshot.sources.as_deref().is_some_and(selected)
                && snapshot.sourcestats.iter().flatten().all(|stats| stats.has_enough_samples())
        });
        let dashboard = Dashboard::of(&client.unix());
        Arc::new(Trio { _server: server, client, dashboard })
    }))
}

/// Ends the daemons.
pub(crate) fn end() {
    drop(TRIO.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// A report through the wrapper, as JSON.
fn wrapped(chronyd: &Chronyd, report: ReportName) -> Value {
    let mut connection = chronyd.connection().open().expect("chronyd answers");
    let value = match report {
        ReportName::Tracking => serde_json::to_value(connection.tracking().unwrap()),
        ReportName::Sources => serde_json::to_value(&*connection.sources().unwrap()),
        ReportName::SourceStats => serde_json::to_value(&*connection.source_stats().unwrap()),
        ReportName::SelectData => serde_json::to_value(&*connection.select_data().unwrap()),
        ReportName::Activity => serde_json::to_value(connection.activity().unwrap()),
        ReportName::AuthData => serde_json::to_value(&*connection.auth_data().unwrap()),
        ReportName::NtpData => serde_json::to_value(&*connection.ntp_data().unwrap()),
        ReportName::ServerStats => serde_json::to_value(connection.server_stats().unwrap()),
        other => panic!("{other} is not read here"),
    };
    value.expect("a report is JSON")
}

/// Holds a report, read through the wrapper and then over HTTP, against chronyc.
fn compare(report: ReportName, check: impl Fn(&Value, &Witness)) {
    let trio = trio();
    let wrapper = || wrapped(&trio.client, report);
    let (value, witness) = Witness::around(&trio.client, report.as_str(), wrapper);
    check(&value, &witness);
    let http = || trio.dashboard.get(&format!("/api/v1/{report}")).json();
    let (value, witness) = Witness::around(&trio.client, report.as_str(), http);
    check(&value, &witness);
}

/// As above, record by record.
fn compare_each(report: ReportName, check: impl Fn(&Value, &Witness, usize)) {
    compare(report, |value, witness| {
        let records = value.as_array().expect("a list");
        assert_eq!(records.len(), 3);
        assert_eq!(witness.lines(), 3);
        records.iter().enumerate().for_each(|(line, record)| check(record, witness, line));
    });
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} is {}", value[key]))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is {}", value[key]))
}

#[serial]
pub(crate) fn tracking_is_what_chronyc_says() {
    compare(ReportName::Tracking, |tracking, witness| {
        let id = tracking["reference_id"].as_u64().unwrap();
        witness.says(0, 0, &format!("{id:08X}"));
        witness.says(0, 1, text(tracking, "reference_ip"));
        witness.says(0, 1, text(tracking, "reference_id_name"));
        witness.agrees(0, 2, number(tracking, "stratum"), 0);
        let time = humantime::parse_rfc3339(text(tracking, "ref_time")).unwrap();
        let seconds = time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        witness.agrees(0, 3, seconds, 5);
        // chronyc's digits; what changes between its two runs is allowed for.
        for (field, key, digits) in [
            (4, "offset", 6),
            (5, "last_offset", 6),
            (6, "rms_offset", 6),
            (7, "frequency", 1),
            (8, "residual_freq", 1),
            (9, "skew", 1),
            (10, "root_delay", 5),
            (11, "root_dispersion", 5),
            (12, "update_interval", 0),
        ] {
            witness.agrees(0, field, number(tracking, key), digits);
        }
        assert_eq!((witness.text(0, 13), text(tracking, "leap_status")), ("Normal", "normal"));
        assert_eq!(tracking["synchronized"], true);
        let bound = number(tracking, "offset").abs()
            + number(tracking, "root_dispersion")
            + number(tracking, "root_delay") / 2.0;
        assert!((number(tracking, "max_error") - bound).abs() < 1e-12);
    });
}

#[serial]
pub(crate) fn sources_are_what_chronyc_says() {
    compare_each(ReportName::Sources, |source, witness, line| {
        assert_eq!((witness.text(line, 0), text(source, "mode")), ("^", "client"));
        let mark = match text(source, "state") {
            "selected" => "*",
            "unselected" => "+",
            "selectable" => "-",
            "falseticker" => "x",
            "jittery" => "~",
            "nonselectable" => "?",
            other => panic!("{other} is no state"),
        };
        witness.says(line, 1, mark);
        assert_eq!(witness.text(line, 2), text(source, "address"));
        witness.agrees(line, 3, number(source, "stratum"), 0);
        witness.agrees(line, 4, number(source, "poll"), 0);
        let reach = source["reachability"].as_u64().unwrap();
        witness.says(line, 5, &format!("{reach:o}"));
        witness.agrees(line, 6, number(source, "last_sample_ago"), 0);
        witness.agrees(line, 7, number(source, "latest_meas"), 5);
        witness.agrees(line, 8, number(source, "orig_latest_meas"), 5);
        witness.agrees(line, 9, number(source, "latest_meas_err"), 5);
    });
}

#[serial]
pub(crate) fn source_statistics_are_what_chronyc_says() {
    compare_each(ReportName::SourceStats, |stats, witness, line| {
        assert_eq!(witness.text(line, 0), text(stats, "address"));
        witness.agrees(line, 1, number(stats, "samples"), 0);
        witness.agrees(line, 2, number(stats, "runs"), 0);
        witness.agrees(line, 3, number(stats, "span"), 0);
        witness.agrees(line, 4, number(stats, "resid_freq"), 1);
        witness.agrees(line, 5, number(stats, "skew"), 1);
        witness.agrees(line, 6, number(stats, "offset"), 5);
        witness.agrees(line, 7, number(stats, "std_dev"), 5);
    });
}

#[serial]
pub(crate) fn selection_data_is_what_chronyc_says() {
    compare_each(ReportName::SelectData, |data, witness, line| {
        let mark = match text(data, "state") {
            "best" => "*",
            "combined" => "+",
            "waiting_for_update" => "U",
            "waiting_for_others" => "w",
            "stale" => "S",
            "large_distance" => "D",
            other => panic!("{other} is unexpected here"),
        };
        witness.says(line, 0, mark);
        assert_eq!(witness.text(line, 1), text(data, "address"));
        assert_eq!((witness.text(line, 2), &data["authentication"]), ("N", &Value::Bool(false)));
        assert_eq!(data["configured_options"], serde_json::json!([]));
        witness.agrees(line, 13, number(data, "last_sample_ago"), 0);
        witness.agrees(line, 14, number(data, "score"), 0);
        witness.agrees(line, 15, number(data, "low_limit"), 4);
        witness.agrees(line, 16, number(data, "high_limit"), 4);
    });
}

#[serial]
pub(crate) fn activity_is_what_chronyc_says() {
    compare(ReportName::Activity, |activity, witness| {
        for (field, key) in [
            (0, "online_sources"),
            (1, "offline_sources"),
            (2, "burst_online_return_sources"),
            (3, "burst_offline_return_sources"),
            (4, "unresolved_sources"),
        ] {
            witness.agrees(0, field, number(activity, key), 3);
        }
    });
}

#[serial]
pub(crate) fn authentication_is_what_chronyc_says() {
    compare_each(ReportName::AuthData, |data, witness, line| {
        assert_eq!(witness.text(line, 0), text(data, "address"));
        assert_eq!((witness.text(line, 1), text(data, "mode")), ("-", "none"));
        assert_eq!(
            (&data["key_type"], &data["last_key_establishment_ago"]),
            (&Value::Null, &Value::Null)
        );
    });
}

#[serial]
pub(crate) fn ntp_data_is_what_chronyc_says() {
    compare_each(ReportName::NtpData, |data, witness, line| {
        assert_eq!(witness.text(line, 0), text(data, "remote_address"));
        witness.agrees(line, 2, number(data, "remote_port"), 3);
        assert_eq!(witness.text(line, 3), text(data, "local_address"));
        witness.agrees(line, 6, number(data, "version"), 3);
        assert_eq!((witness.text(line, 7), text(data, "mode")), ("Server", "server"));
        witness.agrees(line, 8, number(data, "stratum"), 3);
        witness.agrees(line, 9, number(data, "poll"), 0);
        witness.agrees(line, 11, number(data, "precision"), 3);
        witness.agrees(line, 18, number(data, "offset"), 4);
        witness.agrees(line, 19, number(data, "peer_delay"), 4);
        // "111", "111", "1111": every test was passed.
        let passed: String = (23..26).map(|field| witness.text(line, field)).collect();
        let flags = data["flags"].as_array().unwrap();
        for (test, digit) in [
            "test1", "test2", "test3", "test5", "test6", "test7", "test_a", "test_b", "test_c",
            "test_d",
        ]
        .iter()
        .zip(passed.chars())
        {
            assert_eq!(flags.contains(&Value::from(*test)), digit == '1', "{test} of {flags:?}");
        }
        witness.agrees(line, 30, number(data, "transmitted_messages"), 0);
        witness.agrees(line, 31, number(data, "received_messages"), 0);
        witness.agrees(line, 32, number(data, "received_valid_messages"), 0);
        witness.agrees(line, 33, number(data, "received_good_messages"), 0);
    });
}

#[serial]
pub(crate) fn server_statistics_are_what_chronyc_says() {
    compare(ReportName::ServerStats, |stats, witness| {
        // chronyc's order; the third counts the requests of this very comparison.
        for (field, key) in [
            (0, "received_ntp_requests"),
            (1, "dropped_ntp_requests"),
            (2, "received_command_requests"),
            (3, "dropped_command_requests"),
            (4, "dropped_client_log_records"),
            (5, "accepted_nts_ke_connections"),
            (6, "dropped_nts_ke_connections"),
        ] {
            witness.agrees(0, field, number(stats, key), 0);
        }
        assert!(number(stats, "received_command_requests") > 0.0);
    });
}

#[serial]
pub(crate) fn a_snapshot_joins_what_belongs_to_one_source() {
    let trio = trio();
    let snapshot = trio.client.connection().open().unwrap().snapshot().unwrap();
    let joined = snapshot.joined();
    assert_eq!(joined.len(), 3);
    for one in joined {
        let address = one.source.address;
        assert_eq!(one.stats.unwrap().address, address);
        assert_eq!(one.select.unwrap().address, address);
        assert_eq!(one.auth.unwrap().address, address);
        assert_eq!(one.ntp.unwrap().remote_address, address);
    }
    let unavailable: Vec<_> = snapshot.unavailable.keys().copied().collect();
    assert_eq!(unavailable, [ReportName::RtcData, ReportName::Smoothing]);
    assert!(snapshot.odd_records.is_empty());

    let json = trio.dashboard.get("/api/v1/snapshot").json();
    for report in ReportName::ALL {
        assert!(json.as_object().unwrap().contains_key(report.as_str()), "{report} is missing");
    }
    assert_eq!(json["chronyd"]["transport"], "unix");
    assert_eq!(json["chronyd"]["address"], trio.client.unix());
}

#[serial]
pub(crate) fn the_page_says_how_right_the_clock_is_and_marks_the_selected_source() {
    let trio = trio();
    let response = trio.dashboard.get("/");
    assert_eq!(response.status, 200);
    let page = response.page();
    assert!(page.verdict().starts_with("This clock is right to within "), "{}", page.verdict());
    let selected = page.all(".sources tbody tr.selected");
    assert_eq!(selected.len(), 1);
    assert!(selected[0].starts_with('*'), "{selected:?}");
    assert_eq!(page.all(".sources tbody tr").len(), 3);
    assert_eq!(page.all(".sourcestats tbody tr").len(), 3);
    for name in ["status", "offset", "stratum"] {
        assert!(!page.text(&format!(".box-{name} .value")).is_empty(), "the box {name} is empty");
    }
    assert_eq!(page.text(".box-stratum .value"), "4");
    assert!(page.text(".rtcdata").contains("not enabled"), "{}", page.text(".rtcdata"));
}

#[serial]
pub(crate) fn over_udp_the_closed_reports_are_named_and_the_open_ones_are_the_same() {
    let trio = trio();
    let closed = ["selectdata", "authdata", "ntpdata", "serverstats"];
    let address = trio.client.udp().parse().unwrap();
    let mut connection = libchrony::Connection::builder().address(address).open().unwrap();
    let snapshot = connection.snapshot().unwrap();
    for report in closed {
        let error = &snapshot.unavailable[&ReportName::from_name(report).unwrap()];
        assert_eq!(error.kind(), ErrorKind::NotAuthorized);
    }
    assert_eq!(connection.select_data().unwrap_err().kind(), ErrorKind::NotAuthorized);
    assert_eq!(snapshot.sources.unwrap().len(), 3);
    assert!(snapshot.tracking.unwrap().is_synchronized());

    let dashboard = Dashboard::of(&trio.client.udp());
    let json = dashboard.get("/api/v1/snapshot").json();
    assert_eq!(json["chronyd"]["transport"], "udp");
    for report in closed {
        assert_eq!(json[report], Value::Null);
        assert_eq!(json["unavailable"][report]["kind"], "not_authorized");
        let hint = json["unavailable"][report]["hint"].as_str().unwrap();
        assert!(hint.contains("chronyd.sock") && hint.contains("opencommands"), "{hint}");
        let response = dashboard.get(&format!("/api/v1/{report}"));
        assert_eq!(
            (response.status, &response.json()["error"]["kind"]),
            (503, &"not_authorized".into())
        );
    }
    let page = dashboard.get("/").page();
    assert!(page.verdict().starts_with("This clock is right to within "));
    assert!(page.text(".access").contains("opencommands"), "{}", page.text(".access"));
}

#[serial]
pub(crate) fn two_threads_never_see_each_other_s_addresses() {
    let trio = trio();
    // Another daemon with other addresses, so that a mix would show.
    let other = Chronyd::client(
        "server 127.0.0.201 port 9\nserver 127.0.0.202 port 9\nserver 127.0.0.203 port 9",
    );
    let read = |chronyd: &Chronyd, expected: [&'static str; 3]| {
        let mut connection = chronyd.connection().open().unwrap();
        std::thread::spawn(move || {
            let addresses =
                || connection.sources().unwrap().iter().map(|s| s.address.to_string()).collect();
            std::iter::repeat_with(addresses)
                .take(1000)
                .filter(|read: &Vec<_>| *read != expected)
                .count()
        })
    };
    let one = read(&trio.client, ["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    let two = read(&other, ["127.0.0.201", "127.0.0.202", "127.0.0.203"]);
    assert_eq!((one.join().unwrap(), two.join().unwrap()), (0, 0), "wrong lists");
}
