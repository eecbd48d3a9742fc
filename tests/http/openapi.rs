//! The OpenAPI document, and every answer held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};

use jsonschema::{Draft, Validator};
use libchrony::testing::{Command, Fault, Generation, Scenario, Simulator};
use serde_json::{Value, json};

use crate::common::dashboard::{Dashboard, Response, second_hand};
use crate::raw::talk;
use crate::{REPORTS, assert_secured, shown, without_chronyd};

const DOCUMENT: &str = "/api/v1/openapi.json";

/// The document, and what was held against it.
struct Described {
    document: Value,
    /// Compiled, by path and status.
    validators: BTreeMap<(String, String), Validator>,
    seen: BTreeSet<(String, u16)>,
}

impl Described {
    fn new() -> Self {
        let (_directory, dashboard) = without_chronyd();
        let document = dashboard.get(DOCUMENT).json();
        Self { document, validators: BTreeMap::new(), seen: BTreeSet::new() }
    }

    fn paths(&self) -> Vec<String> {
        self.document["paths"].as_object().expect("paths").keys().cloned().collect()
    }

    /// What it says of an answer; `path` is as in the document, or the name of a response of its own.
    fn response(&self, path: &str, status: u16) -> &Value {
        let document = &self.document;
        let operation = &document["paths"][path]["get"];
        let response = if operation.is_null() {
            &document["components"]["responses"][path]
        } else {
            &operation["responses"][status.to_string()]
        };
        let response = match response["$ref"].as_str() {
            Some(place) => document
                .pointer(place.trim_start_matches('#'))
                .expect("a reference leads somewhere"),
            None => response,
        };
        assert!(response.is_object(), "{path}: {status} is not described");
        response
    }

    /// The schema of an answer, with the others that it names.
    fn schema(&self, path: &str, status: u16, kind: &str) -> Value {
        let schema = &self.response(path, status)["content"][kind]["schema"];
        assert!(schema.is_object(), "{path}: {status} as {kind} is not described");
        json!({ "allOf": [schema], "components": self.document["components"] })
    }

