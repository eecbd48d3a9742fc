//! What it says on standard error.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::dashboard::second_hand;

/// Killed where a test fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Where it has ended already nothing is to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The log of a run in which these paths are asked for.
fn log(level: &str, paths: &[&str]) -> String {
    let mut command = second_hand();
    command.args(["--port", "0", "--log", level, "--chronyd", "/nowhere/chronyd.sock"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut process = Process(child);
    let mut line = String::new();
    let out = process.0.stdout.take().expect("its output is piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it listens");
    let url = line.trim().strip_prefix("listening on ").expect("the line it promises").to_owned();
    for path in paths {
        // Errors are answers, too.
        let _ = ureq::get(format!("{url}{path}")).call();
    }
    let pid = i32::try_from(process.0.id()).ok().and_then(Pid::from_raw).expect("it runs");
    kill_process(pid, Signal::TERM).expect("it is signalled");
    let mut text = String::new();
    let mut err = process.0.stderr.take().expect("its log is piped");
    err.read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn a_page_that_is_served_is_one_line_with_method_path_status_bytes_and_duration() {
    let text = log("info", &["/health"]);
    let lines: Vec<_> = text.lines().filter(|line| line.contains("/health")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    for part in ["INFO", "method=GET", "path=\"/health\"", "status=200", "bytes=38", "duration="] {
        assert!(lines[0].contains(part), "{part}: {text}");
    }
}

#[test]
fn a_client_s_fault_is_told_at_debug_only() {
    assert!(!log("info", &["/nothing"]).contains("/nothing"));
    assert!(log("debug", &["/nothing"]).contains("status=404"));
}

#[test]
fn what_a_client_sends_cannot_forge_a_line_or_reach_a_terminal() {
    let text = log("debug", &["/%0aforged%1b[31m"]);
    assert!(text.contains("forged"), "{text}");
    assert!(!text.contains("\nforged") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_chronyd_that_gives_no_data_is_told_once() {
    let text = log("warn", &["/", "/api/v1/tracking", "/"]);
    assert_eq!(text.matches("chronyd gives no data").count(), 1, "{text}");
    assert_eq!(log("off", &["/"]), "");
}
