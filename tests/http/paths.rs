//! Paths, methods and hosts that are not there: each has its error, and none leads to a file.

use std::path::Path;

use serde_json::Value;

use crate::common::dashboard::Dashboard;
use crate::raw::talk;
use crate::without_chronyd;

/// An answer as it came over the wire.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// Sends a request line and headers as they are.
fn ask(dashboard: &Dashboard, line: &str, headers: &str) -> Answer {
    let text = talk(dashboard, format!("{line}\r\n{headers}Connection: close\r\n\r\n").as_bytes());
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{line:?}: no answer: {text:?}"));
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

fn get(dashboard: &Dashboard, path: &str) -> Answer {
    ask(dashboard, &format!("GET {path} HTTP/1.1"), "Host: localhost\r\n")
}

/// What every answer of the application carries; JSON for programs, a page for people.
fn assert_proper(answer: &Answer, is_for_programs: bool, what: &str) {
    for header in [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "x-frame-options: deny",
        "cross-origin-resource-policy: same-origin",
        "cache-control: no-store",
    ] {
        assert!(answer.head.contains(header), "{what}: {header} is not in {}", answer.head);
    }
    if is_for_programs {
        assert!(answer.head.contains("content-type: application/json"), "{what}: {}", answer.head);
        if !answer.body.is_empty() {
            let json: Value = serde_json::from_str(&answer.body).expect("JSON");
            assert!(json["error"]["kind"].is_string(), "{what}: {json}");
        }
    } else {
        assert!(answer.head.contains("content-type: text/html"), "{what}: {}", answer.head);
    }
}

/// No line of the files that a traversal would reach.
fn assert_no_file(answer: &Answer, what: &str) {
    for secret in
        ["root:x:0:0", "[package]", "fn main()", "localhost.localdomain", "chronyd.sock\n"]
    {
        assert!(!answer.body.contains(secret), "{what} gives {}", answer.body);
    }
}

#[test]
fn unknown_paths_are_not_found() {
    let (_directory, dashboard) = without_chronyd();
    for (path, is_for_programs) in [
        ("/nothing", false),
        ("/index.html", false),
        ("/favicon.ico", false),
        ("/robots.txt", false),
        ("/.git/config", false),
        ("/.env", false),
        ("/admin", false),
        ("//", false),
        ("/%", false),
        ("/%0", false),
        ("/%zz", false),
        ("/%00", false),
        ("/%ff%fe", false),
        ("/;a=b", false),
        ("/static", false),
        ("/API/v1/tracking", false),
        ("/api", true),
        ("/api/", true),
        ("/api/v1", true),
        ("/api/v1/", true),
        ("/api/v1//tracking", true),
        ("/api/v1/tracking/", true),
        ("/api/v1/Tracking", true),
        ("/api/v1/%00", true),
        ("/api/v1/%ff", true),
        ("/api/v1/tracking%00", true),
        ("/api/v1/tracking%20", true),
        ("/api/v1/..%2fsnapshot", true),
        ("/api/v2/tracking", true),
        ("/health/", true),
    ] {
        for method in ["GET", "HEAD"] {
            let answer =
                ask(&dashboard, &format!("{method} {path} HTTP/1.1"), "Host: localhost\r\n");
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_proper(&answer, is_for_programs, path);
        }
    }
}

#[test]
fn queries_and_fragments_change_nothing() {
    let (_directory, dashboard) = without_chronyd();
    let long = format!("/health?{}", "a=%3Cscript%3E&".repeat(500));
    for path in ["/health?", "/health?a", "/health?%00", "/health?%", "/health?a[]=1&a[]=2", &long]
    {
        assert_eq!(get(&dashboard, path).status, 200, "{path}");
    }
    let answer = get(&dashboard, "/api/v1/tracking?file=/etc/passwd&callback=alert");
    assert_eq!(answer.status, 503);
    assert_proper(&answer, true, "a query");
    assert!(!answer.body.contains("alert") && !answer.body.contains("passwd"), "{}", answer.body);
}

#[test]
fn all_methods_but_get_and_head_are_refused_everywhere() {
    let (_directory, dashboard) = without_chronyd();
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "PURGE",
        "MKCOL", "SEARCH", "LOCK", "X", "get", "M-SEARCH", "QUERY",
    ] {
        for (path, is_for_programs) in [
            ("/", false),
            ("/nothing", false),
            ("/static/nothing", false),
            ("/sources/192.0.2.1", false),
            ("/health", true),
            ("/api/v1/snapshot", true),
            ("/api/v1/tracking", true),
            ("/api/nothing", true),
        ] {
            // CONNECT takes host and port; with a path it is no request.
            let answer =
                ask(&dashboard, &format!("{method} {path} HTTP/1.1"), "Host: localhost\r\n");
            let what = format!("{method} {path}");
            if method == "CONNECT" {
                assert!([400, 405].contains(&answer.status), "{what}: {}", answer.status);
            } else {
                assert_eq!(answer.status, 405, "{what}");
            }
            if answer.status == 405 {
                assert!(answer.head.contains("allow: get, head"), "{what}: {}", answer.head);
                assert_proper(&answer, is_for_programs, &what);
            }
            // TRACE sends nothing back of what was sent.
            assert!(!answer.body.contains("Connection: close"), "{what}: {}", answer.body);
        }
    }
}

#[test]
fn connect_opens_no_way_to_another_host() {
    let (_directory, dashboard) = without_chronyd();
    for target in ["example.net:443", "127.0.0.1:22", "localhost:80", "[::1]:22"] {
        let answer = ask(&dashboard, &format!("CONNECT {target} HTTP/1.1"), "Host: localhost\r\n");
        assert!((400..500).contains(&answer.status), "{target}: {}", answer.status);
    }
}

