//! Reports for programs: what the API gives, with the same keys.

use libchrony::{Error, ErrorKind, ReportName};
use serde_json::{Map, Value, json};

use super::Given;

/// The keys of a snapshot that tell of the reading itself.
const OF_READING: [&str; 4] = ["chronyd", "fetched_at", "version", "odd_records"];

/// One report; where chronyd does not give it, the error in its place.
pub(super) fn one(given: &Given<'_>, report: ReportName) -> String {
    match refusal(given, report) {
        // No RTC tracking is an ordinary state.
        Some(error) if report == ReportName::RtcData && error.kind() == ErrorKind::Disabled => {
            line(&Value::Null)
        }
        Some(error) => failure(error),
        None => line(&values(given).remove(report.as_str()).unwrap_or_default()),
    }
}

/// Several reports, as parts of a snapshot: one that is not given is null and told of in `unavailable`.
pub(super) fn object(given: &Given<'_>, wanted: &[ReportName]) -> String {
    let is_wanted =
        |key: &str| OF_READING.contains(&key) || wanted.iter().any(|name| name.as_str() == key);
    let mut object = values(given);
    object.retain(|key, _| is_wanted(key));
    let refusals = wanted.iter().filter_map(|name| Some((name, refusal(given, *name)?)));
    let unavailable = refusals.map(|(name, error)| (name.to_string(), json!(error)));
    object.insert("unavailable".to_owned(), Value::Object(unavailable.collect()));
    line(&Value::Object(object))
}

/// What came in place of everything.
pub(super) fn failure(error: &Error) -> String {
    line(&json!({ "error": error }))
}

/// A snapshot with its clients, by key.
fn values(given: &Given<'_>) -> Map<String, Value> {
    let mut values = match json!(given.snapshot) {
        Value::Object(values) => values,
        _ => Map::new(),
    };
    let clients = given.clients.and_then(Result::ok);
    values.insert(ReportName::Clients.to_string(), json!(clients));
    values
}

/// Why a report is not given.
fn refusal<'a>(given: &Given<'a>, report: ReportName) -> Option<&'a Error> {
    match report {
        ReportName::Clients => given.clients.and_then(Result::err),
        report => given.snapshot.unavailable.get(&report),
    }
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

#[cfg(test)]
mod tests {
    use libchrony::testing::Scenario;

    use super::*;
    use crate::view::samples::{denied, read, read_udp};

    fn parsed(text: &str) -> Value {
        assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
        serde_json::from_str(text).unwrap()
    }

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn one_report_is_what_it_is_in_the_snapshot() {
        let snapshot = read(Scenario::synchronized());
        let given = Given { snapshot: &snapshot, clients: None };
        let all = json!(snapshot);
        for report in [ReportName::Tracking, ReportName::Sources, ReportName::Activity] {
            assert_eq!(parsed(&one(&given, report)), all[report.as_str()]);
        }
        // As the API has it.
        assert_eq!(parsed(&one(&given, ReportName::RtcData)), Value::Null);
        let smoothing = parsed(&one(&given, ReportName::Smoothing));
        assert_eq!(smoothing["error"]["kind"], "disabled");
    }

    #[test]
    fn several_are_a_part_of_the_snapshot_and_say_what_is_not_given() {
        let snapshot = read_udp(Scenario::synchronized());
        let refused = denied();
        let given = Given { snapshot: &snapshot, clients: Some(Err(&refused)) };
        let wanted = [ReportName::SelectData, ReportName::Activity, ReportName::Clients];
        let object = parsed(&object(&given, &wanted));
        assert_eq!(
            keys(&object),
            [
                "activity",
                "chronyd",
                "clients",
                "fetched_at",
                "odd_records",
                "selectdata",
                "unavailable",
                "version"
            ]
        );
        assert_eq!((&object["selectdata"], &object["clients"]), (&Value::Null, &Value::Null));
        assert_eq!(keys(&object["unavailable"]), ["clients", "selectdata"]);
        assert_eq!(object["unavailable"]["selectdata"]["kind"], "not_authorized");
        assert_eq!(object["chronyd"], json!(snapshot)["chronyd"]);
    }

    #[test]
    fn no_data_at_all_is_an_error_of_the_api() {
        let failure = parsed(&failure(&denied()));
        assert_eq!(keys(&failure), ["error"]);
        assert_eq!(keys(&failure["error"]), ["hint", "kind", "message"]);
    }
}
