//! The dashboard on its embedded simulated chronyd.

use rustix::process::Signal;

use crate::common::dashboard::{Dashboard, second_hand};

fn demo() -> Dashboard {
    Dashboard::start(second_hand().args(["--port", "0", "--demo"]))
}

#[test]
fn every_page_says_that_it_is_simulated() {
    let dashboard = demo();
    for (path, status) in [("/", 200), ("/nothing", 404)] {
        let response = dashboard.get(path);
        assert_eq!(response.status, status);
        let page = response.page();
        assert!(page.text(".simulated").contains("Simulated"), "{path}");
        assert!(page.text("title").starts_with("simulated"), "{path}");
    }
    let page = dashboard.get("/").page();
    assert!(page.verdict().starts_with("This clock is right to within"), "{}", page.verdict());
    assert!(page.all(".sources tbody tr").len() > 2);
    // In order, so that the simulated chronyd's directory goes.
    assert!(dashboard.end(Signal::TERM).success());
}

#[test]
fn its_clock_lives() {
    let dashboard = demo();
    let offset = || dashboard.get("/api/v1/tracking").json()["offset"].clone();
    let first = offset();
    crate::common::eventually("the offset changes", || (offset() != first).then_some(()));
    assert!(dashboard.end(Signal::TERM).success());
}

#[test]
fn it_leaves_nothing_of_its_simulated_chronyd() {
    let dashboard = demo();
    let address = dashboard.get("/api/v1/snapshot").json()["chronyd"]["address"].clone();
    let socket = std::path::PathBuf::from(address.as_str().expect("an address"));
    assert!(socket.exists());
    assert!(dashboard.end(Signal::TERM).success());
    assert!(!socket.parent().expect("its directory").exists());
}

#[test]
fn a_real_page_does_not_say_that_it_is_simulated() {
    let (_chronyd, dashboard) = crate::shown(libchrony::testing::Scenario::synchronized());
    assert!(dashboard.get("/").page().all(".simulated").is_empty());
}
