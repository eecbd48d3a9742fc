//! The data for programs.

use std::time::Duration;

use libchrony::testing::{Command, Fault, Scenario, Simulator};
use serde_json::{Value, json};

use crate::common::dashboard::Dashboard;
use crate::{REPORTS, assert_failure, assert_secured, shown, without_chronyd};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn assert_keys(value: &Value, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(keys(value), expected);
}

#[test]
fn health_is_that_the_process_serves() {
    let (_directory, dashboard) = without_chronyd();
    let health = dashboard.get("/health");
    assert_eq!(health.status, 200);
    assert_eq!(health.json(), json!({"status": "healthy", "version": env!("CARGO_PKG_VERSION")}));
    assert_secured(&health);
}

#[test]
fn a_snapshot_has_every_report_or_says_why_not() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    let response = dashboard.get("/api/v1/snapshot");
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-store");
    assert_secured(&response);

    let snapshot = response.json();
    for name in REPORTS {
        let is_named = snapshot["unavailable"].get(name).is_some();
        assert_eq!(snapshot[name].is_null(), is_named, "{name}: {snapshot}");
    }
    let expected = json!({"address": chronyd.address(), "transport": "unix"});
    assert_eq!(snapshot["chronyd"], expected);
    assert_eq!(snapshot["version"], env!("CARGO_PKG_VERSION"));
    assert_time(&snapshot["fetched_at"]);
}

/// RFC 3339, UTC, nanoseconds.
fn assert_time(value: &Value) {
    let text = value.as_str().expect("a time is a string");
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000000Z", "{text}");
}

#[test]
fn the_four_first_reports_have_the_promised_keys() {
    let (_chronyd, dashboard) =
        shown(Scenario { rtc: Scenario::rtc().rtc, ..Scenario::synchronized() });
    let snapshot = dashboard.get("/api/v1/snapshot").json();
    assert_keys(
        &snapshot["tracking"],
        &[
            "reference_id",
            "reference_id_name",
            "reference_ip",
            "stratum",
            "leap_status",
            "ref_time",
            "offset",
            "last_offset",
            "rms_offset",
            "frequency",
            "residual_freq",
            "skew",
            "root_delay",
            "root_dispersion",
            "update_interval",
            "synchronized",
            "max_error",
        ],
    );
    assert_time(&snapshot["tracking"]["ref_time"]);
    assert_keys(
        &snapshot["sources"][0],
        &[
            "id",
            "address",
            "name",
            "poll",
            "stratum",
            "state",
            "mode",
            "flags",
            "reachability",
            "last_sample_ago",
            "orig_latest_meas",
            "latest_meas",
            "latest_meas_err",
        ],
    );
    assert_keys(
        &snapshot["sourcestats"][0],
        &[
            "reference_id",
            "address",
            "samples",
            "runs",
            "span",
            "std_dev",
            "resid_freq",
            "skew",
            "offset",
            "offset_err",
        ],
    );
    let rtc = ["ref_time", "samples", "runs", "span", "offset", "freq_offset"];
    assert_keys(&snapshot["rtcdata"], &rtc);
    assert_eq!(snapshot["tracking"]["synchronized"], true);
    assert_eq!(snapshot["tracking"]["leap_status"], "normal");
    assert_eq!(snapshot["sources"][0]["mode"], "client");
}

/// The value with the kind of each scalar in its place.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
        Value::Array(list) => list.iter().map(shape).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) | Value::Null => value.clone(),
    }
}

#[test]
fn each_report_is_the_same_alone_as_in_the_snapshot() {
    let scenario = Scenario {
        rtc: Scenario::rtc().rtc,
        smoothing: Scenario::smoothing().smoothing,
        ..Scenario::synchronized()
    };
    let (_chronyd, dashboard) = shown(scenario);
    let snapshot = dashboard.get("/api/v1/snapshot").json();
    assert_eq!(snapshot["unavailable"], json!({}));
    for name in REPORTS {
        let response = dashboard.get(&format!("/api/v1/{name}"));
        assert_eq!(response.status, 200, "{name}");
        // Two readings differ in their times, not in their shape.
        assert_eq!(shape(&response.json()), shape(&snapshot[name]), "{name}");
        assert_secured(&response);
    }
}

#[test]
fn rtc_tracking_that_is_not_enabled_is_null_and_no_error() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let response = dashboard.get("/api/v1/rtcdata");
    assert_eq!((response.status, response.json()), (200, Value::Null));
}

#[test]
fn a_report_that_udp_does_not_give_says_so() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).unwrap();
    let dashboard = Dashboard::impatient(&chronyd.address());
    for name in ["selectdata", "authdata", "ntpdata", "serverstats"] {
        assert_failure(&dashboard.get(&format!("/api/v1/{name}")), 503, "not_authorized");
    }
    assert_failure(&dashboard.get("/api/v1/smoothing"), 503, "disabled");
    let snapshot = dashboard.get("/api/v1/snapshot");
    assert_eq!(snapshot.status, 200);
    let snapshot = snapshot.json();
    assert_eq!(snapshot["chronyd"]["transport"], "udp");
    assert_eq!(snapshot["selectdata"], Value::Null);
    assert_keys(&snapshot["unavailable"]["selectdata"], &["kind", "message", "hint"]);
}

#[test]
fn without_chronyd_every_path_says_that_it_is_not_running() {
    let (_directory, dashboard) = without_chronyd();
    assert_failure(&dashboard.get("/api/v1/snapshot"), 503, "not_running");
    for name in REPORTS {
        assert_failure(&dashboard.get(&format!("/api/v1/{name}")), 503, "not_running");
    }
}

