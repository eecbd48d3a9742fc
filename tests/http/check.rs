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
    for flags in [["--max-error", "soon"], ["--max-stratum", "17"], ["--port", "80"]] {
        let output = second_hand().arg("check").args(flags).output().expect("second-hand runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.contains(flags[0]), "{text}");
    }
}

#[test]
fn the_variables_of_the_dashboard_hold_here_too() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let output = second_hand()
        .arg("check")
        .env("SECOND_HAND_CHRONYD", chronyd.address())
        .env("SECOND_HAND_MAX_ERROR", "10s")
        .output()
        .expect("second-hand runs");
    assert_eq!(taken(&output).0, 0);
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
