//! `second-hand report`: what is printed where, and the exit status.

use std::io::Read;
use std::process::{Command, Output, Stdio};

use libchrony::testing::{Command as Asked, Fault, Scenario, Simulator};
use serde_json::Value;

use crate::common::dashboard::{Dashboard, second_hand};
use crate::{REPORTS, client_directories};

fn report(chronyd: &str, arguments: &[&str]) -> Command {
    let mut command = second_hand();
    // Whoever runs the tests may have either.
    command.env_remove("NO_COLOR").env("TERM", "xterm");
    command.args(["report", "--chronyd", chronyd, "--timeout", "200ms"]).args(arguments);
    command
}

/// The exit status, standard output and standard error.
fn taken(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("it ends by itself");
    (code, text(output.stdout), text(output.stderr))
}

fn run(chronyd: &str, arguments: &[&str]) -> (i32, String, String) {
    taken(report(chronyd, arguments).output().expect("second-hand runs"))
}

fn of(scenario: Scenario, arguments: &[&str]) -> (i32, String, String) {
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    let given = run(&chronyd.address(), arguments);
    let left = client_directories(&chronyd);
    assert!(left.is_empty(), "{left:?}");
    given
}

fn parsed(text: &str) -> Value {
    assert!(text.ends_with('\n'), "{text:?}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn where_none_is_named_all_that_chronyd_gives_is_printed_and_what_it_does_not_give_is_told() {
    let (code, text, error) = of(Scenario::synchronized(), &[]);
    assert_eq!((code, &*error), (0, ""), "{text}");
    assert!(text.starts_with("chronyd at /"), "{text}");
    for name in REPORTS.iter().chain(&["clients"]) {
        let is_title = |line: &&str| line.starts_with(&format!("{name}: "));
        let is_absent = |line: &&str| line.starts_with(&format!("  {name}  "));
        let absent = ["rtcdata", "smoothing"].contains(name);
        assert_eq!(text.lines().filter(is_title).count(), usize::from(!absent), "{name}: {text}");
        assert_eq!(text.lines().filter(is_absent).count(), usize::from(absent), "{name}: {text}");
    }
    assert!(text.contains("\nNot given\n"), "{text}");
}

#[test]
fn over_udp_the_closed_reports_are_told_and_what_is_open_is_printed() {
    let chronyd = Simulator::start_udp(Scenario::synchronized()).expect("the simulator starts");
    let (code, text, error) = run(&chronyd.address(), &[]);
    assert_eq!((code, &*error), (0, ""), "{text}");
    for name in ["selectdata", "authdata", "ntpdata", "serverstats"] {
        let line = text.lines().find(|line| line.trim_start().starts_with(name));
        assert!(line.is_some_and(|line| line.contains("opencommands")), "{text}");
    }
    // What was asked for by name is missed.
    let (code, text, error) = run(&chronyd.address(), &["selectdata", "activity"]);
    assert_eq!((code, error.lines().count()), (1, 1), "{error}");
    assert!(text.starts_with("activity: ") && !text.contains("Not given"), "{text}");
    assert!(error.starts_with("second-hand: selectdata: chronyd does not give it over UDP"));
}

#[test]
fn named_reports_come_in_the_order_of_their_names_and_once() {
    let (code, text, error) = of(Scenario::synchronized(), &["sources", "tracking", "sources"]);
    assert_eq!((code, &*error), (0, ""));
    let titles = text.lines().filter(|line| line.contains(": the ")).map(|line| &line[..8]);
    assert_eq!(titles.collect::<Vec<_>>(), ["sources:", "tracking"], "{text}");
}

#[test]
fn the_terminal_says_what_the_page_says() {
    let chronyd = Simulator::start_unix(Scenario::falseticker()).expect("the simulator starts");
    let page = Dashboard::impatient(&chronyd.address()).get("/").page();
    let (_, text, _) = run(&chronyd.address(), &["tracking", "sources", "sourcestats"]);
    // Ages and what they are made of move between two readings.
    let words = text.lines().flat_map(|line| line.split("  ")).map(str::trim);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    for css in ["#skew .value", "#frequency .value", "#rms_offset .value", "#root_delay .value"] {
        let value = page.text(css);
        assert!(words.contains(&&*value), "{css} {value}: {text}");
    }
    for row in page.rows(".sources") {
        let [state, source, mode, stratum, poll, ..] = &row[..] else { panic!("{row:?}") };
        let name = source.split(' ').next().expect("a name");
        for cell in [state, name, mode, stratum, poll, &row[7], &row[8], &row[9]] {
            assert!(words.contains(&cell), "{cell}: {text}");
        }
    }
    for row in page.rows(".sourcestats") {
        assert!(row[1..].iter().all(|cell| words.contains(&&**cell)), "{row:?}: {text}");
    }
}

#[test]
fn json_of_one_report_is_what_the_api_gives() {
    let chronyd = Simulator::start_unix(Scenario::nts()).expect("the simulator starts");
    let dashboard = Dashboard::impatient(&chronyd.address()).settled();
    for name in REPORTS.iter().chain(&["clients"]) {
        let (code, text, error) = run(&chronyd.address(), &[name, "--json"]);
        let response = dashboard.get(&format!("/api/v1/{name}"));
        assert_eq!(code == 0, response.status == 200, "{name}: {error}");
        assert_eq!(code != 0, !error.is_empty(), "{name}: {error}");
        let (here, there) = (parsed(&text), response.json());
        assert_eq!(shape(&here), shape(&there), "{name}");
        if ["activity", "authdata", "rtcdata", "smoothing"].contains(name) {
            assert_eq!(here, there);
        }
    }
}

/// A value without what differs between two readings: keys, kinds and the length of lists.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let parts = map.iter().map(|(key, value)| format!("{key}:{}", shape(value)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(shape).collect::<Vec<_>>().join(","))
        }
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn json_of_several_or_all_is_an_object_with_the_keys_of_the_snapshot() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let (code, text, error) = run(&chronyd.address(), &["--json"]);
    assert_eq!((code, &*error), (0, ""));
    let all = parsed(&text);
    let dashboard = Dashboard::impatient(&chronyd.address()).settled();
    let snapshot = dashboard.get("/api/v1/snapshot").json();
    for (key, value) in snapshot.as_object().expect("an object") {
        assert_eq!(shape(value), shape(&all[key]), "{key}");
    }
    assert_eq!(shape(&all["clients"]), shape(&dashboard.get("/api/v1/clients").json()));
    let keys = all.as_object().expect("an object").len();
    assert_eq!(keys, snapshot.as_object().expect("an object").len() + 1, "clients besides");

    let (code, text, error) = run(&chronyd.address(), &["--json", "sources", "smoothing"]);
    assert_eq!((code, error.lines().count()), (1, 1), "{error}");
    let some = parsed(&text);
    assert_eq!(some["smoothing"], Value::Null);
    assert_eq!(some["unavailable"]["smoothing"]["kind"], "disabled");
    assert_eq!(shape(&some["sources"]), shape(&snapshot["sources"]));
    assert!(some.get("tracking").is_none() && some.get("chronyd").is_some(), "{some}");
}

