//! The metrics of other machines, by `/probe`.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use libchrony::testing::{Scenario, Simulator, Tracking};
use rustix::process::Signal;

use crate::common::dashboard::{Dashboard, Response, second_hand};
use crate::common::eventually;
use crate::common::process::{descriptors, is_accepted};
use crate::load::{at_rest, eventually_at_most};
use crate::raw::connect;
use crate::{assert_failure, without_chronyd};

/// A dashboard of no chronyd of its own that may probe these.
fn prober(allowed: &[&str], more: &[&str]) -> Dashboard {
    let mut command = second_hand();
    command.args(["--port", "0", "--refresh", "1h", "--chronyd", "/nowhere/chronyd.sock"]);
    for allowed in allowed {
        command.args(["--probe-allow", allowed]);
    }
    Dashboard::start(command.args(more))
}

fn probe(dashboard: &Dashboard, target: &str) -> Response {
    dashboard.get(&format!("/probe?target={}", encoded(target)))
}

/// Percent-encodes all but letters and digits.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    };
    text.bytes().map(byte).collect()
}

/// The value of a series of a response that has metrics.
fn value(response: &Response, series: &str) -> Option<f64> {
    assert_eq!(response.status, 200, "{}", response.body);
    assert!(response.header("content-type").starts_with("text/plain; version=0.0.4"));
    let line = response.body.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().expect("a number"))
}

fn assert_up(response: &Response, stratum: u8) {
    assert_eq!(value(response, "chrony_up"), Some(1.0), "{}", response.body);
    assert_eq!(value(response, "chrony_tracking_stratum"), Some(stratum.into()));
}

fn assert_down(response: &Response, kind: &str) {
    assert_eq!(value(response, "chrony_up"), Some(0.0), "{}", response.body);
    let why = format!("second_hand_report_unavailable_info{{report=\"tracking\",kind=\"{kind}\"}}");
    assert_eq!(value(response, &why), Some(1.0), "{}", response.body);
    assert_eq!(value(response, "chrony_tracking_stratum"), None);
}

/// A simulated chronyd over UDP that follows something at this stratum.
fn chronyd(stratum: u16) -> Simulator {
    let scenario = Scenario::synchronized();
    let tracking = Tracking { stratum, ..scenario.tracking };
    Simulator::start_udp(Scenario { tracking, ..scenario }).expect("the simulator starts")
}

/// A UDP port of all loopback addresses of IPv4 that never answers.
fn silent() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    let port = socket.local_addr().expect("it is bound").port();
    (socket, port)
}

#[test]
fn nothing_is_probed_unless_it_is_asked_for() {
    let (_directory, dashboard) = without_chronyd();
    let chronyd = chronyd(3);
    let refused = probe(&dashboard, &chronyd.address());
    assert_failure(&refused, 404, "not_found");
    assert!(refused.body.contains("--probe-allow"), "{}", refused.body);
    assert_eq!(dashboard.get("/probe").status, 404);
    assert_eq!(chronyd.request_count(), 0);
}

#[test]
fn several_machines_at_once_each_have_their_own_values() {
    let chronyds: Vec<_> = (1..=8).map(chronyd).collect();
    let addresses: Vec<_> = chronyds.iter().map(Simulator::address).collect();
    let allowed: Vec<_> = addresses.iter().map(String::as_str).collect();
    let dashboard = prober(&allowed, &[]);
    thread::scope(|scope| {
        for (address, stratum) in addresses.iter().zip(1..) {
            scope.spawn({
                let dashboard = &dashboard;
                move || (0..5).for_each(|_| assert_up(&probe(dashboard, address), stratum))
            });
        }
    });
}

#[test]
fn what_is_said_of_another_machine_is_nothing_of_this_one() {
    let chronyd = chronyd(4);
    let dashboard = prober(&[&chronyd.address()], &[]);
    let response = probe(&dashboard, &chronyd.address());
    assert_up(&response, 4);
    assert_eq!(value(&response, "second_hand_report_success{report=\"sources\"}"), Some(1.0));
    assert!(!response.body.contains("process_"), "{}", response.body);
    assert!(!response.body.contains("second_hand_reads_total"), "{}", response.body);
    assert_eq!(response.header("cache-control"), "no-store");
}

