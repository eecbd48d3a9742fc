//! Answers in the form that the client takes.

use std::io::{Read, Write};

use flate2::read::GzDecoder;
use libchrony::testing::Scenario;

use crate::common::dashboard::Dashboard;
use crate::raw::connect;
use crate::shown;

/// The head of an answer, and its body as bytes.
fn get(dashboard: &Dashboard, path: &str, accepted: &str) -> (String, Vec<u8>) {
    let mut connection = connect(dashboard);
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {accepted}\r\nConnection: close\r\n\r\n"
    )
    .expect("the question is sent");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).expect("a head is text"), body)
}

fn unpacked(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(body).read_to_end(&mut plain).expect("gzip");
    plain
}

/// The static files that the page names.
fn assets(page: &str) -> Vec<String> {
    let quoted = page.split('"').filter(|text| text.starts_with("/static/"));
    let mut assets: Vec<_> = quoted.map(str::to_owned).collect();
    assets.sort();
    assets.dedup();
    assets
}

#[test]
fn pages_data_style_script_and_pictures_are_smaller_for_who_takes_gzip() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    // One reading of which everything is made.
    let page = dashboard.get("/?live=1").body;
    let mut paths = assets(&page);
    assert!(paths.len() >= 5, "{paths:?}");
    paths.extend(["/?live=1", "/api/v1/snapshot", "/nothing"].map(str::to_owned));
    for path in paths {
        let (head, plain) = get(&dashboard, &path, "identity");
        assert!(!head.contains("content-encoding"), "{path}: {head}");
        let (packed_head, packed) = get(&dashboard, &path, "br;q=0.5, gzip");
        for head in [&head, &packed_head] {
            assert!(head.lines().any(|line| line == "vary: accept-encoding"), "{path}: {head}");
        }
        if plain.len() < 1024 && !path.starts_with("/static/") {
            continue;
        }
        assert!(packed_head.contains("content-encoding: gzip"), "{path}: {packed_head}");
        let length = format!("content-length: {}", packed.len());
        assert!(packed_head.lines().any(|line| line == length), "{path}: {packed_head}");
        assert!(packed.len() < plain.len(), "{path}: {} of {}", packed.len(), plain.len());
        // What is read anew says something else each time.
        if !path.starts_with("/api/") {
            assert_eq!(unpacked(&packed), plain, "{path}");
        }
    }
}

#[test]
fn who_refuses_gzip_gets_plain_text() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for accepted in ["gzip;q=0", "br", "*;q=0", "identity, gzip;q=0.5"] {
        for path in ["/", "/api/v1/snapshot", "/api/v1/sources"] {
            let (head, body) = get(&dashboard, path, accepted);
            assert!(head.starts_with("HTTP/1.1 200"), "{accepted}: {head}");
            assert!(!head.contains("content-encoding"), "{accepted}: {head}");
            assert!(String::from_utf8(body).is_ok());
        }
    }
}

/// Page, style and script together.
#[test]
fn what_a_browser_loads_stays_within_its_budget() {
    let (_chronyd, dashboard) = shown(Scenario::many_sources(5));
    let page = dashboard.get("/?live=1").body;
    let (mut plain, mut packed) = (0, 0);
    for path in assets(&page).iter().map(String::as_str).chain(["/?live=1"]) {
        let lengths = ["identity", "gzip"].map(|form| get(&dashboard, path, form).1.len());
        println!("{path}: {} bytes, {} as gzip", lengths[0], lengths[1]);
        plain += lengths[0];
        packed += lengths[1];
    }
    println!("together: {plain} bytes, {packed} as gzip");
    assert!(plain <= 100_000, "{plain} bytes");
    assert!(packed <= 30_000, "{packed} bytes");
}
