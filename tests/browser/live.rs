//! A page that is left open.

use libchrony::testing::{Scenario, Simulator};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::axe::{self, LOOKS};
use crate::browser::{Browser, Key, browser};
use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::{PATIENCE, eventually, within};

/// A dashboard that reads as often as it can.
fn watching(chronyd: &Simulator, port: &str) -> Dashboard {
    let address = chronyd.address();
    let arguments = ["--port", port, "--chronyd", &address, "--refresh", "1s"];
    Dashboard::start(second_hand().args(arguments))
}

const HEADING: &str = "document.querySelector('h1').innerText";

fn state(browser: &Browser) -> String {
    browser.text("document.querySelector('.live').dataset.state ?? ''")
}

fn becomes(browser: &Browser, wanted: &str) {
    eventually(&format!("the page is {wanted}"), || (state(browser) == wanted).then_some(()));
}

/// Waits until the heading begins with a text.
fn says(browser: &Browser, beginning: &str) {
    eventually(&format!("the page says {beginning:?}"), || {
        browser.text(HEADING).starts_with(beginning).then_some(())
    });
}

pub(crate) fn the_page_changes_in_place_when_chronyd_changes() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let (browser, dashboard) = (browser(), watching(&chronyd, "0"));
    browser.open(&dashboard.url);
    becomes(&browser, "on");
    // What a reader does, which a page that is loaded anew forgets.
    browser.run(
        "window.mark = 'kept';
         document.querySelector('.box-offset').open = true;
         document.querySelector('.box-stratum summary').focus();",
        &[],
    );
    let kept = "[window.mark, document.querySelector('.box-offset').open,
        document.activeElement.parentElement.className.includes('box-stratum')]";
    let mut late = Scenario::synchronized();
    late.tracking.current_correction = 0.025;
    chronyd.set(late);
    let offset = "document.querySelector('.box-offset .value').innerText";
    eventually("the offset changes", || (browser.text(offset) == "+25.00 ms").then_some(()));
    assert_eq!(browser.value(kept), json!(["kept", true, true]));
    assert_eq!(browser.value("document.querySelectorAll('.sources tbody tr').length"), 3);
    chronyd.set(Scenario::falseticker());
    eventually("the falseticker comes", || {
        let rows = browser.value("document.querySelectorAll('.sources tr.falseticker').length");
        (rows == 1).then_some(())
    });
    chronyd.set(Scenario::no_sources());
    says(&browser, "This clock is not synchronized");
    chronyd.stop_answering();
    says(&browser, "Connection failed");
    chronyd.resume();
    chronyd.set(Scenario::synchronized());
    says(&browser, "This clock is right to within");
    assert_eq!(browser.value(kept), json!(["kept", true, true]));
    assert_eq!(browser.value("document.querySelectorAll('.sources tbody tr').length"), 3);
}

pub(crate) fn ages_count_on_between_readings() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let (browser, dashboard) = (browser(), Dashboard::quiet(&chronyd.address()));
    browser.open(&dashboard.url);
    let ages =
        || browser.value("[...document.querySelectorAll('.sources .age')].map(e => e.innerText)");
    let first = ages();
    assert!(first.as_array().is_some_and(|ages| ages.len() == 3), "{first}");
    eventually("every age counts on", || {
        let now = ages();
        let pairs = first.as_array()?.iter().zip(now.as_array()?);
        pairs.into_iter().all(|(before, now)| before != now).then_some(())
    });
}

pub(crate) fn a_page_that_is_paused_stays_as_it_is() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let (browser, dashboard) = (browser(), watching(&chronyd, "0"));
    browser.open(&dashboard.url);
    becomes(&browser, "on");
    let press = || browser.run("document.querySelector('.pause').click();", &[]);
    press();
    becomes(&browser, "paused");
    let page = "document.querySelector('main').innerHTML";
    let before = browser.text(page);
    chronyd.set(Scenario::no_sources());
    // Two more readings, at least.
    let asked = chronyd.request_count();
    eventually("chronyd is read again", || (chronyd.request_count() > asked + 60).then_some(()));
    assert_eq!(browser.text(page), before);
    press();
    says(&browser, "This clock is not synchronized");
}

pub(crate) fn a_lost_connection_is_shown_and_healed() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let (browser, dashboard) = (browser(), watching(&chronyd, "0"));
    browser.open(&dashboard.url);
    becomes(&browser, "on");
    browser.run("window.mark = 'kept';", &[]);
    let notice = "document.querySelector('.stale').checkVisibility()";
    assert_eq!(browser.value(notice), false);
    let port = dashboard.authority().rsplit_once(':').unwrap().1.to_owned();
    assert!(dashboard.end(Signal::TERM).success());
    becomes(&browser, "lost");
    assert_eq!(browser.value(notice), true);
    let text = browser.text("document.querySelector('.stale').innerText");
    assert!(text.starts_with("Connection lost") && text.contains("what was read"), "{text}");
    axe::assert_no_violation(&browser, &LOOKS[0], "lost");
    axe::assert_no_violation(&browser, &LOOKS[1], "lost");
    chronyd.set(Scenario::no_sources());
    let _dashboard = watching(&chronyd, &port);
    says(&browser, "This clock is not synchronized");
    becomes(&browser, "on");
    assert_eq!(
        (browser.value(notice), browser.value("window.mark")),
        (Value::Bool(false), "kept".into())
    );
}

