//! Every state has its page, and the page minds its own business.

use crate::browser::browser;
use crate::common::eventually;
use crate::state::{self, Shown};

/// The texts of a page, without superfluous space, one a line.
const TEXT: &str = "document.body.innerText.replace(/[ \\t]+/g, ' ')";

pub(crate) fn every_state_renders() {
    let browser = browser();
    for shown in state::all() {
        shown.in_browser(&browser);
        let heading = browser.text("document.querySelector('h1').innerText");
        assert!(heading.starts_with(shown.heading), "{}: {heading}", shown.name);
        let text = browser.text(TEXT);
        for odd in ["NaN", "None", "null", "undefined", "4294967295", "{{", "[object"] {
            assert!(!text.contains(odd), "{}: {odd} is on the page: {text}", shown.name);
        }
        let unseen = "[...document.querySelectorAll('main > section')]
            .filter(s => s.getBoundingClientRect().height < 20).map(s => s.className)";
        assert_eq!(browser.texts(unseen), [""; 0], "{}: sections without height", shown.name);
    }
}

pub(crate) fn without_script_every_page_says_the_same() {
    let browser = browser();
    // Those whose texts stay the same from one reading to the next.
    let steady = |shown: &Shown| !["demo", "history"].contains(&shown.name);
    for shown in state::all().filter(steady) {
        let text = |scripts: bool| {
            browser.scripts(scripts);
            shown.in_browser(&browser);
            // What script alone can do stands on the page with script alone.
            browser.run(
                "for (const e of document.querySelectorAll('.live, .pause, .stale')) e.remove();",
                &[],
            );
            let title = browser.value("document.querySelector('time')?.title ?? ''");
            // Ages count on by script, on a busy machine through more than one of their forms.
            let text = browser.text(&format!(
                "({TEXT}).replace(/[0-9.]+/g, '0').replace(/just now|(0 [a-z]+ )+ago/g, '0 s ago')"
            ));
            (title, text)
        };
        let (hover, with) = text(true);
        let (none, without) = text(false);
        assert_eq!(with, without, "{}", shown.name);
        // The script ran the first time, and only then.
        assert!(none == "" && (shown.status >= 400 || hover != ""), "{}", shown.name);
    }
}

pub(crate) fn no_page_complains_or_asks_another_server() {
    let browser = browser();
    let mut origins = Vec::new();
    for shown in state::all() {
        shown.in_browser(&browser);
        // The browser itself notes the status of what it is given.
        let refused = |text: &str| {
            text.contains("Failed to load resource")
                && text.contains(&format!("status of {}", shown.status))
                && text.starts_with(&format!("{} ", shown.url))
        };
        for line in browser.console() {
            assert!(shown.status >= 400 && refused(&line), "{}: {line}", shown.name);
        }
        let requests = browser.requests();
        // Before its server goes, or its stream would complain.
        browser.open("about:blank");
        browser.console();
        assert!(requests.contains(&shown.url), "{}: {requests:?}", shown.name);
        assert!(requests.len() > 1, "{}: no style was asked for", shown.name);
        // The icon of the page before may be asked for late.
        origins.push(url::Url::parse(&shown.url).unwrap().origin());
        for request in requests {
            let asked = url::Url::parse(&request).unwrap();
            // Chromium draws something of its own so; it asks nobody.
            if asked.scheme() == "data" {
                continue;
            }
            assert!(origins.contains(&asked.origin()), "{} asks {request}", shown.name);
        }
    }
}

pub(crate) fn other_methods_are_answered_with_a_page() {
    let (browser, shown) = (browser(), state::synchronized());
    shown.in_browser(&browser);
    let answer = browser.run(
        "return fetch('/', {method: 'POST'}).then(async r => {
            const page = new DOMParser().parseFromString(await r.text(), 'text/html');
            return [r.status, page.querySelectorAll('h1').length, page.querySelector('h1').textContent];
        });",
        &[],
    );
    assert_eq!(answer, serde_json::json!([405, 1, "Not allowed"]));
}

pub(crate) fn the_time_on_hover_is_the_reader_s() {
    let (browser, shown) = (browser(), state::synchronized());
    let zone = |name: &str| {
        browser
            .devtools("Emulation.setTimezoneOverride", serde_json::json!({ "timezoneId": name }));
    };
    zone("Asia/Kolkata");
    shown.in_browser(&browser);
    let hover = eventually("the script has run", || {
        let hover = browser.text("document.querySelector('.facts time').title");
        (!hover.is_empty()).then_some(hover)
    });
    let expected = browser.text(
        "new Date(document.querySelector('.facts time').dateTime)
            .toLocaleString(undefined, {dateStyle: 'medium', timeStyle: 'long', timeZone: 'Asia/Kolkata'})",
    );
    zone("");
    assert_eq!(hover, expected);
    assert!(hover.contains("5:30"), "{hover}");
}