#[test]
fn a_probe_is_as_many_datagrams_as_the_documentation_says() {
    let chronyd = Simulator::start_udp(Scenario::no_sources()).expect("the simulator starts");
    let dashboard = prober(&[&chronyd.address()], &[]);
    let cost = |sources: u32| {
        chronyd.set(Scenario::many_sources(sources));
        let before = chronyd.request_count();
        assert_eq!(value(&probe(&dashboard, &chronyd.address()), "chrony_up"), Some(1.0));
        chronyd.request_count() - before
    };
    let (one, five, hundred) = (cost(1), cost(5), cost(100));
    let each = (five - one) / 4;
    let none = one - each;
    assert_eq!(hundred, none + 100 * each);
    let text = fs::read_to_string("docs/fleet.md").expect("the documentation");
    let said = format!("{none} datagrams each way and {each} more for each source");
    assert!(text.contains(&said), "docs/fleet.md does not say {said}");
    let said = format!("{five} for five sources");
    assert!(text.contains(&said), "docs/fleet.md does not say {said}");
}

#[test]
fn a_machine_that_does_not_answer_costs_its_deadline_and_says_why() {
    let (_socket, port) = silent();
    let dashboard = prober(&[&format!("127.0.0.0/8:{port}")], &["--timeout", "60s"]);
    let start = Instant::now();
    let request = format!(
        "GET /probe?target=127.0.0.1:{port} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         X-Prometheus-Scrape-Timeout-Seconds: 1\r\n\r\n"
    );
    let answer = crate::raw::talk(&dashboard, request.as_bytes());
    let took = start.elapsed();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\nchrony_up 0\n") && answer.contains("timed_out"), "{answer}");
    assert!(took >= Duration::from_millis(800) && took < Duration::from_secs(8), "{took:?}");

    // Without a word of the other side's patience the attempts decide.
    let dashboard = prober(&[&format!("127.0.0.0/8:{port}")], &["--timeout", "100ms"]);
    assert_down(&probe(&dashboard, &format!("127.0.0.1:{port}")), "timed_out");
}

#[test]
fn a_machine_on_which_nobody_listens_is_told_at_once() {
    let port = silent().1;
    let dashboard = prober(&[&format!("127.0.0.1:{port}")], &["--timeout", "60s"]);
    assert_down(&probe(&dashboard, &format!("127.0.0.1:{port}")), "nobody_listens");
}

#[test]
fn others_are_served_while_one_does_not_answer() {
    let (slow, quick) = (chronyd(2), chronyd(3));
    let dashboard = prober(&[&slow.address(), &quick.address()], &["--timeout", "60s"]);
    slow.hang();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| probe(&dashboard, &slow.address()));
        (0..20).for_each(|_| assert_up(&probe(&dashboard, &quick.address()), 3));
        assert_eq!(dashboard.get("/health").status, 200);
        assert!(!waiting.is_finished(), "the slow one was not slow");
        slow.resume();
        assert_up(&waiting.join().expect("an answer"), 2);
    });
}

#[test]
fn who_asks_the_same_at_once_shares_one_reading() {
    let chronyd = chronyd(2);
    let dashboard = prober(&[&chronyd.address()], &["--timeout", "60s"]);
    assert_up(&probe(&dashboard, &chronyd.address()), 2);
    let once = chronyd.request_count();
    chronyd.hang();
    let ask = format!(
        "GET /probe?target={} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        chronyd.address()
    );
    let mut clients: Vec<_> = (0..20).map(|_| connect(&dashboard)).collect();
    clients.iter_mut().for_each(|it| it.write_all(ask.as_bytes()).expect("it is sent"));
    eventually("all are accepted", || clients.iter().all(is_accepted).then_some(()));
    chronyd.resume();
    for client in &mut clients {
        let answer = crate::raw::rest(client);
        assert!(answer.contains("\nchrony_up 1\n"), "{answer}");
    }
    // A few may have been accepted and not yet read when it went on.
    // On a busy machine a request may be asked again, so not each has exactly as many.
    let all = chronyd.request_count();
    let readings = (all + once / 2) / once;
    assert!(
        (2..=4).contains(&readings),
        "{readings} readings: {once} requests for one, {all} in all"
    );
}