pub(crate) fn a_chart_grows_and_tells_its_values_by_key() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let (browser, dashboard) = (browser(), watching(&chronyd, "0"));
    browser.open(&dashboard.url);
    eventually("a chart is drawn", || {
        browser.value("document.querySelector('.chart-plot') !== null").as_bool().filter(|is| *is)
    });
    let described = "document.getElementById(
        document.querySelector('.chart-plot').getAttribute('aria-describedby')).innerText";
    assert!(!browser.text(described).is_empty(), "no words for those who do not see it");
    browser.run("document.querySelector('.chart-plot').focus();", &[]);
    eventually("its values are told", || {
        browser.press(Key::Right);
        let told = browser.value("document.querySelector('.chart-tip')?.innerText ?? ''");
        told.as_str().filter(|text| text.contains("UTC") || text.contains(" s")).map(|_| ())
    });
}

/// Lets the tests repeat the last event of a page's stream under later numbers, as often as they like.
const REPEATER: &str = "
    const streams = new Set();
    window.EventSource = class extends EventSource {
        constructor(url) {
            super(url);
            streams.add(this);
        }
        close() {
            streams.delete(this);
            super.close();
        }
    };
    let number = 1_000_000;
    window.repeat = times => new Promise(done => {
        const next = () => {
            if (times-- === 0) {
                document.removeEventListener('second-hand:updated', next);
                done(streams.size);
                return;
            }
            const data = JSON.stringify({ number: number += 1, age: 0 });
            for (const stream of streams) stream.dispatchEvent(new MessageEvent('reading', { data }));
        };
        document.addEventListener('second-hand:updated', next);
        next();
    });";

/// What a page holds, its garbage collected.
#[derive(Debug)]
struct Held {
    documents: f64,
    listeners: f64,
    /// Nodes beyond those that the document has.
    nodes: f64,
    /// The heap of its script, bytes.
    heap: f64,
}

impl Held {
    fn by(browser: &Browser) -> Self {
        // What the first leaves to the second.
        for _ in 0..2 {
            browser.devtools("HeapProfiler.collectGarbage", json!({}));
        }
        let told = browser.devtools("Performance.getMetrics", json!({}));
        let metrics = told["metrics"].as_array().unwrap();
        let metric = |name: &str| {
            metrics.iter().find(|metric| metric["name"] == name).unwrap()["value"].as_f64().unwrap()
        };
        let shown = browser.value(
            "(() => {
                const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
                let nodes = 0;
                while (walker.nextNode()) nodes += 1;
                return nodes;
            })()",
        );
        Self {
            documents: metric("Documents"),
            listeners: metric("JSEventListeners"),
            nodes: metric("Nodes") - shown.as_f64().unwrap(),
            heap: metric("JSHeapUsedSize"),
        }
    }

    /// But for a part of the heap that is too small to come from each update.
    fn is_no_more_than(&self, other: &Self) -> bool {
        self.documents <= other.documents
            && self.listeners <= other.listeners
            && self.nodes <= other.nodes
            && self.heap <= other.heap + 250_000.0
    }
}

pub(crate) fn a_page_left_open_holds_no_more_after_many_updates() {
    let chronyd = Simulator::start_unix(Scenario::synchronized()).unwrap();
    let (browser, dashboard) = (browser(), watching(&chronyd, "0"));
    let added =
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": REPEATER }));
    browser.devtools("Performance.enable", json!({}));
    browser.open(&dashboard.url);
    becomes(&browser, "on");
    // More sources, then fewer, each shown again and again.
    let update = || {
        for scenario in [Scenario::many_sources(40), Scenario::nts()] {
            let sources = scenario.sources.len();
            chronyd.set(scenario);
            eventually("the page shows the sources", || {
                assert_eq!(browser.run("return window.repeat(40);", &[]), 1, "streams are open");
                let rows = "document.querySelectorAll('.sources tbody tr[data-key]').length";
                (browser.value(rows) == sources).then_some(())
            });
        }
    };
    update();
    let first = Held::by(&browser);
    (0..3).for_each(|_| update());
    let mut last = None;
    // An update that comes meanwhile has a page of its own for a moment.
    let is_same =
        within(PATIENCE, || last.insert(Held::by(&browser)).is_no_more_than(&first).then_some(()));
    assert!(is_same.is_some(), "{first:?} became {last:?}");
    browser.devtools("Page.removeScriptToEvaluateOnNewDocument", added);
    browser.devtools("Performance.disable", json!({}));
}
