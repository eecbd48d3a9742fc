//! What lies where, and what stands out.

use serde_json::Value;

use crate::browser::{Browser, browser};
use crate::state::{self, Shown};

/// The verdict, its reason and the boxes with values that matter most: each by its name, top and bottom.
const FOLD: &str = "[...document.querySelectorAll('.verdict h1, .verdict .reason, .boxes summary')]
    .map(e => ({name: e.className || e.parentElement.className || e.tagName,
                top: e.getBoundingClientRect().top, bottom: e.getBoundingClientRect().bottom}))";

/// The six boxes lie within the first screen of this size.
pub(crate) fn assert_above_the_fold(browser: &Browser, what: &str, height: u32) {
    let placed = browser.value(FOLD);
    let placed = placed.as_array().unwrap();
    assert_eq!(placed.len(), 8, "{what}: {placed:#?}");
    for one in placed {
        let (top, bottom) = (one["top"].as_f64().unwrap(), one["bottom"].as_f64().unwrap());
        assert!(top >= 0.0 && bottom - top > 15.0, "{what}: {one}");
        assert!(bottom <= f64::from(height), "{what}: below {height}: {one}");
    }
}

pub(crate) fn the_boxes_lie_above_the_fold() {
    let browser = browser();
    for state in [state::GOOD, state::BAD].into_iter().flatten() {
        let shown = state();
        shown.in_browser(&browser);
        for (width, height, phone) in [(1280, 720, false), (390, 844, true)] {
            browser.resize(width, height, phone);
            assert_above_the_fold(&browser, &format!("{}, {width} px", shown.name), height);
        }
    }
}

/// The page is no wider than the screen. Where it is, what reaches out of it.
fn assert_no_wider(browser: &Browser, width: u32, what: &str) {
    let wide = browser.value("document.documentElement.scrollWidth");
    let outside = format!(
        "[...document.querySelectorAll('body *')]
            .filter(e => !e.parentElement.closest('.scroll, svg') && !e.matches('.skip')
                && e.getBoundingClientRect().right > {width} + 0.5)
            .map(e => e.outerHTML.slice(0, 120))"
    );
    assert_eq!(browser.texts(&outside), [""; 0], "{what}: outside {width} px");
    assert!(wide.as_u64() <= Some(u64::from(width)), "{what}: {wide} of {width} px");
}

fn unfold(browser: &Browser) {
    browser.run("for (const d of document.querySelectorAll('details')) d.open = true;", &[]);
}

pub(crate) fn no_page_scrolls_sideways() {
    let browser = browser();
    for shown in state::all() {
        shown.in_browser(&browser);
        unfold(&browser);
        // 320 px is what 1280 px are at four times the size (WCAG 1.4.10).
        for (width, height, phone) in [
            (320, 640, true),
            (360, 800, true),
            (390, 844, true),
            (768, 1024, false),
            (1280, 720, false),
            (2560, 1440, false),
        ] {
            browser.resize(width, height, phone);
            assert_no_wider(&browser, width, shown.name);
        }
    }
}

/// Texts that lie outside what their element shows, where it hides what is too much.
const CUT: &str = "[...document.querySelectorAll('body *')].filter(e => {
        const style = getComputedStyle(e);
        const cuts = [style.overflowX, style.overflowY].some(o => o === 'hidden' || o === 'clip');
        return cuts && !e.matches('.hidden, svg, svg *')
            && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
    }).map(e => e.outerHTML.slice(0, 120))";

/// Boxes and figures whose texts reach over each other.
const OVER: &str = "(() => {
        const texts = [...document.querySelectorAll(
            '.top a, .verdict h1, .reason, .facts dt, .facts dd, .box .label, .box .value, .box .note, h2, .figure dt, .figure .value, .meaning')]
            .filter(e => e.textContent.trim() && e.getClientRects().length && !e.closest('.hidden'));
        const placed = texts.map(e => {
            const range = document.createRange();
            range.selectNodeContents(e);
            return [e, range.getBoundingClientRect()];
        });
        const found = [];
        placed.forEach(([one, a], i) => placed.slice(i + 1).forEach(([other, b]) => {
            if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
                && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4
                && !one.contains(other) && !other.contains(one))
                found.push(one.textContent + ' / ' + other.textContent);
        }));
        return found;
    })()";

