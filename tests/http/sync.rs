//! `/health/sync`: the verdict of `second-hand check` for those who ask over HTTP.

use libchrony::testing::{Scenario, Simulator};
use serde_json::Value;

use crate::common::dashboard::{Dashboard, Response, second_hand};
use crate::{assert_secured, shown, without_chronyd};

fn of(scenario: Scenario) -> Response {
    let (_chronyd, dashboard) = shown(scenario);
    dashboard.get("/health/sync")
}

#[test]
fn a_clock_that_is_well_is_200_and_its_figures_follow() {
    let response = of(Scenario::synchronized());
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.header("cache-control"), "no-store");
    assert_secured(&response);
    let json = response.json();
    assert_eq!((&json["status"], &json["synchronized"]), (&"ok".into(), &true.into()));
    assert_eq!(json["stratum"], 3);
    assert!(json["max_error"].as_f64().is_some_and(|error| error > 0.0 && error < 0.1), "{json}");
    let reason = json["reason"].as_str().expect("a text");
    assert!(reason.starts_with("This clock is right to within "), "{reason}");
    assert!(!reason.contains("max_error="), "{reason}");
}

#[test]
fn status_and_reason_are_those_of_the_check() {
    let mut far = Scenario::synchronized();
    far.tracking.root_dispersion = 0.06;
    let mut wrong = Scenario::synchronized();
    wrong.tracking.root_dispersion = 0.2;
    for (scenario, status) in [
        (Scenario::synchronized(), 200),
        (Scenario::local(), 200),
        (far, 200),
        (wrong, 503),
        (Scenario::unsynchronized(), 503),
        (Scenario::no_sources(), 503),
        (Scenario::only_unreachable(), 503),
    ] {
        let (chronyd, dashboard) = shown(scenario);
        let response = dashboard.get("/health/sync");
        assert_eq!(response.status, status, "{}", response.body);
        let json = response.json();
        let mut check = second_hand();
        check.args(["check", "--chronyd", &chronyd.address(), "--timeout", "200ms"]);
        let line = check.output().expect("second-hand runs").stdout;
        let line = String::from_utf8(line).expect("UTF-8");
        let word = json["status"].as_str().expect("a word").to_uppercase();
        assert!(line.starts_with(&format!("CHRONY {word}: ")), "{line} {json}");
        // The words alone: two readings differ in their ages.
        let words = |text: &str| text.replace(|c: char| c.is_ascii_digit() || c == '.', "");
        let reason = words(json["reason"].as_str().expect("a text"));
        assert!(words(&line).contains(&reason), "{line} {json}");
    }
}

#[test]
fn the_limits_come_from_the_options_or_the_variables_as_those_of_the_check() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    for (option, value, status, reason) in [
        ("max-error", "1us", "critical", "above 1 µs"),
        ("warn-error", "1us", "warning", "above 1 µs"),
        ("max-stratum", "2", "critical", "The stratum, 3, is above the limit, 2."),
        ("max-stratum", "3", "ok", "right to within"),
        ("min-sources", "4", "critical", "Only 3 sources answer, below the limit, 4."),
        ("min-sources", "3", "ok", "right to within"),
    ] {
        let quiet = ["--port", "0", "--refresh", "1h", "--chronyd", &chronyd.address()];
        let flag = Dashboard::start(second_hand().args(quiet).arg(format!("--{option}={value}")));
        let name = format!("SECOND_HAND_{}", option.to_uppercase().replace('-', "_"));
        let variable = Dashboard::start(second_hand().args(quiet).env(name, value));
        for dashboard in [flag, variable] {
            let response = dashboard.get("/health/sync");
            let json = response.json();
            assert_eq!(json["status"], status, "--{option} {value}: {json}");
            assert_eq!(response.status == 503, status == "critical", "{json}");
            assert!(json["reason"].as_str().is_some_and(|text| text.contains(reason)), "{json}");
            // The page has limits of its own.
            assert_eq!(dashboard.get("/").status, 200);
        }
    }
}

#[test]
fn bad_limits_stop_the_start_with_one_line() {
    for flags in [["--max-error", "soon"], ["--warn-error", "1s"], ["--min-sources", "many"]] {
        let output = second_hand().args(flags).output().expect("second-hand runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.contains(flags[0]), "{text}");
    }
}

#[test]
fn no_chronyd_or_a_silent_one_is_503_and_says_why() {
    let (_directory, dashboard) = without_chronyd();
    let silent = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    silent.stop_answering();
    for (dashboard, why) in [
        (dashboard, "chronyd may not be running"),
        (Dashboard::impatient(&silent.address()), "does not answer"),
    ] {
        let response = dashboard.get("/health/sync");
        assert_eq!(response.status, 503, "{}", response.body);
        let json = response.json();
        assert_eq!((&json["status"], &json["synchronized"]), (&"critical".into(), &Value::Null));
        assert!(json["reason"].as_str().is_some_and(|text| text.contains(why)), "{json}");
    }
}

#[test]
fn a_clock_that_is_not_synchronized_has_no_error_bound() {
    let json = of(Scenario::unsynchronized()).json();
    assert_eq!(json["synchronized"], false);
    assert_eq!((&json["max_error"], &json["stratum"]), (&Value::Null, &Value::Null));
}