#[test]
fn requests_for_other_hosts_are_refused_everywhere() {
    let (_directory, dashboard) = without_chronyd();
    let bad = [
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: localhost\r\nhost: example.net\r\n", 400),
        ("Host: \u{e9}xample\r\n", 400),
        ("Host:\r\n", 421),
        ("Host: example.net\r\n", 421),
        ("Host: example.net:8000\r\n", 421),
        ("Host: localhost.example.net\r\n", 421),
        ("Host: localhost@example.net\r\n", 421),
        ("Host: localhost, example.net\r\n", 421),
        ("Host: 127.0.0.1.example.net\r\n", 421),
        ("Host: 192.0.2.1\r\n", 421),
        ("Host: 0x7f000001\r\n", 421),
        ("Host: [::ffff:192.0.2.1]\r\n", 421),
        ("Host: [2001:db8::1]\r\n", 421),
        ("Host: localhost/../\r\n", 421),
        ("X-Forwarded-Host: localhost\r\nHost: example.net\r\n", 421),
        ("Forwarded: host=localhost\r\nHost: example.net\r\n", 421),
    ];
    for (headers, status) in bad {
        for (path, is_for_programs) in [
            ("/", false),
            ("/nothing", false),
            ("/static/x", false),
            ("/health", true),
            ("/api/v1/snapshot", true),
        ] {
            let answer = ask(&dashboard, &format!("GET {path} HTTP/1.1"), headers);
            assert_eq!(answer.status, status, "{headers:?} {path}");
            // Some malformed requests end before the application sees them: no body, no headers.
            if status == 421 || !answer.body.is_empty() {
                assert_proper(&answer, is_for_programs, headers);
            }
        }
    }
    for (target, status) in [
        ("http://localhost/health", 200),
        ("http://127.0.0.1:9/health", 200),
        ("http://example.net/health", 421),
        ("https://example.net:443/health", 421),
        ("http://localhost@example.net/health", 421),
        ("http://user:word@localhost/health", 421),
    ] {
        let answer = ask(&dashboard, &format!("GET {target} HTTP/1.1"), "Host: localhost\r\n");
        assert_eq!(answer.status, status, "{target}");
        let foreign = ask(&dashboard, &format!("GET {target} HTTP/1.1"), "Host: example.net\r\n");
        assert_eq!(foreign.status, 421, "{target}");
    }
}

#[test]
fn no_way_of_writing_a_path_leads_to_a_file() {
    let (_directory, dashboard) = without_chronyd();
    assert!(Path::new("/etc/passwd").exists() && Path::new("Cargo.toml").exists());
    let ups = [
        "..",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "%252e%252e",
        "%25252e%25252e",
        "..%00",
        "....",
        "..;",
        "%c0%ae%c0%ae",
        "%e0%80%ae%e0%80%ae",
        "%uff0e%uff0e",
        "\u{ff0e}\u{ff0e}",
    ];
    let slashes = ["/", "%2f", "%5c", "\\", "%252f", "%255c", "%c0%af", "//", "/./", "%u2215"];
    let files = ["etc/passwd", "Cargo.toml", "proc/self/environ"];
    let mut asked = 0;
    for prefix in ["/static/", "/sources/", "/api/v1/", "/", "/static/css/"] {
        for up in ups {
            for slash in slashes {
                for depth in [1, 8] {
                    let way = format!("{up}{slash}").repeat(depth);
                    let file = files[asked % files.len()].replace('/', slash);
                    let path = format!("{prefix}{way}{file}");
                    let answer = get(&dashboard, &path);
                    // 400 where it is no request at all.
                    assert!([404, 400].contains(&answer.status), "{path}: {}", answer.status);
                    assert_no_file(&answer, &path);
                    if answer.status == 404 {
                        assert_proper(&answer, prefix.starts_with("/api"), &path);
                    }
                    asked += 1;
                }
            }
        }
    }
    for path in [
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/file:///etc/passwd",
        "/static/C:%5cwindows%5cwin.ini",
        "/static/%00",
        "/static/page.css",
        "/static/page.css%00",
        "/static/.",
        "/static/..",
        "/static/%20",
        "/static/~root",
        "/static/$HOME",
        "/static/'id'",
        "/static/css",
        "/sources/",
        "/sources/%00",
        "/sources/..",
        "/sources/../../etc/passwd",
    ] {
        let answer = get(&dashboard, path);
        assert_eq!(answer.status, 404, "{path}");
        assert_no_file(&answer, path);
    }
    assert_eq!(asked, 1300);
}

#[test]
fn very_long_paths_are_answered_or_refused() {
    let (_directory, dashboard) = without_chronyd();
    for (path, statuses) in [
        (format!("/{}", "a".repeat(8_000)), [404, 404]),
        (format!("/static/{}", "a".repeat(30_000)), [404, 404]),
        (format!("/api/v1/{}", "%41".repeat(5_000)), [404, 404]),
        (format!("/{}", "a/".repeat(10_000)), [404, 404]),
        (format!("/{}", "../".repeat(10_000)), [404, 404]),
        // Beyond what a request may hold.
        (format!("/{}", "a".repeat(70_000)), [400, 414]),
    ] {
        let answer = get(&dashboard, &path);
        assert!(statuses.contains(&answer.status), "{} bytes: {}", path.len(), answer.status);
        assert!(answer.body.len() < 16_000, "what was asked is not sent back");
    }
}