    fn hold(&mut self, path: &str, status: u16, kind: &str, data: &Value) {
        let key = (path.to_owned(), format!("{status} {kind}"));
        if !self.validators.contains_key(&key) {
            let schema = self.schema(path, status, kind);
            let options = jsonschema::options().with_draft(Draft::Draft202012);
            let validator = options.should_validate_formats(true).build(&schema);
            self.validators.insert(key.clone(), validator.expect("a schema"));
        }
        let errors: Vec<_> = self.validators[&key]
            .iter_errors(data)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{path} {status}: {errors:#?} in {data:#}");
        self.seen.insert((path.to_owned(), status));
    }

    fn holds(&mut self, path: &str, response: &Response) {
        let kind = response.header("content-type");
        let data = if kind == "application/json" {
            response.json()
        } else {
            Value::from(response.body.as_str())
        };
        self.hold(path, response.status, kind, &data);
    }

    /// All that a dashboard answers at once.
    fn holds_all(&mut self, dashboard: &Dashboard) {
        for path in self.paths().iter().filter(|path| *path != STREAM && *path != PROBE) {
            self.holds(path, &dashboard.get(path));
        }
    }
}

const STREAM: &str = "/api/v1/stream";
/// There only where it is asked for.
const PROBE: &str = "/probe";

/// A dashboard that waits for chronyd no longer than it must.
fn hurried(chronyd: &Simulator) -> Dashboard {
    let address = chronyd.address();
    let arguments = ["--port", "0", "--chronyd", &address, "--timeout", "50ms", "--refresh", "1h"];
    Dashboard::start(second_hand().args(arguments))
}

#[test]
fn the_document_is_given_with_its_version_and_a_tag() {
    let (_directory, dashboard) = without_chronyd();
    let response = dashboard.get(DOCUMENT);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-cache");
    assert_secured(&response);
    let document = response.json();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")));
    let tag = response.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
    // As long as the binary is the same.
    let (_directory, other) = without_chronyd();
    assert_eq!(other.get(DOCUMENT).header("etag"), tag);
}

#[test]
fn who_has_the_document_is_not_sent_it_again() {
    let (_directory, dashboard) = without_chronyd();
    let answer = |headers: &str| {
        let line = format!("GET {DOCUMENT} HTTP/1.1\r\nHost: localhost\r\n");
        talk(&dashboard, format!("{line}{headers}Connection: close\r\n\r\n").as_bytes())
    };
    let tag_of = |answer: &str| {
        let tag = answer.lines().find_map(|line| line.strip_prefix("etag: "));
        tag.expect("a tag").to_owned()
    };
    let (plain, packed) = (answer(""), dashboard.get(DOCUMENT).header("etag").to_owned());
    let plain = tag_of(&plain.to_ascii_lowercase());
    assert_eq!(plain, packed, "the client of these tests takes no gzip");
    for known in
        [plain.clone(), format!("W/{plain}"), format!("\"other\", {plain}"), "*".to_owned()]
    {
        let answer = answer(&format!("If-None-Match: {known}\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 304 "), "{known}: {head}");
        assert_eq!((body, tag_of(&head.to_ascii_lowercase())), ("", plain.clone()), "{known}");
    }
    for unknown in ["\"other\"", "nonsense", ""] {
        let answer = answer(&format!("If-None-Match: {unknown}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{unknown}: {answer:.100}");
    }
}

#[test]
fn every_path_for_programs_is_described_and_every_path_described_is_served() {
    let described = Described::new();
    let table = include_str!("../../src/routes/mod.rs");
    let served = table.split(".service(get(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut served: BTreeSet<_> = served
        .filter(|path| {
            path.starts_with("/api")
                || path.starts_with("/health")
                || ["/metrics", PROBE].contains(path)
        })
        .map(str::to_owned)
        .collect();
    assert!(served.remove("/api/v1/{report}"), "{served:?}");
    served.extend(REPORTS.map(|name| format!("/api/v1/{name}")));
    let paths = described.paths();
    assert_eq!(paths.iter().cloned().collect::<BTreeSet<_>>(), served);
    // And so says the server itself.
    let (_chronyd, dashboard) = shown(Scenario::synchronized());
    for path in paths.iter().filter(|path| *path != PROBE) {
        assert_ne!(dashboard.head(path).status, 404, "{path}");
    }
}

#[test]
fn every_object_says_all_that_may_be_in_it() {
    /// The schemas of objects in `value` that leave something open.
    fn open(value: &Value, place: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                let is_object = map.get("type") == Some(&json!("object"));
                if is_object && map.get("additionalProperties").is_none() {
                    found.push(place.to_owned());
                }
                let closed = map.get("additionalProperties") == Some(&json!(false));
                if let (true, Some(Value::Object(properties))) = (closed, map.get("properties")) {
                    let required = map["required"].as_array().map_or(0, Vec::len);
                    assert_eq!(properties.len(), required, "{place}: something is optional");
                }
                for (key, value) in map {
                    open(value, &format!("{place}/{key}"), found);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| open(value, place, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    open(&Described::new().document["components"], "", &mut found);
    assert_eq!(found, [""; 0]);
}

/// Enumerations with values that nobody knows yet.
fn of_the_future() -> Scenario {
    let mut scenario = Scenario::nts();
    scenario.tracking.leap = 9;
    for source in &mut scenario.sources {
        source.select.state = b'!';
        source.select.leap = 7;
        source.select.configured_options = 0xff;
        source.auth.mode = 77;
        source.auth.key_type = 99;
        source.ntp.mode = 6;
        source.ntp.flags = 0xffff;
        source.ntp.tx_timestamping = b'?';
    }
    scenario.sources[0].state = 9;
    scenario.sources[1].mode = 7;
    if let Some(smoothing) = &mut scenario.smoothing {
        smoothing.flags = 0xff;
    }
    scenario
}

#[test]
fn every_answer_is_as_described_in_every_state() {
    let mut described = Described::new();
    let everything = Scenario {
        rtc: Scenario::rtc().rtc,
        smoothing: Scenario::smoothing().smoothing,
        ..Scenario::nts()
    };
    for scenario in [
        everything,
        of_the_future(),
        Scenario::synchronized(),
        Scenario::unsynchronized(),
        Scenario::no_sources(),
        Scenario::only_unreachable(),
        Scenario::local(),
        Scenario::leap_insert(),
        Scenario::leap_delete(),
        Scenario::gps_and_pps(),
        Scenario::falseticker(),
        Scenario::unresolved(),
        Scenario::many_sources(300),
    ] {
        let (_chronyd, dashboard) = shown(scenario);
        described.holds_all(&dashboard);
        assert_eq!(dashboard.get("/api/v1/snapshot").status, 200);
    }
    for path in described.paths().iter().filter(|path| *path != STREAM && *path != PROBE) {
        assert!(described.seen.contains(&(path.clone(), 200)), "{path} was never 200");
    }
}

#[test]
fn values_of_the_future_are_kept_as_described() {
    let (_chronyd, dashboard) = shown(of_the_future());
    let snapshot = dashboard.get("/api/v1/snapshot").json();
    assert_eq!(snapshot["tracking"]["leap_status"], json!({ "unknown": 9 }));
    let states = snapshot["sources"].as_array().expect("a list").iter().map(|s| &s["state"]);
    assert!(states.clone().any(|state| *state == json!({ "unknown": 9 })), "{snapshot:#}");
    assert_eq!(snapshot["authdata"][0]["key_type"], json!({ "unknown": 99 }));
}

#[test]
fn every_generation_of_chronyd_gives_answers_as_described_over_both_transports() {
    let mut described = Described::new();
    for generation in Generation::ALL {
        let scenario = Scenario { generation, ..Scenario::nts() };
        let unix = Simulator::start_unix(scenario.clone()).expect("the simulator starts");
        let udp = Simulator::start_udp(scenario).expect("the simulator starts");
        for dashboard in [hurried(&unix), hurried(&udp)] {
            // The single reports are its parts.
            described.holds("/api/v1/snapshot", &dashboard.get("/api/v1/snapshot"));
        }
    }
    assert!(described.seen.contains(&("/api/v1/snapshot".to_owned(), 200)));
}

#[test]
fn chronyd_in_trouble_gives_errors_as_described() {
    let mut described = Described::new();
    let faults: [fn() -> Vec<Fault>; 6] = [
        || vec![Fault::always().silence()],
        || vec![Fault::always().status(2)],
        || vec![Fault::always().truncate(30)],
        || vec![Fault::on(Command::TRACKING).status(6)],
        || vec![Fault::on(Command::SOURCES).index(1).truncate(50)],
        || vec![Fault::on(Command::SERVERSTATS).silence()],
    ];
    for faults in faults {
        let chronyd =
            Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
        chronyd.script(faults());
        described.holds_all(&hurried(&chronyd));
    }
    let (_directory, dashboard) = without_chronyd();
    described.holds_all(&dashboard);
    for name in REPORTS.map(|name| format!("/api/v1/{name}")) {
        assert!(described.seen.contains(&(name.clone(), 503)), "{name} was never 503");
    }
    assert!(described.seen.contains(&("/health/sync".to_owned(), 503)));
}

#[test]
fn probes_are_as_described() {
    let mut described = Described::new();
    let (_directory, off) = without_chronyd();
    described.holds(PROBE, &off.get("/probe?target=192.0.2.1"));
    let chronyd = Simulator::start_udp(Scenario::nts()).expect("the simulator starts");
    let arguments = ["--port", "0", "--refresh", "1h", "--probe-allow", &chronyd.address()];
    let dashboard = Dashboard::start(second_hand().args(arguments));
    for target in [&chronyd.address(), "192.0.2.1", "192.0.2.1/24"] {
        described.holds(PROBE, &dashboard.get(&format!("/probe?target={target}")));
    }
    let seen: Vec<_> = described.seen.iter().map(|(_, status)| *status).collect();
    assert_eq!(seen, [200, 400, 403, 404]);
}

#[test]
fn requests_that_are_wrong_get_errors_as_described() {
    let mut described = Described::new();
    let (_directory, dashboard) = without_chronyd();
    for path in ["/api", "/api/v1/nothing", "/health/nothing"] {
        described.holds("NotFound", &dashboard.get(path));
    }
    for path in described.paths().iter() {
        described.holds("MethodNotAllowed", &dashboard.send("POST", path));
        let foreign = dashboard.get_as("example.net", path);
        assert_eq!(foreign.status, 421);
        described.holds(path, &foreign);
        let line = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n");
        let answer = talk(&dashboard, format!("{line}Connection: close\r\n\r\n").as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        if !body.is_empty() {
            let body = serde_json::from_str(body).expect("JSON");
            described.hold(path, 400, "application/json", &body);
        }
    }
}

#[test]
fn the_events_of_the_stream_carry_what_is_described() {
    let mut described = Described::new();
    let (chronyd, dashboard) = shown(Scenario::synchronized());
    let (_directory, none) = without_chronyd();
    for (dashboard, event, status) in [(&dashboard, "snapshot", 200), (&none, "unavailable", 503)] {
        let response = ureq::get(format!("{}{STREAM}", dashboard.url)).call();
        let mut response = response.expect("a stream");
        let kind = response.headers()["content-type"].to_str().expect("a text").to_owned();
        assert!(described.response(STREAM, 200)["content"][&kind].is_object(), "{kind}");
        let lines = BufReader::new(response.body_mut().as_reader()).lines();
        let mut lines = lines.map(|line| line.expect("UTF-8"));
        assert!(lines.any(|line| line == format!("event: {event}")), "no {event}");
        let data = lines.next().and_then(|line| line.strip_prefix("data: ").map(str::to_owned));
        let data = serde_json::from_str(&data.expect("data")).expect("JSON");
        described.hold("/api/v1/snapshot", status, "application/json", &data);
    }
    drop(chronyd);
}

#[test]
fn the_history_and_its_events_are_as_described() {
    const HISTORY: &str = "/api/v1/history";
    let mut described = Described::new();
    let chronyd = Simulator::start_unix(Scenario::synchronized()).expect("the simulator starts");
    let address = chronyd.address();
    let arguments = ["--port", "0", "--chronyd", &address, "--timeout", "50ms", "--refresh", "1s"];
    let dashboard = Dashboard::start(second_hand().args(arguments));
    let mut happens = |kind: &str| {
        crate::common::eventually(kind, || {
            let response = dashboard.get(HISTORY);
            described.holds(HISTORY, &response);
            let events = response.json()["events"].clone();
            events.as_array()?.iter().any(|event| event["kind"] == kind).then_some(())
        });
    };
    happens("began");
    chronyd.set(Scenario::falseticker());
    happens("added");
    happens("falseticker");
    chronyd.set(Scenario::leap_insert());
    happens("removed");
    happens("leap");
    chronyd.set(Scenario::unsynchronized());
    happens("selected");
    happens("synchronized");
    chronyd.set(Scenario::only_unreachable());
    happens("removed");
    chronyd.hang();
    happens("lost");
    chronyd.resume();
    happens("back");

    let query = &described.document["paths"][HISTORY]["get"]["parameters"];
    let names: Vec<_> = query.as_array().expect("a list").iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["series", "from", "to", "points"]);
    for right in [
        "series=offset,skew,stratum&from=-10m&to=now&points=7",
        "series=sources/192.0.2.21/reach",
        "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z",
    ] {
        let response = dashboard.get(&format!("{HISTORY}?{right}"));
        assert_eq!(response.status, 200, "{right}: {}", response.body);
        described.holds(HISTORY, &response);
    }
    for wrong in ["series=nonsense", "from=soon", "to=0", "points=0", "colour=red"] {
        let response = dashboard.get(&format!("{HISTORY}?{wrong}"));
        assert_eq!(response.status, 400, "{wrong}");
        described.holds(HISTORY, &response);
    }
}
