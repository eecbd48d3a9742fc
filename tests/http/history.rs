//! The recorded series, and the file that keeps them.

use libchrony::testing::{Scenario, Simulator, Source};
use serde_json::{Value, json};

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;
use crate::{assert_failure, assert_secured, shown, without_chronyd};

/// The series of the clock.
const CLOCK: [&str; 8] = [
    "offset",
    "max_error",
    "frequency",
    "skew",
    "rms_offset",
    "root_delay",
    "root_dispersion",
    "stratum",
];

/// Read every second, which makes steps of two.
fn often(chronyd: &str, more: &[&str]) -> Dashboard {
    let usual = ["--port", "0", "--chronyd", chronyd, "--timeout", "200ms", "--refresh", "1s"];
    Dashboard::start(second_hand().args(usual).args(more))
}

fn history(dashboard: &Dashboard, query: &str) -> Value {
    let response = dashboard.get(&format!("/api/v1/history?{query}"));
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-store");
    assert_secured(&response);
    response.json()
}

/// The means of a series that are there.
fn means(history: &Value, series: &str) -> Vec<f64> {
    let means = history["series"][series]["mean"].as_array().expect("means");
    means.iter().filter_map(Value::as_f64).collect()
}

/// The history, once a series has so many values.
fn with_values(dashboard: &Dashboard, query: &str, series: &str, number: usize) -> Value {
    eventually("so many values are recorded", || {
        let history = history(dashboard, query);
        (means(&history, series).len() >= number).then_some(history)
    })
}

fn kinds(history: &Value) -> Vec<&str> {
    let events = history["events"].as_array().expect("events");
    events.iter().map(|event| event["kind"].as_str().expect("a kind")).collect()
}

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= expected.abs() * 1e-6, "{found}, not {expected}");
}

#[test]
fn values_that_were_read_are_in_the_series_of_their_names_and_units() {
    let mut scenario = Scenario::synchronized();
    scenario.tracking.frequency = -3.5;
    scenario.sources[1].adjusted_offset = 0.000_25;
    let (_chronyd, dashboard) = shown_often(scenario);
    let names = "frequency,sources/192.0.2.12/offset,sources/192.0.2.12/reach,sources/2001:db8::13/delay,frequency";
    let query = format!("series={names}&from=-1m&points=60");
    let history = with_values(&dashboard, &query, "sources/192.0.2.12/offset", 1);
    assert_eq!(history["series"].as_object().map(serde_json::Map::len), Some(4));
    assert_near(means(&history, "frequency")[0], -3.5);
    assert_near(means(&history, "sources/192.0.2.12/offset")[0], 0.000_25);
    assert_near(means(&history, "sources/192.0.2.12/reach")[0], 8.0);
    assert!(!means(&history, "sources/2001:db8::13/delay").is_empty());
    let unit = |name: &str| history["series"][name]["unit"].clone();
    assert_eq!(unit("frequency"), "ppm");
    assert_eq!(unit("sources/192.0.2.12/offset"), "s");
    assert_eq!(unit("sources/192.0.2.12/reach"), "1");
    let frequency = &history["series"]["frequency"];
    let number = frequency["mean"].as_array().map(Vec::len);
    assert!(number.is_some_and(|number| (30..=32).contains(&number)), "{history}");
    for part in ["min", "max"] {
        assert_eq!(frequency[part].as_array().map(Vec::len), number);
        assert_eq!(frequency[part], frequency["mean"]);
    }
    assert_eq!(history["step"], 2);
    for time in ["from", "to", "since"] {
        assert!(history[time].as_str().is_some_and(|text| text.ends_with('Z')), "{history}");
    }
    assert_eq!(kinds(&history), ["began"]);
}

/// A simulated chronyd, and a dashboard that reads it every second.
fn shown_often(scenario: Scenario) -> (Simulator, Dashboard) {
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    let dashboard = often(&chronyd.address(), &[]);
    (chronyd, dashboard)
}

#[test]
fn without_chronyd_there_are_only_empty_steps_and_the_reason() {
    let directory = tempfile::tempdir_in("/tmp").expect("a directory");
    let dashboard = often(&directory.path().join("chronyd.sock").display().to_string(), &[]);
    let history = eventually("the first reading failed", || {
        let history = history(&dashboard, "");
        (kinds(&history).len() == 2).then_some(history)
    });
    let series = history["series"].as_object().expect("series");
    let mut names = CLOCK;
    names.sort_unstable();
    assert_eq!(series.keys().collect::<Vec<_>>(), names);
    for columns in series.values() {
        for part in ["min", "mean", "max"] {
            let values = columns[part].as_array().expect("values");
            assert!(values.len() > 100 && values.iter().all(Value::is_null), "{history}");
        }
    }
    assert_eq!(history["since"], Value::Null);
    assert_eq!(kinds(&history), ["began", "lost"]);
    assert!(history["events"][1]["reason"].as_str().is_some_and(|r| r.contains("chronyd.sock")));
    // A source cannot be missed before there was one.
    assert_eq!(means(&history_of(&dashboard), "sources/192.0.2.1/offset"), [0.0; 0]);
}

