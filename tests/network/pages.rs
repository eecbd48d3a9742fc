//! The dashboard in this container, of daemons in others.

use libchrony::ReportName;
use serde_json::Value;

use crate::common::dashboard::Dashboard;
use crate::daemons::{self, CLOSED_UDP, FOLLOWER_SOCKET, FOLLOWER_UDP, SOURCES};

/// A dashboard of the follower at rest.
fn dashboard(variable: &str) -> Dashboard {
    drop(daemons::follower(variable));
    Dashboard::of(&daemons::address(variable))
}

pub(crate) fn the_page_over_the_socket_shows_every_source() {
    let response = dashboard(FOLLOWER_SOCKET).get("/");
    assert_eq!(response.status, 200, "{}", response.body);
    let page = response.page();
    assert!(page.verdict().starts_with("This clock is right to within "), "{}", page.verdict());
    assert_eq!(page.text(".box-stratum .value"), "6");
    assert_eq!(page.text(".box-status .value"), "synchronized");
    assert_eq!((page.rows(".sources").len(), page.rows(".sourcestats").len()), (SOURCES, SOURCES));
    for (name, word) in [("liar", "falseticker"), ("closed", "unreachable")] {
        let row = page.source(&daemons::host(name).to_string());
        assert!(row.contains(word), "{row}");
    }
}

/// The type of a value, null apart.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has(report: &str, record: &Value, expected: &str, keys: &[&str]) {
    for key in keys {
        assert_eq!(kind(&record[key]), expected, "{key} of {report}: {record:#}");
    }
}

pub(crate) fn the_json_holds_every_field_with_its_type() {
    let dashboard = dashboard(FOLLOWER_SOCKET);
    let get = |report: &str| {
        let response = dashboard.get(&format!("/api/v1/{report}"));
        assert_eq!(response.status, 200, "{report}: {}", response.body);
        response.json()
    };
    let tracking = get("tracking");
    has("tracking", &tracking, "bool", &["synchronized"]);
    has("tracking", &tracking, "string", &["leap_status", "ref_time", "reference_ip"]);
    let numbers = ["offset", "last_offset", "rms_offset", "frequency", "residual_freq", "skew"];
    has("tracking", &tracking, "number", &numbers);
    let numbers = ["root_delay", "root_dispersion", "update_interval", "stratum", "reference_id"];
    has("tracking", &tracking, "number", &numbers);
    for (report, strings, numbers) in [
        ("sources", &["id", "state", "mode"][..], &["poll", "reachability", "flags"][..]),
        ("sourcestats", &["address"], &["samples", "runs", "span", "reference_id"]),
        ("selectdata", &["address", "state", "leap_status"], &["score"]),
        ("authdata", &["address", "mode"], &["key_id", "key_length", "cookies", "cookie_length"]),
        ("ntpdata", &["remote_address"], &["remote_port", "transmitted_messages"]),
    ] {
        let records = get(report);
        assert_eq!(records.as_array().unwrap().len(), SOURCES, "{report}");
        for record in records.as_array().unwrap() {
            has(report, record, "string", strings);
            has(report, record, "number", numbers);
        }
    }
    has("activity", &get("activity"), "number", &["online_sources", "unresolved_sources"]);
    has("serverstats", &get("serverstats"), "number", &["received_command_requests"]);
    has("smoothing", &get("smoothing"), "number", &["offset", "wander", "remaining_time"]);
    assert_eq!(get("rtcdata"), Value::Null);
    let snapshot = get("snapshot");
    assert_eq!(snapshot["chronyd"]["transport"], "unix");
    for report in ReportName::ALL {
        assert!(snapshot.get(report.as_str()).is_some(), "{report}");
    }
}

pub(crate) fn over_udp_the_page_names_what_it_cannot_show() {
    let dashboard = dashboard(FOLLOWER_UDP);
    let page = dashboard.get("/").page();
    assert!(page.verdict().starts_with("This clock is right to within "), "{}", page.verdict());
    assert_eq!(page.rows(".sources").len(), SOURCES);
    assert!(page.text(".access").contains("opencommands"), "{}", page.text(".access"));
    let snapshot = dashboard.get("/api/v1/snapshot").json();
    assert_eq!(snapshot["chronyd"]["transport"], "udp");
    for report in ["selectdata", "authdata", "ntpdata", "serverstats"] {
        assert_eq!(snapshot["unavailable"][report]["kind"], "not_authorized", "{report}");
        assert_eq!(dashboard.get(&format!("/api/v1/{report}")).status, 503, "{report}");
    }
}

pub(crate) fn a_chronyd_that_gives_no_answer_is_said_with_an_honest_status() {
    let dashboard = Dashboard::impatient(&daemons::address(CLOSED_UDP));
    let response = dashboard.get("/");
    assert_eq!(response.status, 503);
    let text = response.page().text("main");
    assert!(text.contains("cmdallow"), "{text}");
    let error = &dashboard.get("/api/v1/snapshot").json()["error"];
    assert_eq!(error["kind"], "timed_out", "{error}");
}
