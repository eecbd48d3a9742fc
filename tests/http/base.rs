//! The site below a path of a proxy.

use libchrony::testing::{Scenario, Simulator};

use crate::common::dashboard::{Dashboard, second_hand};
use crate::raw::talk;
use crate::{assert_failure, assert_page};

fn below(base: &str) -> (Simulator, Dashboard) {
    let chronyd = Simulator::start_unix(Scenario::nts()).expect("the simulator starts");
    let address = chronyd.address();
    let arguments = ["--port", "0", "--refresh", "1h", "--chronyd", &address, "--base-path", base];
    let dashboard = Dashboard::start(second_hand().args(arguments)).settled();
    (chronyd, dashboard)
}

/// Every address that a page names.
fn addresses(html: &str) -> Vec<String> {
    let page = crate::common::page::Page::new(html);
    let attributes = ["href", "src", "data-url", "action", "srcset", "poster", "data"];
    attributes.iter().flat_map(|name| page.attributes(&format!("[{name}]"), name)).collect()
}

#[test]
fn every_address_on_every_page_lies_below_the_path_and_is_served() {
    for base in ["/clock", "/ops/second-hand"] {
        let (_chronyd, dashboard) = below(base);
        for path in ["/", "/?range=day", "/sources/192.0.2.11?range=day", "/nothing"] {
            // From a proxy that passes the path, and from one that takes it off.
            let pages = [format!("{base}{path}"), path.to_owned()];
            let pages = pages.map(|path| dashboard.get(&path));
            let [passed, taken] = pages.each_ref().map(|page| addresses(&page.body));
            assert_eq!(passed, taken, "{path}");
            let own: Vec<_> = passed.iter().filter(|address| !address.starts_with('#')).collect();
            assert!(own.len() >= 12 && pages[0].status == pages[1].status, "{path}: {own:?}");
            for address in own {
                let rest =
                    address.strip_prefix(base).unwrap_or_else(|| panic!("{path}: {address}"));
                assert!(rest.starts_with('/'), "{path}: {address}");
                // The stream has no end.
                for way in [address.as_str(), rest].iter().filter(|way| !way.ends_with("/live")) {
                    assert_eq!(dashboard.get(way).status, 200, "{path}: {way}");
                }
            }
        }
    }
}

#[test]
fn the_path_without_its_slash_leads_to_the_dashboard() {
    let (_chronyd, dashboard) = below("/clock");
    for (path, to) in [("/clock", "/clock/"), ("/clock?range=day", "/clock/?range=day")] {
        for method in ["GET", "HEAD"] {
            let ask =
                format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let answer = talk(&dashboard, ask.as_bytes()).to_ascii_lowercase();
            assert!(answer.starts_with("http/1.1 308 "), "{answer}");
            assert!(answer.contains(&format!("location: {to}\r\n")), "{answer}");
            assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
        }
    }
    let ask = "GET /clock HTTP/1.1\r\nHost: example.net\r\nConnection: close\r\n\r\n";
    assert!(talk(&dashboard, ask.as_bytes()).starts_with("HTTP/1.1 421 "));
}

#[test]
fn errors_below_the_path_are_as_elsewhere_and_name_addresses_there() {
    let (_chronyd, dashboard) = below("/clock");
    assert_failure(&dashboard.get("/clock/api/v1/nothing"), 404, "not_found");
    assert_failure(&dashboard.get("/clock/api"), 404, "not_found");
    let page = dashboard.get("/clock/nothing");
    assert_page(&page, 404);
    assert!(
        page.body.contains("The dashboard is at /clock/, the data at /clock/api/v1/"),
        "{}",
        page.body
    );
    for path in ["/clock/clock/", "/clocks/", "/Clock/", "/clock//", "//clock/"] {
        assert_page(&dashboard.get(path), 404);
    }
    assert_page(&dashboard.send("POST", "/clock/"), 405);
    assert_failure(&dashboard.get_as("example.net", "/clock/api/v1/tracking"), 421, "foreign_host");
    assert!(dashboard.get("/clock/api/v1/tracking").json()["stratum"].is_number());
}

#[test]
fn the_description_of_the_data_says_where_it_is() {
    for (base, url) in [("/clock", "/clock"), ("/", "/")] {
        let (_chronyd, dashboard) = below(base);
        let document = dashboard.get("/api/v1/openapi.json");
        assert_eq!(document.json()["servers"][0]["url"], url);
    }
}
