//! Bytes that are no request, or more than one: the server refuses or closes, and serves the next.

use std::io::{Read, Write};
use std::net::Shutdown;

use crate::common::dashboard::Dashboard;
use crate::raw::{connect, rest, talk};
use crate::without_chronyd;

const ASK: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\n";

fn statuses(text: &str) -> Vec<&str> {
    let lines = text.match_indices("HTTP/1.").map(|(at, _)| &text[at..]);
    let status = lines.filter_map(|line| line.split([' ', '\r']).nth(1));
    // A page's own words may name the protocol, too.
    status.filter(|status| status.parse::<u16>().is_ok()).collect()
}

/// Sends bytes and the end, and takes what comes; the server may close before it has all.
fn answer(dashboard: &Dashboard, bytes: &[u8]) -> String {
    let mut stream = connect(dashboard);
    let _ = stream.write_all(bytes);
    // Not connected any more is as good.
    let _ = stream.shutdown(Shutdown::Write);
    rest(&mut stream)
}

/// Nothing is served: every answer is a 4xx, or there is none.
fn assert_refused(dashboard: &Dashboard, bytes: &[u8]) {
    let answer = answer(dashboard, bytes);
    let what = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
    for status in statuses(&answer) {
        assert!(status.starts_with('4'), "{what:?}: {answer}");
    }
    assert!(answer.is_empty() || answer.starts_with("HTTP/1."), "{what:?}: {answer}");
    assert_serves(dashboard);
}

fn assert_serves(dashboard: &Dashboard) {
    let answer = talk(dashboard, format!("{ASK}Connection: close\r\n\r\n").as_bytes());
    assert_eq!(statuses(&answer), ["200"], "{answer}");
}

#[test]
fn malformed_request_lines_are_refused() {
    let (_directory, dashboard) = without_chronyd();
    for line in [
        "GET",
        "GET /health",
        "GET  /health HTTP/1.1",
        "GET /health HTTP/1.1 more",
        "GET /health HTTP/1",
        "GET /health HTTP/2.0",
        "GET /health HTTP/1.10",
        "GET /health http/1.1",
        "GET /health HTTPS/1.1",
        "GET\t/health\tHTTP/1.1",
        "GET /hea lth HTTP/1.1",
        "GET health HTTP/1.1",
        "GET \u{0}/health HTTP/1.1",
        "GET /\u{7f} HTTP/1.1",
        "/health HTTP/1.1",
        " GET /health HTTP/1.1",
        "G\u{0}T /health HTTP/1.1",
        "GET: /health HTTP/1.1",
        "(GET) /health HTTP/1.1",
        "PRI * HTTP/2.0",
        "HTTP/1.1 200 OK",
    ] {
        assert_refused(&dashboard, format!("{line}\r\nHost: localhost\r\n\r\n").as_bytes());
    }
}

#[test]
fn malformed_headers_are_refused() {
    let (_directory, dashboard) = without_chronyd();
    let mut headers: Vec<Vec<u8>> = [
        "NoColon",
        "Bad Name: x",
        "Name : x",
        ": x",
        "X: a\u{0}b",
        "X: a\rb",
        " folded: x",
        "X(y): z",
        "Content-Length: -1",
        "Content-Length: +1",
        "Content-Length: 1x",
        "Content-Length: 0x10",
        "Content-Length: 99999999999999999999999",
        "Content-Length: 1, 2",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: nonsense",
        "Transfer-Encoding: chunked, identity",
    ]
    .map(|line| line.as_bytes().to_vec())
    .into();
    headers.push(format!("X: {}", "y".repeat(200_000)).into_bytes());
    headers.push(format!("{}: y", "X".repeat(200_000)).into_bytes());
    headers.push(b"X: y\r\n".repeat(500));
    for header in headers {
        let bytes = [ASK.as_bytes(), &header, b"\r\n\r\nabcd"].concat();
        let answer = answer(&dashboard, &bytes);
        let shown = String::from_utf8_lossy(&header[..header.len().min(60)]).into_owned();
        // Never a second answer, made of what the first request's body is.
        assert!(statuses(&answer).len() <= 1, "{shown:?}: {answer}");
        for status in statuses(&answer) {
            assert!(status.starts_with('4'), "{shown:?}: {answer}");
        }
        assert_serves(&dashboard);
    }
}

#[test]
fn a_body_for_a_path_that_takes_none_is_not_taken_for_a_request() {
    let (_directory, dashboard) = without_chronyd();
    let smuggled = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (headers, body) in [
        (format!("Content-Length: {}\r\n", smuggled.len()), smuggled.to_owned()),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len()),
        ),
    ] {
        let text = answer(&dashboard, format!("{ASK}{headers}\r\n{body}").as_bytes());
        assert_eq!(statuses(&text), ["200"], "{headers}: {text}");
    }
    // A large body need not be read to its end.
    let large = format!("{ASK}Content-Length: 10000000\r\n\r\n{}", "x".repeat(300_000));
    let text = answer(&dashboard, large.as_bytes());
    assert!(statuses(&text).len() <= 1, "{text}");
    assert_serves(&dashboard);
}

