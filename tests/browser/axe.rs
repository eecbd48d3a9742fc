//! axe-core finds no violation of WCAG 2.2 AA and no bad practice, in light and dark, on a screen and
//! on a phone.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;

use crate::browser::{Browser, browser};
use crate::state::{self, Shown, State};

/// Success criteria up to WCAG 2.2 AA, and what is good practice besides.
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// axe-core as script, where it is here or can be fetched.
pub(crate) fn source() -> Option<&'static str> {
    static SOURCE: OnceLock<Option<String>> = OnceLock::new();
    let fetch = || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/axe");
        let output = Command::new(script).stderr(Stdio::null()).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?;
        std::fs::read_to_string(path.trim()).ok()
    };
    SOURCE.get_or_init(fetch).as_deref()
}

/// A screen in light and a phone in dark, then the other way round.
/// Colours, width and height, and whether it is a phone.
pub(crate) type Look = (&'static str, u32, u32, bool);

/// Two ways to look at a page; states take them in turns.
pub(crate) const LOOKS: [[Look; 2]; 2] = [
    [("light", 1280, 720, false), ("dark", 390, 844, true)],
    [("dark", 1280, 720, false), ("light", 390, 844, true)],
];

/// The page as it is has no violation, looked at in these ways.
pub(crate) fn assert_no_violation(browser: &Browser, looks: &[Look], what: &str) {
    browser.run(source().expect("axe-core is here"), &[]);
    // What is folded would not be looked at.
    browser.run("for (const d of document.querySelectorAll('details')) d.open = true;", &[]);
    for (scheme, width, height, phone) in looks {
        // Without motion, as a colour on its way from one scheme to the other is neither.
        browser.prefer(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]);
        browser.resize(*width, *height, *phone);
        let options = json!({
            "runOnly": { "type": "tag", "values": TAGS },
            "resultTypes": ["violations"],
        });
        let found = browser.run(
            "return axe.run(document, arguments[0]).then(({violations, passes}) => ({
                passed: passes.length,
                violations: violations.map(v =>
                    [v.id, v.help, v.nodes.map(n => n.html + ' ' + n.failureSummary)]),
            }));",
            &[options],
        );
        let what = format!("{what}, {scheme}, {width} px");
        assert_eq!(found["violations"], json!([]), "{what}: {found:#}");
        assert!(found["passed"].as_u64() > Some(10), "{what}: axe looked at nothing: {found}");
    }
}

fn have_no_violation(states: &[State]) {
    let browser = browser();
    for (state, looks) in states.iter().zip(LOOKS.iter().cycle()) {
        let shown: Shown = state();
        shown.in_browser(&browser);
        assert_no_violation(&browser, looks, shown.name);
    }
}

pub(crate) fn good_states_have_no_violation() {
    have_no_violation(state::GOOD);
}

pub(crate) fn bad_states_have_no_violation() {
    have_no_violation(state::BAD);
}

pub(crate) fn pages_beside_the_dashboard_have_no_violation() {
    have_no_violation(state::MORE);
}

pub(crate) fn error_pages_have_no_violation() {
    have_no_violation(state::ERRORS);
}
