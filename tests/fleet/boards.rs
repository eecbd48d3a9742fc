//! The boards that are shipped for Grafana. Grafana itself is not packaged by the systems that the tests run
//! on: what is tested is that a board is complete, and that Prometheus answers each of its queries.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::common::prometheus::Prometheus;
use crate::common::{PATIENCE, within};
use crate::configuration::example;
use crate::{Fleet, files};

/// The boards, each with the name of its file.
fn boards() -> Vec<(String, Value)> {
    let read = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let board = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        (path.file_name().unwrap().to_string_lossy().into_owned(), board)
    };
    files("grafana", "json").into_iter().map(read).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// Every query, with the place where it stands.
pub(crate) fn expressions() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (file, board) in boards() {
        for panel in list(&board, "panels") {
            let place = format!("{file}: {}", panel["title"].as_str().unwrap());
            for target in list(panel, "targets") {
                found.push((place.clone(), target["expr"].as_str().unwrap().to_owned()));
            }
        }
        for variable in list(&board["templating"], "list") {
            let query = variable["query"]["query"].as_str().unwrap();
            let inner = query.strip_prefix("label_values(").and_then(|it| it.rsplit_once(", "));
            let (expression, label) = inner.expect("a query for labels");
            assert!(["job)", "instance)"].contains(&label), "{query}");
            found.push((format!("{file}: a variable"), expression.to_owned()));
        }
    }
    found
}

pub(crate) fn boards_can_be_imported() {
    let mut uids = BTreeSet::new();
    for (file, board) in boards() {
        let input = &list(&board, "__inputs")[0];
        assert_eq!(
            (&input["name"], &input["pluginId"]),
            (&"DS_PROMETHEUS".into(), &"prometheus".into())
        );
        assert!(board["id"].is_null(), "{file} would replace another board");
        assert!(board["schemaVersion"].as_u64().is_some_and(|version| version >= 36), "{file}");
        assert!(uids.insert(board["uid"].as_str().unwrap().to_owned()), "{file}");
        let required = list(&board, "__requires").iter().map(|it| it["id"].as_str().unwrap());
        let required: BTreeSet<_> = required.collect();

        let panels = list(&board, "panels");
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "{file}: panels share a number");
        let mut cells = BTreeSet::new();
        for panel in panels {
            let title = panel["title"].as_str().unwrap();
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{file}: {title} is too wide");
            for cell in (at("x")..at("x") + at("w"))
                .flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y)))
            {
                assert!(cells.insert(cell), "{file}: {title} covers another panel at {cell:?}");
            }
            if panel["type"] == "row" {
                continue;
            }
            assert!(required.contains(panel["type"].as_str().unwrap()), "{file}: {title}");
            let mut names = BTreeSet::new();
            for part in list(panel, "targets").iter().chain([panel]) {
                assert_eq!(part["datasource"]["uid"], "${DS_PROMETHEUS}", "{file}: {title}");
            }
            for target in list(panel, "targets") {
                assert!(names.insert(target["refId"].as_str().unwrap()), "{file}: {title}");
            }
            assert!(!names.is_empty(), "{file}: {title} asks for nothing");
            // What a table hides, names or orders by a query's letter is there.
            for column in panel["transformations"].to_string().split("Value #").skip(1) {
                let letter = &column[..1];
                let alone = names.len() == 1 && letter == "A";
                assert!(alone || names.contains(letter), "{file}: {title} has no query {letter}");
            }
        }
    }
}

pub(crate) fn every_query_of_a_board_has_an_answer() {
    let fleet = Fleet::start();
    let configuration = example(&[
        ("ntp1.example.net:8000", Some(fleet.dashboard.authority())),
        ("ntp2.example.net:8000", None),
        ("prober.example.net:8000", Some(fleet.dashboard.authority())),
        ("192.0.2.11", Some(&fleet.probed.address())),
        ("192.0.2.12", None),
        ("2001:db8::11", None),
        ("- clock.example.net", None),
    ]);
    let prometheus = Prometheus::start(&configuration, &files("prometheus/rules", "yml"));
    let expressions = expressions();
    assert!(expressions.len() > 60, "{} queries", expressions.len());
    for (place, expression) in expressions {
        let asked = expression
            .replace("job=~\"$job\"", "job=~\"second-hand|chrony-probe\"")
            .replace("$job", "second-hand")
            .replace("$instance", fleet.dashboard.authority())
            .replace("$__rate_interval", "1m");
        assert!(!asked.contains('$'), "{place}: {asked} has another variable");
        let answer =
            within(PATIENCE, || Some(prometheus.samples(&asked)).filter(|it| !it.is_empty()));
        assert!(answer.is_some(), "{place}: no answer to {asked}\n{}", prometheus.log());
    }
}