fn history_of(dashboard: &Dashboard) -> Value {
    history(dashboard, "series=sources/192.0.2.1/offset")
}

#[test]
fn a_chronyd_that_was_silent_is_a_gap_and_two_events() {
    let (chronyd, dashboard) = shown_often(Scenario::synchronized());
    let query = "series=offset&from=-2m&points=60";
    with_values(&dashboard, query, "offset", 1);
    chronyd.stop_answering();
    // Long enough that a step of two seconds passes without a value, whenever it began.
    let quiet = |history: &Value| {
        let means = history["series"]["offset"]["mean"].as_array().expect("means");
        means.iter().rev().take_while(|mean| mean.is_null()).count() >= 3
    };
    eventually("steps without a value", || quiet(&history(&dashboard, query)).then_some(()));
    chronyd.resume();
    let history = eventually("chronyd is back", || {
        let history = history(&dashboard, query);
        kinds(&history).ends_with(&["back"]).then_some(history)
    });
    let means = history["series"]["offset"]["mean"].as_array().expect("means");
    let runs: Vec<bool> = means.iter().map(Value::is_null).collect();
    let begin = runs.iter().position(|is_null| !is_null).expect("a value");
    let end = runs.iter().rposition(|is_null| !is_null).expect("a value");
    assert!(runs[begin..end].contains(&true), "no gap: {history}");
    assert_eq!(kinds(&history), ["began", "lost", "back"]);
}

#[test]
fn what_changes_is_an_event_with_its_sources() {
    let (chronyd, dashboard) = shown_often(Scenario::synchronized());
    with_values(&dashboard, "from=-1m", "offset", 1);
    // Counters that went back would be a restart.
    let serverstats = Scenario::synchronized().serverstats;
    let mut changed = Scenario { serverstats, ..Scenario::falseticker() };
    changed.sources[0].state = Source::COMBINED;
    changed.sources[1].state = Source::SELECTED;
    changed.sources[2].reachability = 0;
    chronyd.set(changed);
    let history = eventually("the changes are seen", || {
        let history = history(&dashboard, "from=-1m");
        (kinds(&history).len() > 1).then_some(history)
    });
    let mut events = history["events"].as_array().cloned().expect("events");
    for event in &mut events {
        let at = event.as_object_mut().and_then(|event| event.remove("at"));
        assert!(at.is_some_and(|at| at.is_string()), "{history}");
    }
    for expected in [
        json!({"kind": "selected", "before": "a.time.example.net", "now": "b.time.example.net"}),
        json!({"kind": "unreachable", "source": "c.time.example.net"}),
        json!({"kind": "added", "source": "liar.example.net"}),
        json!({"kind": "falseticker", "source": "liar.example.net", "now": true}),
    ] {
        assert!(events.contains(&expected), "{expected} is missing: {events:?}");
    }
}

#[test]
fn what_cannot_be_answered_is_a_bad_request_with_a_hint() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    with_values(&dashboard, "", "offset", 1);
    for (query, hint) in [
        ("series=temperature", "max_error"),
        ("series=", "max_error"),
        ("series=offset,,skew", "max_error"),
        ("series=sources/192.0.2.99/offset", "sources/ID/offset"),
        ("series=sources/192.0.2.11/skew", "sources/ID/offset"),
        ("series=%22%3Cscript%3E", "max_error"),
        ("from=yesterday", "-1h"),
        ("from=-1parsec", "-1h"),
        ("from=-99999999999999years", "-1h"),
        ("to=2026-02-30T00:00:00Z", "-1h"),
        ("from=now&to=-1h", "from comes before to"),
        ("points=0", "1 to 5000"),
        ("points=5001", "1 to 5000"),
        ("points=-1", "1 to 5000"),
        ("points=many", "1 to 5000"),
        ("colour=red", "series, from, to and points"),
        ("points=1&points=2", "series, from, to and points"),
    ] {
        let response = dashboard.get(&format!("/api/v1/history?{query}"));
        assert_failure(&response, 400, "bad_request");
        let text = response.json()["error"]["hint"].as_str().map(str::to_owned);
        assert!(text.as_deref().is_some_and(|text| text.contains(hint)), "{query}: {text:?}");
    }
}

#[test]
fn a_window_may_lie_anywhere_and_has_no_more_steps_than_asked_for() {
    let (_directory, dashboard) = without_chronyd();
    for (query, most) in [
        ("from=1970-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&points=5000", 5002),
        ("from=2100-01-01T00:00:00Z&to=2101-01-01T00:00:00Z&points=1", 3),
        ("from=now&to=now", 1),
        ("from=-400days&points=300", 302),
        ("to=1970-01-01T00:00:10Z", 302),
    ] {
        let history = history(&dashboard, query);
        let number = history["series"]["offset"]["mean"].as_array().map_or(0, Vec::len);
        assert!((1..=most).contains(&number), "{query}: {number}");
    }
}
