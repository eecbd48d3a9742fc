//! Clients that take their time: each is closed, and nobody else waits for it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use libchrony::testing::{Command, Fault, Scenario, Simulator};

use crate::common::dashboard::Dashboard;
use crate::common::process::{computing, is_accepted};
use crate::common::{eventually, within};
use crate::raw::connect;
use crate::without_chronyd;

/// How long a connection stays without another answer.
const STAY: Duration = Duration::from_secs(20);
/// How long a machine that is busy with other tests may take on top.
const LATE: Duration = Duration::from_secs(40);

/// Opens with some bytes, then takes small steps until one fails; gives the time until then.
fn lasts(
    dashboard: &Dashboard,
    opening: &[u8],
    mut step: impl FnMut(&mut TcpStream) -> io::Result<()>,
) -> Duration {
    let start = Instant::now();
    let mut stream = connect(dashboard);
    stream.set_nonblocking(true).expect("it is set");
    // What does not fit into the buffers is not needed.
    let _ = stream.write_all(opening);
    eventually("the server takes the connection", || is_accepted(&stream).then_some(()));
    let asked = Instant::now();
    assert_eq!(dashboard.get("/health").status, 200);
    assert!(asked.elapsed() < STAY / 2, "another waited {:?}", asked.elapsed());
    // What lies in this side's buffer can be read after the other side has closed.
    let closed = within(STAY + LATE, || {
        step(&mut stream).err().or_else(|| stream.take_error().expect("its state is told"))
    });
    let error = closed.unwrap_or_else(|| panic!("open after {:?}", start.elapsed()));
    assert_ne!(error.kind(), io::ErrorKind::WouldBlock);
    start.elapsed()
}