pub(crate) fn text_of_twice_the_size_is_not_cut() {
    let browser = browser();
    for state in [state::everything, state::no_chronyd, state::unreachable, state::source] {
        let shown: Shown = state();
        shown.in_browser(&browser);
        unfold(&browser);
        let size = "parseFloat(getComputedStyle(document.body).fontSize)";
        browser.text_size(16);
        let before = browser.value(size).as_f64().unwrap();
        // The second is as much as 1280 px at four times the size; the third a phone with larger text.
        for (width, text) in [(1280, 32), (640, 32), (390, 19)] {
            browser.resize(width, 844, width < 500);
            browser.text_size(text);
            let grown = browser.value(size).as_f64().unwrap();
            assert_eq!(grown, before * f64::from(text) / 16.0, "the text did not grow");
            let what = format!("{}, {width} px", shown.name);
            assert_no_wider(&browser, width, &what);
            assert_eq!(browser.texts(CUT), [""; 0], "{what}: cut");
            assert_eq!(browser.texts(OVER), [""; 0], "{what}: one over the other");
        }
    }
    browser.text_size(16);
}

/// What sets a row of sources apart besides its colours.
const ROWS: &str = "[...document.querySelectorAll('.sources tbody tr')].map(row => ({
        selected: row.classList.contains('selected'),
        mark: row.querySelector('.mark').innerText,
        word: row.querySelector('.word').innerText,
        weight: getComputedStyle(row.querySelector('th')).fontWeight,
        bar: getComputedStyle(row).boxShadow,
        paper: getComputedStyle(row).backgroundColor,
    }))";

/// Exactly one row is selected, and mark, word, weight and bar are its own.
pub(crate) fn assert_selected_row_apart(browser: &Browser) {
    let rows = browser.value(ROWS);
    let rows = rows.as_array().unwrap();
    let (selected, others): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row["selected"] == Value::Bool(true));
    let [selected] = selected[..] else { panic!("not one row is selected: {rows:#?}") };
    assert!(!others.is_empty(), "{rows:#?}");
    assert_eq!((&selected["mark"], &selected["word"]), (&"*".into(), &"selected".into()));
    for other in others {
        for sign in ["mark", "word", "weight", "bar", "paper"] {
            assert_ne!(selected[sign], other[sign], "{sign}: {rows:#?}");
        }
    }
}

pub(crate) fn the_selected_row_stands_out_by_more_than_colour() {
    let browser = browser();
    for state in [state::falseticker, state::demo] {
        let shown = state();
        shown.in_browser(&browser);
        for scheme in ["light", "dark"] {
            browser.prefer(&[("prefers-color-scheme", scheme)]);
            assert_selected_row_apart(&browser);
        }
    }
}

pub(crate) fn falsetickers_and_unreachable_sources_are_told_apart_by_mark_and_word() {
    let browser = browser();
    state::demo().in_browser(&browser);
    let signs = |class: &str| {
        browser.texts(&format!(
            "[...document.querySelectorAll('.sources tr.{class} .state')].map(e => e.innerText)"
        ))
    };
    assert_eq!(signs("falseticker"), ["x falseticker"]);
    let unreachable = signs("unreachable");
    assert!(!unreachable.is_empty());
    assert!(unreachable.iter().all(|sign| sign == "? unreachable"), "{unreachable:?}");
}

pub(crate) fn who_wants_no_motion_gets_none() {
    let (browser, shown) = (browser(), state::everything());
    browser.prefer(&[("prefers-reduced-motion", "reduce")]);
    shown.in_browser(&browser);
    let moving = "[...document.querySelectorAll('*')].flatMap(e =>
        [null, '::before', '::after'].filter(part => {
            const style = getComputedStyle(e, part);
            return style.transitionDuration.split(', ').some(d => parseFloat(d) > 0)
                || style.animationName !== 'none' || style.scrollBehavior === 'smooth';
        }).map(part => e.outerHTML.slice(0, 80) + (part ?? '')))";
    assert_eq!(browser.texts(moving), [""; 0]);
    assert_eq!(browser.value("document.getAnimations().length"), 0);
}

pub(crate) fn dark_and_light_follow_the_reader_s_setting() {
    let (browser, shown) = (browser(), state::synchronized());
    let brightness = |scheme: &str| {
        browser.prefer(&[("prefers-color-scheme", scheme)]);
        shown.in_browser(&browser);
        let colour =
            browser.texts("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g)");
        colour.iter().map(|part| part.parse::<u32>().unwrap()).sum::<u32>()
    };
    assert!(brightness("light") > 600);
    assert!(brightness("dark") < 150);
}