#[test]
fn no_rtc_tracking_is_an_ordinary_answer_and_no_smoothing_is_missed() {
    let (code, text, error) = of(Scenario::synchronized(), &["rtcdata"]);
    assert_eq!((code, &*error), (0, ""));
    assert!(text.contains("rtcdata  RTC tracking is not enabled."), "{text}");
    assert_eq!(of(Scenario::synchronized(), &["rtcdata", "--json"]).1, "null\n");
    let (code, text, error) = of(Scenario::synchronized(), &["smoothing"]);
    assert_eq!((code, &*text, error.lines().count()), (1, "", 1), "{error}");
    assert_eq!(of(Scenario::rtc(), &["rtcdata"]).0, 0);
}

#[test]
fn no_chronyd_or_a_silent_one_is_1_and_says_what_to_do() {
    let directory = tempfile::tempdir_in("/tmp").expect("a directory");
    let nowhere = directory.path().join("chronyd.sock").display().to_string();
    let silent = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    silent.stop_answering();
    for (chronyd, kind, why) in [
        (nowhere, "not_running", "chronyd may not be running"),
        (silent.address(), "timed_out", "does not answer"),
    ] {
        let (code, text, error) = run(&chronyd, &[]);
        assert_eq!((code, &*text), (1, ""), "{error}");
        assert!(error.starts_with("second-hand: Connection failed: "), "{error}");
        assert!(error.contains(why) && error.contains("systemctl"), "{error}");
        let (code, text, error) = run(&chronyd, &["--json", "tracking"]);
        assert_eq!((code, error.is_empty()), (1, false));
        assert_eq!(parsed(&text)["error"]["kind"], kind, "{text}");
    }
}

#[test]
fn a_report_that_is_refused_is_missed_and_the_others_are_printed() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    chronyd.script([Fault::on(Asked::SOURCESTATS).status(2)]);
    let (code, text, error) = run(&chronyd.address(), &["sources", "sourcestats"]);
    assert_eq!(code, 1, "{text}{error}");
    assert!(text.contains("* selected") && error.contains("sourcestats: "), "{text}{error}");
}

#[test]
fn a_record_that_cannot_be_read_is_missed_where_its_report_is_wanted() {
    let mut scenario = Scenario::synchronized();
    // chronyd has no such polling interval.
    scenario.sources[1].poll = 99;
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    let (code, text, error) = run(&chronyd.address(), &["sources"]);
    assert_eq!((code, error.lines().count()), (1, 1), "{text}{error}");
    assert!(error.starts_with("second-hand: sources record 1: the field "), "{error}");
    assert!(text.contains("  2 sources.\n"), "{text}");
    assert_eq!(run(&chronyd.address(), &["tracking"]).0, 0);
}

