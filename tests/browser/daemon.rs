//! The page of a real chronyd.

use crate::browser::browser;
use crate::common::chronyd::Chronyd;
use crate::common::dashboard::Dashboard;
use crate::layout::{assert_above_the_fold, assert_selected_row_apart};

pub(crate) fn the_page_of_a_real_chronyd_has_its_boxes_above_the_fold_and_its_selected_row_apart() {
    let server = Chronyd::server(3);
    let source = |last: u8| {
        format!("server 127.0.0.{last} port {} minpoll -2 maxpoll -1 iburst\n", server.ntp_port)
    };
    let client = Chronyd::client(&format!("{}{}", source(2), source(3)));
    let dashboard = Dashboard::of(&client.unix());
    let browser = browser();
    // Before a source is selected the page is another.
    browser.open(&dashboard.url);
    client.wait_until("one of two servers is selected", |snapshot| {
        snapshot.sources.iter().flatten().any(libchrony::Source::is_selected)
    });
    for (width, height, phone) in [(1280, 720, false), (390, 844, true)] {
        browser.resize(width, height, phone);
        browser.open(&dashboard.url);
        assert_above_the_fold(&browser, &format!("{width} px"), height);
        assert_selected_row_apart(&browser);
        let heading = browser.text("document.querySelector('h1').innerText");
        assert!(heading.starts_with("This clock is right to within "), "{heading}");
    }
    assert_eq!(browser.console(), [""; 0]);
}
