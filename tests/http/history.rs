//! The recorded series, and the file that keeps them.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use libchrony::testing::{Scenario, Simulator, Source};
use rustix::process::Signal;
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

/// A place for a history file.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("history")
    }

    fn dashboard(&self, chronyd: &Simulator) -> Dashboard {
        let file = self.file().display().to_string();
        often(&chronyd.address(), &["--history-file", &file])
    }

    /// What stands beside the file.
    fn aside(&self) -> Vec<PathBuf> {
        let entries = self.0.path().read_dir().expect("the directory is readable");
        let names = entries.map(|entry| entry.expect("an entry").path());
        names.filter(|path| *path != self.file()).collect()
    }

    /// Starts a second-hand that cannot use the file: its line, and its exit code.
    fn refused(&self, chronyd: &Simulator) -> (Option<i32>, String) {
        let file = self.file().display().to_string();
        let output = second_hand()
            .args(["--port", "0", "--chronyd", &chronyd.address(), "--history-file", &file])
            .output()
            .expect("second-hand runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn synchronized() -> Simulator {
    Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts")
}

/// The history after a restart has what was there before it, and what came after.
fn assert_kept(dashboard: &Dashboard, before: &Value) {
    // From before it began, which may be in the second before its first reading.
    let query = "series=frequency,sources/192.0.2.11/offset&from=-1h";
    let extremes = |history: &Value| {
        let numbers = |part: &str| -> Vec<f64> {
            let values = history["series"]["frequency"][part].as_array().expect("values");
            values.iter().filter_map(Value::as_f64).collect()
        };
        let least = numbers("min").into_iter().reduce(f64::min);
        (least, numbers("max").into_iter().reduce(f64::max))
    };
    let history = eventually("something was read after the restart", || {
        let history = history(dashboard, query);
        (extremes(&history).1 == Some(7.25)).then_some(history)
    });
    assert_eq!(extremes(&history).0, Some(-3.5), "{history}");
    assert_eq!(history["since"], before["since"]);
    assert!(!means(&history, "sources/192.0.2.11/offset").is_empty());
    assert_eq!(kinds(&history).iter().filter(|kind| **kind == "began").count(), 2, "{history}");
}

/// A chronyd whose clock has this frequency.
fn with_frequency(frequency: f64) -> Scenario {
    let mut scenario = Scenario::synchronized();
    scenario.tracking.frequency = frequency;
    scenario
}

#[test]
fn the_history_is_there_after_a_restart_and_the_time_between_is_none() {
    let place = Place::new();
    let chronyd = synchronized();
    chronyd.set(with_frequency(-3.5));
    let dashboard = place.dashboard(&chronyd);
    let before = with_values(&dashboard, "series=frequency&from=-1m", "frequency", 1);
    assert_eq!(dashboard.end(Signal::TERM).code(), Some(0));
    chronyd.set(with_frequency(7.25));
    let dashboard = place.dashboard(&chronyd);
    assert_kept(&dashboard, &before);
    assert!(place.aside().is_empty(), "{:?}", place.aside());
}

#[test]
fn what_is_killed_loses_the_last_batch_at_most() {
    let place = Place::new();
    let chronyd = synchronized();
    chronyd.set(with_frequency(-3.5));
    let dashboard = place.dashboard(&chronyd);
    let before = with_values(&dashboard, "series=frequency&from=-1m", "frequency", 1);
    let seen = SystemTime::now();
    eventually("the next batch is written, and no other is under way", || {
        let written = place.file().metadata().and_then(|metadata| metadata.modified());
        let written = written.expect("the file is there");
        let is_next = written > seen + Duration::from_secs(5);
        let is_over = written.elapsed().is_ok_and(|ago| ago > Duration::from_secs(1));
        (is_next && is_over).then_some(())
    });
    dashboard.kill();
    chronyd.set(with_frequency(7.25));
    let dashboard = place.dashboard(&chronyd);
    assert_kept(&dashboard, &before);
    assert!(place.aside().is_empty(), "{:?}", place.aside());
}

#[test]
fn a_damaged_file_is_set_aside_with_its_bytes_and_second_hand_goes_on() {
    let place = Place::new();
    let chronyd = synchronized();
    let bytes = "what somebody else wrote\n".repeat(500);
    std::fs::write(place.file(), &bytes).expect("the file is written");
    let log = place.0.path().with_extension("log");
    let file = place.file().display().to_string();
    let dashboard = Dashboard::start_telling(
        second_hand().args(["--port", "0", "--chronyd", &chronyd.address()]).args([
            "--history-file",
            &file,
            "--refresh",
            "1s",
        ]),
        std::fs::File::create(&log).expect("a log"),
    );
    let [aside] = &place.aside()[..] else { panic!("{:?}", place.aside()) };
    assert_eq!(std::fs::read_to_string(aside).expect("it is readable"), bytes);
    let name = aside.display().to_string();
    assert!(name.contains("history.damaged-2"), "{name}");
    let told = std::fs::read_to_string(&log).expect("the log is readable");
    std::fs::remove_file(&log).expect("the log is removed");
    assert!(told.contains(&name) && told.contains("damaged"), "{told}");
    with_values(&dashboard, "series=offset&from=-1m", "offset", 1);
}

#[test]
fn two_processes_do_not_share_a_file() {
    let place = Place::new();
    let chronyd = synchronized();
    let dashboard = place.dashboard(&chronyd);
    let (code, line) = place.refused(&chronyd);
    assert_eq!(code, Some(1), "{line}");
    assert!(line.contains("in use by another process"), "{line}");
    assert!(line.contains(&place.file().display().to_string()), "{line}");
    // The first goes on, and the file is whole.
    with_values(&dashboard, "series=offset&from=-1m", "offset", 1);
    assert_eq!(dashboard.end(Signal::TERM).code(), Some(0));
    place.dashboard(&chronyd);
    assert!(place.aside().is_empty(), "{:?}", place.aside());
}

#[test]
fn a_file_in_a_directory_that_is_not_there_stops_the_start_with_what_to_do() {
    let place = Place::new();
    let chronyd = synchronized();
    std::fs::remove_dir(place.0.path()).expect("it is empty");
    let (code, line) = place.refused(&chronyd);
    assert_eq!((code, line.lines().count()), (Some(1), 1), "{line}");
    assert!(line.contains("make the directory"), "{line}");
}

#[test]
fn without_a_history_there_are_events_of_none_and_no_values() {
    let chronyd = synchronized();
    let dashboard = often(&chronyd.address(), &["--history", "off"]);
    assert!(chronyd.wait_for_requests(100, crate::common::PATIENCE));
    let history = history(&dashboard, "");
    assert_eq!(history["since"], Value::Null);
    assert_eq!(means(&history, "offset"), [0.0; 0]);
    assert_eq!(kinds(&history), [""; 0]);
}
