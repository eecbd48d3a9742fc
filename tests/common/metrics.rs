//! What `/metrics` says, or what Prometheus made of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The labels of a series.
type Labels = BTreeMap<String, String>;

/// Series with their values; each stands once.
#[derive(Debug, PartialEq)]
pub(crate) struct Metrics(BTreeMap<(String, Labels), f64>);

impl Metrics {
    /// Those of a text in either form. What is no such text is a panic.
    pub(crate) fn of(text: &str) -> Self {
        let mut series = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with("# ")) {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number in {line}"));
            assert!(value.is_finite(), "{line}");
            let (name, labels) = match name.split_once('{') {
                Some((name, labels)) => (name, read(labels)),
                None => (name, Labels::new()),
            };
            let before = series.insert((name.to_owned(), labels), value);
            assert_eq!(before, None, "{line} is the second");
        }
        Self(series)
    }

    /// Those of an answer of Prometheus to a query for an instant.
    pub(crate) fn of_prometheus(answer: &Value) -> Self {
        let result = answer["data"]["result"].as_array().expect("a vector");
        let series = result.iter().map(|one| {
            let mut labels: Labels = serde_json::from_value(one["metric"].clone()).expect("labels");
            let name = labels.remove("__name__").unwrap_or_default();
            let value = one["value"][1].as_str().expect("a value").parse().expect("a number");
            ((name, labels), value)
        });
        Self(series.collect())
    }

    /// The value of the only series of this name that has these labels, others besides allowed; `None`
    /// where there is no such series.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.found(name, labels).map(|(_, value)| value)
    }

    /// What a label says of the only series of this name that has these labels.
    pub(crate) fn label(&self, name: &str, labels: &[(&str, &str)], label: &str) -> String {
        let (found, _) = self.found(name, labels).unwrap_or_else(|| panic!("no {name}{labels:?}"));
        found.get(label).cloned().unwrap_or_default()
    }

    fn found(&self, name: &str, labels: &[(&str, &str)]) -> Option<(&Labels, f64)> {
        let has = |of: &Labels| {
            labels.iter().all(|(label, says)| of.get(*label).is_some_and(|said| said == says))
        };
        let mut found = self.0.iter().filter(|((one, of), _)| one == name && has(of));
        let first = found.next().map(|((_, of), value)| (of, *value));
        assert!(found.next().is_none(), "{name}{labels:?} is more than one series");
        first
    }

    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.0.keys().map(|(name, _)| name.clone()).collect()
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this label says this of any series.
    pub(crate) fn has_label(&self, label: &str, says: &str) -> bool {
        self.0.keys().any(|(_, labels)| labels.get(label).is_some_and(|said| said == says))
    }
}

/// Labels as they stand after the brace: `a="b",c="d"}`.
fn read(mut text: &str) -> Labels {
    let mut labels = Labels::new();
    loop {
        let (name, rest) = text.split_once("=\"").expect("a label");
        let mut says = String::new();
        let mut letters = rest.char_indices();
        let end = loop {
            match letters.next().expect("a label ends") {
                (place, '"') => break place,
                (_, '\\') => says.push(match letters.next().expect("something is escaped").1 {
                    'n' => '\n',
                    letter @ ('"' | '\\') => letter,
                    other => panic!("\\{other} is no escape"),
                }),
                (_, letter) => says.push(letter),
            }
        };
        assert_eq!(labels.insert(name.to_owned(), says), None, "{name} stands twice");
        match &rest[end + 1..] {
            "}" => return labels,
            more => text = more.strip_prefix(',').expect("a comma"),
        }
    }
}