/// Sends a byte.
fn send(stream: &mut TcpStream) -> io::Result<()> {
    match stream.write(b"x") {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Reads a byte.
fn read(stream: &mut TcpStream) -> io::Result<()> {
    match stream.read(&mut [0]) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Requests whose answers are more than any buffer between server and client holds.
fn many_requests(dashboard: &Dashboard) -> Vec<u8> {
    let page = dashboard.get("/").body;
    let css = page.split('"').find(|part| part.ends_with(".css") && part.contains("/page."));
    let css = css.expect("a page has its style");
    format!("GET {css} HTTP/1.1\r\nHost: localhost\r\n\r\n").repeat(3000).into_bytes()
}

/// Closed by the rule for all connections, not before its time.
fn assert_closed_in_time(lasted: Duration) {
    assert!(lasted + Duration::from_secs(1) >= STAY, "closed after {lasted:?}");
}

/// All at the same time, as they mostly wait; a thread that fails says which it is.
#[test]
fn each_slow_client_is_closed_in_its_time_and_no_other() {
    let clients: [(&str, fn()); 9] = [
        (
            "one_that_sends_the_head_byte_by_byte_is_closed",
            one_that_sends_the_head_byte_by_byte_is_closed,
        ),
        (
            "one_that_sends_a_later_head_byte_by_byte_is_closed",
            one_that_sends_a_later_head_byte_by_byte_is_closed,
        ),
        (
            "one_that_sends_a_body_byte_by_byte_is_closed",
            one_that_sends_a_body_byte_by_byte_is_closed,
        ),
        (
            "one_that_sends_a_chunked_body_byte_by_byte_is_closed",
            one_that_sends_a_chunked_body_byte_by_byte_is_closed,
        ),
        ("one_that_reads_byte_by_byte_is_closed", one_that_reads_byte_by_byte_is_closed),
        (
            "one_that_never_reads_is_closed_and_costs_little",
            one_that_never_reads_is_closed_and_costs_little,
        ),
        (
            "one_that_is_idle_after_its_answer_is_closed",
            one_that_is_idle_after_its_answer_is_closed,
        ),
        ("one_that_asks_again_and_again_stays", one_that_asks_again_and_again_stays),
        (
            "one_that_waits_for_chronyd_is_not_closed_meanwhile",
            one_that_waits_for_chronyd_is_not_closed_meanwhile,
        ),
    ];
    let started = clients.map(|(name, client)| {
        std::thread::Builder::new().name(name.to_owned()).spawn(client).expect("a thread")
    });
    let failed = started.map(|thread| thread.join().is_err());
    assert!(!failed.contains(&true), "the messages above say which");
}

fn one_that_sends_the_head_byte_by_byte_is_closed() {
    let (_directory, dashboard) = without_chronyd();
    let lasted = lasts(&dashboard, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ", send);
    // The limit for the first request is 5 s.
    assert!(lasted < STAY, "open for {lasted:?}");
}

fn one_that_sends_a_later_head_byte_by_byte_is_closed() {
    let (_directory, dashboard) = without_chronyd();
    let first = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nX: ";
    lasts(&dashboard, first, send);
}

fn one_that_sends_a_body_byte_by_byte_is_closed() {
    let (_directory, dashboard) = without_chronyd();
    let head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
    let lasted = lasts(&dashboard, head, send);
    // No path takes a body, so that it need not be waited for.
    assert!(lasted < STAY, "open for {lasted:?}");
}

fn one_that_sends_a_chunked_body_byte_by_byte_is_closed() {
    let (_directory, dashboard) = without_chronyd();
    let head =
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n";
    assert_closed_in_time(lasts(&dashboard, head, send));
}

fn one_that_reads_byte_by_byte_is_closed() {
    let (_directory, dashboard) = without_chronyd();
    let requests = many_requests(&dashboard);
    assert_closed_in_time(lasts(&dashboard, &requests, read));
}

fn one_that_never_reads_is_closed_and_costs_little() {
    let (_directory, dashboard) = without_chronyd();
    let requests = many_requests(&dashboard);
    let spent = computing(dashboard.pid());
    assert_closed_in_time(lasts(&dashboard, &requests, |_| Ok(())));
    let spent = computing(dashboard.pid()) - spent;
    assert!(spent < STAY / 4, "{spent:?} of computing");
    assert_eq!(dashboard.get("/health").status, 200);
}

fn one_that_is_idle_after_its_answer_is_closed() {
    let (_directory, dashboard) = without_chronyd();
    let mut answer = false;
    let lasted = lasts(&dashboard, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", |stream| {
        answer |= stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0);
        read(stream)
    });
    assert!(answer, "it was answered");
    assert!(lasted > Duration::from_secs(10), "closed after {lasted:?}");
}

fn one_that_asks_again_and_again_stays() {
    let (_directory, dashboard) = without_chronyd();
    let mut stream = connect(&dashboard);
    let start = Instant::now();
    let mut answers = 0;
    while start.elapsed() < STAY + Duration::from_secs(3) {
        stream
            .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("the server reads and answers");
        let mut answer = [0; 2048];
        let length = stream.read(&mut answer).expect("the server reads and answers");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "after {answers} answers");
        answers += 1;
        within(Duration::from_millis(500), || None::<()>);
    }
}

fn one_that_waits_for_chronyd_is_not_closed_meanwhile() {
    // Every attempt is answered after longer than it waits for, which takes 21 s in all.
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let mut command = crate::common::dashboard::second_hand();
    command.args(["--port", "0", "--timeout", "7500ms", "--chronyd", &chronyd.address()]);
    let dashboard = Dashboard::start(command.args(["--refresh", "1h"])).settled();
    chronyd.script([Fault::on(Command::TRACKING).silence()]);
    let mut stream = connect(&dashboard);
    stream.set_read_timeout(Some(STAY + LATE)).expect("it is set");
    let start = Instant::now();
    stream
        .write_all(b"GET /api/v1/tracking HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("the server reads and answers");
    let answer = crate::raw::rest(&mut stream);
    assert!(start.elapsed() > STAY, "{:?}", start.elapsed());
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("timed_out"), "{answer}");
}