/// Whether something of an answer is there.
fn answered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a mode");
    let there = stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0);
    stream.set_nonblocking(false).expect("a mode");
    there
}

#[test]
fn a_full_queue_says_so_and_those_who_go_away_make_room() {
    let (_socket, port) = silent();
    let chronyd = chronyd(2);
    let allowed = [format!("127.0.0.0/8:{port}"), chronyd.address()];
    let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
    let dashboard = prober(&allowed, &["--timeout", "60s"]);
    let ask = |number: u32| -> TcpStream {
        let mut stream = connect(&dashboard);
        let target = format!("127.1.{}.{}:{port}", number / 200, number % 200 + 1);
        let head = format!("GET /probe?target={target} HTTP/1.1\r\nHost: localhost\r\n");
        let patience = "X-Prometheus-Scrape-Timeout-Seconds: 12\r\n\r\n";
        stream.write_all(format!("{head}{patience}").as_bytes()).expect("it is sent");
        stream
    };
    // Sixteen threads, a queue of 256, and some too many.
    let waiting: Vec<_> = (0..300).map(ask).collect();
    let refused = || waiting.iter().filter(|it| answered(it)).count();
    eventually("some are refused", || (refused() >= 20).then_some(()));
    for mut stream in waiting.iter().filter(|it| answered(it)) {
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..length]).to_lowercase();
        assert!(answer.starts_with("http/1.1 503 ") && answer.contains("\"busy\""), "{answer}");
        assert!(answer.contains("\r\nretry-after: 5\r\n"), "{answer}");
    }
    assert_eq!(dashboard.get("/health").status, 200);
    drop(waiting);
    eventually("there is room again", || {
        let response = probe(&dashboard, &chronyd.address());
        (response.status == 200 && response.body.contains("\nchrony_up 1\n")).then_some(())
    });
}

#[test]
fn only_what_is_listed_is_asked_and_the_refusal_is_logged() {
    let chronyd = chronyd(2);
    let (secret, port) = silent();
    secret.set_nonblocking(true).expect("a mode");
    let directory = tempfile::tempdir().expect("a directory");
    let log = directory.path().join("log");
    let mut command = second_hand();
    command.args(["--port", "0", "--refresh", "1h", "--chronyd", "/nowhere/chronyd.sock"]);
    command.args(["--probe-allow", &chronyd.address(), "--probe-allow", "192.0.2.0/24"]);
    let dashboard = Dashboard::start_telling(&mut command, fs::File::create(&log).expect("a file"));
    for target in [
        &format!("127.0.0.1:{port}"),
        &format!("localhost:{port}"),
        &format!("[::ffff:127.0.0.1]:{port}"),
        &chronyd.address().replace("127.0.0.1", "localhost"),
        &chronyd.address().replace("127.0.0.1", "127.0.0.2"),
        "127.0.0.1",
        "198.51.100.1",
        &format!("192.0.2.1:{port}"),
        "192.0.2.255",
        "example.net",
    ] {
        let refused = probe(&dashboard, target);
        assert_failure(&refused, 403, "forbidden");
        assert!(refused.body.contains("--probe-allow"), "{}", refused.body);
    }
    let nothing = secret.recv(&mut [0; 1500]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock, "something was sent");
    assert_eq!(chronyd.request_count(), 0);
    let told = fs::read_to_string(&log).expect("a log");
    let line = told.lines().find(|line| line.contains("target=198.51.100.1:323"));
    assert!(
        line.is_some_and(|line| line.contains("WARN") && line.contains("peer=127.0.0.1:")),
        "{told}"
    );
    // The other spelling of what is listed.
    let mapped = chronyd.address().replace("127.0.0.1", "[::ffff:127.0.0.1]");
    assert_up(&probe(&dashboard, &mapped), 2);
}

