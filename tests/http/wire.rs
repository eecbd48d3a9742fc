//! Requests that are not as HTTP asks: none is served, none does harm.

use std::io::Write;

use crate::raw::{connect, rest, talk};
use crate::without_chronyd;

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn a_request_needs_exactly_one_host() {
    let (_directory, dashboard) = without_chronyd();
    for (request, expected) in [
        ("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "200"),
        ("GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", "400"),
        ("GET /health HTTP/1.0\r\n\r\n", "400"),
        ("GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "421"),
        (
            "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: example.net\r\nConnection: close\r\n\r\n",
            "400",
        ),
        ("GET /health HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "400"),
        (
            "GET http://example.net/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "421",
        ),
        (
            "GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            "200",
        ),
    ] {
        let answer = talk(&dashboard, request.as_bytes());
        assert_eq!(status(&answer), expected, "{request:?}: {answer}");
    }
}

#[test]
fn http_1_0_without_a_host_gets_the_secured_error() {
    let (_directory, dashboard) = without_chronyd();
    let answer = talk(&dashboard, b"GET /api/v1/tracking HTTP/1.0\r\n\r\n");
    assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    assert!(answer.contains("\"kind\":\"bad_request\""), "{answer}");
}

#[test]
fn what_is_no_request_is_refused_and_the_server_goes_on() {
    let (_directory, dashboard) = without_chronyd();
    let long =
        [b"GET /".as_slice(), &b"a".repeat(200_000), b" HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for bytes in [
        b"hello\r\n\r\n".as_slice(),
        b"\0\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        &long.concat(),
        many.as_bytes(),
    ] {
        let mut stream = connect(&dashboard);
        // The server may refuse before all is sent.
        let _ = stream.write_all(bytes);
        let answer = rest(&mut stream);
        let refused = answer.is_empty() || status(&answer).starts_with('4');
        assert!(refused, "{:?}: {answer}", String::from_utf8_lossy(&bytes[..bytes.len().min(40)]));
    }
    assert_eq!(dashboard.get("/health").status, 200);
}

#[test]
fn a_client_that_sends_nothing_more_is_not_waited_for() {
    let (_directory, dashboard) = without_chronyd();
    let mut stream = connect(&dashboard);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: local").unwrap();
    let answer = rest(&mut stream);
    assert!(answer.is_empty() || status(&answer) == "408", "{answer}");
}
