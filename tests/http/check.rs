//! `second-hand check`: the line and the exit status.

use std::process::Output;

use libchrony::testing::{Scenario, Simulator};

use crate::common::dashboard::second_hand;

fn check(chronyd: &str, flags: &[&str]) -> (i32, String) {
    let mut command = second_hand();
    command.args(["check", "--chronyd", chronyd, "--timeout", "200ms"]).args(flags);
    taken(&command.output().expect("second-hand runs"))
}

/// The exit status and the one line.
fn taken(output: &Output) -> (i32, String) {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code().expect("it ends by itself"), text)
}

fn of(scenario: Scenario, flags: &[&str]) -> (i32, String) {
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    let given = check(&chronyd.address(), flags);
    let left = crate::client_directories(&chronyd);
    assert!(left.is_empty(), "{left:?}");
    given
}

#[test]
fn a_clock_that_is_right_is_0_and_its_figures_follow() {
    let (code, line) = of(Scenario::synchronized(), &[]);
    assert_eq!(code, 0, "{line}");
    assert!(line.starts_with("CHRONY OK: This clock is right to within "), "{line}");
    assert!(line.contains(" | max_error=") && line.contains(" stratum="), "{line}");
}

#[test]
fn the_limits_are_taken_from_the_options() {
    let (code, line) = of(Scenario::synchronized(), &["--max-error", "1us"]);
    assert_eq!(code, 2, "{line}");
    assert!(line.starts_with("CHRONY CRITICAL: "), "{line}");
    assert_eq!(of(Scenario::synchronized(), &["--max-stratum", "1"]).0, 2);
    assert_eq!(of(Scenario::local(), &[]).0, 1);
    assert_eq!(of(Scenario::unsynchronized(), &[]).0, 2);
}

#[test]
fn the_warning_level_is_half_of_the_critical_one_or_its_own() {
    let far = || {
        let mut scenario = Scenario::synchronized();
        scenario.tracking.root_dispersion = 0.06;
        scenario
    };
    assert_eq!(of(far(), &["--max-error=100ms"]).0, 1);
    assert_eq!(of(far(), &["--max-error=100ms", "--warn-error=90ms"]).0, 0);
    let (code, line) = of(far(), &["--max-error=1s", "--warn-error=10ms"]);
    assert_eq!(code, 1, "{line}");
    assert!(line.contains("s;0.01;1;0 "), "{line}");
}

#[test]
fn too_few_sources_that_answer_are_critical() {
    assert_eq!(of(Scenario::synchronized(), &["--min-sources", "3"]).0, 0);
    let (code, line) = of(Scenario::synchronized(), &["--min-sources", "4"]);
    assert_eq!(code, 2, "{line}");
    assert!(line.contains("Only 3 sources answer, below the limit, 4."), "{line}");
    assert!(line.contains(" reachable=3;;4:;0;3"), "{line}");
}

/// A range of the guidelines: `[@][start:][end]`, the start a number or `~`.
fn assert_range(text: &str) {
    let bare = text.strip_prefix('@').unwrap_or(text);
    let (start, end) = bare.split_once(':').unwrap_or(("0", bare));
    let is_number = |text: &str| text.parse::<f64>().is_ok();
    assert!(start == "~" || is_number(start), "{text}");
    assert!(is_number(end) || (end.is_empty() && bare.contains(':')), "{text}");
    if let (Ok(start), Ok(end)) = (start.parse::<f64>(), end.parse::<f64>()) {
        assert!(start <= end, "{text}");
    }
}

/// The labels and values of performance data, read as the Monitoring Plugins' guidelines define it:
/// `label=value[UOM];[warn];[crit];[min];[max]`, one space between two.
fn performance(line: &str) -> Vec<(String, f64, String)> {
    let (text, data) = line.trim_end_matches('\n').split_once('|').expect("figures");
    assert!(!text.is_empty() && !data.contains('|'), "{line}");
    let data = data.strip_prefix(' ').expect("a space after the bar");
    let figure = |figure: &str| {
        let (label, rest) = figure.split_once('=').expect("a label and a value");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(label.chars().all(is_plain), "{label:?} would need quotes");
        // Older tools know no longer ones.
        assert!((1..=19).contains(&label.len()), "{label}");
        let fields: Vec<_> = rest.split(';').collect();
        assert!(fields.len() <= 5, "{figure}");
        let unit_at = fields[0].find(|c: char| !matches!(c, '-' | '.' | '0'..='9'));
        let (value, unit) = fields[0].split_at(unit_at.unwrap_or(fields[0].len()));
        assert!(["", "s", "us", "ms", "%", "B", "KB", "MB", "TB", "c"].contains(&unit), "{figure}");
        let value: f64 = value.parse().expect("a number");
        for range in fields.iter().skip(1).take(2).filter(|range| !range.is_empty()) {
            assert_range(range);
        }
        let end = |field: usize| fields.get(field).filter(|text| !text.is_empty());
        let [least, most] = [3, 4].map(|field| end(field).map(|text| text.parse::<f64>()));
        assert!(least.is_none_or(|least| least.is_ok_and(|least| least <= value)), "{figure}");
        assert!(most.is_none_or(|most| most.is_ok_and(|most| value <= most)), "{figure}");
        (label.to_owned(), value, unit.to_owned())
    };
    data.split(' ').map(figure).collect()
}

