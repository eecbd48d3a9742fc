//! What the command line takes, and how it says what is wrong.

use std::net::TcpListener;
use std::process::Output;

use crate::common::dashboard::{Dashboard, second_hand};

fn run(flags: &[&str], variables: &[(&str, &str)]) -> Output {
    second_hand().args(flags).envs(variables.iter().copied()).output().expect("second-hand runs")
}

/// The one line on standard error; the code of the end; nothing on standard output.
fn refusal(output: &Output, code: i32) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty());
    text
}

#[test]
fn bad_input_gives_one_line_naming_option_or_variable_value_and_what_is_allowed() {
    for (option, value, allowed) in [
        ("host", "not an address", "IP address"),
        ("port", "65536", "0 (any free port) to 65535"),
        ("port", "eighty", "65535"),
        ("chronyd", "relative/path.sock", "absolute"),
        ("chronyd", "192.0.2.1:0", "1 to 65535"),
        ("timeout", "fast", "1ms to 60s"),
        ("timeout", "0s", "1ms to 60s"),
        ("timeout", "61s", "1ms to 60s"),
        ("allowed-host", "http://example.net/", "host name"),
        ("geoip-db", "/nowhere/x.mmdb", "country or city database in MaxMind's format"),
        ("geoip-db", "Cargo.toml", "country or city database in MaxMind's format"),
        ("log", "loud", "off, error, warn, info or debug"),
    ] {
        let flag = refusal(&run(&[&format!("--{option}={value}")], &[]), 2);
        assert!(flag.contains(&format!("--{option} \"{value}\"")), "{flag}");
        assert!(flag.contains(allowed), "{flag}");

        let name = format!("SECOND_HAND_{}", option.to_uppercase().replace('-', "_"));
        let variable = refusal(&run(&[], &[(&name, value)]), 2);
        assert!(variable.contains(&format!("{name} \"{value}\"")), "{variable}");
        assert!(variable.contains(allowed), "{variable}");
    }
}

#[test]
fn a_value_with_a_line_break_still_gives_one_line() {
    refusal(&run(&["--port", "1\n2"], &[]), 2);
    refusal(&run(&[], &[("SECOND_HAND_HOST", "a\nb")]), 2);
}

#[test]
fn unknown_commands_and_options_give_one_line() {
    assert!(refusal(&run(&["reboot"], &[]), 2).contains("reboot"));
    assert!(refusal(&run(&["--colour"], &[]), 2).contains("--colour"));
    assert!(refusal(&run(&["--port"], &[]), 2).contains("--port"));
    assert!(refusal(&run(&["--port=1", "--port=2"], &[]), 2).contains("--port"));
}

#[test]
fn a_flag_wins_over_its_variable_even_where_that_is_wrong() {
    let dashboard = Dashboard::start(
        second_hand()
            .args(["serve", "--port", "0", "--host", "127.0.0.1"])
            .env("SECOND_HAND_PORT", "wrong")
            .env("SECOND_HAND_HOST", "wrong"),
    );
    assert_eq!(dashboard.get("/health").status, 200);
}

#[test]
fn every_setting_can_come_from_its_variable() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let socket = directory.path().join("elsewhere.sock");
    let dashboard = Dashboard::start(
        second_hand()
            .env("SECOND_HAND_HOST", "127.0.0.1")
            .env("SECOND_HAND_PORT", "0")
            .env("SECOND_HAND_CHRONYD", &socket)
            .env("SECOND_HAND_TIMEOUT", "50ms")
            .env("SECOND_HAND_ALLOWED_HOST", "clock.example.net,time.example")
            .env("SECOND_HAND_LOG", "off"),
    );
    assert_eq!(dashboard.get_as("time.example", "/health").status, 200);
    let message = dashboard.get("/api/v1/tracking").json()["error"]["message"].to_string();
    assert!(message.contains("elsewhere.sock"), "{message}");
}

#[test]
fn help_and_version_go_to_standard_output_and_end_with_0() {
    let help = run(&["--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    for option in ["host", "port", "chronyd", "timeout", "allowed-host", "log"] {
        let name = format!("SECOND_HAND_{}", option.to_uppercase().replace('-', "_"));
        assert!(text.contains(&format!("--{option} ")) && text.contains(&name), "{option}: {text}");
    }
    let version = run(&["--version"], &[]);
    assert_eq!(version.status.code(), Some(0));
    let expected = format!("second-hand {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expected);
}

#[test]
fn a_port_in_use_gives_one_line_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let text = refusal(&run(&["--port", &port, "--log", "warn"], &[]), 1);
    assert!(text.contains(&port) && text.contains("choose another port with --port"), "{text}");
}

#[test]
fn an_address_of_another_machine_gives_one_line_that_says_what_to_do() {
    let text = refusal(&run(&["--host", "192.0.2.1", "--port", "0", "--log", "warn"], &[]), 1);
    assert!(text.contains("192.0.2.1") && text.contains("address of this machine"), "{text}");
}

#[test]
fn an_ipv6_address_is_announced_in_brackets() {
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: this machine has no IPv6 loopback");
        return;
    }
    let dashboard = Dashboard::start(second_hand().args(["--host", "::1", "--port", "0"]));
    assert!(dashboard.url.starts_with("http://[::1]:"), "{}", dashboard.url);
    assert_eq!(dashboard.get("/health").status, 200);
}
