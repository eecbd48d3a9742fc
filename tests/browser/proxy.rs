//! The page behind a proxy with TLS, below a path of another site, as packaging/proxy sets it up.

use libchrony::testing::{Scenario, Simulator};

use crate::browser::browser;
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;
use crate::common::proxy::{Kind, OTHER, Proxy};

pub(crate) fn below_a_path_of_nginx_the_page_loads_leads_on_and_keeps_itself_up_to_date() {
    works_below_a_path(Kind::Nginx);
}

pub(crate) fn below_a_path_of_caddy_the_page_loads_leads_on_and_keeps_itself_up_to_date() {
    works_below_a_path(Kind::Caddy);
}

fn works_below_a_path(kind: Kind) {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let arguments = ["--port", "0", "--refresh", "1s", "--chronyd", &chronyd.address()];
    let behind = ["--base-path", "/clock", "--trusted-proxy", "127.0.0.1", "--allowed-host", OTHER];
    let dashboard = Dashboard::start(second_hand().args(arguments).args(behind));
    let proxy = Proxy::start(kind, dashboard.authority(), dashboard.authority(), None);
    let (browser, site) = (browser(), format!("https://{OTHER}:{}/clock", proxy.port));
    let heading = || browser.text("document.querySelector('h1').innerText");

    // Without its slash it leads there all the same.
    browser.open(&site);
    assert_eq!(browser.text("location.href"), format!("{site}/"));
    assert!(heading().starts_with("This clock is right to within "), "{}", heading());
    browser.run("window.mark = 'kept';", &[]);
    eventually("the page is live", || {
        (browser.text("document.querySelector('#live').dataset.state ?? ''") == "on").then_some(())
    });
    chronyd.set(Scenario::unsynchronized());
    eventually("the page says it", || {
        heading().starts_with("This clock is not synchronized").then_some(())
    });
    chronyd.set(Scenario::synchronized());
    eventually("the page says it again", || {
        heading().starts_with("This clock is right to within ").then_some(())
    });
    assert_eq!(browser.value("window.mark"), "kept", "the page was loaded anew");

    browser.run("document.querySelector('.sources tbody a').click();", &[]);
    eventually("the page of a source opens", || {
        browser.text("location.href").starts_with(&format!("{site}/sources/")).then_some(())
    });
    eventually("and is live", || {
        let state = "document.querySelector('#live')?.dataset.state ?? ''";
        (browser.text(state) == "on").then_some(())
    });
    browser.run("document.querySelector('.brand').click();", &[]);
    eventually("the name leads back", || {
        (browser.text("location.href") == format!("{site}/")).then_some(())
    });
    let requests = browser.requests();
    browser.open("about:blank");
    assert_eq!(browser.console(), [""; 0]);
    for request in requests.iter().filter(|request| !request.starts_with("data:")) {
        let rest =
            request.strip_prefix(&site).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        assert!(rest.is_some() || request == "about:blank", "it asks {request}");
    }
    assert!(requests.len() > 10, "{requests:?}");
}
