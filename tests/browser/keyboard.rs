//! The page by keyboard alone.

use serde_json::Value;

use crate::browser::{Browser, Key, browser};
use crate::state;

/// Where the focus is, and whether one sees it.
const FOCUS: &str = "(() => {
        const e = document.activeElement;
        if (!e || e === document.body) return null;
        const style = getComputedStyle(e), place = e.getBoundingClientRect();
        return {
            place: [...document.querySelectorAll('*')].indexOf(e),
            name: e.tagName.toLowerCase() + '.' + (e.className || e.parentElement.className),
            outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
            seen: place.bottom > 0 && place.top < innerHeight && place.right > 0 && place.left < innerWidth,
        };
    })()";

fn focus(browser: &Browser) -> Option<Value> {
    Some(browser.value(FOCUS)).filter(|focus| !focus.is_null())
}

pub(crate) fn tab_leads_through_the_page_in_its_order_and_out_of_it() {
    let browser = browser();
    for (state, width, height) in [
        (state::everything as state::State, 1280, 720),
        (state::everything, 390, 844),
        (state::no_chronyd, 1280, 720),
        (state::not_found, 1280, 720),
        (state::source, 1280, 720),
    ] {
        browser.resize(width, height, false);
        let shown = state();
        shown.in_browser(&browser);
        // All that a key can reach: links, what folds, and boxes that scroll.
        let reachable = browser.value(
            "[...document.querySelectorAll('a[href], summary, button, [tabindex=\"0\"]')]
                .filter(e => e.checkVisibility() && e.getClientRects().length).length",
        );
        let mut stops = Vec::new();
        while stops.len() < 200 {
            browser.press(Key::Tab);
            match focus(&browser) {
                Some(stop) => stops.push(stop),
                None => break,
            }
        }
        let what = format!("{}, {width} px", shown.name);
        assert_eq!(Some(stops.len() as u64), reachable.as_u64(), "{what}: {stops:#?}");
        let places: Vec<_> = stops.iter().map(|stop| stop["place"].as_u64().unwrap()).collect();
        assert!(places.is_sorted_by(|before, after| before < after), "{what}: {stops:#?}");
        for stop in &stops {
            assert!(stop["outline"].as_f64().unwrap() >= 2.0, "{what}: no outline: {stop}");
            assert_eq!(stop["seen"], true, "{what}: out of sight: {stop}");
        }
        let names: Vec<_> = stops.iter().map(|stop| stop["name"].as_str().unwrap()).collect();
        assert_eq!(names[..2], ["a.skip", "a.brand"], "{what}");
        if shown.name == "everything" {
            let boxes = names.iter().filter(|name| name.starts_with("summary.box "));
            assert_eq!(boxes.count(), 6, "{what}: {names:?}");
            for sections in ["div.scroll", "summary.legend"] {
                assert!(names.contains(&sections), "{what}: {names:?}");
            }
        }
    }
}

pub(crate) fn the_skip_link_leads_to_the_content() {
    let (browser, shown) = (browser(), state::synchronized());
    shown.in_browser(&browser);
    browser.press(Key::Tab);
    assert_eq!(browser.text("document.activeElement.innerText"), "Skip to the content");
    browser.press(Key::Enter);
    assert_eq!(browser.text("document.activeElement.id"), "main");
    browser.press(Key::Tab);
    let next = "document.activeElement.closest('.boxes, .verdict') !== null";
    assert_eq!(browser.value(next), true, "the header was not passed over");
}

pub(crate) fn details_open_and_close_by_enter_and_space() {
    let (browser, shown) = (browser(), state::synchronized());
    shown.in_browser(&browser);
    for summary in [".box-offset summary", ".sources .legend summary"] {
        let open = format!("document.querySelector('{summary}').parentElement.open");
        for key in [Key::Enter, Key::Space] {
            browser.run(&format!("document.querySelector('{summary}').focus();"), &[]);
            for is_open in [true, false] {
                browser.press(key);
                assert_eq!(browser.value(&open), is_open, "{summary} by {key:?}");
            }
        }
    }
}

pub(crate) fn a_wide_table_scrolls_by_key_in_its_box() {
    let (browser, shown) = (browser(), state::synchronized());
    browser.resize(390, 844, false);
    shown.in_browser(&browser);
    browser.run("document.querySelector('.sources .scroll').focus();", &[]);
    let moved = "document.querySelector('.sources .scroll').scrollLeft";
    assert_eq!(browser.value(moved), 0);
    crate::common::eventually("the table moves", || {
        browser.press(Key::Right);
        (browser.value(moved).as_f64() > Some(0.0)).then_some(())
    });
    assert_eq!(browser.value("scrollX"), 0, "the page itself moved");
}