#[test]
fn bad_input_is_2_in_one_line_that_names_the_reports() {
    for arguments in [&["report", "soruces"][..], &["report", "--max-error", "1s"]] {
        let output = second_hand().args(arguments).output().expect("second-hand runs");
        let (code, text, error) = taken(output);
        assert_eq!((code, &*text, error.lines().count()), (2, "", 1), "{error}");
        assert!(error.contains(arguments[1]), "{error}");
    }
    let output = second_hand().args(["report", "x\u{1b}[2Jy"]).output().expect("it runs");
    let (_, _, error) = taken(output);
    assert!(error.contains("tracking, sources") && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    for arguments in [&[][..], &["--json"]] {
        let mut child = report(&chronyd.address(), arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("second-hand runs");
        // The reader goes before anything is written.
        drop(child.stdout.take());
        let (code, _, error) = taken(child.wait_with_output().expect("it ends"));
        assert_eq!((code, &*error), (0, ""), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else {
        eprintln!("skipped: there is no /dev/full");
        return;
    };
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let output = report(&chronyd.address(), &[]).stdout(full).output().expect("it runs");
    let (code, _, error) = taken(output);
    assert_eq!(code, 1);
    assert!(error.contains("cannot write to standard output"), "{error}");
}

#[test]
fn a_hostile_name_reaches_neither_a_pipe_nor_a_terminal_as_it_is() {
    let mut scenario = Scenario::synchronized();
    scenario.sources[0].name = "a\u{1b}]0;owned\u{7}\u{202e}b\nc".to_owned();
    let chronyd = Simulator::start_unix(scenario).expect("the simulator starts");
    for text in [run(&chronyd.address(), &[]).1, run(&chronyd.address(), &["--json"]).1] {
        let is_plain = |c: char| c == '\n' || !c.is_control();
        assert!(text.chars().all(is_plain), "{text:?}");
    }
    let Some(text) = in_terminal(&chronyd.address(), &["sources"], 200, &[]) else { return };
    // What is left is what colours it, in sequences of its own.
    let rest: String =
        text.split("\u{1b}[").map(|part| part.split_once('m').map_or(part, |it| it.1)).collect();
    assert!(!rest.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
}

/// What is printed in a terminal so many cells wide; `None` where there is no python3 to make one.
fn in_terminal(
    chronyd: &str,
    arguments: &[&str],
    width: u16,
    variables: &[(&str, &str)],
) -> Option<String> {
    const TERMINAL: &str = "\
import fcntl, os, pty, struct, sys, termios
size = struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0)
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, size)
    os.execv(sys.argv[2], sys.argv[2:])
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";
    let report = report(chronyd, arguments);
    let mut command = Command::new("python3");
    command.args(["-c", TERMINAL, &width.to_string()]).arg(report.get_program());
    for (name, value) in report.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(report.get_args()).envs(variables.iter().copied()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: there is no python3, which makes a terminal");
        return None;
    };
    let mut text = String::new();
    child.stdout.take()?.read_to_string(&mut text).expect("UTF-8");
    let (code, _, error) = taken(child.wait_with_output().expect("it ends"));
    assert_eq!(code, 0, "{text}{error}");
    Some(text.replace("\r\n", "\n"))
}

#[test]
fn a_pipe_gets_no_colour_and_a_terminal_does_unless_it_is_unwanted() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let (_, piped, _) = run(&chronyd.address(), &["sources"]);
    assert!(!piped.contains('\u{1b}'), "{piped}");
    let shown = |variables: &[_]| in_terminal(&chronyd.address(), &["sources"], 250, variables);
    let Some(colored) = shown(&[]) else { return };
    assert!(colored.contains("\u{1b}[1;32m* selected\u{1b}[0m"), "{colored:?}");
    for (name, value, is_colored) in
        [("NO_COLOR", "1", false), ("NO_COLOR", "", true), ("TERM", "dumb", false)]
    {
        let text = shown(&[(name, value)]).expect("there was one before");
        assert_eq!(text.contains('\u{1b}'), is_colored, "{name}={value}: {text:?}");
    }
    let json = in_terminal(&chronyd.address(), &["--json"], 80, &[]);
    assert!(json.is_some_and(|json| !json.contains('\u{1b}')));
}

#[test]
fn in_a_narrow_terminal_no_line_is_cut_and_nothing_is_missing() {
    let chronyd = Simulator::start_unix(Scenario::falseticker()).expect("the simulator starts");
    let plain = [("NO_COLOR", "1")];
    let of = |width| in_terminal(&chronyd.address(), &["sources", "selectdata"], width, &plain);
    let (Some(narrow), Some(wide)) = (of(72), of(300)) else { return };
    assert!(narrow.lines().all(|line| line.chars().count() <= 72), "{narrow}");
    assert!(wide.lines().any(|line| line.chars().count() > 100), "{wide}");
    for word in ["x falseticker", "As measured", "not chosen", "Last sample"] {
        assert!(narrow.contains(word) && wide.contains(word), "{word}: {narrow}");
    }
}