#[test]
fn the_figures_are_performance_data_to_a_strict_reader() {
    let all = [
        ("max_error", "s"),
        ("offset", "s"),
        ("stratum", ""),
        ("last_update", "s"),
        ("frequency_ppm", ""),
        ("skew_ppm", ""),
        ("reachable", ""),
    ];
    let limits = ["--max-error=1us", "--max-stratum=1", "--min-sources=9"];
    for flags in [&[][..], &limits, &["--max-error=1h", "--warn-error=1us"]] {
        let (_, line) = of(Scenario::synchronized(), flags);
        let figures = performance(&line);
        let named: Vec<_> = figures.iter().map(|(label, _, unit)| (&**label, &**unit)).collect();
        assert_eq!(named, all, "{line}");
        let value = |label: &str| figures.iter().find(|it| it.0 == label).map(|it| it.1);
        assert_eq!((value("stratum"), value("reachable")), (Some(3.0), Some(3.0)), "{line}");
        assert_eq!(value("frequency_ppm"), Some(-11.482), "{line}");
    }
    // What a clock without a source would be judged by is left out.
    for (scenario, labels) in [
        (Scenario::local(), vec!["max_error", "offset", "stratum", "reachable"]),
        (Scenario::unsynchronized(), vec!["reachable"]),
        (Scenario::no_sources(), vec!["reachable"]),
    ] {
        let (_, line) = of(scenario, &[]);
        let figures = performance(&line);
        assert_eq!(figures.iter().map(|it| &*it.0).collect::<Vec<_>>(), labels, "{line}");
    }
}

#[test]
fn no_chronyd_or_a_silent_one_is_critical_and_says_what_to_do() {
    let directory = tempfile::tempdir_in("/tmp").expect("a directory");
    let (code, line) = check(&directory.path().join("chronyd.sock").display().to_string(), &[]);
    assert_eq!(code, 2, "{line}");
    assert!(line.contains("chronyd may not be running") && line.contains("systemctl"), "{line}");

    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    chronyd.stop_answering();
    let (code, line) = check(&chronyd.address(), &[]);
    assert_eq!(code, 2, "{line}");
    assert!(line.contains("does not answer"), "{line}");
}

#[test]
fn bad_input_gives_one_line_and_names_the_option() {
    for flags in [
        ["--max-error", "soon"],
        ["--warn-error", "101ms"],
        ["--max-stratum", "17"],
        ["--min-sources", "0"],
        ["--port", "80"],
    ] {
        let output = second_hand().arg("check").args(flags).output().expect("second-hand runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.contains(flags[0]), "{text}");
    }
}

#[test]
fn the_variables_of_the_dashboard_hold_here_too() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    for (name, value, code) in [
        ("MAX_ERROR", "10s", 0),
        ("MAX_ERROR", "1us", 2),
        ("WARN_ERROR", "1us", 1),
        ("MAX_STRATUM", "1", 2),
        ("MIN_SOURCES", "4", 2),
    ] {
        let mut command = second_hand();
        command.arg("check").env("SECOND_HAND_CHRONYD", chronyd.address());
        command.env(format!("SECOND_HAND_{name}"), value);
        let output = command.output().expect("second-hand runs");
        assert_eq!(taken(&output).0, code, "{name}={value}");
    }
}

#[test]
fn at_length_each_check_follows_the_first_line() {
    let chronyd = Simulator::start_unix(Scenario::falseticker()).expect("the simulator starts");
    for flag in ["-v", "--verbose"] {
        let mut command = second_hand();
        let output = command.args(["check", flag, "--chronyd", &chronyd.address()]).output();
        let output = output.expect("second-hand runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((output.status.code(), lines.len()), (Some(0), 10), "{text}");
        assert!(lines[0].starts_with("CHRONY OK: "), "{text}");
        assert_eq!(lines[1], "yes: Does chronyd answer? It tells the state of the clock.");
        assert!(lines[4].starts_with("look: Do they agree? 3 good sources against 1"), "{text}");
        assert!(lines[4].contains("Next: "), "{text}");
    }
}

#[test]
fn the_first_check_that_failed_is_named() {
    let (code, line) = of(Scenario::only_unreachable(), &[]);
    assert_eq!(code, 2, "{line}");
    assert!(
        line.contains("First failed check: Do the sources answer? Of 2 sources, none answers.")
    );
    let (code, line) = of(Scenario::synchronized(), &["--max-stratum", "1"]);
    assert_eq!(code, 2, "{line}");
    assert!(line.contains("First failed check: Is its stratum within the limit?"), "{line}");
}