#[test]
fn bad_chunks_serve_nothing_more() {
    let (_directory, dashboard) = without_chronyd();
    for body in [
        "x\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nabc",
        "fffffffffffffffffffff\r\nabc",
        "3\r\nabcdef\r\n0\r\n\r\n",
        "3;x=\"\r\nabc\r\n0\r\n\r\n",
        "3\nabc\n0\n\n",
        "\r\n\r\n",
        "0\r\nBad Trailer\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
    ] {
        let next = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let bytes = format!("{ASK}Transfer-Encoding: chunked\r\n\r\n{body}{next}");
        let text = answer(&dashboard, bytes.as_bytes());
        // The first is answered before its body is looked at, or refused with it.
        assert!(statuses(&text).len() <= 2, "{body:?}: {text}");
        assert!(statuses(&text).iter().skip(1).all(|s| s.starts_with('4')), "{body:?}: {text}");
        assert_serves(&dashboard);
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let (_directory, dashboard) = without_chronyd();
    let mut bytes = String::new();
    for path in
        ["/health", "/nothing", "/api/nothing", "/health", "/static/x"].iter().cycle().take(50)
    {
        bytes += &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    bytes += &format!("{ASK}Connection: close\r\n\r\n");
    let text = talk(&dashboard, bytes.as_bytes());
    let expected: Vec<_> =
        ["200", "404", "404", "200", "404"].into_iter().cycle().take(50).collect();
    assert_eq!(statuses(&text)[..50], expected);
    assert_eq!(statuses(&text)[50..], ["200"]);
    // Whatever follows a refusal is not served.
    let mixed = format!("{ASK}\r\nnonsense\r\n\r\n{ASK}\r\n");
    assert_eq!(statuses(&talk(&dashboard, mixed.as_bytes())), ["200", "400"]);
}

#[test]
fn a_client_that_closes_its_side_gets_its_answer() {
    let (_directory, dashboard) = without_chronyd();
    for request in
        [format!("{ASK}\r\n"), "GET /nothing HTTP/1.0\r\nHost: localhost\r\n\r\n".to_owned()]
    {
        let mut stream = connect(&dashboard);
        stream.write_all(request.as_bytes()).unwrap();
        let mut first = [0];
        stream.read_exact(&mut first).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let text = format!("H{}", rest(&mut stream));
        assert_eq!(statuses(&text).len(), 1, "{text}");
    }
    // Nothing, or half a request, and the end.
    for bytes in
        [b"".as_slice(), b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n"]
    {
        assert_refused(&dashboard, bytes);
    }
}

#[test]
fn http_1_0_is_answered_and_closed() {
    let (_directory, dashboard) = without_chronyd();
    let text = talk(&dashboard, b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!(statuses(&text), ["200"], "{text}");
    assert!(text.ends_with('}'), "{text}");
    // HTTP/0.9 has no version.
    assert_refused(&dashboard, b"GET /health\r\n\r\n");
}

#[test]
fn upgrades_are_not_followed() {
    let (_directory, dashboard) = without_chronyd();
    for headers in [
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
    ] {
        let text = answer(&dashboard, format!("{ASK}{headers}\r\n").as_bytes());
        assert!(!statuses(&text).contains(&"101"), "{headers}: {text}");
        assert_serves(&dashboard);
    }
    assert_refused(&dashboard, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
}

#[test]
fn other_protocols_are_refused() {
    let (_directory, dashboard) = without_chronyd();
    let tls = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), &[0x5a; 501]].concat();
    for bytes in [
        tls.as_slice(),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x05\x01\x00",
        b"EHLO example.net\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\x80\x2e\x01\x00\x02",
        b"\r\n\r\n\r\n\r\n",
        b"\n",
        b"\0",
    ] {
        assert_refused(&dashboard, bytes);
    }
}

/// Marsaglia's xorshift: the same bytes at each run.
fn random(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    state.to_be_bytes()[0]
}

#[test]
fn random_bytes_and_random_changes_do_no_harm() {
    let (_directory, dashboard) = without_chronyd();
    let good = "GET /api/v1/tracking?x=y HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nContent-Length: 3\r\n\r\nabc";
    let mut state = 0x5ec0_4d4a_11d5_eed1;
    for round in 0..400_usize {
        let bytes: Vec<u8> = if round % 2 == 0 {
            let length = 1 + usize::from(random(&mut state)) * 4;
            (0..length).map(|_| random(&mut state)).collect()
        } else {
            let mut bytes = good.as_bytes().to_vec();
            for _ in 0..=round % 5 {
                let place = usize::from(random(&mut state)) % bytes.len();
                bytes[place] = random(&mut state);
            }
            bytes
        };
        let text = answer(&dashboard, &bytes);
        // 503 is the answer to what is still a request: no chronyd is there.
        for status in statuses(&text) {
            let is_right = status.starts_with('4') || ["200", "503"].contains(&status);
            assert!(is_right, "round {round}, {:?}: {text}", String::from_utf8_lossy(&bytes));
        }
    }
    assert_serves(&dashboard);
}
