//! The pages for people.

use libchrony::testing::{Scenario, Simulator};

use crate::common::dashboard::Dashboard;
use crate::{REPORTS, assert_page, assert_secured, shown, without_chronyd};

#[test]
fn with_data_the_dashboard_is_200_and_kept_by_nobody() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    let response = dashboard.get("/");
    assert_page(&response, 200);
    assert!(response.body.contains("This clock is right to within"), "{}", response.body);
}

#[test]
fn without_chronyd_the_dashboard_is_503_and_says_what_to_do() {
    let (directory, dashboard) = without_chronyd();
    let response = dashboard.get("/");
    assert_page(&response, 503);
    assert!(response.body.contains("systemctl start chrony"), "{}", response.body);
    assert!(response.body.contains(directory.path().to_str().unwrap()), "{}", response.body);
}

#[test]
fn the_query_chooses_how_far_back_the_charts_reach() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for (query, chosen) in [
        ("", "Last hour"),
        ("?range=hour", "Last hour"),
        ("?range=day", "Last day"),
        ("?range=all", "All"),
        ("?range=%22%3E%3Cscript%3E", "Last hour"),
    ] {
        let page = dashboard.get(&format!("/{query}")).page();
        assert_eq!(page.text(".ranges [aria-current]"), chosen, "{query}");
    }
}

#[test]
fn what_is_not_there_is_a_page_that_says_so() {
    let (_directory, dashboard) = without_chronyd();
    for path in
        ["/nothing", "/index.html", "//", "/%00", "/%zz", "/%3Cscript%3Ealert(1)%3C/script%3E"]
    {
        let response = dashboard.get(path);
        assert_page(&response, 404);
        assert!(!response.body.contains("alert(1)"), "{}", response.body);
    }
    assert_page(&dashboard.get("/?a=b"), 503);
}

#[test]
fn other_methods_are_a_page_that_says_so() {
    let (_directory, dashboard) = without_chronyd();
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for path in ["/", "/nothing", "/static/nothing"] {
            let response = dashboard.send(method, path);
            assert_page(&response, 405);
            assert_eq!(response.header("allow"), "GET, HEAD");
        }
    }
}

#[test]
fn head_is_get_without_the_body() {
    let (_chronyd, dashboard) = shown(Scenario::no_sources());
    for path in ["/health", "/api/v1/activity", "/nothing", "/api/nothing", "/api/v1/smoothing"] {
        let (get, head) = (dashboard.get(path), dashboard.head(path));
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert_eq!(head.body, "", "{path}");
        assert_secured(&head);
    }
    // Each page is of another moment, so its length may differ by some bytes.
    let head = dashboard.head("/");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("content-length").parse::<usize>().is_ok_and(|length| length > 1000));
}

#[test]
fn the_access_panel_tells_of_every_report_whether_it_is_given_over_each_transport() {
    let socket = Simulator::start_unix(Scenario::rtc()).expect("the simulator starts");
    let udp = Simulator::start_udp(Scenario::rtc()).expect("the simulator starts");
    let hidden = ["selectdata", "authdata", "ntpdata", "serverstats"];
    for (chronyd, refused) in [(socket, &[][..]), (udp, &hidden)] {
        let page = Dashboard::impatient(&chronyd.address()).get("/").page();
        let rows = page.rows(".access");
        for report in REPORTS {
            let row = rows.iter().find(|row| row[0].split(' ').next() == Some(report));
            let row = row.unwrap_or_else(|| panic!("{report} is not in {rows:?}"));
            let state = match report {
                "smoothing" => "\u{2013} not enabled",
                report if refused.contains(&report) => "! refused",
                _ => "\u{2713} given",
            };
            assert_eq!(row[1], state, "{report}");
            assert_eq!(row[2].is_empty(), state.ends_with("given"), "{row:?}");
        }
        // The remedy stands once, in full, and only where something is refused.
        let lines = page.all(".access pre").concat();
        assert_eq!(lines.contains("opencommands "), !refused.is_empty(), "{lines}");
        assert!(refused.iter().all(|report| lines.contains(report)), "{lines}");
    }
}
