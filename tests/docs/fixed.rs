//! What holds of all texts, and of the table itself.

use crate::blocks::{exists, spans, texts};
use crate::output::alike;
use crate::table::{Way, bare, way};

/// The tests by the sentences they prove.
pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "targets_named_in_sentences_are_in_the_makefile",
        targets_named_in_sentences_are_in_the_makefile,
    ),
    ("links_between_the_texts_lead_somewhere", links_between_the_texts_lead_somewhere),
    ("a_command_is_known_by_its_beginning", a_command_is_known_by_its_beginning),
    ("numbers_and_units_do_not_make_outputs_differ", numbers_and_units_do_not_make_outputs_differ),
];

fn targets_named_in_sentences_are_in_the_makefile() {
    let makefile = std::fs::read_to_string(crate::blocks::root().join("Makefile")).unwrap();
    let mut looked_at = 0;
    for (path, text) in texts() {
        for (place, span) in spans(&text, &path) {
            let Some(targets) = span.strip_prefix("make ") else { continue };
            for target in targets.split_whitespace().filter(|word| !word.contains('=')) {
                let is_there = makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
                assert!(is_there, "{place}: the Makefile has no target {target}");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 5, "{looked_at} targets");
}

fn links_between_the_texts_lead_somewhere() {
    let mut looked_at = 0;
    for (path, text) in texts() {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            assert!(exists(format!("{folder}/{file}").trim_start_matches('/')), "{path}: {link}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 10, "{looked_at} links");
}

fn a_command_is_known_by_its_beginning() {
    assert_eq!(bare("sudo -u _chrony second-hand --port 0"), "second-hand --port 0");
    assert_eq!(way("SECOND_HAND_PORT=8080 second-hand serve"), Some(Way::Serve));
    assert_eq!(way("second-hand"), Some(Way::Serve));
    assert_eq!(way("second-hand check -v"), Some(Way::Run(&[0, 1])));
    assert_eq!(way("makeshift"), None);
    assert_eq!(way("shred folder"), None);
}

fn numbers_and_units_do_not_make_outputs_differ() {
    let shown = "right to within 12 ms. From 192.0.2.1 (stratum 2) offset=-0.002s stratum=3;;4";
    assert!(alike(
        shown,
        "right to within 1.5 µs. From a.example.net (stratum 3) offset=0.1s stratum=12;;4"
    ));
    assert!(!alike(
        shown,
        "wrong by 12 ms. From 192.0.2.1 (stratum 2) offset=-0.002s stratum=3;;4"
    ));
    assert!(!alike(shown, &shown.replace("(stratum", "(poll")));
    assert!(alike("first 1\n…\nlast", "first 2\nsecond\nlast"));
    assert!(!alike("first 1\n…\nlast", "first 2\nsecond"));
    assert!(!alike("one\ntwo", "one"));
}
