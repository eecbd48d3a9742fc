//! The pictures of the documentation, taken anew by one command.

use std::path::Path;

use crate::browser::browser;
use crate::state::{self, State};

/// A picture: its file, what it shows, the colours, and the size of the page.
const PICTURES: &[(&str, State, &str, u32, u32)] = &[
    ("dashboard.png", state::demo, "light", 1280, 720),
    ("dashboard-dark.png", state::demo, "dark", 1280, 720),
    ("dashboard-phone.png", state::demo, "dark", 390, 844),
    ("source.png", state::source, "light", 1280, 720),
    ("not-synchronized.png", state::unreachable, "light", 1280, 720),
    ("no-chronyd.png", state::no_chronyd, "light", 1280, 720),
];

/// The names of this machine and of places for tests become usual ones.
const USUAL: &str = "
    const host = document.querySelector('.host dd').textContent;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        text.data = text.data.replaceAll(host, 'clock.example.net')
            .replaceAll(/\\/[\\w\\/.-]*\\.sock(et)?\\b/g, '/run/chrony/chronyd.sock');
    }";

/// The largest that a picture may be, in bytes.
const MOST: usize = 200_000;

/// Writes them into a folder; a path that is not absolute starts at the top of the repository.
pub(crate) fn take(folder: &Path) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let browser = browser();
    browser.devtools("Emulation.setScrollbarsHidden", serde_json::json!({ "hidden": true }));
    for (file, state, scheme, width, height) in PICTURES {
        browser.prefer(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")]);
        browser.resize(*width, *height, *width < 500);
        // Its server runs until the picture is taken.
        let shown = state();
        shown.in_browser(&browser);
        crate::common::eventually("the page is live", || {
            let state = browser.value("document.getElementById('live')?.dataset.state ?? 'none'");
            (state == "on" || state == "none").then_some(())
        });
        browser.run(USUAL, &[]);
        let picture = browser.picture();
        assert!(picture.len() <= MOST, "{file} has {} bytes", picture.len());
        let path = folder.join(file);
        std::fs::write(&path, picture)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}", path.display());
    }
}
