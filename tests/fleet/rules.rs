//! The rules that are shipped for Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use crate::common::{need, prometheus};
use crate::{Fleet, boards, files, packaging};

fn promtool() -> Command {
    let mut command = need::program("promtool");
    command.current_dir(packaging("prometheus"));
    command
}

/// Runs it to a good end that finds nothing to say against what it looks at.
fn runs_clean(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !text.contains("FAILED"), "{command:?}: {text}");
}

pub(crate) fn rules_and_example_are_clean() {
    runs_clean(promtool().args(["check", "rules"]).args(files("prometheus/rules", "yml")));
    runs_clean(promtool().args(["check", "config", "prometheus.yml"]));
}

pub(crate) fn alerts_fire_when_they_must_and_not_otherwise() {
    runs_clean(promtool().args(["test", "rules"]).args(files("prometheus/tests", "yml")));
}

pub(crate) fn what_a_probe_says_is_clean() {
    let fleet = Fleet::start();
    let text = fleet.dashboard.get(&format!("/probe?target={}", fleet.probed.address())).body;
    assert!(text.contains("\nchrony_up 1\n"), "{text}");
    let said = prometheus::promtool(&text);
    assert_eq!(said, "", "{text}");
}

/// The text of all files of a folder, without comments.
fn text_of(folder: &str) -> String {
    let texts = files(folder, "yml").into_iter().map(|path| fs::read_to_string(path).unwrap());
    let text: String = texts.collect();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(|line| [line, "\n"]).collect()
}

pub(crate) fn every_alert_says_what_to_do_and_is_tested_both_ways() {
    let (rules, tests) = (text_of("prometheus/rules"), text_of("prometheus/tests"));
    let alerts: Vec<_> = rules.split("- alert: ").skip(1).collect();
    assert!(alerts.len() > 15, "{} alerts", alerts.len());
    for alert in alerts {
        // Up to the next file.
        let alert = alert.split("\ngroups:").next().unwrap();
        let name = alert.lines().next().unwrap();
        let severity = alert.split("severity: ").nth(1).and_then(|text| text.lines().next());
        assert!(severity.is_some_and(|it| ["critical", "warning", "info"].contains(&it)), "{name}");
        for part in ["\n        expr: ", "\n          summary: ", "\n          description: "] {
            assert_eq!(alert.matches(part).count(), 1, "{name}: {part}");
        }
        // One that watches events has nothing to wait for.
        let waits = alert.contains("\n        for: ") || alert.contains("expr: increase(");
        assert!(waits, "{name} fires at the first moment");
        // What follows each look of the tests at this alert.
        let look = format!("ALERTS{{alertname=\"{name}\"");
        let looks = tests.split(&look).skip(1);
        let after = |look: &str| look.lines().nth(2).unwrap_or_default().trim().to_owned();
        let outcomes: BTreeSet<_> = looks.map(after).collect();
        let both = ["exp_samples:", "exp_samples: []"].map(str::to_owned);
        assert_eq!(outcomes, BTreeSet::from(both), "{name} is not tested both ways");
    }
}

/// The names in a text that look as those of metrics and recorded series.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let words = text.split(|c: char| !is_part(c));
    let ours = ["chrony_", "second_hand_", "process_", "go_", "promhttp_"];
    let is_ours = |word: &&str| {
        ours.iter().any(|start| word.starts_with(start))
            || word.split_once(':').is_some_and(|(_, rest)| rest.contains(':'))
    };
    words.map(|word| word.trim_end_matches(':')).filter(is_ours).collect()
}

pub(crate) fn rules_and_boards_use_only_what_second_hand_gives() {
    let fleet = Fleet::start();
    let mut given = fleet.dashboard.get("/metrics").body;
    // With a chronyd that does not answer, too: the reasons.
    given += &fleet.dashboard.get(&format!("/probe?target={}", fleet.probed.address())).body;
    let series = given.lines().filter(|line| !line.starts_with('#'));
    let mut known: BTreeSet<_> = series.filter_map(|line| line.split(['{', ' ']).next()).collect();
    assert!(known.len() > 60, "{known:?}");

    let rules = text_of("prometheus/rules");
    let recorded = rules.split("- record: ").skip(1).filter_map(|rule| rule.lines().next());
    known.extend(recorded);
    let mut unknown = BTreeMap::new();
    let expressions = boards::expressions();
    let texts = expressions.iter().map(|(board, text)| (board.as_str(), text.as_str()));
    for (place, text) in texts.chain([("the rules", rules.as_str())]) {
        for name in names(text).difference(&known) {
            unknown.insert(*name, place);
        }
    }
    assert!(unknown.is_empty(), "second-hand gives no {unknown:?}");
}
