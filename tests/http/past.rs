//! What the pages show of the time before: charts of a source, rates, and the trouble of the history file.

use std::time::Duration;

use libchrony::testing::{Scenario, Simulator, Source};

use crate::common::dashboard::{Dashboard, second_hand};
use crate::common::eventually;
use crate::common::page::Page;
use crate::{assert_page, shown};

const SOURCE: &str = "/sources/192.0.2.12";

/// Read every second.
fn often(chronyd: &Simulator, more: &[&str]) -> Dashboard {
    let usual = ["--port", "0", "--chronyd", &chronyd.address(), "--refresh", "1s"];
    Dashboard::start(second_hand().args(usual).args(more))
}

fn synchronized() -> Simulator {
    Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts")
}

/// The page, once it shows what is waited for.
fn with(dashboard: &Dashboard, path: &str, what: &str, shows: impl Fn(&Page) -> bool) -> Page {
    eventually(what, || Some(dashboard.get(path).page()).filter(&shows))
}

#[test]
fn a_source_has_charts_of_its_offset_delay_and_answered_polls_with_words_and_tables() {
    let chronyd = synchronized();
    let dashboard = often(&chronyd, &[]);
    let page = with(&dashboard, SOURCE, "a chart is drawn", |page| {
        page.all(".history .chart-words").len() == 3
    });
    let titles = page.all(".history .chart h3");
    assert_eq!(
        titles,
        ["Offset of this clock against it", "Delay, there and back", "Answered polls"]
    );
    assert_eq!(page.all(".history .chart table").len(), 3);
    let words = page.text("#chart-reach-words");
    assert!(words.starts_with("It answered all polls since "), "{words}");
    assert_eq!(page.all("#chart-reach .keys li")[0], "answered");
    let row = page.rows("#chart-reach table").into_iter().next_back().expect("a row");
    assert_eq!(row[1], "answered", "{row:?}");
    // Each is drawn, and told to those who do not see it.
    for plot in [".chart-plot", ".strip-plot"] {
        for id in page.attributes(&format!(".history {plot}"), "aria-describedby") {
            assert!(!page.text(&format!("#{id}")).is_empty(), "{id}");
        }
    }
    assert!(!page.attributes(".strip-plot rect.answered", "width").is_empty());
}

#[test]
fn missed_polls_and_what_changed_at_this_source_are_on_its_page_only() {
    let chronyd = synchronized();
    let dashboard = often(&chronyd, &[]);
    let answers = |page: &Page| !page.attributes(".strip-plot rect.answered", "width").is_empty();
    with(&dashboard, SOURCE, "answered polls are recorded", answers);
    let mut scenario = Scenario::synchronized();
    scenario.sources[1] = scenario.sources[1].clone().with_state(Source::FALSETICKER);
    scenario.sources[1].reachability = 0;
    chronyd.set(scenario);
    let page = with(&dashboard, SOURCE, "missed polls are recorded", |page| {
        !page.attributes(".strip-plot rect.missed", "width").is_empty()
            && page.text(".history .events").contains("unreachable")
    });
    let words = page.text("#chart-reach-words");
    assert!(words.contains("but for the time since ") || words.contains("no poll"), "{words}");
    let events = page.all(".history .events li span");
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0].contains("falseticker") || events[1].contains("falseticker"), "{events:?}");
    let other = dashboard.get("/sources/192.0.2.11").page();
    assert_eq!(other.text(".history .events .missing"), "Nothing has changed in the last hour.");
}

#[test]
fn a_page_keeps_its_range_on_every_way_from_it() {
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for (query, chosen, kept) in [
        ("", "Last hour", ""),
        ("?range=hour", "Last hour", ""),
        ("?range=day", "Last day", "?range=day"),
        ("?a=b&range=all", "All", "?range=all"),
        ("?range=%22%3E%3Cscript%3E", "Last hour", ""),
    ] {
        for path in ["/", SOURCE] {
            let page = dashboard.get(&format!("{path}{query}")).page();
            assert_eq!(page.text(".ranges [aria-current]"), chosen, "{path}{query}");
            assert_eq!(page.attributes(".again", "href"), [format!("{path}{kept}")]);
            let ranges =
                ["hour", "day", "all"].map(|range| format!("{path}?range={range}#history"));
            assert_eq!(page.attributes(".ranges a", "href"), ranges);
        }
        let page = dashboard.get(&format!("{SOURCE}{query}")).page();
        let ways = page.attributes(".way a", "href");
        assert_eq!(ways.len(), 3);
        assert!(
            ways.iter()
                .all(|way| way.split_once('?').map_or("", |(_, q)| q)
                    == kept.trim_start_matches('?')),
            "{ways:?}"
        );
    }
    // Also where pages of several ranges are made of one sample.
    for (range, chosen) in [("all", "All"), ("day", "Last day"), ("hour", "Last hour")] {
        let page = dashboard.get(&format!("{SOURCE}?live=1&range={range}")).page();
        assert_eq!(page.text(".ranges [aria-current]"), chosen);
    }
}

#[test]
fn without_a_history_the_pages_say_so_and_rates_are_there() {
    let counting = |since: Duration| {
        let mut scenario = Scenario::synchronized();
        scenario.serverstats.ntp_received = 1_000_000 + since.as_secs() * 10;
        scenario
    };
    let chronyd = Simulator::start_unix(counting).expect("the simulator starts");
    let dashboard = often(&chronyd, &["--history", "off"]);
    assert!(
        dashboard.get(SOURCE).page().text(".history .missing").starts_with("Nothing is recorded.")
    );
    let page = with(&dashboard, "/", "there is a rate", |page| {
        let note = page.text("#received_ntp_requests .note");
        note.contains(" a second;") && !note.starts_with("0 ")
    });
    let note = page.text("#received_ntp_requests .note");
    let rate: f64 = note.split(' ').next().and_then(|rate| rate.parse().ok()).expect("a number");
    assert!(rate > 0.0, "{note}");
    assert!(page.text(".serverstats .remark").contains("the average of the last "));
    // A chronyd that counts from the beginning has not been asked so often.
    let mut anew = Scenario::synchronized();
    anew.serverstats.ntp_received = 1;
    chronyd.set(anew);
    let page = dashboard.get("/").page();
    let note = page.text("#received_ntp_requests .note");
    assert!(!note.contains(" a ") || note.starts_with("0 a second"), "{note}");
}

#[test]
fn a_history_file_that_was_set_aside_is_told_on_the_pages() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("history");
    std::fs::write(&file, "what somebody else wrote\n").expect("it is written");
    let chronyd = synchronized();
    let dashboard = often(&chronyd, &["--history-file", file.to_str().expect("UTF-8")]);
    for path in ["/", SOURCE] {
        let response = dashboard.get(path);
        assert_page(&response, 200);
        let notice = response.page().text(".history .notice");
        assert!(notice.starts_with("Warning: The history file "), "{notice}");
        assert!(notice.contains("set aside as ") && notice.contains("keep or delete"), "{notice}");
    }
    let whole = often(&chronyd, &[]);
    assert!(whole.get("/").page().all(".notice").is_empty());
}
