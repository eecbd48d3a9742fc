//! The page of a real chronyd.

use crate::browser::browser;
use crate::common::chronyc::chronyc;
use crate::common::chronyd::Chronyd;
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;
use crate::layout::{assert_above_the_fold, assert_selected_row_apart};

/// The line of configuration for the server at one of its addresses.
fn source(last: u8, server: &Chronyd) -> String {
    format!("server 127.0.0.{last} port {} minpoll -2 maxpoll -1 iburst\n", server.ntp_port)
}

pub(crate) fn the_page_of_a_real_chronyd_has_its_boxes_above_the_fold_and_its_selected_row_apart() {
    let server = Chronyd::server(3);
    let client = Chronyd::client(&[2, 3].map(|last| source(last, &server)).concat());
    let dashboard = Dashboard::of(&client.unix());
    let browser = browser();
    // Before a source is selected the page is another.
    browser.open(&dashboard.url);
    client.wait_until_at_rest();
    for (width, height, phone) in [(1280, 720, false), (390, 844, true)] {
        browser.resize(width, height, phone);
        // On a busy machine the bound of the error may be wide again for a moment.
        eventually("a page of a clock that is right", || {
            browser.open(&dashboard.url);
            let heading = browser.text("document.querySelector('h1').innerText");
            heading.starts_with("This clock is right to within ").then_some(())
        });
        assert_above_the_fold(&browser, &format!("{width} px"), height);
        assert_selected_row_apart(&browser);
    }
    assert_eq!(browser.console(), [""; 0]);
}

pub(crate) fn an_open_page_shows_what_a_real_chronyd_does() {
    let server = Chronyd::server(3);
    let mut client = Chronyd::client(&[2, 3].map(|last| source(last, &server)).concat());
    let address = client.unix();
    let arguments = ["--port", "0", "--chronyd", &address, "--refresh", "1s"];
    let (browser, dashboard) = (browser(), Dashboard::start(second_hand().args(arguments)));
    browser.open(&dashboard.url);
    browser.run("window.mark = 'kept';", &[]);
    let shows = |what: &str, addresses: &[&str]| {
        eventually(what, || {
            let mut rows = browser.texts(
                "[...document.querySelectorAll('.sources tbody tr')].map(r => r.dataset.key ?? '')",
            );
            rows.sort_unstable();
            (rows == addresses).then_some(())
        });
    };
    let says = |beginning: &str| {
        eventually(&format!("the page says {beginning:?}"), || {
            let heading = browser.text("document.querySelector('h1').innerText");
            heading.starts_with(beginning).then_some(())
        });
    };
    shows("the sources that are configured", &["127.0.0.2", "127.0.0.3"]);
    says("This clock is right to within ");
    chronyc(&client, &format!("add {}", source(4, &server).trim_end()));
    shows("a source that is added", &["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    chronyc(&client, "delete 127.0.0.2");
    shows("a source that is deleted is gone", &["127.0.0.3", "127.0.0.4"]);
    client.kill();
    says("Connection failed: chronyd may not be running");
    client.restart();
    shows("the sources that are configured", &["127.0.0.2", "127.0.0.3"]);
    says("This clock is right to within ");
    assert_eq!(browser.value("window.mark"), "kept", "the page was loaded anew");
}
