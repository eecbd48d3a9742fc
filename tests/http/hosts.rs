//! The guard against DNS rebinding.

use crate::common::dashboard::{Dashboard, second_hand};
use crate::{assert_failure, assert_page, without_chronyd};

fn start(flags: &[&str]) -> Dashboard {
    Dashboard::start(second_hand().args(["--port", "0"]).args(flags))
}

#[test]
fn on_loopback_only_names_of_this_machine_are_answered() {
    let (_directory, dashboard) = without_chronyd();
    for host in
        ["localhost", "LocalHost:8000", "localhost.", "127.0.0.1", "127.1.2.3:80", "[::1]:8000"]
    {
        assert_eq!(dashboard.get_as(host, "/health").status, 200, "{host}");
    }
    for host in ["example.net", "localhost.example.net", "192.0.2.1", "127.0.0.1.example.net:8000"]
    {
        assert_page(&dashboard.get_as(host, "/"), 421);
        assert_page(&dashboard.get_as(host, "/nothing"), 421);
        assert_failure(&dashboard.get_as(host, "/api/v1/snapshot"), 421, "foreign_host");
        assert_failure(&dashboard.get_as(host, "/health"), 421, "foreign_host");
    }
}

#[test]
fn the_refusal_says_how_to_allow_the_name() {
    let (_directory, dashboard) = without_chronyd();
    let response = dashboard.get_as("clock.example.net:8000", "/");
    assert!(response.body.contains("--allowed-host"), "{}", response.body);
    assert!(response.body.contains("clock.example.net"), "{}", response.body);
}

#[test]
fn allowed_names_are_answered() {
    let dashboard = start(&["--allowed-host", "clock.example.net", "--allowed-host=192.0.2.1"]);
    for host in ["Clock.Example.Net:443", "clock.example.net.", "192.0.2.1", "localhost"] {
        assert_eq!(dashboard.get_as(host, "/health").status, 200, "{host}");
    }
    assert_eq!(dashboard.get_as("example.net", "/health").status, 421);
}

#[test]
fn on_other_addresses_every_name_is_answered_unless_some_are_demanded() {
    let open = start(&["--host", "0.0.0.0"]);
    assert_eq!(open.get_as("example.net", "/health").status, 200);
    let demanding = start(&["--host", "0.0.0.0", "--allowed-host", "clock.example.net"]);
    assert_eq!(demanding.get_as("clock.example.net", "/health").status, 200);
    assert_eq!(demanding.get_as("127.0.0.1", "/health").status, 200);
    assert_eq!(demanding.get_as("example.net", "/health").status, 421);
}

#[test]
fn the_page_that_refuses_a_name_is_given_its_style_by_that_name() {
    let (_directory, dashboard) = without_chronyd();
    let refusal = dashboard.get_as("clock.example.net", "/").page();
    let files = refusal.attributes("link, img", "href");
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(dashboard.get_as("clock.example.net", &file).status, 200, "{file}");
    }
    assert_failure(&dashboard.get_as("clock.example.net", "/api/v1/tracking"), 421, "foreign_host");
}