#[test]
fn what_is_no_target_is_refused_with_what_is_one() {
    let dashboard = prober(&["0.0.0.0/0", "::/0"], &[]);
    for target in [
        "",
        "127.0.0.1@evil",
        "/run/chrony/chronyd.sock",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "224.0.1.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "fe80::1%eth0",
        "192.0.2.1:0",
        "a b",
        "a\r\nX: b",
        "a\0",
        "\u{1b}[31m",
        &"a".repeat(300),
    ] {
        let refused = probe(&dashboard, target);
        assert_failure(&refused, 400, "bad_request");
        assert!(refused.body.contains("target=192.0.2.1"), "{}", refused.body);
        assert!(!refused.body.contains('\u{1b}') && refused.body.len() < 700, "{}", refused.body);
    }
    for query in ["", "?", "?targets=a", "?target=192.0.2.1&target=192.0.2.1", "?target=%ff"] {
        assert_failure(&dashboard.get(&format!("/probe{query}")), 400, "bad_request");
    }
    assert_failure(&dashboard.send("POST", "/probe?target=192.0.2.1"), 405, "method_not_allowed");
}

#[test]
fn a_listed_name_is_resolved_and_leads_to_this_machine_only_where_that_is_listed_too() {
    let chronyd = chronyd(2);
    let name = chronyd.address().replace("127.0.0.1", "localhost");
    let trusting = prober(&[&name], &[]);
    assert_down(&probe(&trusting, &name), "name_not_resolved");
    assert_eq!(chronyd.request_count(), 0);
    let knowing = prober(&[&name, &chronyd.address()], &[]);
    for spelling in [name.clone(), name.to_uppercase(), name.replace(':', ".:")] {
        assert_up(&probe(&knowing, &spelling), 2);
    }
}

#[test]
fn a_machine_that_tells_of_sources_without_end_costs_little() {
    let scenario = Scenario { count: Some(60_000), ..Scenario::synchronized() };
    let chronyd = Simulator::start_udp(scenario).expect("the simulator starts");
    let dashboard = prober(&[&chronyd.address()], &[]);
    let response = probe(&dashboard, &chronyd.address());
    assert_eq!(value(&response, "chrony_up"), Some(1.0), "{}", response.body);
    let why = "second_hand_report_unavailable_info{report=\"sources\",kind=\"out_of_range\"}";
    assert_eq!(value(&response, why), Some(1.0), "{}", response.body);
    assert!(chronyd.request_count() < 50, "{} requests", chronyd.request_count());
}

#[test]
fn nothing_is_kept_of_machines_that_were_probed() {
    let (socket, port) = silent();
    let dashboard = prober(&[&format!("127.0.0.0/8:{port}")], &[]);
    let before = at_rest(&dashboard);
    drop(socket);
    for number in 0..300 {
        let target = format!("127.1.{}.{}:{port}", number / 200, number % 200 + 1);
        assert_down(&probe(&dashboard, &target), "nobody_listens");
    }
    // This client's connection, and some that the server's threads open once.
    eventually_at_most(&"files", before + 8, || descriptors(dashboard.pid()));
}

#[test]
fn a_signal_interrupts_a_probe() {
    let chronyd = chronyd(2);
    let dashboard = prober(&[&chronyd.address()], &["--timeout", "60s"]);
    chronyd.hang();
    let mut stream = connect(&dashboard);
    let ask =
        format!("GET /probe?target={} HTTP/1.1\r\nHost: localhost\r\n\r\n", chronyd.address());
    stream.write_all(ask.as_bytes()).expect("it is sent");
    eventually("it is accepted", || is_accepted(&stream).then_some(()));
    let start = Instant::now();
    assert!(dashboard.end(Signal::TERM).success());
    let took = start.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    // It was told, not cut off.
    let answer = crate::raw::rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("interrupted"), "{answer}");
}