#[test]
fn a_chronyd_that_hangs_is_an_error_in_bounded_time_and_data_when_it_goes_on() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    assert_eq!(dashboard.get("/api/v1/tracking").status, 200);
    chronyd.hang();
    assert_failure(&dashboard.get("/api/v1/tracking"), 503, "timed_out");
    chronyd.resume();
    assert_eq!(dashboard.get("/api/v1/tracking").status, 200);
}

#[test]
fn data_is_read_anew_at_every_request() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    assert_eq!(dashboard.get("/api/v1/tracking").json()["synchronized"], true);
    chronyd.set(Scenario::no_sources());
    assert_eq!(dashboard.get("/api/v1/tracking").json()["synchronized"], false);
    assert_eq!(dashboard.get("/api/v1/sources").json(), json!([]));
}

#[test]
fn those_who_ask_together_share_readings() {
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    let one = {
        let before = chronyd.request_count();
        assert_eq!(dashboard.get("/").status, 200);
        chronyd.request_count() - before
    };
    // The first reading of the crowd is held while the others ask, which costs it no attempt.
    chronyd.script([Fault::on(Command::TRACKING).times(1).delay(Duration::from_millis(200))]);
    let before = chronyd.request_count();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| assert_eq!(dashboard.get("/").status, 200));
        }
    });
    let cost = chronyd.request_count() - before;
    assert!(cost < 50 * one / 2, "50 pages cost {cost} requests, one costs {one}");
}

#[test]
fn clients_have_the_promised_keys_and_the_snapshot_none_of_them() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let response = dashboard.get("/api/v1/clients");
    assert_eq!(response.status, 200);
    assert_secured(&response);
    let clients = response.json();
    assert_keys(&clients, &["clients", "cut"]);
    assert_eq!(clients["cut"], false);
    let expected = json!({
        "address": "192.0.2.201",
        "ntp_hits": 8100,
        "nts_ke_hits": 0,
        "command_hits": 0,
        "ntp_drops": 9,
        "nts_ke_drops": 0,
        "command_drops": 0,
        "ntp_interval": 64.0,
        "nts_ke_interval": null,
        "command_interval": null,
        "ntp_timeout_interval": 16.0,
        "last_ntp_hit_ago": 17,
        "last_nts_ke_hit_ago": null,
        "last_command_hit_ago": null,
    });
    assert_eq!(clients["clients"][0], expected);
    assert!(dashboard.get("/api/v1/snapshot").json().get("clients").is_none());
    let page = dashboard.get("/").page();
    assert_eq!(page.all(".clients tbody tr").len(), 2);
    assert!(page.text(".clients tbody").contains("9 NTP"));
}

#[test]
fn clients_that_are_not_told_are_an_error_that_says_why() {
    let (_directory, dashboard) = without_chronyd();
    assert_failure(&dashboard.get("/api/v1/clients"), 503, "not_running");
    let (_chronyd, dashboard) = shown(Scenario { clients: None, ..Scenario::synchronized() });
    assert_failure(&dashboard.get("/api/v1/clients"), 503, "disabled");
    assert!(dashboard.get("/").page().text(".clients").contains("noclientlog"));
}

#[test]
fn a_source_is_called_by_its_name_everywhere() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let source = &dashboard.get("/api/v1/sources").json()[0];
    assert_eq!(
        (&source["name"], &source["address"]),
        (&json!("a.time.example.net"), &json!("192.0.2.11"))
    );
    let page = dashboard.get("/").page();
    let places = [
        ".sources tbody tr:first-child th",
        ".sourcestats tbody tr:first-child th",
        ".selectdata tbody tr:first-child th",
        ".ntpdata tbody tr:first-child th",
    ];
    for place in places {
        let text = page.text(place);
        assert!(text.starts_with("a.time.example.net"), "{place}: {text}");
    }
    assert!(page.text("#reference, .boxes").contains("a.time.example.net"));
}

#[test]
fn unknown_reports_and_paths_are_not_found_and_name_what_exists() {
    let (_directory, dashboard) = without_chronyd();
    // A report that is part of the list of sources, not one of its own.
    let unknown = dashboard.get("/api/v1/sourcename");
    assert_failure(&unknown, 404, "not_found");
    for name in REPORTS {
        assert!(unknown.body.contains(name), "{name}: {}", unknown.body);
    }
    for path in
        ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/tracking/", "/api/v1/%FF", "/health/x"]
    {
        assert_failure(&dashboard.get(path), 404, "not_found");
    }
}

#[test]
fn other_methods_are_not_allowed() {
    let (_directory, dashboard) = without_chronyd();
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for path in ["/health", "/api/v1/snapshot", "/api/v1/tracking", "/api/nothing"] {
            let response = dashboard.send(method, path);
            assert_failure(&response, 405, "method_not_allowed");
            assert_eq!(response.header("allow"), "GET, HEAD");
        }
    }
}

#[test]
fn a_single_report_costs_chronyd_that_report_alone() {
    let (chronyd, dashboard) = shown(Scenario::many_sources(50));
    let cost = |path: &str| {
        let before = chronyd.request_count();
        let status = dashboard.get(path).status;
        // This chronyd keeps no log of clients.
        assert_eq!(status, if path.ends_with("clients") { 503 } else { 200 }, "{path}");
        chronyd.request_count() - before
    };
    assert_eq!(cost("/api/v1/tracking"), 1);
    assert_eq!(cost("/api/v1/activity"), 1);
    // With the count before and after.
    assert_eq!(cost("/api/v1/sources"), 52);
    assert_eq!(cost("/api/v1/authdata"), 102);
    assert!(cost("/api/v1/clients") < 10);
    let whole = cost("/api/v1/snapshot");
    assert!(cost("/health/sync") < whole && whole > 250, "{whole}");
}
